"""What the GUI thread hears of the engine: the state of the link, streams, events, answers."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol

from flowdeck.chart.feed import FeedEvent

__all__ = ["LinkListener", "LinkState", "LinkStatus", "Reply"]


class LinkState(StrEnum):
    """What the link does."""

    CONNECTING = "connecting"
    CONNECTED = "connected"
    LOST = "lost"


@dataclass(frozen=True)
class LinkStatus:
    """The link, as banner and status bar show it.

    Attributes:
        state: What it does.
        url: Where the engine is, or was looked for.
        reason: Why it is lost, one line.
        retry_at: When it is tried again, ns UTC; 0 when connected.
        since: Since when, ns UTC.
        owns_engine: Whether the engine is this window's child.
        hello: What the engine said of itself.
    """

    state: LinkState
    url: str = ""
    reason: str = ""
    retry_at: int = 0
    since: int = 0
    owns_engine: bool = False
    hello: dict[str, Any] = field(default_factory=dict, hash=False)


@dataclass(frozen=True)
class Reply:
    """The answer to a request: its data, or why it was refused."""

    data: dict[str, Any]
    error: str = ""

    @property
    def ok(self) -> bool:
        """Whether the engine did what was asked."""
        return not self.error


class LinkListener(Protocol):
    """What the GUI thread hears of the engine."""

    def link_changed(self, status: LinkStatus) -> None: ...
    def stream_event(self, handle: int, event: FeedEvent) -> None: ...
    def engine_event(self, name: str, payload: dict[str, Any]) -> None: ...
