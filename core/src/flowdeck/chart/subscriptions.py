"""What a chart reads: one series per key for all layers, opened and closed as their wishes change."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from flowdeck.chart.feed import Feed, FeedEvent, Opened
from flowdeck.chart.requests import begins_before, earlier, merge, same_shape
from flowdeck.errors import FlowdeckError
from flowdeck.instruments import Instrument
from flowdeck.kinds import Kinds
from flowdeck.series import Series
from flowdeck.streams import Batch, EndOfHistory, EndOfStream, StreamKey, StreamRequest

__all__ = ["ALL_TIME", "News", "Subscriptions"]

ALL_TIME = (-(2**63), 2**63 - 1)
"""The interval reported as changed when a whole series was replaced."""


@dataclass(frozen=True)
class News:
    """What an event meant.

    Attributes:
        key: The key, as the layers asked for it.
        changed: Half-open interval (ns UTC) in which rows changed; None when none did.
        instrument: The steps of the stream, when the event states them.
    """

    key: StreamKey
    changed: tuple[int, int] | None = None
    instrument: Instrument | None = None


@dataclass
class _Stream:
    """One open key.

    `replaced` says that the next event begins anew: until it comes the old rows stay in sight. `lost` says that the
    engine went; the feed opens the same handle again when it is back.
    """

    request: StreamRequest
    series: Series
    handle: int
    older: int | None = None
    older_start: int | None = None
    replaced: bool = False
    refused: str = ""
    lost: bool = False
    wanted_from: int | None = None

    @property
    def waiting(self) -> bool:
        """Whether history is on its way."""
        return not (self.refused or self.lost) and (not self.series.complete or self.older is not None or self.replaced)


class Subscriptions:
    """Keeps as many streams open as are wanted, each once.

    Args:
        feed: Where streams come from.
        kinds: Their rows.
        budget_bytes: What the series may occupy together. Rows that somebody wants to see are never dropped.
    """

    def __init__(self, feed: Feed, kinds: Kinds, budget_bytes: int = 256 << 20) -> None:
        self._feed = feed
        self._kinds = kinds
        self._budget = budget_bytes
        self._streams: dict[StreamKey, _Stream] = {}
        self._handles: dict[int, StreamKey] = {}
        self._unknown: dict[StreamKey, str] = {}

    def series(self, key: StreamKey) -> Series | None:
        """The rows of an open key; None before its first event."""
        stream = self._streams.get(key)
        return stream.series if stream is not None and stream.series.version else None

    def open_keys(self) -> tuple[StreamKey, ...]:
        """Every open key."""
        return tuple(self._streams)

    def ready(self, keys: Iterable[StreamKey]) -> bool:
        """Whether none of these keys still waits for history."""
        return not any(key in self._streams and self._streams[key].waiting for key in keys)

    def refusals(self) -> dict[StreamKey, str]:
        """Why streams cannot be read, by key."""
        refused = {key: stream.refused for key, stream in self._streams.items() if stream.refused}
        return self._unknown | refused

    def want(self, requests: Iterable[StreamRequest]) -> None:
        """Open what is missing, extend what begins too late, and close the rest."""
        wanted = merge(requests)
        self._unknown = {key: text for key in wanted if (text := self._unknown_kind(key))}
        for key in [key for key in self._streams if key not in wanted]:
            self._drop(key)
        for key, request in wanted.items():
            if key not in self._unknown:
                self._fulfil(key, request)

    def receive(self, handle: int, event: FeedEvent) -> News | None:
        """Take an event; None for one of a handle that was closed, or that says nothing new."""
        key = self._handles.get(handle)
        if key is None:
            return None
        stream = self._streams[key]
        if handle == stream.older:
            return self._receive_older(key, stream, event)
        match event:
            case Opened():
                stream.replaced = stream.series.version > 0
                stream.refused, stream.lost = "", False
                return News(key, instrument=event.instrument)
            case Batch():
                return self._apply(key, stream, event)
            case EndOfHistory():
                changed = self._renew(stream)
                stream.series.end_of_history(event.covered)
                return News(key, changed or _hull(event.covered))
            case EndOfStream():
                return self._ended(key, stream, event)

    def reopen(self, *, refused_only: bool = False) -> None:
        """Open streams anew; what is in sight stays until the new rows arrive."""
        for key, stream in self._streams.items():
            if stream.refused or not refused_only:
                self._reopen(key)

    def clear(self) -> None:
        """Close everything and forget it."""
        for key in list(self._streams):
            self._drop(key)

    def trim(self) -> None:
        """Keep to the memory budget: drop the oldest rows that nobody wants to see, in the largest series first."""
        excess = sum(stream.series.nbytes for stream in self._streams.values()) - self._budget
        for stream in sorted(self._streams.values(), key=lambda each: -each.series.nbytes):
            if excess <= 0 or stream.waiting:
                break
            excess -= self._evict(stream, excess)

    @staticmethod
    def _evict(stream: _Stream, excess: int) -> int:
        series, row = stream.series, stream.series.kind.dtype.itemsize
        if stream.wanted_from is None or not len(series):
            return 0
        unwanted = series.span(ALL_TIME[0], stream.wanted_from).stop
        rows = min(unwanted, -(-excess // row))
        before = series.nbytes
        if series.evict((len(series) - rows) * row):
            oldest = int(series.column(series.kind.time)[0])
            stream.request = replace(stream.request, start=oldest)
        return before - series.nbytes

    def _fulfil(self, key: StreamKey, request: StreamRequest) -> None:
        stream = self._streams.get(key)
        if stream is None:
            self._open(key, request)
            return
        stream.wanted_from = request.start
        if not same_shape(stream.request, request):
            stream.request = replace(request, start=earlier(stream.request.start, request.start))
            self._reopen(key)
        elif begins_before(request, stream.request) and stream.older is None:
            self._extend(key, stream, request)

    def _open(self, key: StreamKey, request: StreamRequest) -> None:
        handle = self._feed.open(request)
        self._handles[handle] = key
        self._streams[key] = _Stream(request, Series(key, self._kinds[key.kind]), handle, wanted_from=request.start)

    def _unknown_kind(self, key: StreamKey) -> str:
        try:
            self._kinds[key.kind]
        except FlowdeckError as error:
            return str(error)
        return ""

    def _reopen(self, key: StreamKey) -> None:
        stream = self._streams[key]
        self._let_go(stream)
        stream.handle = self._feed.open(stream.request)
        self._handles[stream.handle] = key
        stream.replaced, stream.refused, stream.lost = True, "", False

    def _extend(self, key: StreamKey, stream: _Stream, request: StreamRequest) -> None:
        """Read what lies before the rows that are here; live data goes on meanwhile."""
        if stream.request.start is None or stream.refused:
            return
        older = replace(request, stop=stream.request.start, live=False)
        stream.older = self._feed.open(older)
        stream.older_start = request.start
        self._handles[stream.older] = key

    def _receive_older(self, key: StreamKey, stream: _Stream, event: FeedEvent) -> News | None:
        match event:
            case Batch():
                return News(key, stream.series.apply(event))
            case EndOfHistory():
                stream.series.end_of_history(event.covered)
                return News(key, _hull(event.covered))
            case EndOfStream():
                self._handles.pop(stream.older or 0, None)
                stream.request = replace(stream.request, start=stream.older_start)
                stream.older = None
                return News(key)
        return None

    def _apply(self, key: StreamKey, stream: _Stream, batch: Batch) -> News:
        renewed = self._renew(stream)
        try:
            changed = stream.series.apply(batch)
        except FlowdeckError as error:
            self._let_go(stream)
            stream.refused = str(error)
            return News(key, ALL_TIME)
        return News(key, renewed or changed)

    @staticmethod
    def _renew(stream: _Stream) -> tuple[int, int] | None:
        if not stream.replaced:
            return None
        stream.replaced = False
        stream.series.clear()
        return ALL_TIME

    def _ended(self, key: StreamKey, stream: _Stream, event: EndOfStream) -> News:
        if event.reason in {"epoch", "overrun"}:
            self._reopen(key)
        elif event.reason == "closed":
            stream.lost = stream.replaced = True
        elif event.reason == "done":
            self._let_go(stream)
            stream.series.end_of_history()
        else:
            self._let_go(stream)
            stream.replaced = False
            stream.refused = event.detail or f"the stream ended: {event.reason}"
        return News(key)

    def _let_go(self, stream: _Stream) -> None:
        for handle in (stream.handle, stream.older):
            if handle and self._handles.pop(handle, None) is not None:
                self._feed.close(handle)
        stream.older = None

    def _drop(self, key: StreamKey) -> None:
        self._let_go(self._streams.pop(key))


def _hull(intervals: tuple[tuple[int, int], ...]) -> tuple[int, int] | None:
    return (intervals[0][0], intervals[-1][1]) if intervals else None
