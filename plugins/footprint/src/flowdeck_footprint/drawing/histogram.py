"""The middle level: bid and ask volume of each row as bars to both sides of the spine."""

from __future__ import annotations

import numpy as np

from flowdeck_footprint.drawing.candles import draw_poc_ticks
from flowdeck_footprint.drawing.ladders import Ladders
from flowdeck_footprint.drawing.palette import fade
from flowdeck_footprint.drawing.scene import Scene
from flowdeck_footprint.drawing.strokes import Strokes

__all__ = ["draw_histogram"]

_GAP_PX = 2.0
_SEAM_FROM_PX = 5.0
_OPACITY = 0.8
_FULL_SHARE = 0.99


def draw_histogram(scene: Scene, strokes: Strokes) -> None:
    """Sold volume to the left, bought volume to the right, the row with most volume in full colour.

    Lengths follow the curve of the tints, the square root, and are full from the size that one side in a hundred
    reaches: otherwise a single large trade flattens every profile in view.
    """
    grid, ladders, theme = scene.grid, scene.ladders, scene.view.theme
    half = (grid.pitch_px - _GAP_PX) / 2
    middle = grid.snap(grid.lefts(ladders.opens) + grid.pitch_px / 2)
    top = grid.row_edges(ladders.row + 1)
    bottom = grid.row_edges(ladders.row) - (grid.seam_px if grid.row_px >= _SEAM_FROM_PX else 0.0)
    is_poc = ladders.row == ladders.poc[ladders.bar]
    largest = _full_length(ladders)
    for lots, token, direction in ((ladders.bid, "trade.sell", -1.0), (ladders.ask, "trade.buy", 1.0)):
        traded = lots > 0
        ends = middle[ladders.bar] + direction * np.maximum(
            1.0, np.rint(np.sqrt(np.minimum(lots / largest, 1.0)) * half)
        )
        x0, x1 = np.minimum(ends, middle[ladders.bar]), np.maximum(ends, middle[ladders.bar])
        fill = np.where(is_poc, theme[token], fade(theme[token], _OPACITY)).astype(np.uint32)
        edges = (grid.x(x0), grid.x(x1), grid.y(bottom), grid.y(top), fill)
        strokes.rects(*(edge[traded] for edge in edges))  # type: ignore[arg-type]  # four of floats, one of colours
    if scene.settings.show_poc:
        draw_poc_ticks(scene, strokes, 2 * half)


def _full_length(ladders: Ladders) -> float:
    """Lots of the largest side of a row but for one in a hundred; 1 when nothing is in view."""
    sides = np.concatenate((ladders.bid, ladders.ask))
    traded = sides[sides > 0]
    if not len(traded):
        return 1.0
    place = int(_FULL_SHARE * (len(traded) - 1))
    return float(np.partition(traded, place)[place])
