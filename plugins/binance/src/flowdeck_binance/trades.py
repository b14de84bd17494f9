"""aggTrade and trade frames to rows of `trades`: one feed per symbol, each trade once."""

from __future__ import annotations

from typing import Literal, NamedTuple

import msgspec

from flowdeck.errors import FrameError
from flowdeck.kinds import BUY, SELL
from flowdeck.streams import StreamKey
from flowdeck_binance.messages import AggTrade, Trade, TradeKind
from flowdeck_binance.rows import RowBuffer
from flowdeck_binance.state import ParserState
from flowdeck_binance.steps import Steps
from flowdeck_binance.times import to_ns

__all__ = ["Jump", "TradeParser"]

_AGG_TRADE = msgspec.json.Decoder(AggTrade, strict=False)
_TRADE = msgspec.json.Decoder(Trade, strict=False)
_TRADE_KIND = msgspec.json.Decoder(TradeKind)

_REPEAT_WINDOW = 1_000_000
"""An id at most this far behind the newest is a repetition; one further behind begins a new count."""
_MOST_FILLS = 2**31 - 1
_KEPT_JUMPS = 1_000


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


class _Feed:
    """One symbol's trades of one sort."""

    def __init__(self, buffer: RowBuffer, steps: Steps) -> None:
        self.buffer = buffer
        self.steps = steps
        self.last_id = -1
        self.last_ts = 0


class TradeParser:
    """Both sorts of trade frame; `feeds` says which one a symbol's rows come from, once that is settled.

    It settles when rows are first drained: aggTrade if there was one, else trade. From then on the other sort is
    only counted, so that no trade is ever counted twice.
    """

    def __init__(self, state: ParserState) -> None:
        self._state = state
        self._agg: dict[str, _Feed] = {}
        self._raw: dict[str, _Feed] = {}
        self.feeds: dict[str, Literal["agg", "raw"]] = {}
        self.jumps: list[Jump] = []

    def agg_trade(self, recv_ts: int, payload: bytes) -> None:
        """Parse one aggTrade."""
        trade = _AGG_TRADE.decode(payload)
        feed = self._agg.get(trade.symbol) or self._new_feed(self._agg, trade.symbol, None)
        if self.feeds.get(trade.symbol) == "raw":
            self._state.skipped["aggTrade: the capture's trade feed is used"] += 1
            return
        fills = trade.last - trade.first + 1
        if not 0 < fills <= _MOST_FILLS:
            raise FrameError(f"aggTrade: fills {trade.first} to {trade.last} are no interval")
        self._add(feed, recv_ts, trade, fills)

    def trade(self, recv_ts: int, payload: bytes) -> None:
        """Parse one trade."""
        try:
            trade = _TRADE.decode(payload)
        except msgspec.ValidationError:
            if _TRADE_KIND.decode(payload).sort == "MARKET":
                raise
            self._state.skipped["trade: not of the market"] += 1
            return
        feed = self._raw.get(trade.symbol) or self._new_feed(self._raw, trade.symbol, "raw")
        if trade.sort != "MARKET":
            self._state.skipped[f"trade: X is {trade.sort[:20]}"] += 1
        elif self.feeds.get(trade.symbol) == "agg":
            self._state.skipped["trade: aggTrade is used"] += 1
        else:
            self._add(feed, recv_ts, trade, 1)

    def choose_feeds(self) -> None:
        """Settle the feed of each symbol that has rows by now."""
        for symbol, feed in self._raw.items():
            if symbol in self.feeds or not feed.buffer:
                continue
            agg = self._agg.get(symbol)
            if agg is None or not agg.buffer:
                self.feeds[symbol] = "raw"
        for symbol, feed in self._agg.items():
            if symbol not in self.feeds and feed.buffer:
                self.feeds[symbol] = "agg"
                if symbol in self._raw:
                    self._state.skipped["trade: aggTrade is used"] += self._raw[symbol].buffer.clear()

    def _new_feed(self, feeds: dict[str, _Feed], symbol: str, feed: str | None) -> _Feed:
        feeds[symbol] = _Feed(self._state.buffer("trades", symbol, feed), self._state.steps[symbol])
        return feeds[symbol]

    def _add(self, feed: _Feed, recv_ts: int, trade: AggTrade | Trade, fills: int) -> None:
        if trade.price >= feed.steps.price_limit or trade.qty >= feed.steps.qty_limit:
            raise FrameError(f"trade: {trade.qty:g} at {trade.price:g} is not within 2^53 steps of size and price")
        time = trade.time or trade.event_time
        ts = to_ns(time) if time else recv_ts
        if trade.id != feed.last_id + 1 and feed.last_id >= 0 and not self._check_jump(feed, trade.id, ts):
            return
        feed.last_id, feed.last_ts = trade.id, ts
        side = SELL if trade.buyer_is_maker else BUY
        feed.buffer.data += feed.buffer.pack(ts, trade.price, trade.qty, trade.id, recv_ts, fills, side)

    def _check_jump(self, feed: _Feed, trade_id: int, ts: int) -> bool:
        """Whether a trade whose id does not follow is new; a jump forward is noted."""
        behind = feed.last_id - trade_id
        if 0 <= behind < _REPEAT_WINDOW:
            self._state.skipped["trade: received twice"] += 1
            return False
        if behind < 0 and len(self.jumps) < _KEPT_JUMPS:
            self.jumps.append(Jump(feed.buffer.key, feed.last_id, -behind - 1, feed.last_ts, ts))
        return True
