"""From what memory holds to the batches of history: cut in time, oldest or newest first, each saying what it covers."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import Literal

import numpy as np

from flowdeck.engine.intervals import FOREVER, Interval, Intervals, clip
from flowdeck.engine.memory import Chunk, chunk_of, rows_between
from flowdeck.engine.rowjoin import joined
from flowdeck.kinds import KindSpec, Mode
from flowdeck.streams import Batch, StreamKey

__all__ = ["Snapshot", "history_batches"]

_BATCH_ROWS = 65_536


@dataclass(frozen=True)
class Snapshot:
    """A stream at one moment.

    Attributes:
        key: The stream.
        kind: Its kind.
        chunks: The wanted rows, in order of receipt or identity.
        covered: What is complete of the wanted interval.
        seq: Number of the last batch in it.
        epoch: Epoch of that number.
    """

    key: StreamKey
    kind: KindSpec
    chunks: list[Chunk]
    covered: Intervals
    seq: int
    epoch: int


def history_batches(snapshot: Snapshot, order: Literal["oldest", "newest"]) -> Iterator[Batch]:
    """The snapshot's rows in batches, made as they are asked for.

    Oldest first keeps the order of receipt: once a batch has come, everything before the end of its `covered` has.
    Newest first, each batch holds all rows of its interval of time, and intervals do not overlap.
    """
    chunks = _handy(snapshot.kind, snapshot.chunks)
    if not chunks:
        return iter(())
    # each chunk's cut: no row of it or of a later one lies before
    cuts = list(accumulate((chunk.oldest for chunk in reversed(chunks)), min))[::-1]
    cuts = [FOREVER[0] if cut == cuts[0] else cut for cut in cuts] + [FOREVER[1]]
    if order == "oldest":
        return (_batch(snapshot, chunk, span) for chunk, span in zip(chunks, pairwise(cuts), strict=True))
    return _windows(snapshot, chunks, cuts)


def _windows(snapshot: Snapshot, chunks: list[Chunk], cuts: list[int]) -> Iterator[Batch]:
    """Batches by time, newest first: between two cuts lie rows of one chunk, and late ones of those before it."""
    reach = list(accumulate((chunk.newest for chunk in chunks), max))
    for last in reversed(range(len(chunks))):
        span = (cuts[last], cuts[last + 1])
        if span[0] < span[1]:
            first = bisect_left(reach, span[0], 0, last)
            ready = _between(snapshot.kind, chunks[first : last + 1], span)
            if ready:
                yield from reversed(_split_at_gaps(snapshot, _joined(snapshot.kind, ready), span))


def _split_at_gaps(snapshot: Snapshot, chunk: Chunk, span: Interval) -> list[Batch]:
    starts = [start for start, _ in clip(snapshot.covered, *span)][1:]
    parts = pairwise((span[0], *starts, span[1]))
    found = ((rows_between(chunk, *part, snapshot.kind.time), part) for part in parts)
    return [_batch(snapshot, rows, part) for rows, part in found if rows is not None]


def _batch(snapshot: Snapshot, chunk: Chunk, span: Interval) -> Batch:
    covered = clip(snapshot.covered, *span)
    return Batch(
        snapshot.key,
        chunk.rows,
        snapshot.seq,
        snapshot.epoch,
        chunk.recv_ts,
        covered[0] if len(covered) == 1 else None,
        chunk.texts,
    )


def _between(kind: KindSpec, chunks: list[Chunk], span: Interval) -> list[Chunk]:
    found = (rows_between(chunk, *span, kind.time) for chunk in chunks)
    return [chunk for chunk in found if chunk is not None]


def _joined(kind: KindSpec, chunks: list[Chunk]) -> Chunk:
    if len(chunks) == 1:
        return chunks[0]
    rows = joined([chunk.rows for chunk in chunks])
    return chunk_of(rows, kind.time, chunks[-1].recv_ts, chunks[-1].texts)


def _handy(kind: KindSpec, chunks: list[Chunk]) -> list[Chunk]:
    """Large tables cut between times, so that no reader has to swallow one at once."""
    if kind.mode is not Mode.UPSERT:
        return chunks
    return [part for chunk in chunks for part in _cut(kind, chunk)]


def _cut(kind: KindSpec, chunk: Chunk) -> list[Chunk]:
    times = chunk.rows[kind.time]
    edges = sorted({0, len(times), *(int(np.searchsorted(times, times[i])) for i in range(0, len(times), _BATCH_ROWS))})
    return [chunk_of(chunk.rows[a:b], kind.time, chunk.recv_ts, chunk.texts) for a, b in pairwise(edges)]
