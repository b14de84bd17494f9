"""One symbol's trades in order of their ids: each once, and no odd id may swallow what follows it."""

from __future__ import annotations

from collections import Counter
from itertools import count
from typing import NamedTuple

from flowdeck.errors import HeldFrame
from flowdeck.streams import StreamKey
from flowdeck_binance.rows import RowBuffer
from flowdeck_binance.steps import Steps

__all__ = ["Jump", "TradeFeed"]

_REPEAT_WINDOW = 1_000_000
"""An id at most this far behind the newest is a repetition; one further behind begins a new count."""
_KEPT_JUMPS = 1_000
_RECV_TS = slice(32, 40)  # of a packed row: what alone differs when a trade is received twice
_NUMBERS = count(1)


class Jump(NamedTuple):
    """Trades that never arrived: ids between two rows that follow each other.

    Attributes:
        key: The stream.
        after_id: The last id before the jump.
        missing: How many ids were passed over.
        ts_from: `ts` of the trade before, ns UTC.
        ts_to: `ts` of the trade after, ns UTC.
    """

    key: StreamKey
    after_id: int
    missing: int
    ts_from: int
    ts_to: int


class _Held(NamedTuple):
    """A trade whose id does not follow: the next one shows whether the feed jumped or the id is damaged."""

    number: int
    id: int
    ts: int
    row: bytes


class TradeFeed:
    """One symbol's trades of one sort.

    A trade whose id does not follow is held back. The next trade confirms it when it goes on from its id, and belies
    it when it goes on from the id before.

    Args:
        buffer: Takes the rows.
        steps: The symbol's.
        skipped: Counts repetitions.
        jumps: Takes confirmed jumps forward.
    """

    def __init__(self, buffer: RowBuffer, steps: Steps, skipped: Counter[str], jumps: list[Jump]) -> None:
        self.buffer = buffer
        self.steps = steps
        self._skipped, self._jumps = skipped, jumps
        self._first_id = self._last_id = -1
        self._last_ts = 0
        self._held: _Held | None = None

    def add(self, trade_id: int, ts: int, row: bytes) -> None:
        """Take one packed trade.

        Raises:
            HeldFrame: when it is held back, or belies the one that is.
        """
        if trade_id == self._last_id + 1 and self._held is None:
            self._last_id, self._last_ts = trade_id, ts
            self.buffer.data += row
            return
        belied = self._judge(trade_id, row)
        held = self._place(trade_id, ts, row)
        if held or belied:
            text = f"trade: id {belied.id} belongs to no trade: the next is {trade_id}" if belied else ""
            raise HeldFrame(text, held=held, belied=belied.number if belied else 0)

    def release(self) -> None:
        """Keep a held trade: none will come that could belie it."""
        if self._held is not None:
            self._keep(self._held.id, self._held.ts, self._held.row)

    def _judge(self, trade_id: int, row: bytes) -> _Held | None:
        """Settle the trade that is held, if this one can; the held one if it was belied."""
        held = self._held
        if held is None or self._is_repetition(trade_id, row):
            return None
        if self._confirms(held.id, trade_id):
            self._keep(held.id, held.ts, held.row)
            return None
        self._held = None
        return held

    def _confirms(self, held_id: int, trade_id: int) -> bool:
        """Whether a count that jumped to `held_id` goes on with `trade_id`."""
        if held_id > self._last_id:
            return trade_id > held_id
        return held_id < trade_id < self._last_id

    def _place(self, trade_id: int, ts: int, row: bytes) -> int:
        """Keep, hold or drop a trade; the number under which it is held, 0 if it is not."""
        if self._is_repetition(trade_id, row):
            self._skipped["trade: received twice"] += 1
            return 0
        if self._first_id < 0 or trade_id == self._last_id + 1:
            self._keep(trade_id, ts, row)
            return 0
        self._held = _Held(next(_NUMBERS), trade_id, ts, row)
        return self._held.number

    def _is_repetition(self, trade_id: int, row: bytes) -> bool:
        if self._held is not None and trade_id == self._held.id:
            return _content(row) == _content(self._held.row)
        behind = self._last_id - trade_id
        if behind > 0 and self._last_id == self._first_id:  # nothing before the first trade was ever received
            return False
        return 0 <= behind < _REPEAT_WINDOW

    def _keep(self, trade_id: int, ts: int, row: bytes) -> None:
        missing = trade_id - self._last_id - 1
        if self._first_id < 0:
            self._first_id = trade_id
        elif missing > 0 and len(self._jumps) < _KEPT_JUMPS:
            self._jumps.append(Jump(self.buffer.key, self._last_id, missing, self._last_ts, ts))
        self._held = None
        self._last_id, self._last_ts = trade_id, ts
        self.buffer.data += row


def _content(row: bytes) -> bytes:
    return row[: _RECV_TS.start] + row[_RECV_TS.stop :]
