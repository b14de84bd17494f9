"""The bounded queue between a stream and one reader, and what happens when it is full."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from flowdeck.engine.rowjoin import joined
from flowdeck.kinds import KindSpec, Mode
from flowdeck.streams import Batch, Rows

__all__ = ["LIMIT_ROWS", "Outbox", "coalesce"]

LIMIT_ROWS = 65_536
"""Rows that a reader may lag behind before its rule of overflow applies."""

_LIMIT_BATCHES = 4_096  # rows alone would let a flood of tiny batches grow without bound


class Outbox:
    """Batches waiting for one reader.

    Append batches all count, so a full queue refuses; upsert and replace batches coalesce by identity and never do.
    """

    def __init__(self, kind: KindSpec, limit_rows: int = LIMIT_ROWS) -> None:
        self._kind = kind
        self._limit = self._threshold = limit_rows
        self._batches: deque[Batch] = deque()
        self.rows = 0

    def __len__(self) -> int:
        return len(self._batches)

    @property
    def credit(self) -> int:
        """Rows that may still be put before the rule of overflow applies; 0 when full."""
        if len(self._batches) >= _LIMIT_BATCHES:
            return 0
        return max(0, self._limit - self.rows)

    def put(self, batch: Batch) -> bool:
        """Queue a batch; False when the queue is full already, and then it is not queued."""
        if self._kind.mode is Mode.APPEND:
            if self.credit == 0:
                return False
        elif self._kind.mode is Mode.REPLACE:
            self.clear()
        self._batches.append(batch)
        self.rows += len(batch)
        if self._kind.mode is Mode.UPSERT and (self.rows > self._threshold or len(self._batches) > _LIMIT_BATCHES):
            self._coalesce()
        return True

    def take(self) -> Batch | None:
        """The oldest batch; several upserts that wait leave as one. None when empty."""
        if not self._batches:
            return None
        if self._kind.mode is Mode.UPSERT and len(self._batches) > 1 and self.rows <= 2 * self._limit:
            self._coalesce()
        batch = self._batches.popleft()
        self.rows -= len(batch)
        return batch

    def clear(self) -> None:
        """Forget what waits."""
        self._batches.clear()
        self.rows = 0

    def _coalesce(self) -> None:
        """Keep the last row of each identity, in batches within the limit, numbered up to the last."""
        last = self._batches[-1]
        rows = coalesce(self._kind, [batch.rows for batch in self._batches])
        pieces = -(-len(rows) // self._limit)
        self.clear()
        for i in range(pieces):
            piece = rows[i * self._limit : (i + 1) * self._limit]
            self._batches.append(replace(last, rows=piece, seq=last.seq - pieces + 1 + i))
        self.rows = len(rows)
        self._threshold = max(self._limit, 2 * self.rows)  # so that a large state is not sorted for every batch


def coalesce(kind: KindSpec, parts: Sequence[Rows]) -> Rows:
    """The rows of several upserts, oldest first, as one: sorted by identity, of each identity the last."""
    rows = joined(parts)
    order = np.lexsort([rows[name] for name in reversed(kind.identity)])
    rows = rows[order]
    last = np.ones(len(rows), np.bool_)
    if len(rows):
        last[:-1] = np.logical_or.reduce([rows[name][1:] != rows[name][:-1] for name in kind.identity])
    return rows[last]
