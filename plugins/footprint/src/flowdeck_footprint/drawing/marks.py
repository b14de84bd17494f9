"""What frames the cells: the ground under a bar, its point of control, and its totals below."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from flowdeck.specs import Anchor
from flowdeck_footprint.drawing.figures import CHARACTER_PX, SUFFIXES, ZERO_BELOW, Scale, decimals_of
from flowdeck_footprint.drawing.scene import Scene
from flowdeck_footprint.drawing.strokes import Strokes

__all__ = ["draw_ground", "draw_poc_outlines", "draw_totals"]

Array = npt.NDArray[np.float64]

_OUTLINE_PX = 1.5
_GAP_PX, _LINE_PX, _BLOCK_PAD_PX = 6.0, 14.0, 4.0
_WIDE_PX = 62.0
_WHOLE_FROM = 999.95
_NARROW_LIMIT, _WIDE_LIMIT = 999.5, 9_999.5


def draw_ground(scene: Scene, strokes: Strokes) -> None:
    """Dim what lies behind a bar and its spine, so that the gaps between cells are calm."""
    grid, ladders = scene.grid, scene.ladders
    left = grid.lefts(ladders.opens)
    top, bottom = grid.row_edges(ladders.high + 1), grid.row_edges(ladders.low)
    strokes.rects(
        grid.x(left), grid.x(left + scene.bar.width), grid.y(bottom), grid.y(top), scene.view.theme["chart.veil"]
    )


def draw_poc_outlines(scene: Scene, strokes: Strokes) -> None:
    """A gold frame around the row with most volume."""
    grid, ladders, bar = scene.grid, scene.ladders, scene.bar
    lefts = grid.lefts(ladders.opens)
    left, right = lefts + bar.left - 0.5, lefts + bar.right + 0.5
    top, bottom = grid.row_edges(ladders.poc + 1) - 0.5, grid.row_edges(ladders.poc) - 0.5
    half = _OUTLINE_PX / 2
    sides = (
        (left - half, top, right + half, top),
        (left - half, bottom, right + half, bottom),
        (left, top, left, bottom),
        (right, top, right, bottom),
    )
    x0, y0, x1, y1 = (np.concatenate(parts) for parts in zip(*sides, strict=True))
    strokes.segments(grid.x(x0), grid.y(y0), grid.x(x1), grid.y(y1), scene.view.theme["trade.poc"], _OUTLINE_PX)


def draw_totals(scene: Scene, strokes: Strokes, *, named: bool) -> None:
    """Delta and, when named, volume under each bar, with Δ and Σ before them."""
    settings, theme, bars = scene.settings, scene.view.theme, scene.bars
    lines = []
    if settings.show_delta:
        delta = bars.buy - bars.sell
        tokens = np.array([theme["trade.sell_text"], theme["text.secondary"], theme["trade.buy_text"]], np.uint32)
        lines.append(_Line("Δ", scene.bar_amounts(delta), tokens[np.sign(delta) + 1], signed=True))
    if settings.show_volume and named:
        inks = np.full(len(bars.opens), theme["text.secondary"], np.uint32)
        lines.append(_Line("Σ", scene.bar_amounts(bars.buy + bars.sell), inks, signed=False))
    lefts = scene.grid.lefts(bars.opens)
    top = scene.grid.row_edges(scene.low_rows()) + _GAP_PX
    _block(scene, strokes, lefts, top, len(lines))
    for place, line in enumerate(lines):
        y = scene.grid.y(top + _LINE_PX * (place + 0.5) + _BLOCK_PAD_PX / 2)
        _total(scene, strokes, lefts + scene.bar.right - _BLOCK_PAD_PX, y, line)
        if named:
            x = scene.grid.x(lefts + scene.bar.left + _BLOCK_PAD_PX)
            strokes.labels(x, y, [line.name] * len(x), theme["text.tertiary"], Anchor.LEFT)


@dataclass(frozen=True, eq=False)
class _Line:
    """One line of totals: its name, and amount and colour of each bar."""

    name: str
    amounts: Array
    inks: npt.NDArray[np.uint32]
    signed: bool


def _block(scene: Scene, strokes: Strokes, lefts: Array, top: Array, lines: int) -> None:
    """The ground of the totals."""
    if lines:
        grid, bar = scene.grid, scene.bar
        bottom = top + lines * _LINE_PX + _BLOCK_PAD_PX
        left, right = lefts + bar.left, lefts + bar.right
        strokes.rects(grid.x(left), grid.x(right), grid.y(bottom), grid.y(top), scene.view.theme["chart.veil"])


def _total(scene: Scene, strokes: Strokes, right: Array, y: Array, line: _Line) -> None:
    """Figures with one decimal where there is room, else of three characters; each line on one scale."""
    wide = scene.bar.right - scene.bar.left >= _WIDE_PX
    divisor, suffix = _scale_of(line.amounts, scene.scale, _WIDE_LIMIT if wide else _NARROW_LIMIT)
    if suffix:
        letters = [suffix] * len(right)
        strokes.labels(scene.grid.x(right), y, letters, scene.view.theme["text.tertiary"], Anchor.RIGHT)
        right = right - CHARACTER_PX
    values = line.amounts / divisor
    size = np.abs(values)
    decimals = ((size >= ZERO_BELOW) & (size < _WHOLE_FROM)).astype(np.int8) if wide else decimals_of(values)
    zero = size < ZERO_BELOW
    values, inks = np.where(zero, 0.0, values), np.where(zero, scene.view.theme["text.tertiary"], line.inks)
    x = scene.grid.x(right)
    for chosen, sign in ((zero, False), (~zero, line.signed)):
        if chosen.any():
            places = x[chosen], y[chosen], values[chosen], inks[chosen].astype(np.uint32), decimals[chosen]
            strokes.numbers(*places, signed=sign, bold=sign)


def _scale_of(amounts: Array, cells: Scale, limit: float) -> tuple[float, str]:
    """The scale of the cells, or a coarser one below which every total is short enough."""
    place, largest = SUFFIXES.index(cells.suffix), float(np.abs(amounts).max(initial=0.0))
    while place < len(SUFFIXES) - 1 and largest / 1000.0**place >= limit:
        place += 1
    return 1000.0**place, SUFFIXES[place]
