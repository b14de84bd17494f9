"""A capture on its way through its parser, on the run's own thread: blocks of frames in, rows per stream out."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from flowdeck.captures import Control, Frame, OpenCapture
from flowdeck.errors import CaptureError, FrameError
from flowdeck.instruments import Instrument
from flowdeck.streams import Rows, StreamKey

__all__ = ["CaptureFeed", "Part", "Slice"]

_LOSSES = frozenset({"disconnect", "overrun"})
"""Control events after which frames are missing."""

Item = Frame | Control


class Part(NamedTuple):
    """Rows per stream, in the order of first receipt; `lost` when frames behind them are missing."""

    rows: list[tuple[StreamKey, Rows]]
    lost: bool


@dataclass(frozen=True)
class Slice:
    """What one step of a feed yielded.

    Attributes:
        start: Lines used before it.
        stop: Lines used with it.
        frames: Frames among all lines used so far.
        parts: The rows, cut where frames are missing.
        recv_ts: Receipt of the newest line so far, ns UTC; 0 before the first.
        next_ts: Receipt of the next line; None at the end.
        instruments: The instruments known by now.
        skipped: Frames that were good but not used, by reason.
        problems: Damaged lines, the first of them.
        problem_count: All of them.
        error: Why the capture cannot be read any further; empty otherwise.
    """

    start: int
    stop: int
    frames: int = 0
    parts: list[Part] = field(default_factory=list)
    recv_ts: int = 0
    next_ts: int | None = None
    instruments: tuple[Instrument, ...] = ()
    skipped: Mapping[str, int] = field(default_factory=dict)
    problems: tuple[str, ...] = ()
    problem_count: int = 0
    error: str = ""


class CaptureFeed:
    """One pass through a capture.

    Attributes:
        wanted: Kinds that are parsed.
        position: Lines used.
        next_ts: Receipt of the next line, ns UTC; None at the end.
        error: Why the capture cannot be read any further; empty otherwise.
    """

    def __init__(self, opened: OpenCapture, wanted: frozenset[str]) -> None:
        self.wanted, self.position = wanted, 0
        self.next_ts: int | None = None
        self._reader, self._parser = opened.reader, opened.parser
        self._blocks: Iterator[list[Item]] = opened.reader.blocks()
        self._block: list[Item] = []
        self._at = self._line = self._frames = self._recv_ts = 0
        self.error = ""

    def begin(self) -> CaptureFeed:
        """Read the first block, so that `next_ts` is known."""
        self._fill()
        return self

    def advance(self, until_ts: int | None, lines: int) -> Slice:
        """Parse up to `lines` further lines that were received until `until_ts` (ns UTC; None is without limit)."""
        start, parts = self.position, list[Part]()
        stop = start + lines
        while self.position < stop and self.next_ts is not None:
            items = self._due(until_ts, stop - self.position)
            if not items:
                break
            parts += self._parse(items)
            self._fill()
        parts.append(Part(list(self._parser.drain()), lost=False))
        return self._slice(start, parts)

    def _due(self, until_ts: int | None, most: int) -> list[Item]:
        end = min(len(self._block), self._at + most)
        if until_ts is not None and self._block[end - 1].ts > until_ts:
            end = bisect_right(self._block, until_ts, self._at, end, key=_receipt)
        items = self._block[self._at : end]
        self._at = end
        return items

    def _parse(self, items: list[Item]) -> list[Part]:
        """Feed lines; the rows so far become a part wherever lines are missing."""
        self.position += len(items)
        parts: list[Part] = []
        if items[-1].line - self._line == len(items):
            self._feed(items, parts)
        else:
            for item in items:  # somewhere lines could not be read
                if item.line != self._line + 1:
                    self._lose(parts)
                self._feed([item], parts)
                self._line = item.line
        self._line, self._recv_ts = items[-1].line, items[-1].ts
        return parts

    def _feed(self, items: list[Item], parts: list[Part]) -> None:
        feed: Callable[[int, bytes], None] = self._parser.feed
        for line, ts, data in items:
            if type(data) is bytes:
                self._frames += 1
                try:
                    feed(ts, data)
                except FrameError as error:
                    if self._reader.refuse(line, error):
                        self._lose(parts)
            else:
                self._control(ts, data, parts)

    def _control(self, ts: int, record: Any, parts: list[Part]) -> None:
        if record.get("event") in _LOSSES:
            self._lose(parts)
        self._parser.control(ts, record)

    def _lose(self, parts: list[Part]) -> None:
        parts.append(Part(list(self._parser.drain()), lost=True))

    def _fill(self) -> None:
        if self._at >= len(self._block):
            try:
                self._block, self._at = next(self._blocks, []), 0
            except CaptureError as error:
                self._block, self._at, self.error = [], 0, str(error)
        self.next_ts = self._block[self._at].ts if self._block else None
        if self.next_ts is None:
            self._parser.control(self._recv_ts, {"event": "end"})

    def _slice(self, start: int, parts: list[Part]) -> Slice:
        return Slice(
            start,
            self.position,
            self._frames,
            parts,
            self._recv_ts,
            self.next_ts,
            tuple(self._parser.instruments()),
            dict(self._parser.skipped),
            tuple(map(str, self._reader.problems)),
            self._reader.problem_count,
            self.error,
        )


def _receipt(item: Item) -> int:
    return item.ts
