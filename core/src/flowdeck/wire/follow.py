"""Joining the pieces of a stream that was lost and opened again, without a gap and without a duplicate.

Seams of append streams are found by the rows themselves: the last rows that were delivered are asked for again, and
what comes back is compared with them, as often as each row occurs (trades may share a time, quotes may repeat).
As long as one of them is missing, nothing is delivered: the piece may not join.
"""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import replace

import numpy as np

from flowdeck.kinds import KindSpec, Mode
from flowdeck.streams import Batch, EndOfHistory, EndOfStream, Rows, StreamEvent, StreamRequest
from flowdeck.timeframes import SECOND_NS

__all__ = ["OVERLAP_NS", "Follow"]

OVERLAP_NS = 10 * SECOND_NS
"""Rows of so much time are compared at a seam; a trade that comes later than that behind others may be missed."""


class Follow:
    """One stream over any number of openings.

    An `EndOfStream("epoch")` among the delivered events says that what follows does not continue what came before.
    What follows then is the whole request again, or with `keep_tail` only what is new.

    Args:
        request: What the reader wants.
        keep_tail: For readers that cannot discard, such as a bus.
    """

    def __init__(self, request: StreamRequest, *, keep_tail: bool = False) -> None:
        self._wanted, self._keep_tail = request, keep_tail
        self._kind: KindSpec | None = None
        self._origin: tuple[str, int] | None = None
        self._instance = ""
        self._tail: deque[Rows] = deque()
        self._newest: int | None = None
        self._history_done = False
        self._joined = True
        self._expected: Counter[bytes] = Counter()
        self._held: list[Batch] = []
        self.over = False
        """Whether the stream has ended for good."""

    def next_request(self) -> StreamRequest:
        """What to ask for next."""
        if not self._can_join():
            return self._wanted
        start = self._overlap_start()
        return replace(self._wanted, start=start, order="oldest")

    def opened(self, kind: KindSpec, instance: str) -> list[StreamEvent]:
        """The stream is open (again) at the engine process `instance`; events to deliver."""
        known, self._kind, self._instance = self._kind, kind, instance
        if known is None:
            return []
        self._joined, self._held = not self._can_join(), []
        if not self._joined:
            self._expected = self._delivered_rows(self._overlap_start())
            return []
        if self._newest is None:
            return []
        self._forget()
        return [self._break()]

    def take(self, event: StreamEvent) -> list[StreamEvent]:
        """An event of the piece that is open; events to deliver."""
        if isinstance(event, EndOfStream):
            return self._end(event)
        broken: list[StreamEvent] = []
        origin = (self._instance, event.epoch)
        if self._origin is not None and origin != self._origin and self._replaces():
            broken = [self._break()]
        self._origin = origin
        if isinstance(event, EndOfHistory):
            return broken + self._end_of_history(event)
        return broken + self._batch(event)

    def _batch(self, batch: Batch) -> list[StreamEvent]:
        if self._joined:
            self._remember(batch.rows)
            return [batch]
        fresh = self._fresh(batch.rows)
        if len(fresh):
            self._held.append(replace(batch, rows=fresh))
        return [] if self._expected else self._join()

    def _end_of_history(self, mark: EndOfHistory) -> list[StreamEvent]:
        self._history_done = True
        if self._joined:
            return [mark]
        broken: list[StreamEvent] = [self._break()]
        if self._keep_tail:
            return broken + self._join() + [mark]
        self._forget()
        return broken

    def _end(self, end: EndOfStream) -> list[StreamEvent]:
        if end.reason == "overrun":
            return []
        if end.reason != "epoch":
            self.over = True
        elif not self._keep_tail:
            self._forget()
        return [end]

    @property
    def must_reopen(self) -> bool:
        """Whether the piece did not join and the whole request is to be opened again."""
        return not self._joined and self._newest is None

    def _join(self) -> list[StreamEvent]:
        self._joined, self._expected = True, Counter()
        held, self._held = self._held, []
        for batch in held:
            self._remember(batch.rows)
        return list(held)

    def _break(self) -> EndOfStream:
        return EndOfStream(self._wanted.key, "epoch", 0, "what follows does not continue what came before")

    def _forget(self) -> None:
        self._tail.clear()
        self._held, self._newest, self._history_done, self._origin = [], None, False, None

    def _replaces(self) -> bool:
        """Whether another origin alone means that old rows are void: states, but not events."""
        return self._kind is not None and self._kind.mode is not Mode.APPEND

    def _can_join(self) -> bool:
        append = self._kind is not None and self._kind.mode is Mode.APPEND
        in_order = self._history_done or self._wanted.order == "oldest"
        return append and in_order and self._newest is not None

    def _overlap_start(self) -> int:
        start = (self._newest or 0) - OVERLAP_NS
        if self._wanted.start is None or self._kind is None:
            return start
        # live rows may be older than the start that was asked for: clocks differ
        oldest = min(int(rows[self._kind.time].min()) for rows in self._tail)
        return max(start, min(oldest, self._wanted.start))

    def _remember(self, rows: Rows) -> None:
        if self._kind is None or self._kind.mode is not Mode.APPEND or not len(rows):
            return
        newest = int(rows[self._kind.time].max())
        self._newest = newest if self._newest is None else max(self._newest, newest)
        self._tail.append(rows)
        while self._tail[0][self._kind.time].max() < self._newest - OVERLAP_NS:
            self._tail.popleft()

    def _delivered_rows(self, start: int) -> Counter[bytes]:
        counted: Counter[bytes] = Counter()
        assert self._kind is not None
        for rows in self._tail:
            counted.update(_as_bytes(rows[rows[self._kind.time] >= start]))
        return counted

    def _fresh(self, rows: Rows) -> Rows:
        """The rows that were not delivered before."""
        if not self._expected:
            return rows
        keep = np.ones(len(rows), np.bool_)
        for i, row in enumerate(_as_bytes(rows)):
            if left := self._expected[row]:
                keep[i] = False
                self._expected[row] = left - 1
        self._expected = +self._expected
        return rows[keep]


def _as_bytes(rows: Rows) -> list[bytes]:
    whole, size = rows.tobytes(), rows.dtype.itemsize
    return [whole[i : i + size] for i in range(0, len(whole), size)]
