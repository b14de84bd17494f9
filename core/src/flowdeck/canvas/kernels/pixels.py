"""What every kernel does with a pixel: snap a coordinate to it, mix a colour into it.

Constants are uint32: numba makes float64 of a uint64 and an int64, and only 32-bit arithmetic vectorises well.
"""

from __future__ import annotations

from math import floor, isnan

import numpy as np
import numpy.typing as npt

from flowdeck.canvas.snapping import HALF, NUDGE
from flowdeck.compiling import helper

__all__ = [
    "FULL",
    "alpha_of",
    "clip",
    "coverage_byte",
    "fill_span",
    "mix",
    "scaled",
    "snap",
    "span",
    "x_pixel",
    "y_pixel",
]

Buffer = npt.NDArray[np.uint32]
Pane = npt.NDArray[np.float64]

FULL = np.uint32(256)
_RED_BLUE = np.uint32(0x00FF00FF)
_GREEN = np.uint32(0x0000FF00)
_HALF_RED_BLUE = np.uint32(0x00800080)
_HALF_GREEN = np.uint32(0x00008000)
_OPAQUE = np.uint32(0xFF000000)
_BYTE = np.uint32(8)
_SEVEN = np.uint32(7)
_ALPHA = np.uint32(24)


@helper
def x_pixel(pane: Pane, x: float) -> float:
    """Where an x lies, in device pixels of the buffer."""
    return float(pane[2] + (x - pane[0]) * pane[1])


@helper
def y_pixel(pane: Pane, y: float) -> float:
    """Where a y lies, in device pixels of the buffer, downwards."""
    return float(pane[5] + (y - pane[3]) * pane[4])


@helper
def clip(pane: Pane) -> tuple[int, int, int, int]:
    """Left, top, right and bottom of the pane in device pixels."""
    return int(pane[6]), int(pane[7]), int(pane[8]), int(pane[9])


@helper
def mix(under: np.uint32, over: np.uint32, alpha: np.uint32) -> np.uint32:
    """`over` on an opaque `under` at `alpha` 0 to 256: per channel (over·a + under·(256 - a) + 128) >> 8."""
    keep = np.uint32(FULL - alpha)
    red_blue = np.uint32(np.uint32((over & _RED_BLUE) * alpha) + np.uint32((under & _RED_BLUE) * keep))
    green = np.uint32(np.uint32((over & _GREEN) * alpha) + np.uint32((under & _GREEN) * keep))
    red_blue = np.uint32(np.uint32(red_blue + _HALF_RED_BLUE) >> _BYTE) & _RED_BLUE
    green = np.uint32(np.uint32(green + _HALF_GREEN) >> _BYTE) & _GREEN
    return np.uint32(_OPAQUE | red_blue | green)


@helper
def scaled(byte: np.uint32) -> np.uint32:
    """A share of 0 to 255 as one of 0 to 256, so that full is exact."""
    return np.uint32(byte + (byte >> _SEVEN))


@helper
def alpha_of(colour: np.uint32) -> np.uint32:
    """The alpha of a colour, 0 to 256."""
    return scaled(np.uint32(colour >> _ALPHA))


@helper
def coverage_byte(coverage: float) -> np.uint32:
    """A coverage, clamped to 0 to 1, as a byte."""
    return np.uint32(min(max(coverage, 0.0), 1.0) * 255.0 + 0.5)


@helper
def snap(pixel: float) -> int:
    """As `flowdeck.canvas.snapping.snap`."""
    return floor(pixel + HALF)


@helper
def span(first: float, second: float, low: int, high: int) -> tuple[int, int]:
    """The pixels [start, stop) between two edges in either order, within [low, high).

    Edges snap to the nearest boundary between pixels, so that neighbours that share an edge neither overlap nor gap.
    Edges that snap to the same boundary give the pixel in which their middle lies. Empty for a NaN.
    """
    if isnan(first) or isnan(second):
        return low, low
    near = min(first, second)
    far = max(first, second)
    if far < low or near >= high:
        return low, low
    start = snap(max(near, low - 1.0))
    stop = snap(min(far, high + 1.0))
    if stop <= start:
        start = floor(0.5 * near + 0.5 * far + NUDGE)
        stop = start + 1
    return max(int(start), low), min(int(stop), high)


@helper
def fill_span(buffer: Buffer, row: int, start: int, stop: int, colour: np.uint32, alpha: np.uint32) -> None:
    """One colour over the pixels [start, stop) of a row."""
    if alpha == FULL:
        for column in range(start, stop):
            buffer[np.uintp(row), np.uintp(column)] = colour
        return
    for column in range(start, stop):
        y, x = np.uintp(row), np.uintp(column)
        buffer[y, x] = mix(buffer[y, x], colour, alpha)
