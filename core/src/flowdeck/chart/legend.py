"""The legend line at the plot's top left: what is shown, and the figures of the newest or hovered bar."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import ceil
from typing import Final

from flowdeck.chart.parts import Rect
from flowdeck.chart.pens import Line, Text
from flowdeck.chart.theme import sizes
from flowdeck.chart.ticks import figure
from flowdeck.instruments import Instrument
from flowdeck.specs import Canvas, Font, Lod, Theme, View

__all__ = ["BarFigures", "Groups", "Legend", "pieces"]

_LEFT_PX: Final = 8.0
_TOP_PX: Final = 8.0
_HEIGHT_PX: Final = 24.0
_INSET_PX: Final = 8.0
_WORD_GAP_PX: Final = 6.0
_GROUP_GAP_PX: Final = 7.0


Groups = tuple[tuple[Text, ...], ...]
"""Pieces of text that belong together, most important group first."""


@dataclass(frozen=True)
class BarFigures:
    """A bar as the legend names it: prices in quote units, delta in base units."""

    open: float
    high: float
    low: float
    close: float
    delta: float


def pieces(view: View, titles: Sequence[str], bar: BarFigures | None) -> Groups:
    """The groups of the legend, most important first, so that a narrow plot can drop the last."""
    theme = view.theme
    quiet, plain = theme["text.tertiary"], theme["text.secondary"]
    groups = [
        [
            Text(view.instrument.id.symbol, theme["text.primary"], bold=True),
            Text(str(view.timeframe), plain, Font.FIGURES, gap_px=_WORD_GAP_PX),
        ]
    ]
    groups += [[Text(title, plain)] for title in titles]
    if view.lod <= Lod.PROFILE and titles:
        row = figure(view.row_height, view.instrument.price_decimals)
        groups.append([Text("row", quiet), Text(row, plain, Font.FIGURES, gap_px=_WORD_GAP_PX)])
    if bar is not None:
        groups += _bar(bar, view.instrument, theme)
    return tuple(tuple(group) for group in groups)


def _bar(bar: BarFigures, instrument: Instrument, theme: Theme) -> list[list[Text]]:
    prices: list[Text] = []
    for name, price in (("O", bar.open), ("H", bar.high), ("L", bar.low), ("C", bar.close)):
        prices.append(Text(name, theme["text.tertiary"], gap_px=_WORD_GAP_PX if prices else 0.0))
        words = figure(price, instrument.price_decimals)
        prices.append(Text(words, theme["text.secondary"], Font.FIGURES, gap_px=4.0))
    token = "trade.buy_text" if bar.delta > 0 else "trade.sell_text" if bar.delta < 0 else "text.secondary"
    delta = figure(bar.delta, min(instrument.qty_decimals, 1), signed=True)
    return [
        prices,
        [
            Text("\u0394", theme["text.tertiary"], Font.FIGURES),
            Text(delta, theme[token], Font.FIGURES, bold=True, gap_px=_WORD_GAP_PX),
        ],
    ]


class Legend:
    """The line of some groups, laid out once and drawn as often as needed.

    It is meant to stand on opaque ground, so that a heatmap under it never makes it hard to read.
    """

    def __init__(self, canvas: Canvas, view: View, plot: Rect, groups: Groups) -> None:
        self._words = Line(canvas, sizes().small)
        left, top = plot.left + _LEFT_PX, plot.top + _TOP_PX
        written = _fitting(canvas, view, groups, plot.width - 2 * (_LEFT_PX + _INSET_PX))
        width = self._words.add(left + _INSET_PX, top + _HEIGHT_PX / 2, written)
        self.rect = Rect(left, top, float(ceil(width + 2 * _INSET_PX)), _HEIGHT_PX)

    def draw(self) -> None:
        """Draw the words."""
        self._words.draw()


def _fitting(canvas: Canvas, view: View, groups: Groups, room_px: float) -> list[Text]:
    """The groups that fit into `room_px`, with a dot between each two."""
    result: list[Text] = []
    used = 0.0
    for group in groups:
        added = list(group)
        if result:
            dot = Text("\u00b7", view.theme["text.tertiary"], gap_px=_GROUP_GAP_PX)
            added = [dot, replace(group[0], gap_px=_GROUP_GAP_PX), *group[1:]]
        used += sum(piece.width(canvas, sizes().small) for piece in added)
        if result and used > room_px:
            break
        result += added
    return result
