"""The two finest levels: a cell with a figure for each side of a row, or one for the whole row."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from flowdeck_footprint.drawing.figures import CHARACTER_PX, ZERO_BELOW, decimals_of
from flowdeck_footprint.drawing.palette import Side, levels_of, side_of
from flowdeck_footprint.drawing.scene import Scene
from flowdeck_footprint.drawing.strokes import Strokes
from flowdeck_footprint.settings import RowFigure

__all__ = ["draw_delta_cells", "draw_full_cells"]

Array = npt.NDArray[np.float64]
Words = npt.NDArray[np.uint32]

_SIGNED_CHARACTERS, _CHARACTERS = 5, 4
_PAD_MOST = 4.0


@dataclass(frozen=True, eq=False)
class _Figures:
    """Right edge and middle (px), value and colour of each; the width of their cells; whether they bear a sign."""

    x: Array
    y: Array
    values: Array
    inks: Words
    width: float
    signed: bool = False


def draw_full_cells(scene: Scene, strokes: Strokes) -> None:
    """Bid and ask: two cells a row, tinted by volume, with their figures."""
    ladders, bar, largest = scene.ladders, scene.bar, float(scene.ladders.largest_side)
    top, bottom, lefts = _edges(scene)
    shown = []
    for lots, token, left, right in (
        (ladders.bid, "trade.sell", bar.left, bar.middle),
        (ladders.ask, "trade.buy", bar.middle + scene.grid.seam_px, bar.right),
    ):
        side, levels = side_of(scene.view.theme, token, scene.settings.tint_max), levels_of(lots.astype(float), largest)
        _fill(scene, strokes, (lefts + left, lefts + right, top, bottom), side.fill[levels])
        values = scene.cell_amounts(lots) / scene.scale.divisor
        hidden = scene.view.instrument.quantities(lots) < scene.settings.min_volume_base
        right_px = lefts + right - _pad(right - left, _CHARACTERS)
        shown.append((right_px, np.where(hidden, np.nan, values), _inks(side, levels, values)))
    x, values, inks = (np.concatenate(parts) for parts in zip(*shown, strict=True))
    figures = _Figures(x, np.tile((top + bottom) / 2, 2), values, inks, bar.middle - bar.left)
    _write(scene, strokes, figures)


def draw_delta_cells(scene: Scene, strokes: Strokes) -> None:
    """One cell a row, tinted by its delta, with delta or volume as its figure."""
    ladders, bar = scene.ladders, scene.bar
    top, bottom, lefts = _edges(scene)
    delta, volume = ladders.ask - ladders.bid, ladders.ask + ladders.bid
    levels = levels_of(delta.astype(float), float(np.abs(delta).max(initial=0)))
    buy, sell = (side_of(scene.view.theme, f"trade.{side}", scene.settings.tint_max) for side in ("buy", "sell"))
    bought = delta > 0
    _fill(
        scene,
        strokes,
        (lefts + bar.left, lefts + bar.right, top, bottom),
        np.where(bought, buy.fill[levels], sell.fill[levels]),
    )
    of_delta = scene.settings.row_figure is RowFigure.DELTA
    values = scene.cell_amounts(delta if of_delta else volume) / scene.scale.divisor
    inks = np.where(bought, _inks(buy, levels, values), _inks(sell, levels, values))
    hidden = scene.view.instrument.quantities(volume) < scene.settings.min_volume_base
    x = lefts + bar.right - _pad(bar.right - bar.left, _SIGNED_CHARACTERS if of_delta else _CHARACTERS)
    values = np.where(hidden, np.nan, values)
    _write(scene, strokes, _Figures(x, (top + bottom) / 2, values, inks, bar.right - bar.left, signed=of_delta))


def _edges(scene: Scene) -> tuple[Array, Array, Array]:
    """Upper edge, lower edge above the seam, and left edge of the bar, of each shown row, px."""
    ladders, grid = scene.ladders, scene.grid
    bottom = grid.row_edges(ladders.row) - grid.seam_px
    return grid.row_edges(ladders.row + 1), bottom, grid.lefts(ladders.opens)[ladders.bar]


def _fill(scene: Scene, strokes: Strokes, edges: tuple[Array, Array, Array, Array], fill: Words) -> None:
    left, right, top, bottom = edges
    grid = scene.grid
    strokes.rects(grid.x(left), grid.x(right), grid.y(bottom), grid.y(top), fill)


def _pad(width: float, characters: int) -> float:
    """Room right of a figure: less where the widest would leave none at its left."""
    return max(0.0, min(_PAD_MOST, (width - characters * CHARACTER_PX) / 2))


def _inks(side: Side, levels: npt.NDArray[np.intp], values: Array) -> Words:
    inks: Words = np.where(np.abs(values) < ZERO_BELOW, side.zero[levels], side.ink[levels])
    return inks


def _write(scene: Scene, strokes: Strokes, figures: _Figures) -> None:
    """The figures that fit, zeros without a sign; those that do not fit are hidden."""
    plain, values = scene.scale.plain, figures.values
    decimals = decimals_of(values, plain=plain)
    values = np.where(np.abs(values) < (0.5 if plain else ZERO_BELOW), 0.0, values)
    wide = _characters(values, decimals, signed=figures.signed) * CHARACTER_PX > figures.width + 1.0
    values = np.where(wide, np.nan, values)
    x, y = scene.grid.x(figures.x), scene.grid.y(figures.y)
    for chosen, sign in ((values == 0.0, False), (np.abs(values) > 0.0, figures.signed)):
        if chosen.any():
            strokes.numbers(x[chosen], y[chosen], values[chosen], figures.inks[chosen], decimals[chosen], signed=sign)


def _characters(values: Array, decimals: npt.NDArray[np.int8], *, signed: bool) -> Array:
    """How many characters each figure takes."""
    size = np.where(decimals > 0, np.abs(values), np.rint(np.abs(values)))
    digits = 1.0 + np.floor(np.log10(np.maximum(np.nan_to_num(size), 1.0)))
    characters: Array = digits + 2.0 * decimals + (signed & (values != 0.0))
    return characters
