"""What the engine remembers of its open streams: events as they came, states as tables, within one budget."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Protocol

from flowdeck.engine.rowjoin import joined
from flowdeck.kinds import KindSpec, Mode
from flowdeck.series import Series
from flowdeck.streams import Batch, Rows, StreamKey

__all__ = ["Chunk", "Memory", "Table", "Tape", "chunk_of", "enforce", "memory_of", "rows_between"]

_CHUNK_ROWS = 4_096
_WAITING_ROWS = 8_192


@dataclass(frozen=True, eq=False)
class Chunk:
    """Some rows of a stream, in order of receipt, with the range of their times (ns UTC, both inclusive)."""

    rows: Rows
    oldest: int
    newest: int
    recv_ts: int = 0
    texts: tuple[str, ...] = ()


class Memory(Protocol):
    """The memory of one stream."""

    @property
    def nbytes(self) -> int:
        """Bytes held."""
        ...

    complete_from: int
    """Every row of the stream's epoch with a time from here on (ns UTC) is held."""

    @property
    def oldest(self) -> int:
        """The oldest time held, ns UTC; 0 when empty."""
        ...

    @property
    def newest(self) -> int:
        """The newest time held, ns UTC; 0 when empty."""
        ...

    def __len__(self) -> int: ...

    def take(self, batch: Batch) -> None:
        """Remember a batch."""
        ...

    def chunks(self, start: int, stop: int) -> list[Chunk]:
        """The rows with a time in [start, stop), in order of receipt; they never change afterwards."""
        ...

    def clear(self) -> None:
        """Forget everything, as for a new epoch."""
        ...

    def evict(self, max_bytes: int) -> int:
        """Drop the oldest until the rest fits; the bytes that went."""
        ...


_BEGINNING = -(2**63)


class Tape:
    """Events in order of receipt, in immutable chunks: a snapshot is a list of references, for any thread."""

    def __init__(self, time: str = "ts") -> None:
        self._time = time
        self._whole: deque[Chunk] = deque()
        self._tail: list[Chunk] = []
        self._tail_rows = 0
        self._rows = 0
        self.nbytes = 0
        self.complete_from = _BEGINNING

    def __len__(self) -> int:
        return self._rows

    @property
    def oldest(self) -> int:
        """The oldest time held, ns UTC; 0 when empty."""
        return min((chunk.oldest for chunk in self._all()), default=0)

    @property
    def newest(self) -> int:
        """The newest time held, ns UTC; 0 when empty."""
        return max((chunk.newest for chunk in self._all()), default=0)

    def take(self, batch: Batch) -> None:
        """Append a batch."""
        if len(batch):
            self.append(chunk_of(batch.rows, self._time, batch.recv_ts, batch.texts))

    def append(self, chunk: Chunk) -> None:
        """Append rows whose range of times is known."""
        if self._tail and self._tail[-1].texts != chunk.texts:
            self._seal()
        self._tail.append(chunk)
        self._tail_rows += len(chunk.rows)
        self._rows += len(chunk.rows)
        self.nbytes += chunk.rows.nbytes
        if self._tail_rows >= _CHUNK_ROWS:
            self._seal()

    def chunks(self, start: int, stop: int) -> list[Chunk]:
        """The rows with a time in [start, stop), in order of receipt; whole chunks are not copied."""
        found = (rows_between(chunk, start, stop, self._time) for chunk in self._all())
        return [chunk for chunk in found if chunk is not None]

    def clear(self) -> None:
        """Forget everything."""
        self._whole.clear()
        self._tail, self._tail_rows, self._rows, self.nbytes = [], 0, 0, 0
        self.complete_from = _BEGINNING

    def evict(self, max_bytes: int) -> int:
        """Drop the oldest chunks; the newest stays."""
        before = self.nbytes
        while self.nbytes > max_bytes and len(self._whole) + bool(self._tail) > 1:
            gone = self._whole.popleft()
            self.nbytes -= gone.rows.nbytes
            self._rows -= len(gone.rows)
            self.complete_from = max(self.complete_from, gone.newest + 1)
        return before - self.nbytes

    def _all(self) -> Iterable[Chunk]:
        return (*self._whole, *self._tail)

    def _seal(self) -> None:
        """Make one chunk of the small ones at the end: thousands of tiny arrays would cost more than their rows."""
        if len(self._tail) == 1:
            self._whole.append(self._tail[0])
        elif self._tail:
            rows = joined([chunk.rows for chunk in self._tail])
            oldest, newest = min(c.oldest for c in self._tail), max(c.newest for c in self._tail)
            self._whole.append(Chunk(_sealed(rows), oldest, newest, self._tail[-1].recv_ts, self._tail[-1].texts))
        self._tail, self._tail_rows = [], 0


class Table:
    """States by identity: a `Series`, read in copies.

    Live batches wait until somebody reads, or until there are many: one upsert of many rows costs little more than
    one of a single row (0.1 ms), and most live states are never read.
    """

    def __init__(self, key: StreamKey, kind: KindSpec) -> None:
        self._series, self._kind = Series(key, kind), kind
        self._waiting: list[Batch] = []
        self._waiting_rows = 0
        self.complete_from = _BEGINNING

    def __len__(self) -> int:
        return len(self._settled())

    @property
    def nbytes(self) -> int:
        """Bytes held."""
        return self._series.nbytes + self._waiting_rows * self._kind.dtype.itemsize

    @property
    def oldest(self) -> int:
        """The oldest time held, ns UTC; 0 when empty."""
        return int(self._settled().column(self._kind.time).min()) if len(self) else 0

    @property
    def newest(self) -> int:
        """The newest time held, ns UTC; 0 when empty."""
        return int(self._settled().column(self._kind.time).max()) if len(self) else 0

    def take(self, batch: Batch) -> None:
        """Upsert or replace."""
        if self._kind.mode is Mode.REPLACE:
            self._waiting.clear()
            self._waiting_rows = 0
        elif self._waiting and self._waiting[-1].texts != batch.texts:
            self._settled()
        self._waiting.append(batch)
        self._waiting_rows += len(batch)
        if self._waiting_rows > _WAITING_ROWS:
            self._settled()

    def chunks(self, start: int, stop: int) -> list[Chunk]:
        """A copy of the rows with a time in [start, stop)."""
        series = self._settled()
        rows = series.rows(series.span(max(start, _BEGINNING // 2), min(stop, -(_BEGINNING // 2))))
        chunk = chunk_of(_sealed(rows), self._kind.time, texts=series.texts)
        found = rows_between(chunk, start, stop, self._kind.time) if len(rows) else None
        return [found] if found else []

    def clear(self) -> None:
        """Forget everything."""
        self._waiting.clear()
        self._waiting_rows = 0
        self._series.clear()
        self.complete_from = _BEGINNING

    def evict(self, max_bytes: int) -> int:
        """Drop the oldest states, never half of a bar."""
        before = self._settled().nbytes
        rows_bytes = len(self) * self._kind.dtype.itemsize
        # spare capacity counts as memory but goes only with rows
        if before > max_bytes and self._series.evict(min(max_bytes, rows_bytes * 3 // 4)):
            self.complete_from = self.oldest
        return before - self._series.nbytes

    def _settled(self) -> Series:
        """The series with everything that waited."""
        if self._waiting:
            last, rows = self._waiting[-1], joined([batch.rows for batch in self._waiting])
            self._waiting, self._waiting_rows = [], 0
            self._series.apply(replace(last, rows=rows))
        return self._series


def memory_of(key: StreamKey, kind: KindSpec) -> Memory:
    """An empty memory for a stream of this kind."""
    return Tape(kind.time) if kind.mode is Mode.APPEND else Table(key, kind)


def chunk_of(rows: Rows, time: str, recv_ts: int = 0, texts: tuple[str, ...] = ()) -> Chunk:
    """A chunk with the range of its times; an empty one lies at 0."""
    times = rows[time]
    oldest, newest = (int(times.min()), int(times.max())) if len(rows) else (0, 0)
    return Chunk(rows, oldest, newest, recv_ts, texts)


def rows_between(chunk: Chunk, start: int, stop: int, time: str = "ts") -> Chunk | None:
    """The chunk's rows with a time in [start, stop): itself when all are, None when none is."""
    if start <= chunk.oldest and chunk.newest < stop:
        return chunk
    if chunk.newest < start or stop <= chunk.oldest:
        return None
    times = chunk.rows[time]
    rows = chunk.rows[(times >= start) & (times < stop)]
    return chunk_of(_sealed(rows), time, chunk.recv_ts, chunk.texts) if len(rows) else None


def enforce(memories: Iterable[Memory], limit_bytes: int) -> int:
    """Evict from the largest memories, at most half of one at a time, until all together fit; the bytes that went."""
    held, freed = list(memories), 0
    excess = sum(memory.nbytes for memory in held) - limit_bytes
    while held and freed < excess:
        largest = max(held, key=lambda memory: memory.nbytes)
        gone = largest.evict(max(largest.nbytes // 2, largest.nbytes - (excess - freed)))
        freed += gone
        if not gone:
            held.remove(largest)
    return freed


def _sealed(rows: Rows) -> Rows:
    rows.setflags(write=False)
    return rows
