"""Saved parts of a picture: what is painted over it can be taken back without composing it again."""

from __future__ import annotations

from collections.abc import Callable
from math import ceil, floor

import numpy as np
import numpy.typing as npt

from flowdeck.chart.parts import Rect

__all__ = ["Patches", "Underlay", "blend", "device"]

_SLACK = 1e-6  # an edge that lies on a pixel but for rounding touches no other

Pixels = npt.NDArray[np.uint32]


def device(rect: Rect, scale: float, buffer: Pixels) -> tuple[slice, slice]:
    """Rows and columns of a buffer that an area touches, cut to the buffer."""
    height, width = buffer.shape
    rows = slice(_floor(rect.top * scale, height), _ceil(rect.bottom * scale, height))
    columns = slice(_floor(rect.left * scale, width), _ceil(rect.right * scale, width))
    return rows, columns


def _floor(edge: float, limit: int) -> int:
    return min(max(floor(edge + _SLACK), 0), limit)


def _ceil(edge: float, limit: int) -> int:
    return min(max(ceil(edge - _SLACK), 0), limit)


def blend(pixels: Pixels, colour: int) -> Pixels:
    """Pixels under one colour 0xAARRGGBB, same shape."""
    alpha = np.uint32(colour >> 24)
    rest = np.uint32(255) - alpha
    result = np.full_like(pixels, 0xFF000000)
    for shift in (0, 8, 16):
        channel = ((pixels >> np.uint32(shift)) & np.uint32(255)) * rest
        channel += np.uint32((colour >> shift) & 255) * alpha
        result |= ((channel + np.uint32(127)) // np.uint32(255)) << np.uint32(shift)
    return result


class Patches:
    """Areas of a buffer as they were before something was painted over them."""

    def __init__(self) -> None:
        self._saved: list[tuple[slice, slice, Pixels]] = []

    def save(self, buffer: Pixels, rect: Rect, scale: float) -> None:
        """Keep an area; call before painting over it."""
        rows, columns = device(rect, scale, buffer)
        self._saved.append((rows, columns, buffer[rows, columns].copy()))

    def restore(self, buffer: Pixels) -> None:
        """Put everything back, newest first."""
        for rows, columns, pixels in reversed(self._saved):
            buffer[rows, columns] = pixels
        self._saved.clear()

    def forget(self) -> None:
        """The picture was composed anew: there is nothing to put back."""
        self._saved.clear()


class Underlay:
    """Panes as they were before their bars and figures were painted, so that lines can go under these.

    Where the finished picture still equals the underlay nothing lies over it, and a line may be seen. Either whole
    panes are kept (0.3 ms for a large one), or only the pixels of the lines that are about to be painted.
    """

    def __init__(self) -> None:
        self._memory: dict[str, Pixels] = {}
        self._kept: dict[str, list[tuple[slice, slice, Pixels]]] = {}

    def invalidate(self) -> None:
        """The picture is about to be composed anew."""
        self._kept.clear()

    def keep(self, pane: str, buffer: Pixels, rect: Rect, scale: float) -> None:
        """Keep a whole pane as it is now. Its memory is used again: fresh pages cost more than the copy."""
        rows, columns = device(rect, scale, buffer)
        part = buffer[rows, columns]
        known = self._memory.get(pane)
        pixels = known if known is not None and known.shape == part.shape else np.empty_like(part, order="C")
        np.copyto(pixels, part)
        self._memory[pane] = pixels
        self._kept[pane] = [(rows, columns, pixels)]

    def keep_line(self, pane: str, buffer: Pixels, line: Rect, scale: float) -> None:
        """Keep the pixels of one line of a pane."""
        rows, columns = device(line, scale, buffer)
        self._kept.setdefault(pane, []).append((rows, columns, buffer[rows, columns].copy()))

    def change(self, how: Callable[[Pixels], None]) -> None:
        """The picture above was changed pixel by pixel: change what was kept alike, in place."""
        for pieces in self._kept.values():
            for _, _, pixels in pieces:
                how(pixels)

    def uncovered(self, pane: str, buffer: Pixels, rows: slice, columns: slice) -> npt.NDArray[np.bool_]:
        """Which pixels of an area nothing was painted over; none of an area that was not kept. Shape of the area."""
        area = buffer[rows, columns]
        for own_rows, own_columns, pixels in self._kept.get(pane, ()):
            if _within(rows, own_rows) and _within(columns, own_columns):
                top, left = own_rows.start, own_columns.start
                part = pixels[rows.start - top : rows.stop - top, columns.start - left : columns.stop - left]
                return np.asarray(part == area)
        return np.zeros(area.shape, np.bool_)


def _within(inner: slice, outer: slice) -> bool:
    return bool(outer.start <= inner.start and inner.stop <= outer.stop)
