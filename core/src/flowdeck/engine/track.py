"""What is complete of one root stream while it is open."""

from __future__ import annotations

from flowdeck.engine.intervals import FOREVER, Interval, Intervals, complement, merge_intervals
from flowdeck.engine.memory import Chunk

__all__ = ["Track"]


class Track:
    """Intervals of `ts` (ns UTC) in which the feed of one stream was up.

    An interval begins with the first row after the feed came up and grows with rows and, in quiet markets, with
    `extend`. A row whose id follows the last one proves that nothing was missed while the feed was down.
    """

    def __init__(self) -> None:
        self._closed: Intervals = ()
        self._open: Interval | None = None
        self._last_id: int | None = None
        self._gaps: Intervals | None = None

    @property
    def up(self) -> bool:
        """Whether an interval is growing."""
        return self._open is not None

    @property
    def intervals(self) -> Intervals:
        """What is complete, ascending."""
        return merge_intervals((*self._closed, *([self._open] if self._open else [])))

    @property
    def gaps(self) -> Intervals:
        """All that is not complete and not still to come, ascending; the first reaches back for ever."""
        if self._gaps is None:  # it changes only when the feed comes up or goes down
            gaps = complement(self.intervals)
            self._gaps = gaps[:-1] if self._open is not None else gaps
        return self._gaps

    def note(self, chunk: Chunk) -> int | None:
        """Take rows that arrived; when they ended or healed a gap, the time at which it had begun."""
        resumed = None
        if self._open is None:
            resumed = self._closed[-1][1] if self._closed else None
            self._open, self._gaps = self._resume(chunk), None
        elif chunk.newest >= self._open[1]:
            self._open = (self._open[0], chunk.newest + 1)
        if "id" in (chunk.rows.dtype.names or ()):
            self._last_id = int(chunk.rows["id"][-1])
        return resumed

    def extend(self, ts: int) -> None:
        """Vouch for everything before `ts` although no row came."""
        if self._open is not None and ts > self._open[1]:
            self._open = (self._open[0], ts)

    def down(self) -> int | None:
        """The feed is interrupted from the newest row on; since when, None when it was already."""
        if self._open is None:
            return None
        since = self._open[1]
        self._closed = merge_intervals((*self._closed, self._open))
        self._open = self._gaps = None
        return since

    def clear(self) -> None:
        """Forget everything, as for a new epoch."""
        self._closed, self._open, self._last_id, self._gaps = (), None, None, None

    def _resume(self, chunk: Chunk) -> Interval:
        start = chunk.oldest
        if self._closed and self._last_id is not None and int(chunk.rows["id"][0]) == self._last_id + 1:
            *rest, (start, _) = self._closed
            self._closed = tuple(rest)
        return max(start, FOREVER[0]), chunk.newest + 1
