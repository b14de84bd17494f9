"""Banners: what they say, and how a snapshot paints them (on the desktop they are widgets with buttons)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import numpy as np

from flowdeck.chart.parts import Banner, Rect
from flowdeck.chart.pens import Text, rounded, text, write
from flowdeck.chart.theme import sizes
from flowdeck.chart.ticks import clock
from flowdeck.specs import Anchor, Canvas, FeedState, Font, Marker, SourceStatus, Theme
from flowdeck.streams import StreamKey
from flowdeck.timeframes import SECOND_NS

__all__ = ["banner_rect", "draw_banners", "fault_banner", "refusal_banners", "status_banner"]

_INSET_PX: Final = 12.0
_HEIGHT_PX: Final = 36.0
_STEP_PX: Final = 40.0
_ICON: Final = {"info": "ui.accent", "warning": "ui.warning", "error": "ui.error"}


def status_banner(status: SourceStatus | None, now_ns: int) -> Banner | None:
    """What a feed's state says; None when it is live."""
    if status is None or status.state is FeedState.LIVE:
        return None
    age_s = max(0.0, (now_ns - status.since) / SECOND_NS) if status.since else 0.0
    if status.state is FeedState.STALE:
        note = f"Last update {clock(status.since)} UTC" if status.since else status.reason
        return Banner("stale", "warning", f"Nothing from {status.venue} for", _age(age_s), note, (), status.source)
    note = " \u00b7 ".join(part for part in (status.reason, _retry(status, now_ns)) if part)
    if status.state is FeedState.CONNECTING:
        return Banner("connecting", "info", f"Connecting to {status.venue}", "", note, (), status.source)
    words = f"Disconnected from {status.venue}"
    return Banner("disconnected", "error", words, _age(age_s), note, ("try_now", "capture"), status.source)


def fault_banner(faults: Sequence[tuple[str, str, str]]) -> Banner | None:
    """What is said of layers that failed: (title, plugin, reason) of each."""
    if not faults:
        return None
    title, plugin, reason = faults[0]
    words = f"{title} stopped" if len(faults) == 1 else f"{len(faults)} layers stopped"
    note = reason if len(faults) == 1 else ", ".join(fault[0] for fault in faults)
    return Banner("faulted", "error", words, "", note, ("details", "retry"), plugin)


def refusal_banners(refusals: Mapping[StreamKey, str]) -> list[Banner]:
    """One banner a reason for streams that cannot be read."""
    kinds: dict[str, list[str]] = {}
    for key, reason in refusals.items():
        kinds.setdefault(reason, []).append(key.kind)
    return [
        Banner("failed", "error", f"No {' or '.join(sorted(set(names)))} here", "", reason, ("retry",))
        for reason, names in kinds.items()
    ]


def banner_rect(plot: Rect, count: int) -> Rect:
    """The area that so many banners take."""
    height = _STEP_PX * (count - 1) + _HEIGHT_PX if count else 0.0
    return Rect(plot.left + _INSET_PX, plot.top + _INSET_PX, max(0.0, plot.width - 2 * _INSET_PX), height)


def draw_banners(canvas: Canvas, theme: Theme, plot: Rect, banners: Iterable[Banner], scale: float) -> None:
    """Banners inside the plot's top edge, one below the other."""
    for number, banner in enumerate(banners):
        area = banner_rect(plot, 1)
        rect = Rect(area.left, area.top + number * _STEP_PX, area.width, area.height)
        rounded(canvas, rect, 5.0, theme["border.strong"], scale)
        rounded(
            canvas, Rect(rect.left + 1, rect.top + 1, rect.width - 2, rect.height - 2), 4.0, theme["bg.overlay"], scale
        )
        _draw_one(canvas, theme, rect, banner)


def _draw_one(canvas: Canvas, theme: Theme, rect: Rect, banner: Banner) -> None:
    middle = rect.top + rect.height / 2
    shape = Marker.TRIANGLE_UP if banner.severity == "warning" else Marker.CIRCLE
    x = np.array([rect.left + 20.0])
    canvas.markers(x, np.array([middle]), 15.0, theme[_ICON[banner.severity]], shape)
    sign = "\u00d7" if banner.severity == "error" else "!"
    text(canvas, rect.left + 20.0, middle, sign, theme["bg.overlay"], Anchor.CENTRE, font=Font.FIGURES, bold=True)
    pieces = [Text(banner.text, theme["text.primary"])]
    if banner.figure:
        pieces.append(Text(banner.figure, theme["text.primary"], Font.FIGURES, gap_px=8.0))
    room = rect.width - 56.0
    for note in (banner.note, ""):
        line = [*pieces, Text(note, theme["text.tertiary"], gap_px=10.0)] if note else pieces
        if sum(piece.width(canvas, sizes().body) for piece in line) <= room:
            break
    write(canvas, rect.left + 36.0, middle, line, size_px=sizes().body)


def _age(seconds: float) -> str:
    if seconds < 60:
        return f"{seconds:.1f} s"
    whole = int(seconds)
    return f"{whole // 3600:02d}:{whole // 60 % 60:02d}:{whole % 60:02d}"


def _retry(status: SourceStatus, now_ns: int) -> str:
    if not status.retry_at:
        return ""
    return f"next try in {max(0, round((status.retry_at - now_ns) / SECOND_NS))} s"
