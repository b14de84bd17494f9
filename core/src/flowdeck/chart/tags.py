"""Tags on the axes, and the line of the last price."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from flowdeck.chart.parts import Rect
from flowdeck.chart.pens import faded, rounded, text
from flowdeck.chart.theme import sizes
from flowdeck.specs import Anchor, Canvas, Font, Marker, Theme

__all__ = ["LastPrice", "draw_arrow", "draw_last_line", "draw_tag", "draw_time_tag", "tag_rect", "time_tag_rect"]

_HEIGHT_PX: Final = 20.0
_INSET_PX: Final = 8.0


@dataclass(frozen=True)
class LastPrice:
    """The newest price, which way the newest bar goes, and when that opened (ns UTC)."""

    price: float
    rises: bool
    decimals: int
    opened_ns: int

    def token(self) -> str:
        """Its colour: buy or sell, by the direction of the newest bar."""
        return "trade.buy_solid" if self.rises else "trade.sell_solid"


def tag_rect(axis: Rect, y_px: float) -> Rect:
    """Where a tag on a vertical axis stands, kept inside the axis."""
    top = min(max(round(y_px - _HEIGHT_PX / 2), axis.top), axis.bottom - _HEIGHT_PX)
    return Rect(axis.left + 1, top, axis.width - 2, _HEIGHT_PX)


def draw_tag(canvas: Canvas, axis: Rect, y_px: float, words: str, fill: int, ink: int, scale: float) -> None:
    """A figure on a filled ground, on a vertical axis."""
    rect = tag_rect(axis, y_px)
    rounded(canvas, rect, 3.0, fill, scale)
    right, middle = axis.right - _INSET_PX, rect.top + rect.height / 2
    text(canvas, right, middle, words, ink, Anchor.RIGHT, font=Font.FIGURES, bold=True)


def time_tag_rect(canvas: Canvas, axis: Rect, x_px: float, words: str) -> Rect:
    """Where a tag on the time axis stands, kept inside the axis."""
    width = canvas.text_width(words, Font.FIGURES, sizes().small, bold=True) + 2 * _INSET_PX
    left = min(max(round(x_px - width / 2), axis.left), max(axis.left, axis.right - width))
    return Rect(left, axis.top + 2, width, axis.height - 4)


def draw_time_tag(canvas: Canvas, theme: Theme, rect: Rect, words: str, scale: float) -> None:
    """A time on a filled ground, on the time axis."""
    rounded(canvas, rect, 3.0, theme["chart.crosshair_tag"], scale)
    x, y = rect.left + rect.width / 2, rect.top + rect.height / 2
    text(canvas, x, y, words, 0xFFFFFFFF, Anchor.CENTRE, font=Font.FIGURES, bold=True)


def draw_last_line(canvas: Canvas, theme: Theme, plot: Rect, y_px: float, last: LastPrice) -> None:
    """A dotted line at the newest price, when it is in sight."""
    if plot.top <= y_px < plot.bottom:
        y = np.array([y_px])
        colour = faded(theme[last.token()], 0.6)
        canvas.segments(np.array([plot.left]), y, np.array([plot.right]), y, colour, 1.0, dash_px=2.0)


def draw_arrow(canvas: Canvas, theme: Theme, axis: Rect, y_px: float, last: LastPrice) -> None:
    """A triangle beside the tag, when the newest price is out of sight."""
    if axis.top <= y_px < axis.bottom:
        return
    tag = tag_rect(axis, y_px)
    shape = Marker.TRIANGLE_UP if y_px < axis.top else Marker.TRIANGLE_DOWN
    middle = np.array([tag.top + tag.height / 2])
    canvas.markers(np.array([tag.left - 9.0]), middle, 9.0, theme[last.token()], shape)
