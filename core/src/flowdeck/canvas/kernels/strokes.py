"""A connected line: its pieces gather into one coverage, so that joints and overlaps are not painted twice."""

from __future__ import annotations

from math import isfinite

import numpy as np
import numpy.typing as npt

from flowdeck.canvas.kernels.lines import capsule, reach, row_reach, tame
from flowdeck.canvas.kernels.pixels import FULL, alpha_of, clip, coverage_byte, mix, scaled, x_pixel, y_pixel
from flowdeck.canvas.kernels.signatures import BUFFER, COLUMN, MASK, PANE
from flowdeck.compiling import helper, kernel, types

__all__ = ["draw_polyline"]

Buffer = npt.NDArray[np.uint32]
Mask = npt.NDArray[np.uint8]
Column = npt.NDArray[np.float64]
Extents = npt.NDArray[np.int32]


@helper
def cover_piece(
    mask: Mask, extents: Extents, pane: Column, line: tuple[float, float, float, float], width: float
) -> None:
    """Raise the mask to the coverage of one piece, and widen the extents of its columns to its rows."""
    low_x, low_y, high_x, high_y = clip(pane)
    radius = 0.5 * width + 0.5
    top, bottom = reach(line[1], line[3], radius, low_y, high_y)
    for row in range(top, bottom):
        start, stop = row_reach(row + 0.5, line, radius, low_x, high_x)
        for column in range(start, stop):
            cover = coverage_byte(capsule(column + 0.5, row + 0.5, line, 0.5 * width))
            mask[row, column] = max(mask[row, column], np.uint8(cover))
    left, right = reach(line[0], line[2], radius, low_x, high_x)
    for column in range(left, right):
        extents[0, column - low_x] = min(extents[0, column - low_x], top)
        extents[1, column - low_x] = max(extents[1, column - low_x], bottom)


@helper
def paint_and_wipe(buffer: Buffer, mask: Mask, extents: Extents, low_x: int, colour: np.uint32) -> None:
    """Mix the colour in where the mask says, and leave the mask empty.

    A line is mostly a function of x: rows from extent to extent of each column are far fewer than its whole box.
    """
    alpha = alpha_of(colour)
    for place in range(extents.shape[1]):
        column = low_x + place
        for row in range(extents[0, place], extents[1, place]):
            if mask[row, column] != 0:
                cover = scaled(np.uint32(mask[row, column]))
                share = np.uint32(np.uint32(cover * alpha) // FULL)
                buffer[row, column] = mix(buffer[row, column], colour, share)
                mask[row, column] = 0


@kernel(types.void(BUFFER, MASK, PANE, COLUMN, COLUMN, types.uint32, types.float64))
def draw_polyline(
    buffer: Buffer, mask: Mask, pane: Column, x: Column, y: Column, colour: np.uint32, width: float
) -> None:
    """One line through all points, broken where a coordinate is not finite; `mask` is zero before and after.

    `width` is in device pixels. Joints and ends are round; a point between two breaks is a dot.
    """
    low_x, low_y, high_x, high_y = clip(pane)
    extents = np.empty((2, high_x - low_x), np.int32)
    extents[0, :], extents[1, :] = high_y, low_y
    before = False
    x0, y0 = 0.0, 0.0
    for i in range(x.size):
        x1, y1 = x_pixel(pane, x[i]), y_pixel(pane, y[i])
        here = isfinite(x1) and isfinite(y1)
        if here:
            x1, y1 = tame(x1), tame(y1)
            if not before:
                x0, y0 = x1, y1
            cover_piece(mask, extents, pane, (x0, y0, x1 - x0, y1 - y0), max(width, 1.0))
        before = here
        x0, y0 = x1, y1
    paint_and_wipe(buffer, mask, extents, low_x, colour)
