"""Straight lines: crisp and snapped where they are parallel to an axis, antialiased where they are slanted."""

from __future__ import annotations

from math import floor, isfinite, sqrt

import numpy as np
import numpy.typing as npt

from flowdeck.canvas.kernels.pixels import (
    FULL,
    alpha_of,
    clip,
    coverage_byte,
    mix,
    scaled,
    snap,
    span,
    x_pixel,
    y_pixel,
)
from flowdeck.canvas.kernels.rects import fill_box
from flowdeck.canvas.kernels.signatures import BUFFER, COLUMN, PANE, WORDS
from flowdeck.compiling import helper, kernel, types

__all__ = ["capsule", "draw_segments", "reach", "row_reach", "tame"]

Buffer = npt.NDArray[np.uint32]
Column = npt.NDArray[np.float64]
Words = npt.NDArray[np.uint32]

_FAR = 1e9
"""Pixels beyond this are moved to it: far off any screen, and float64 still resolves a millionth there."""
_PARALLEL = 1.0 / 64.0
"""A line that strays less than this, in pixels, is parallel to an axis."""


@helper
def tame(pixel: float) -> float:
    """A coordinate whose squares and differences do not overflow."""
    return min(max(pixel, -_FAR), _FAR)


@helper
def across(middle: float, width: int, low: int, high: int) -> tuple[int, int]:
    """The pixels [start, stop) of a stroke `width` device pixels wide, snapped, within [low, high)."""
    start = snap(tame(middle) - 0.5 * width)
    return max(start, low), min(start + width, high)


@helper
def phase_start(first: float, low: int) -> int:
    """The pixel at which dashes begin: the left or upper end; the edge of the pane for an endless line."""
    return snap(first) if abs(first) < _FAR else low


@helper
def draw_vertical(
    buffer: Buffer, columns: tuple[int, int], rows: tuple[int, int], colour: np.uint32, dash: int, phase: int
) -> None:
    """A vertical stroke; with `dash` only pixels whose distance from `phase` falls into an even dash."""
    if dash == 0:
        fill_box(buffer, columns[0], columns[1], rows[0], rows[1], colour)
        return
    for row in range(rows[0], rows[1]):
        if (row - phase) % (2 * dash) < dash:
            fill_box(buffer, columns[0], columns[1], row, row + 1, colour)


@helper
def draw_horizontal(
    buffer: Buffer, columns: tuple[int, int], rows: tuple[int, int], colour: np.uint32, dash: int, phase: int
) -> None:
    """As `draw_vertical`, along a row."""
    if dash == 0:
        fill_box(buffer, columns[0], columns[1], rows[0], rows[1], colour)
        return
    for column in range(columns[0], columns[1]):
        if (column - phase) % (2 * dash) < dash:
            fill_box(buffer, column, column + 1, rows[0], rows[1], colour)


@helper
def capsule(x: float, y: float, line: tuple[float, float, float, float], half: float) -> float:
    """Coverage at (x, y) of a round-ended stroke from (x0, y0) along (dx, dy), its edge half a pixel soft."""
    x0, y0, dx, dy = line
    square = dx * dx + dy * dy
    along = min(max(((x - x0) * dx + (y - y0) * dy) / square, 0.0), 1.0) if square > 0.0 else 0.0
    off_x, off_y = x - x0 - along * dx, y - y0 - along * dy
    return half + 0.5 - sqrt(off_x * off_x + off_y * off_y)


@helper
def dash_share(x: float, y: float, line: tuple[float, float, float, float], dash: float) -> float:
    """Coverage along a dashed line: dashes of `dash` device pixels, gaps as long, half a pixel soft at the ends."""
    x0, y0, dx, dy = line
    along = ((x - x0) * dx + (y - y0) * dy) / sqrt(dx * dx + dy * dy)
    place = along - 2.0 * dash * floor(along / (2.0 * dash))
    return max(min(place, dash - place) + 0.5, place - 2.0 * dash + 0.5)


@helper
def reach(first: float, delta: float, radius: float, low: int, high: int) -> tuple[int, int]:
    """The pixels [start, stop) within `radius` of what lies between `first` and `first + delta`."""
    near = min(first, first + delta) - radius
    far = max(first, first + delta) + radius
    return max(floor(near), low), min(floor(far) + 1, high)


@helper
def row_reach(y: float, line: tuple[float, float, float, float], radius: float, low: int, high: int) -> tuple[int, int]:
    """The columns [start, stop) of the row with middle `y` that a stroke can touch."""
    x0, y0, dx, dy = line
    start, stop = reach(x0, dx, radius, low, high)
    if abs(dy) < _PARALLEL:
        return start, stop
    middle = x0 + (y - y0) * dx / dy
    band = radius * sqrt(dx * dx + dy * dy) / abs(dy)
    return max(start, floor(tame(middle - band))), min(stop, floor(tame(middle + band)) + 1)


@helper
def draw_slanted(
    buffer: Buffer,
    pane: Column,
    line: tuple[float, float, float, float],
    width: float,
    colour: np.uint32,
    dash: float,
) -> None:
    """An antialiased stroke between two finite points."""
    low_x, low_y, high_x, high_y = clip(pane)
    radius = 0.5 * width + 0.5
    alpha = alpha_of(colour)
    top, bottom = reach(line[1], line[3], radius, low_y, high_y)
    for row in range(top, bottom):
        start, stop = row_reach(row + 0.5, line, radius, low_x, high_x)
        for column in range(start, stop):
            share = min(capsule(column + 0.5, row + 0.5, line, 0.5 * width), 1.0)
            if dash > 0.0:
                share *= min(max(dash_share(column + 0.5, row + 0.5, line, dash), 0.0), 1.0)
            cover = scaled(coverage_byte(share))
            buffer[row, column] = mix(buffer[row, column], colour, np.uint32(np.uint32(cover * alpha) // FULL))


@helper
def draw_segment(
    buffer: Buffer,
    pane: Column,
    ends: tuple[float, float, float, float],
    width: float,
    colour: np.uint32,
    dash: float,
) -> None:
    """One segment between two points in device pixels; a NaN draws nothing, nor a slanted line to infinity."""
    low_x, low_y, high_x, high_y = clip(pane)
    x0, y0, x1, y1 = ends
    thick = max(snap(width), 1)
    step = max(snap(dash), 1) if dash > 0.0 else 0
    if isfinite(x0) and abs(x1 - x0) < _PARALLEL:
        rows = span(y0, y1, low_y, high_y)
        draw_vertical(buffer, across(x0, thick, low_x, high_x), rows, colour, step, phase_start(min(y0, y1), low_y))
    elif isfinite(y0) and abs(y1 - y0) < _PARALLEL:
        columns = span(x0, x1, low_x, high_x)
        draw_horizontal(
            buffer, columns, across(y0, thick, low_y, high_y), colour, step, phase_start(min(x0, x1), low_x)
        )
    elif isfinite(x0) and isfinite(y0) and isfinite(x1) and isfinite(y1):
        x0, y0 = tame(x0), tame(y0)
        line = (x0, y0, tame(x1) - x0, tame(y1) - y0)
        draw_slanted(buffer, pane, line, max(width, 1.0), colour, dash)


@kernel(types.void(BUFFER, PANE, COLUMN, COLUMN, COLUMN, COLUMN, WORDS, types.float64, types.float64))
def draw_segments(
    buffer: Buffer,
    pane: Column,
    x0: Column,
    y0: Column,
    x1: Column,
    y1: Column,
    colour: Words,
    width: float,
    dash: float,
) -> None:
    """Segments in the pane's units; `width` and `dash` in device pixels, `dash` 0 for solid lines."""
    step = 0 if colour.size == 1 else 1
    for i in range(x0.size):
        ends = (x_pixel(pane, x0[i]), y_pixel(pane, y0[i]), x_pixel(pane, x1[i]), y_pixel(pane, y1[i]))
        draw_segment(buffer, pane, ends, width, colour[i * step], dash)
