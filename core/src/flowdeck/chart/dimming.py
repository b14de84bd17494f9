"""A chart whose feed is no longer live: faded when stale, faded and grey when disconnected."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from flowdeck.canvas import RasterCanvas
from flowdeck.chart.parts import Rect
from flowdeck.chart.patches import device
from flowdeck.chart.pens import box, faded
from flowdeck.chart.scene import Scene
from flowdeck.chart.theme import sizes
from flowdeck.specs import Placement

__all__ = ["dim", "grey"]

_RED, _GREEN, _BLUE = np.uint32(54), np.uint32(183), np.uint32(19)  # Rec. 709 luma, in 256ths


def dim(canvas: RasterCanvas, scene: Scene) -> None:
    """Fade the plot and its strips and panes towards the canvas colour; a disconnected one loses its colours too."""
    share = sizes().stale if scene.dim == "stale" else sizes().disconnected
    rects = [scene.layout.plot, *(band.rect for band in scene.layout.bands if band.placement is not Placement.OVERLAY)]
    for rect in rects:
        if scene.dim == "disconnected":
            _grey(canvas, rect)
        with canvas.pixels():
            box(canvas, rect, faded(scene.theme["bg.canvas"], 1.0 - share))


def grey(pixels: npt.NDArray[np.uint32]) -> npt.NDArray[np.uint32]:
    """Pixels without colour, as bright as they look, same shape."""
    low = np.uint32(255)
    luma = ((pixels >> np.uint32(16)) & low) * _RED
    luma += ((pixels >> np.uint32(8)) & low) * _GREEN
    luma += (pixels & low) * _BLUE
    luma >>= np.uint32(8)
    return luma * np.uint32(0x010101) | np.uint32(0xFF000000)


def _grey(canvas: RasterCanvas, rect: Rect) -> None:
    rows, columns = device(rect, canvas.scale, canvas.buffer)
    canvas.buffer[rows, columns] = grey(canvas.buffer[rows, columns])
