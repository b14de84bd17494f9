"""Kernels load from their cache in a fifth of a second and compile in seconds the first time ever: on a thread."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from functools import cache

import numpy as np

from flowdeck.canvas.raster import RasterCanvas
from flowdeck.specs import Font, Marker

__all__ = ["warm"]


@cache
def warm() -> Future[None]:
    """Begin to load the drawing kernels and the bundled fonts on a thread, once a process; done when they are there.

    Drawing before that waits for them. A window that finds the future not done after a moment should say that the
    kernels are being compiled: the first start ever takes seconds.
    """
    thread = ThreadPoolExecutor(1, "flowdeck-canvas-warm")
    future = thread.submit(_draw_everything)
    thread.shutdown(wait=False)
    return future


def _draw_everything() -> None:
    """Every primitive once: numba also sets up the conversion of arguments at the first call."""
    canvas = RasterCanvas(8, 8)
    one = np.ones(1)
    canvas.rects(one, one, one, one, 0)
    canvas.segments(one, one, one, one, 0)
    canvas.polyline(one, one, 0)
    canvas.markers(one, one, 1.0, 0, Marker.CIRCLE)
    canvas.heat(0.0, 1.0, 0.0, 1.0, np.zeros((1, 1), np.uint16), np.zeros(65536, np.uint32))
    for bold in (False, True):
        canvas.numbers(one, one, one, 0, bold=bold)
        canvas.labels(one, one, ["\N{GREEK CAPITAL LETTER DELTA}"], 0, font=Font.UI, bold=bold)
