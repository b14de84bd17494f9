"""Small antialiased shapes."""

from __future__ import annotations

from math import floor, isfinite, sqrt

import numpy as np
import numpy.typing as npt

from flowdeck.canvas.kernels.lines import tame
from flowdeck.canvas.kernels.pixels import FULL, alpha_of, clip, coverage_byte, mix, scaled, x_pixel, y_pixel
from flowdeck.canvas.kernels.signatures import BUFFER, COLUMN, PANE, WORDS
from flowdeck.compiling import helper, kernel, types

__all__ = ["draw_markers", "outside"]

Buffer = npt.NDArray[np.uint32]
Column = npt.NDArray[np.float64]
Words = npt.NDArray[np.uint32]

_HALF_ROOT = 0.5**0.5
_SLOPE = 2.0 / 5.0**0.5
"""Cosine of the slanted sides of a triangle as high as it is wide."""


@helper
def outside(dx: float, dy: float, radius: float, shape: int) -> float:
    """How far (dx, dy) from the middle lies outside of a shape's edge, in pixels; negative inside.

    Shapes: 0 circle, 1 square, 2 diamond, 3 triangle up, 4 triangle down, all as wide and as high as 2·radius.
    """
    if shape == 0:
        return sqrt(dx * dx + dy * dy) - radius
    if shape == 1:
        return max(abs(dx), abs(dy)) - radius
    if shape == 2:
        return (abs(dx) + abs(dy) - radius) * _HALF_ROOT
    down = dy if shape == 3 else -dy
    return max(down - radius, (abs(dx) - 0.5 * (down + radius)) * _SLOPE)


@helper
def draw_marker(
    buffer: Buffer, pane: Column, middle: tuple[float, float], radius: float, colour: np.uint32, shape: int
) -> None:
    """One shape; its edge is half a pixel soft on either side."""
    low_x, low_y, high_x, high_y = clip(pane)
    x, y = middle
    alpha = alpha_of(colour)
    for row in range(max(floor(y - radius) - 1, low_y), min(floor(y + radius) + 2, high_y)):
        for column in range(max(floor(x - radius) - 1, low_x), min(floor(x + radius) + 2, high_x)):
            cover = scaled(coverage_byte(0.5 - outside(column + 0.5 - x, row + 0.5 - y, radius, shape)))
            buffer[row, column] = mix(buffer[row, column], colour, np.uint32(np.uint32(cover * alpha) // FULL))


@kernel(types.void(BUFFER, PANE, COLUMN, COLUMN, COLUMN, WORDS, types.int64))
def draw_markers(buffer: Buffer, pane: Column, x: Column, y: Column, size: Column, colour: Words, shape: int) -> None:
    """Shapes around points in the pane's units; `size` from edge to edge in device pixels, one or one each."""
    size_step = 0 if size.size == 1 else 1
    colour_step = 0 if colour.size == 1 else 1
    for i in range(x.size):
        middle_x, middle_y, radius = x_pixel(pane, x[i]), y_pixel(pane, y[i]), 0.5 * size[i * size_step]
        if isfinite(middle_x) and isfinite(middle_y) and radius > 0.0:
            draw_marker(
                buffer, pane, (tame(middle_x), tame(middle_y)), min(radius, 4096.0), colour[i * colour_step], shape
            )
