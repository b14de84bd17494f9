"""Candles: on the spine beside cells, alone, and as one stroke a pixel where bars are too many."""

from __future__ import annotations

from math import floor

import numpy as np
import numpy.typing as npt

from flowdeck_footprint.drawing.palette import fade
from flowdeck_footprint.drawing.scene import Scene
from flowdeck_footprint.drawing.strokes import Strokes

__all__ = ["candle_width", "draw_candles", "draw_line", "draw_poc_ticks", "draw_spines", "draw_stems"]

Array = npt.NDArray[np.float64]
Words = npt.NDArray[np.uint32]

_BODY_SHARE = 0.7
_TICK_PX = 1.5
_RANGE_OPACITY = 0.75
_CLOSE_PX = 1.0


def draw_spines(scene: Scene, strokes: Strokes) -> None:
    """Body and wick beside the cells; the wick is grey, so that the body is what one sees."""
    middle = scene.grid.lefts(scene.bars.opens) + scene.bar.spine
    _candles(scene, strokes, middle, scene.bar.body, np.full(len(middle), scene.view.theme["trade.neutral"], np.uint32))


def draw_candles(scene: Scene, strokes: Strokes) -> None:
    """Body and wick, both in the colour of the bar."""
    width = candle_width(scene.grid.pitch_px)
    _candles(scene, strokes, _middles(scene, scene.bars.opens), width, _colours(scene))


def draw_stems(scene: Scene, strokes: Strokes) -> None:
    """A thin line from low to high in the colour of the bar."""
    bars, grid = scene.bars, scene.grid
    one = max(1.0, round(scene.view.scale)) / scene.view.scale
    left = grid.snap(grid.lefts(bars.opens) + grid.pitch_px / 2 - one / 2)
    strokes.rects(grid.x(left), grid.x(left + one), bars.low, bars.high, _colours(scene))


def draw_poc_ticks(scene: Scene, strokes: Strokes, width: float) -> None:
    """A gold dash at the row with most volume."""
    grid, ladders = scene.grid, scene.ladders
    middle = _middles(scene, ladders.opens)
    height = (grid.row_edges(ladders.poc) + grid.row_edges(ladders.poc + 1)) / 2
    left, right = grid.x(middle - width / 2), grid.x(middle + width / 2)
    strokes.segments(left, grid.y(height), right, grid.y(height), scene.view.theme["trade.poc"], _TICK_PX)


def draw_line(scene: Scene, strokes: Strokes) -> None:
    """The range of each pixel column, and a line through the closes."""
    bars, grid, theme = scene.bars, scene.grid, scene.view.theme
    if not len(bars.opens):
        return
    first, x = _columns(scene)
    low, high = np.minimum.reduceat(bars.low, first), np.maximum.reduceat(bars.high, first)
    last = np.append(first[1:], len(bars.opens)) - 1
    one = 1.0 / scene.view.scale
    colour = fade(theme["trade.neutral"], _RANGE_OPACITY)
    strokes.rects(grid.x(x), grid.x(x + one), low, high, colour)
    strokes.polyline(grid.x(x + one / 2), bars.close[last], theme["text.primary"], _CLOSE_PX)


def candle_width(pitch_px: float) -> float:
    """Width of a body alone: odd, so that the wick is in its middle."""
    return max(1.0, 2.0 * floor(pitch_px * _BODY_SHARE / 2) + (1.0 if pitch_px >= 3.0 else 0.0))


def _candles(scene: Scene, strokes: Strokes, middle: Array, width: float, wicks: Words) -> None:
    bars, grid = scene.bars, scene.grid
    one = max(1.0, round(scene.view.scale)) / scene.view.scale
    left = grid.snap(middle - width / 2)
    wick = left + (width - one) / 2
    strokes.rects(grid.x(wick), grid.x(wick + one), bars.low, bars.high, wicks)
    top, bottom = grid.heights(np.maximum(bars.open, bars.close)), grid.heights(np.minimum(bars.open, bars.close))
    top = grid.snap(top)
    bottom = np.maximum(grid.snap(bottom), top + one)
    strokes.rects(grid.x(left), grid.x(left + width), grid.y(bottom), grid.y(top), _colours(scene))


def _colours(scene: Scene) -> Words:
    bars, theme = scene.bars, scene.view.theme
    colours = np.full(len(bars.opens), theme["trade.neutral"], np.uint32)
    colours[bars.rising], colours[bars.falling] = theme["trade.buy"], theme["trade.sell"]
    return colours


def _middles(scene: Scene, opens: npt.NDArray[np.int64]) -> Array:
    """Middles of bars on whole pixels and a half."""
    view = scene.view
    middle = (view.x_of(opens) - view.x0) / view.x_per_px + scene.grid.pitch_px / 2
    return np.floor(middle) + 0.5


def _columns(scene: Scene) -> tuple[npt.NDArray[np.intp], Array]:
    """The first bar of each device pixel column that has one, and the column's left edge in px."""
    view, bars = scene.view, scene.bars
    middle = (view.x_of(bars.opens) - view.x0) / view.x_per_px + scene.grid.pitch_px / 2
    column = np.floor(middle * view.scale)
    first = np.flatnonzero(np.concatenate(([True], column[1:] != column[:-1])))
    return first, column[first] / view.scale
