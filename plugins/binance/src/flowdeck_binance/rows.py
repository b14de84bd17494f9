"""Rows of one stream, collected frame by frame and handed out as one array."""

from __future__ import annotations

from array import array
from collections.abc import Iterable
from itertools import chain
from struct import Struct

import numpy as np

from flowdeck.kinds import ASK, BID, CORE_KINDS, DepthFlags
from flowdeck.streams import Rows, StreamKey

__all__ = ["DTYPES", "DepthRows", "RowBuffer"]

DTYPES = {kind.name: kind.dtype for kind in CORE_KINDS}

_CODES = {"i8": "q", "f8": "d", "i4": "i", "i1": "b", "u1": "B"}


class RowBuffer:
    """Packs rows straight into their array: 0.1 µs a row, a third of what a list of tuples costs."""

    def __init__(self, key: StreamKey) -> None:
        self.key = key
        self._dtype = DTYPES[key.kind]
        fields = (self._dtype[name].str[1:] for name in self._dtype.names or ())
        self.pack = Struct("<" + "".join(_CODES[code] for code in fields)).pack
        self.data = bytearray()

    def __bool__(self) -> bool:
        return bool(self.data)

    def __len__(self) -> int:
        return len(self.data) // self._dtype.itemsize

    def clear(self) -> int:
        """Forget the rows; how many they were."""
        count = len(self)
        self.data = bytearray()
        return count

    def take(self) -> Rows:
        """The rows, shape (n,); the buffer is empty afterwards."""
        rows: Rows = np.frombuffer(self.data, self._dtype)
        self.data = bytearray()
        return rows


class DepthRows:
    """Depth updates, kept as one flat array of price, quantity pairs until they are taken."""

    def __init__(self, key: StreamKey) -> None:
        self.key = key
        self._clear()

    def _clear(self) -> None:
        self._levels = array("d")
        self._updates: list[tuple[int, int, int, int]] = []

    def __bool__(self) -> bool:
        return bool(self._updates)

    def __len__(self) -> int:
        return len(self._levels) // 2

    def add(
        self, ts: int, bids: list[tuple[float, float]], asks: list[tuple[float, float]], *, snapshot: bool = False
    ) -> None:
        """Add one update, never split: its first row is flagged SNAPSHOT if it is one, its last row LAST."""
        if bids or asks:
            self._append(ts, len(bids), len(asks), chain(bids, asks), DepthFlags.SNAPSHOT if snapshot else 0)

    def gap(self, ts: int) -> None:
        """Add the row that says: unknown from here to the next snapshot."""
        self._append(ts, 0, 1, ((0.0, 0.0),), DepthFlags.GAP)

    def _append(self, ts: int, bids: int, asks: int, levels: Iterable[tuple[float, float]], flags: int) -> None:
        self._levels.fromlist(list(chain.from_iterable(levels)))  # a third faster than extend
        self._updates.append((ts, bids, asks, flags))

    def take(self) -> Rows:
        """The rows, shape (n,); the buffer is empty afterwards."""
        levels = np.array(self._levels).reshape(-1, 2)
        ts, bids, asks, flags = np.array(self._updates, np.int64).T
        rows: Rows = np.zeros(len(levels), DTYPES["depth"])
        ends = np.cumsum(bids + asks)
        rows["ts"] = np.repeat(ts, bids + asks)
        rows["price"], rows["qty"] = levels.T
        rows["side"] = np.repeat(np.tile([BID, ASK], len(ts)), np.column_stack((bids, asks)).ravel())
        rows["flags"][ends - bids - asks] = flags
        rows["flags"][ends - 1] |= np.uint8(DepthFlags.LAST)
        rows["side"][rows["flags"] & np.uint8(DepthFlags.GAP) != 0] = 0
        self._clear()
        return rows
