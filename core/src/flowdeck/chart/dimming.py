"""A chart whose feed is no longer live: faded when stale, faded and grey when disconnected."""

from __future__ import annotations

from functools import cache
from typing import Literal

import numpy as np
import numpy.typing as npt

from flowdeck.chart.layout import Layout
from flowdeck.chart.patches import Underlay, device
from flowdeck.chart.theme import sizes
from flowdeck.specs import Placement

__all__ = ["dim"]

Pixels = npt.NDArray[np.uint32]
How = Literal["stale", "disconnected"]


def dim(buffer: Pixels, underlay: Underlay, layout: Layout, scale: float, how: How, ground: int) -> None:
    """Fade the plot and its strips and panes towards the colour of the canvas, with what lies under their bars."""
    own = [band.rect for band in layout.bands if band.placement is not Placement.OVERLAY]
    for rect in (layout.plot, *own):
        rows, columns = device(rect, scale, buffer)
        _fade(buffer, rows, columns, how, ground)
    underlay.change(lambda pixels: _fade(pixels, slice(0, pixels.shape[0]), slice(0, pixels.shape[1]), how, ground))


def _fade(pixels: Pixels, rows: slice, columns: slice, how: How, ground: int) -> None:
    from flowdeck.canvas.kernels import fade

    fade(pixels, rows.start, rows.stop, columns.start, columns.stop, _tables(how, ground), how == "disconnected")


@cache
def _tables(how: How, ground: int) -> Pixels:
    """What becomes of 0 to 255 of red, green and blue over a ground 0xffRRGGBB."""
    share = sizes().stale if how == "stale" else sizes().disconnected
    grounds = np.array([[ground >> shift & 255] for shift in (16, 8, 0)])
    return np.rint(np.arange(256) * share + grounds * (1 - share)).astype(np.uint32)
