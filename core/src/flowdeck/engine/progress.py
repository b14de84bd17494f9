"""How far a capture is read, and how far each of its streams is published."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from typing import Protocol, TypeVar

from flowdeck.engine.feed import CaptureFeed, Part, Slice
from flowdeck.errors import CaptureError
from flowdeck.instruments import Instrument
from flowdeck.streams import Batch, StreamKey

__all__ = ["Progress", "ReplayHost"]

_ROWS = 4_096
_LEAST_LINES, _FIRST_LINES, _MOST_LINES = 64, 512, 8_192
T = TypeVar("T")
OnThread = Callable[[Callable[[], T]], Awaitable[T | None]]


class ReplayHost(Protocol):
    """What a replay works for; every method is called on the loop's thread."""

    def publish(self, batch: Batch) -> None:
        """Hand a batch to the bus."""
        ...

    def found(self, key: StreamKey) -> None:
        """The capture holds this stream, whose parameters nobody could know before."""
        ...

    def lost(self, keys: Iterable[StreamKey]) -> None:
        """Frames are missing behind what was published of these streams."""
        ...

    def stated(self, instruments: tuple[Instrument, ...]) -> None:
        """The instruments known by now."""
        ...

    def caught_up(self, keys: Iterable[StreamKey]) -> None:
        """All that was read so far of these streams is published."""
        ...

    def discard(self, *, keep: bool) -> None:
        """A new epoch of all streams; `keep` when what they hold stays true."""
        ...

    def changed(self) -> None:
        """State, clock or counts are different."""
        ...


class Progress:
    """Reads a capture once, and again from the beginning when a stream is wanted that was not published so far.

    Per stream it is known how many lines it is published up to; rows before that are not published again.

    Attributes:
        front: Lines that the run is advanced to; a pass that is not there yet only catches up.
        rewind: Whether the next pass has to begin.
        last: The newest slice at the front.
        lines: Lines to read at once.
    """

    def __init__(self, open_feed: Callable[[frozenset[str]], CaptureFeed], host: ReplayHost, last: Slice) -> None:
        self._open_feed, self._host = open_feed, host
        self._feed: CaptureFeed | None = None
        self._published: dict[StreamKey, int] = {}
        self._behind: set[StreamKey] = set()
        self._found: set[StreamKey] = set()
        self.front, self.rewind, self.last, self.lines = 0, True, last, _FIRST_LINES

    @property
    def open(self) -> bool:
        """Whether a pass is under way."""
        return self._feed is not None and not self.rewind

    @property
    def next_ts(self) -> int | None:
        """Receipt of the next line, ns UTC; None at the end."""
        return self._feed.next_ts if self._feed is not None else None

    @property
    def at_end(self) -> bool:
        """Whether every line was read."""
        return self.open and self.next_ts is None

    @property
    def lines_behind(self) -> int:
        """Lines to the next point where more streams are published than here; 0 at the front."""
        position = self._feed.position if self._feed is not None else 0
        return min((stop - position for stop in (*self._published.values(), self.front) if stop > position), default=0)

    def want(self, key: StreamKey) -> None:
        """Publish a stream from the beginning of the capture on."""
        if key in self._published:
            return
        self._published[key] = 0
        self._behind.add(key)
        if self.open and self._feed is not None and not self._feed.position and key.kind in self._feed.wanted:
            self._level()
        else:
            self.rewind = True

    def unwant(self, key: StreamKey) -> None:
        """Publish it no more."""
        self._published.pop(key, None)
        self._behind.discard(key)

    def restart(self) -> None:
        """Begin anew: nothing counts as published."""
        self.front, self.rewind = 0, True
        self._published = dict.fromkeys(self._published, 0)

    async def reopen(self, on_thread: OnThread[CaptureFeed | str]) -> str:
        """Begin a pass that parses every kind that is wanted; why the capture cannot be read, or nothing."""
        self.rewind = False
        wanted = frozenset(key.kind for key in self._published) or frozenset({"trades"})
        feed = await on_thread(lambda: self._begin(wanted))
        if not isinstance(feed, CaptureFeed):
            return feed or ""
        self._feed = feed
        if not self.front and not self.rewind:
            self._level()
        return feed.error

    async def advance(self, until_ts: int | None, lines: int, on_thread: OnThread[Slice]) -> Slice | None:
        """Read on and publish; None when what was read belongs to a pass that is given up, or the parser failed."""
        feed = self._feed
        assert feed is not None
        slice_ = await on_thread(lambda: feed.advance(until_ts, lines))
        if slice_ is None or self.rewind:
            return None
        self._publish(slice_, feed)
        return slice_

    def _begin(self, wanted: frozenset[str]) -> CaptureFeed | str:
        try:
            return self._open_feed(wanted).begin()
        except CaptureError as error:
            return str(error)

    def _publish(self, slice_: Slice, feed: CaptureFeed) -> None:
        fresh = {key for key, stop in self._published.items() if stop <= slice_.start and key.kind in feed.wanted}
        if slice_.start >= self.front:
            self._host.stated(slice_.instruments)
            self.front = slice_.stop
        rows = sum(self._publish_part(part, fresh, slice_.recv_ts) for part in slice_.parts)
        for key in fresh & self._published.keys():
            self._published[key] = slice_.stop
        if slice_.stop >= self.front:
            self.last = slice_
            self._level()
        if slice_.stop > slice_.start:
            self.lines = _lines_for(rows, slice_.stop - slice_.start, self.lines)

    def _publish_part(self, part: Part, fresh: set[StreamKey], recv_ts: int) -> int:
        for key, rows in part.rows:
            if key.params and key not in self._found:
                self._found.add(key)
                self._host.found(key)
            if key in fresh:
                self._host.publish(Batch(key, rows, recv_ts=recv_ts))
        if part.lost:
            self._host.lost(fresh)
        return sum(len(rows) for _, rows in part.rows)

    def _level(self) -> None:
        """Every wanted stream is published up to the front."""
        if self._behind:
            behind, self._behind = self._behind, set()
            self._host.caught_up(behind)


def _lines_for(rows: int, used: int, lines: int) -> int:
    """So many lines that about 4,096 rows come of them, changing by half or double at most."""
    ideal = _ROWS * used // max(rows, 1)
    return max(_LEAST_LINES, min(_MOST_LINES, max(lines // 2, min(lines * 2, ideal))))
