"""What the status bar says of the feed, and the window's own banners. Plain functions of what is known."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flowdeck.chart.parts import Banner, Loading
from flowdeck.desktop import figures
from flowdeck.desktop.linkstatus import LinkState, LinkStatus
from flowdeck.desktop.replaybar import speed_text
from flowdeck.specs import FeedState, SourceStatus

__all__ = ["FeedLine", "engine_status", "feed_line", "link_banner"]

_SECOND_NS = 1_000_000_000


@dataclass(frozen=True)
class FeedLine:
    """The left end of the status bar: what it does (the dot's colour), words, and a figure."""

    state: str
    text: str
    figure: str = ""


def feed_line(
    link: LinkStatus,
    venue: str,
    status: SourceStatus | None,
    run: Mapping[str, Any] | None,
    loading: Loading | None,
    now_ns: int,
) -> FeedLine:
    """What to say of the feed that the chart shows."""
    if link.state is LinkState.CONNECTING:
        return FeedLine("connecting", "Looking for an engine")
    if link.state is LinkState.LOST:
        return FeedLine("disconnected", "No engine", figures.duration(now_ns - link.since))
    if loading is not None and loading.share < 1:
        return FeedLine("connecting", "Loading history", f"{loading.share:.0%}".replace("%", " %"))
    if run is not None:
        return FeedLine("replay", "Replay", figures.clock(run["now_ns"], date=True) if run["now_ns"] else "")
    return _live_line(figures.venue_title(venue), status, now_ns)


def _live_line(title: str, status: SourceStatus | None, now_ns: int) -> FeedLine:
    if status is None:
        return FeedLine("connecting", f"Waiting for {title}")
    match status.state:
        case FeedState.LIVE:
            return FeedLine("live", title, figures.latency(status.latency_ns))
        case FeedState.STALE:
            return FeedLine("stale", title, f"{max(0, now_ns - status.since) / _SECOND_NS:.1f} s")
        case FeedState.CONNECTING:
            return FeedLine("connecting", f"Connecting to {title}")
        case FeedState.DISCONNECTED:
            return FeedLine("disconnected", "Disconnected", figures.duration(now_ns - status.since))


def engine_status(link: LinkStatus, venue: str) -> SourceStatus | None:
    """A lost link as the status of the feed, so that the chart freezes; None while there is an engine."""
    if link.state is not LinkState.LOST:
        return None
    return SourceStatus("engine", venue, FeedState.DISCONNECTED, link.reason, link.since, link.retry_at)


def link_banner(link: LinkStatus, now_ns: int) -> Banner | None:
    """What the window says of a lost engine."""
    if link.state is not LinkState.LOST:
        return None
    seconds = max(0, -(-(link.retry_at - now_ns) // _SECOND_NS))
    text = "The engine stopped" if link.owns_engine else "No engine"
    note = f"{link.reason} · next try in {seconds} s" if seconds else f"{link.reason} · trying again"
    return Banner("disconnected", "error", text, "", note, ("try_now",), "engine")


def replay_speed(run: Mapping[str, Any]) -> str:
    """The text behind Replay in the top bar."""
    return speed_text(run["speed"])
