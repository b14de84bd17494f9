"""Compiled loops of the raster canvas. Importing this loads them from their cache, or compiles them: seconds."""

from flowdeck.canvas.kernels.fading import fade
from flowdeck.canvas.kernels.figures import draw_numbers
from flowdeck.canvas.kernels.heat import draw_heat
from flowdeck.canvas.kernels.lines import draw_segments
from flowdeck.canvas.kernels.markers import draw_markers
from flowdeck.canvas.kernels.masks import draw_mask
from flowdeck.canvas.kernels.rects import fill_rects
from flowdeck.canvas.kernels.strokes import draw_polyline

__all__ = [
    "draw_heat",
    "draw_markers",
    "draw_mask",
    "draw_numbers",
    "draw_polyline",
    "draw_segments",
    "fade",
    "fill_rects",
]
