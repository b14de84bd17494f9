"""Arrays to pixels: the raster back end of the canvas, its fonts and glyphs. No Qt.

Importing this package compiles nothing and imports no numba; the kernels load with the first `RasterCanvas`, or
before it on a thread: `warm`.
"""

from flowdeck.canvas.fonts import FontSet
from flowdeck.canvas.raster import RasterCanvas
from flowdeck.canvas.warming import warm

__all__ = ["FontSet", "RasterCanvas", "warm"]
