"""The border between a chart and where its streams come from: an engine in the process, or a socket's mailbox."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from flowdeck.instruments import Instrument
from flowdeck.streams import StreamEvent, StreamKey, StreamRequest

__all__ = ["Feed", "FeedEvent", "Opened"]


@dataclass(frozen=True)
class Opened:
    """A subscription stands.

    Attributes:
        key: The canonical key, as the engine names it; it may differ from the key that was asked for.
        instrument: The steps of price and size that its rows are in; None when the stream has no instrument.
    """

    key: StreamKey
    instrument: Instrument | None


FeedEvent = Opened | StreamEvent
"""What comes back for a handle: `Opened` first, then the events of the stream.

A request that nothing answers gets `EndOfStream(reason="fault", detail=...)` without an `Opened`.
"""


class Feed(Protocol):
    """Opens streams for a chart. Events come back through `ChartHost.receive(handle, event)`, on the chart's thread.

    Neither method waits, and neither calls `receive` before it returns.
    """

    def open(self, request: StreamRequest) -> int:
        """Begin to read; the handle names the subscription and is never given out twice."""
        ...

    def close(self, handle: int) -> None:
        """Stop reading; events that are still on their way are ignored by the chart."""
        ...
