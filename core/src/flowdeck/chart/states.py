"""What a chart says of its data: gaps, history on its way, where a replay stands, that there is nothing yet."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from flowdeck.chart.parts import Loading, Rect
from flowdeck.chart.pens import box, rounded, text
from flowdeck.chart.theme import sizes
from flowdeck.chart.ticks import clock
from flowdeck.specs import Anchor, Canvas, Font, Marker, Theme, View
from flowdeck.timeframes import DAY_NS

__all__ = [
    "Gap",
    "draw_empty",
    "draw_gap_label",
    "draw_gaps",
    "draw_head",
    "draw_loading",
    "draw_progress",
    "gap_label_rect",
    "head_rect",
    "period",
]

_HATCH_PX: Final = 6.0
_SKELETON: Final = ((0.28, -0.08), (0.44, 0.04), (0.34, -0.03), (0.6, 0.08), (0.5, 0.02), (0.38, -0.05))
"""Heights and offsets of skeleton bars as shares of the plot: a fixed row, because nothing on a chart may dance."""
_SKELETON_PITCH_PX: Final = (24.0, 80.0)
_SKELETON_WIDTH: Final = 0.42


@dataclass(frozen=True)
class Gap:
    """A range of time (ns UTC) that is missing in one kind of stream."""

    what: str
    start_ns: int
    stop_ns: int

    @property
    def words(self) -> str:
        """What a user reads."""
        return f"No {self.what} {period(self.start_ns, self.stop_ns)}"


def period(start_ns: int, stop_ns: int) -> str:
    """A range of time with an en dash, such as 23:57:00 to 23:58:10; days are named when they are two."""
    days = start_ns // DAY_NS != (stop_ns - 1) // DAY_NS
    return f"{clock(start_ns, date=days)} \u2013 {clock(stop_ns, date=days)}"


def draw_gaps(canvas: Canvas, theme: Theme, plot: Rect, view: View, gaps: tuple[Gap, ...]) -> None:
    """A diagonal hatch where nothing is known."""
    for gap in gaps:
        left = max(plot.left, _px(view, plot, gap.start_ns))
        right = min(plot.right, _px(view, plot, gap.stop_ns))
        if right > left:
            _hatch(canvas, theme, Rect(left, plot.top, max(right - left, 2.0), plot.height))


def gap_label_rect(canvas: Canvas, plot: Rect, x_px: float, gap: Gap) -> Rect:
    """Where the label of a hovered gap stands."""
    width = canvas.text_width(gap.words, Font.UI, sizes().small) + 24.0
    left = min(max(x_px - width / 2, plot.left + 8), plot.right - width - 8)
    return Rect(round(left), plot.bottom - 32.0, width, 24.0)


def draw_gap_label(canvas: Canvas, theme: Theme, rect: Rect, gap: Gap, scale: float) -> None:
    """What is missing, at the bottom of the plot."""
    rounded(canvas, rect, 5.0, theme["bg.overlay"], scale)
    middle = rect.left + rect.width / 2
    text(canvas, middle, rect.top + rect.height / 2, gap.words, theme["text.secondary"], Anchor.CENTRE)


def draw_loading(canvas: Canvas, theme: Theme, plot: Rect, view: View, loading: Loading) -> None:
    """Skeleton bars where history is on its way, and which range that is."""
    right = min(plot.right, max(plot.left, _px(view, plot, loading.stop_ns)))
    pitch = min(max(view.pitch_px, _SKELETON_PITCH_PX[0]), _SKELETON_PITCH_PX[1])
    x = np.arange(plot.left + 24.0, right - pitch / 2, pitch)
    shape = np.resize(np.array(_SKELETON), (len(x), 2)) * plot.height
    middle = plot.top + plot.height / 2 + shape[:, 1]
    half = shape[:, 0] / 2
    canvas.rects(x, x + pitch * _SKELETON_WIDTH, middle - half, middle + half, theme["bg.raised"])
    words = "Loading " + period(loading.start_ns, loading.stop_ns)
    if right - plot.left > canvas.text_width(words, Font.UI, sizes().small) + 32.0:
        text(canvas, plot.left + 16.0, plot.bottom - 20.0, words, theme["text.secondary"])


def draw_progress(canvas: Canvas, theme: Theme, plot: Rect, share: float) -> None:
    """A line along the top edge, as long as the share of history that has arrived."""
    box(canvas, Rect(plot.left, plot.top, max(plot.width * share, 24.0), 2.0), theme["ui.accent"])


def head_rect(view: View, plot: Rect, head_ns: int) -> Rect | None:
    """Where the mark of the replay's head stands; None when it is out of sight."""
    x = round(_px(view, plot, head_ns))
    return Rect(x - 6.0, plot.top, 12.0, plot.height) if plot.left <= x < plot.right else None


def draw_head(canvas: Canvas, theme: Theme, rect: Rect) -> None:
    """Where the replay stands: a line with a mark at its top."""
    middle = rect.left + rect.width / 2
    box(canvas, Rect(middle - 0.5, rect.top, 1.0, rect.height), theme["ui.accent"])
    at = np.array([middle])
    canvas.markers(at, np.array([rect.top + 4.0]), 9.0, theme["ui.accent"], Marker.TRIANGLE_DOWN)


def draw_empty(canvas: Canvas, theme: Theme, plot: Rect, words: str, note: str) -> None:
    """What the chart says when it has nothing to show."""
    x, y = plot.left + plot.width / 2, plot.top + plot.height / 2
    text(canvas, x, y - 10.0, words, theme["text.primary"], Anchor.CENTRE, size_px=sizes().label, bold=True)
    text(canvas, x, y + 12.0, note, theme["text.secondary"], Anchor.CENTRE, size_px=sizes().body)


def _px(view: View, plot: Rect, ts: int) -> float:
    return plot.left + (ts - view.origin_ns - view.x0) / view.x_per_px


def _hatch(canvas: Canvas, theme: Theme, area: Rect) -> None:
    """Lines that rise to the right, clipped to the area, from a grid of the whole chart."""
    box(canvas, area, theme["chart.gap_fill"])
    first = (area.left - area.height) // _HATCH_PX * _HATCH_PX
    start = np.arange(first, area.right, _HATCH_PX)
    x0, x1 = np.maximum(start, area.left), np.minimum(start + area.height, area.right)
    seen = x1 > x0
    start, x0, x1 = start[seen], x0[seen], x1[seen]
    canvas.segments(x0, area.bottom - (x0 - start), x1, area.bottom - (x1 - start), theme["chart.gap_hatch"], 1.0)
