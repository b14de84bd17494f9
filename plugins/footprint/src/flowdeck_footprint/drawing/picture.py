"""From series to the strokes of one level of detail."""

from __future__ import annotations

import numpy as np

from flowdeck.specs import Lod, SeriesView, View
from flowdeck_footprint.drawing.candles import (
    candle_width,
    draw_candles,
    draw_line,
    draw_poc_ticks,
    draw_spines,
    draw_stems,
)
from flowdeck_footprint.drawing.cells import draw_delta_cells, draw_full_cells
from flowdeck_footprint.drawing.figures import CHARACTER_PX, Scale, scale_of
from flowdeck_footprint.drawing.grid import Bar, Grid, bar_of
from flowdeck_footprint.drawing.histogram import draw_histogram
from flowdeck_footprint.drawing.ladders import NO_LADDERS, ladders_of
from flowdeck_footprint.drawing.marks import draw_ground, draw_poc_outlines, draw_totals
from flowdeck_footprint.drawing.scene import Scene, bars_in_view
from flowdeck_footprint.drawing.strokes import Strokes
from flowdeck_footprint.settings import FigureUnit, FootprintSettings

__all__ = ["paint"]


def paint(view: View, settings: FootprintSettings, bars: SeriesView | None, cells: SeriesView | None) -> Strokes:
    """The picture of a view.

    Args:
        view: What the pane shows.
        settings: The plugin's.
        bars: Rows of `bars`, None before any came.
        cells: Rows of `footprint` at any grouping, None before any came or where none are drawn.
    """
    scene, strokes = _scene(view, settings, bars, cells), Strokes()
    if view.lod <= Lod.DELTA:
        _figures(scene, strokes)
    elif view.lod is Lod.PROFILE:
        draw_ground(scene, strokes)
        draw_histogram(scene, strokes)
        draw_stems(scene, strokes)
    elif view.lod is Lod.CANDLE:
        draw_candles(scene, strokes)
        if settings.show_poc:
            draw_poc_ticks(scene, strokes, candle_width(view.pitch_px))
    else:
        draw_line(scene, strokes)
    return strokes


def _figures(scene: Scene, strokes: Strokes) -> None:
    full = scene.view.lod is Lod.FULL
    draw_ground(scene, strokes)
    (draw_full_cells if full else draw_delta_cells)(scene, strokes)
    if scene.settings.show_candle:
        draw_spines(scene, strokes)
    if scene.settings.show_poc:
        draw_poc_outlines(scene, strokes)
    draw_totals(scene, strokes, named=full)


def _scene(view: View, settings: FootprintSettings, bars: SeriesView | None, cells: SeriesView | None) -> Scene:
    grouping = view.grouping if cells is None else cells.key.grouping
    grid = Grid(view, float(view.instrument.tick_size) * grouping)
    bar = bar_of(view.pitch_px, grid.seam_px)
    first = view.start_ns - view.timeframe.duration_ns + 1
    rows = grid.rows_in_view() if view.lod <= Lod.PROFILE else (0, 0)
    ladders = NO_LADDERS if cells is None else ladders_of(cells, first, view.stop_ns, rows)
    scale = _scale(view, settings, cells, bar)
    return Scene(view, settings, grouping, grid, bar, bars_in_view(bars, first, view.stop_ns), ladders, scale)


def _scale(view: View, settings: FootprintSettings, cells: SeriesView | None, bar: Bar) -> Scale:
    """A scale for the largest cell that is loaded, in view or not, so that panning does not change it."""
    if cells is None or view.lod > Lod.DELTA or not len(cells):
        return Scale(1.0, "")
    largest = max(int(np.max(cells.column(name))) for name in ("bid_lots", "ask_lots"))
    amount = float(view.instrument.quantities(largest))
    if settings.figure_unit is not FigureUnit.BASE:
        amount *= view.y1
    full = view.lod is Lod.FULL
    width = (bar.middle if full else bar.right) - bar.left
    return scale_of(amount, settings.figure_unit, int((width + 1.0) / CHARACTER_PX) - (0 if full else 1))
