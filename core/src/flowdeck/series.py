"""Series: the rows of one stream in memory, columnar, combined by the kind's mode. Engine and chart both keep these."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from flowdeck.kinds import KindSpec, Mode
from flowdeck.streams import Batch, Rows, StreamKey

__all__ = ["Series", "merge_intervals"]

Column = npt.NDArray[np.generic]

_FEW_GROUPS = 16  # below this a search per group beats sorting the tail: a live batch touches one or two bars


class Series:
    """The rows of one stream: in order of receipt for append kinds, sorted by identity for upsert kinds.

    Args:
        key: The stream.
        kind: Its kind, which says how batches combine.
    """

    def __init__(self, key: StreamKey, kind: KindSpec) -> None:
        self.key = key
        self.kind = kind
        self.version = 0
        self.complete = False
        self.covered: tuple[tuple[int, int], ...] = ()
        self.texts: tuple[str, ...] = ()
        self._columns = {name: np.empty(0, kind.dtype[name]) for name in kind.dtype.names or ()}
        self._rows = 0
        self._lateness = 0
        self._high = np.empty(0, np.int64)

    def __len__(self) -> int:
        return self._rows

    @property
    def nbytes(self) -> int:
        """Bytes that the rows occupy, spare capacity included."""
        return sum(column.nbytes for column in self._columns.values())

    def column(self, name: str) -> Column:
        """One field of all rows, contiguous and read-only, shape (n,); valid until the next change."""
        view = self._columns[name][: self._rows]
        view.setflags(write=False)
        return view

    def rows(self, part: slice = slice(None)) -> Rows:
        """A structured copy of the rows in `part`."""
        result = np.empty(len(range(*part.indices(self._rows))), self.kind.dtype)
        for name in self._columns:
            result[name] = self.column(name)[part]
        return result

    def span(self, start_ns: int, stop_ns: int) -> slice:
        """A slice that holds every row whose time lies in [start_ns, stop_ns).

        It holds no other rows where time grows with the rows, as in bars; where rows came late, it may hold some.
        """
        times = self._running_time()
        first = int(np.searchsorted(times, start_ns))
        return slice(first, max(first, int(np.searchsorted(times, stop_ns + self._lateness))))

    def apply(self, batch: Batch) -> tuple[int, int] | None:
        """Combine a batch; the half-open interval of times (ns UTC) in which rows changed, None when none did.

        Raises:
            StreamError: when the batch's rows are not of the kind's dtype.
        """
        self.kind.check(batch)
        if batch.covered is not None:
            self.covered = merge_intervals((*self.covered, batch.covered))
        if batch.texts:
            self.texts = batch.texts
        changed = self._interval(batch.rows[self.kind.time])
        if self.kind.mode is Mode.REPLACE:
            old = self._interval(self.column(self.kind.time))
            changed = _hull(changed, old)
            self._replace(batch.rows)
        elif len(batch):
            self._combine(batch)
        if changed is not None:
            self.version += 1
        return changed

    def end_of_history(self, covered: Sequence[tuple[int, int]] = ()) -> None:
        """Note that all requested history is in, and what it vouches for."""
        self.complete = True
        self.covered = merge_intervals((*self.covered, *covered))
        self.version += 1

    def clear(self) -> None:
        """Forget all rows, as after a new epoch."""
        self._replace(np.empty(0, self.kind.dtype))
        self.complete, self.covered, self.version = False, (), self.version + 1

    def evict(self, max_bytes: int) -> int:
        """Drop the oldest rows until the rest fits in `max_bytes`; how many went. The newest row always stays."""
        keep = max(1, max_bytes // self.kind.dtype.itemsize)
        drop = max(0, self._rows - keep)
        if drop:
            first = self.kind.identity[0] if self.kind.identity else None
            if first is not None:  # never half a bar
                group = self.column(first)
                drop = int(np.searchsorted(group, group[drop]))
        if drop:
            oldest = int(self.column(self.kind.time)[drop])
            self._replace(self.rows(slice(drop, None)))
            self.covered = tuple((max(a, oldest), b) for a, b in self.covered if b > oldest)
            self.version += 1
        return drop

    def _combine(self, batch: Batch) -> None:
        if self.kind.mode is Mode.UPSERT:
            self._upsert(batch.rows)
        elif batch.covered is not None and self._rows and batch.covered[1] <= self._first_time():
            self._insert(np.zeros(len(batch), np.intp), batch.rows)
            self._note_times(0)
        else:
            at = self._rows
            self._insert(np.full(len(batch), at, np.intp), batch.rows)
            self._note_times(at)

    def _first_time(self) -> int:
        return int(self._columns[self.kind.time][0])

    def _upsert(self, rows: Rows) -> None:
        rows = _last_of_each(rows, self.kind.identity)
        at, known = self._locate(rows)
        for name, column in self._columns.items():
            column[at[known]] = rows[name][known]
        if not known.all():
            fresh = ~known
            first = int(at[fresh][0])
            self._insert(at[fresh], rows[fresh])
            self._note_times(first)

    def _locate(self, rows: Rows) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.bool_]]:
        """Where each row (sorted by identity) stands or belongs, and whether it stands there."""
        at = np.zeros(len(rows), np.intp)
        known = np.zeros(len(rows), np.bool_)
        self._locate_in(rows, at, known, slice(0, len(rows)), slice(0, self._rows), self.kind.identity)
        return at, known

    def _locate_in(
        self,
        rows: Rows,
        at: npt.NDArray[np.intp],
        known: npt.NDArray[np.bool_],
        wanted: slice,
        held: slice,
        fields: tuple[str, ...],
    ) -> None:
        column = self.column(fields[0])[held]
        values = rows[fields[0]][wanted]
        low = np.searchsorted(column, values)
        if len(fields) == 1:
            at[wanted] = held.start + low
            inside = low < len(column)
            known[wanted] = inside
            known[wanted][inside] = column[low[inside]] == values[inside]
            return
        high = np.searchsorted(column, values, side="right")
        starts = np.flatnonzero(np.concatenate(([True], values[1:] != values[:-1])))
        for first, last in zip(starts, [*starts[1:], len(values)], strict=True):
            part = slice(wanted.start + int(first), wanted.start + int(last))
            group = slice(held.start + int(low[first]), held.start + int(high[first]))
            self._locate_in(rows, at, known, part, group, fields[1:])

    def _insert(self, at: npt.NDArray[np.intp], rows: Rows) -> None:
        """Insert rows before the (ascending) positions `at`."""
        first, old, new = int(at[0]), self._rows, self._rows + len(rows)
        self._reserve(new)
        places = at + np.arange(len(rows))
        tail = np.ones(new - first, np.bool_)
        tail[places - first] = False
        for name, column in self._columns.items():
            if first < old:
                column[first:new][tail] = column[first:old].copy()
            column[places] = rows[name]
        self._rows = new

    def _reserve(self, rows: int) -> None:
        capacity = len(next(iter(self._columns.values())))
        if rows <= capacity:
            return
        for name, column in self._columns.items():
            grown = np.empty(max(rows, capacity * 2, 64), column.dtype)
            grown[: self._rows] = column[: self._rows]
            self._columns[name] = grown

    def _replace(self, rows: Rows) -> None:
        self._columns = {name: np.ascontiguousarray(rows[name]) for name in self._columns}
        if rows.base is not None or not rows.flags.writeable:
            self._columns = {name: column.copy() for name, column in self._columns.items()}
        self._rows, self._lateness = len(rows), 0
        self._note_times(0)

    def _note_times(self, first: int) -> None:
        """Learn how far time fails to grow with the rows, from row `first` on."""
        self._high = self._high[:first]
        times = self._columns[self.kind.time][: self._rows]
        before = self._high_before(first)
        late = np.maximum(np.maximum.accumulate(times[first:]), before) - times[first:]
        self._lateness = max(self._lateness if first else 0, int(late.max(initial=0)))

    def _high_before(self, row: int) -> int:
        """The newest time among the rows before `row`."""
        if row == 0:
            return np.iinfo(np.int64).min
        times = self._columns[self.kind.time]
        return int(times[row - 1]) if self._lateness == 0 else int(self._running_time()[row - 1])

    def _running_time(self) -> Column:
        """Times with each late one raised to the newest before it, so that they can be searched."""
        times = self.column(self.kind.time)
        if self._lateness == 0:
            return times
        done = len(self._high)
        if done < self._rows:
            low = self._high[-1:] if done else times[:1]
            grown = np.maximum.accumulate(np.concatenate((low, times[done:])))[1:]
            self._high = np.concatenate((self._high, grown))
        return self._high

    @staticmethod
    def _interval(times: Column) -> tuple[int, int] | None:
        return (int(times.min()), int(times.max()) + 1) if len(times) else None


def _last_of_each(rows: Rows, identity: tuple[str, ...]) -> Rows:
    """Rows sorted by identity, of several with the same one only the last."""
    order = np.lexsort([rows[name] for name in reversed(identity)])
    rows = rows[order]
    differs = np.zeros(max(0, len(rows) - 1), np.bool_)
    for name in identity:
        differs |= rows[name][1:] != rows[name][:-1]
    return rows[np.concatenate((differs, [True]))] if len(rows) else rows


def _hull(a: tuple[int, int] | None, b: tuple[int, int] | None) -> tuple[int, int] | None:
    if a is None or b is None:
        return a or b
    return min(a[0], b[0]), max(a[1], b[1])


def merge_intervals(intervals: Sequence[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    """Half-open intervals sorted, those that touch or overlap joined, empty ones left out."""
    merged: list[tuple[int, int]] = []
    for start, stop in sorted(interval for interval in intervals if interval[1] > interval[0]):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], stop))
        else:
            merged.append((start, stop))
    return tuple(merged)
