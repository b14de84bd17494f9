"""Axes and grid: the ticks of price, value and time, their lines and their labels."""

from __future__ import annotations

from dataclasses import dataclass
from math import floor, log10

import numpy as np
import numpy.typing as npt

from flowdeck.chart.parts import Rect
from flowdeck.chart.pens import lines_across, lines_down, text, texts
from flowdeck.chart.theme import sizes
from flowdeck.chart.ticks import TimeTick, time_ticks, value_step, value_ticks
from flowdeck.specs import Anchor, Canvas, Font, Theme, View

__all__ = [
    "TimeTicks",
    "ValueTicks",
    "axis_px",
    "draw_grid",
    "draw_time_axis",
    "draw_value_axis",
    "price_ticks",
    "time_label_rects",
    "value_axis_px",
    "value_label_rects",
]

_PANE_GAP_PX = 24.0
_EDGE_PX = 8.0
_TAG_CLEARANCE_PX = 18.0
_LABEL_INSET_PX = 8.0
_LEFT_INSET_PX = 4.0

Array = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class ValueTicks:
    """Labels of a vertical axis: px from the top of the chart, values, and which of them are rounder."""

    y: Array
    values: Array
    decimals: int
    major: npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class TimeTicks:
    """Labels of the time axis: px of the middle of the bars that they name."""

    x: Array
    ticks: tuple[TimeTick, ...]

    @classmethod
    def of(cls, view: View, left_px: float = 0.0) -> TimeTicks:
        """The ticks of a view whose left edge lies at `left_px`."""
        ticks = time_ticks(view.timeframe, view.start_ns, view.stop_ns, view.x_per_px, sizes().time_gap)
        middle = np.array([tick.middle_ns for tick in ticks], np.int64)
        return cls(left_px + (view.x_of(middle) - view.x0) / view.x_per_px, tuple(ticks))


def price_ticks(view: View, rect: Rect) -> ValueTicks:
    """Round prices at least 36 px apart, with the instrument's decimals."""
    step = value_step(view.y_per_px, sizes().price_gap, float(view.instrument.tick_size))
    return _value_ticks(view, rect, step, view.instrument.price_decimals)


def value_axis_px(view: View, rect: Rect) -> ValueTicks:
    """Round values of a pane, with as many decimals as their step has."""
    step = value_step(view.y_per_px, _PANE_GAP_PX)
    return _value_ticks(view, rect, step, max(0, -floor(log10(step) + 1e-9)))


def axis_px(canvas: Canvas, words: str) -> float:
    """Width of a vertical axis whose longest figure is `words`, px."""
    return canvas.text_width(words, Font.FIGURES, sizes().small, bold=True) + _LABEL_INSET_PX + _LEFT_INSET_PX


def draw_grid(canvas: Canvas, theme: Theme, rect: Rect, across: ValueTicks | None, down: TimeTicks | None) -> None:
    """Hairlines at the ticks; those of rounder figures and larger units are a little stronger."""
    weak, strong = np.uint32(theme["chart.grid"]), np.uint32(theme["chart.grid_strong"])
    if down is not None and len(down.x):
        major = np.array([tick.major for tick in down.ticks])
        lines_down(canvas, down.x, rect, np.where(major, strong, weak))
    if across is not None and len(across.y):
        lines_across(canvas, across.y, rect, np.where(across.major, strong, weak))


def draw_value_axis(
    canvas: Canvas, theme: Theme, rect: Rect, ticks: ValueTicks, avoid_px: tuple[float, ...] = ()
) -> None:
    """Figures right aligned; none at the edges of the axis, nor where a tag stands."""
    keep = _written(rect, ticks, avoid_px)
    ink = np.where(ticks.major[keep], np.uint32(theme["text.primary"]), np.uint32(theme["text.secondary"]))
    x = np.full(len(ink), rect.right - _LABEL_INSET_PX)
    size = sizes().small
    canvas.numbers(x, ticks.y[keep], ticks.values[keep], ink, Anchor.RIGHT, ticks.decimals, size_px=size, grouped=True)


def draw_time_axis(canvas: Canvas, theme: Theme, rect: Rect, corner: Rect, ticks: TimeTicks) -> None:
    """Times centred under their bars, bold where a larger unit begins; the corner says that they are UTC."""
    y = rect.top + rect.height / 2
    size = sizes().small
    for major, token in ((False, "text.secondary"), (True, "text.primary")):
        chosen = [
            (x, tick.text)
            for x, tick in zip(ticks.x.tolist(), ticks.ticks, strict=True)
            if tick.major == major and _fits(canvas, x, tick.text, rect, size)
        ]
        x = np.array([x for x, _ in chosen])
        words = [word for _, word in chosen]
        texts(canvas, x, np.full(len(words), y), words, theme[token], Anchor.CENTRE, bold=major)
    text(canvas, corner.right - _LABEL_INSET_PX, y, "UTC", theme["text.tertiary"], Anchor.RIGHT, font=Font.UI)


def time_label_rects(canvas: Canvas, axis: Rect, ticks: TimeTicks | None, tag: Rect) -> list[Rect]:
    """Where the labels stand that a tag on the time axis touches."""
    found: list[Rect] = []
    for x, tick in zip(ticks.x.tolist(), ticks.ticks, strict=True) if ticks is not None else ():
        if abs(x - tag.left - tag.width / 2) < tag.width / 2 + sizes().time_gap:
            width = canvas.text_width(tick.text, Font.FIGURES, sizes().small, bold=tick.major) + 2
            found.append(Rect(x - width / 2, axis.top + 1, width, axis.height - 1))
    return [rect for rect in found if rect.left < tag.right and tag.left < rect.right]


def value_label_rects(axis: Rect, ticks: ValueTicks | None, tag: Rect, avoid_px: tuple[float, ...] = ()) -> list[Rect]:
    """Where the labels stand that a tag on a vertical axis touches; `avoid_px` as for `draw_value_axis`."""
    if ticks is None:
        return []
    height = sizes().small + 2
    near = _written(axis, ticks, avoid_px) & (np.abs(ticks.y - tag.middle) < (height + tag.height) / 2)
    return [Rect(axis.left + 1, y - height / 2, axis.width - 1, height) for y in ticks.y[near].tolist()]


def _written(rect: Rect, ticks: ValueTicks, avoid_px: tuple[float, ...]) -> npt.NDArray[np.bool_]:
    """Which labels of a vertical axis are written."""
    keep = (ticks.y > rect.top + _EDGE_PX) & (ticks.y < rect.bottom - _EDGE_PX)
    for tag in avoid_px:
        keep &= np.abs(ticks.y - tag) >= _TAG_CLEARANCE_PX
    return np.asarray(keep)


def _fits(canvas: Canvas, x: float, words: str, rect: Rect, size_px: float) -> bool:
    inside_px = min(x - rect.left, rect.right - x)
    if inside_px > sizes().time_gap:
        return True
    return inside_px >= canvas.text_width(words, Font.FIGURES, size_px, bold=True) / 2 + 2


def _value_ticks(view: View, rect: Rect, step: float, decimals: int) -> ValueTicks:
    values, major = value_ticks(view.y0, view.y1, step)
    y = rect.top + (view.y1 - values) / view.y_per_px
    return ValueTicks(y, values, decimals, major)
