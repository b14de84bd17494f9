"""A chart whose feed is no longer live: faded when stale, faded and grey when disconnected."""

from __future__ import annotations

from typing import Literal

import numpy as np
import numpy.typing as npt

from flowdeck.chart.layout import Layout
from flowdeck.chart.patches import Underlay, device
from flowdeck.chart.theme import sizes
from flowdeck.specs import Placement

__all__ = ["dim", "dimmed"]

Pixels = npt.NDArray[np.uint32]

_LUMA = ((54, 16), (183, 8), (19, 0))
"""Rec. 709 weights in 256ths, with the shift of the channel."""


def dim(
    buffer: Pixels, underlay: Underlay, layout: Layout, scale: float, how: Literal["stale", "disconnected"], ground: int
) -> None:
    """Fade the plot and its strips and panes towards the colour of the canvas, with what lies under their bars."""
    own = [band.rect for band in layout.bands if band.placement is not Placement.OVERLAY]
    for rect in (layout.plot, *own):
        rows, columns = device(rect, scale, buffer)
        buffer[rows, columns] = dimmed(buffer[rows, columns], how, ground)
    underlay.change(lambda pixels: dimmed(pixels, how, ground))


def dimmed(pixels: Pixels, how: Literal["stale", "disconnected"], ground: int) -> Pixels:
    """Pixels at half strength over `ground`; disconnected ones lose their colours too. Same shape."""
    share = sizes().stale if how == "stale" else sizes().disconnected
    if how == "disconnected":
        pixels = _grey(pixels)
    result = np.full_like(pixels, 0xFF000000)
    for shift in (0, 8, 16):
        table = np.rint(np.arange(256) * share + (ground >> shift & 255) * (1 - share)).astype(np.uint32) << shift
        result |= table[pixels >> np.uint32(shift) & np.uint32(255)]
    return result


def _grey(pixels: Pixels) -> Pixels:
    """Pixels without colour, as bright as they look."""
    luma = np.zeros_like(pixels)
    for weight, shift in _LUMA:
        luma += (pixels >> np.uint32(shift) & np.uint32(255)) * np.uint32(weight)
    return (luma >> np.uint32(8)) * np.uint32(0x010101)
