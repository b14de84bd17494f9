"""aggTrade and trade frames to rows of `trades`: one feed per symbol, each trade once."""

from __future__ import annotations

from typing import Literal

import msgspec

from flowdeck.errors import FrameError
from flowdeck.kinds import BUY, SELL
from flowdeck_binance.messages import AggTrade, Trade, TradeKind
from flowdeck_binance.state import ParserState
from flowdeck_binance.times import to_ns
from flowdeck_binance.trade_feed import Jump, TradeFeed

__all__ = ["TradeParser"]

_AGG_TRADE = msgspec.json.Decoder(AggTrade, strict=False)
_TRADE = msgspec.json.Decoder(Trade, strict=False)
_TRADE_KIND = msgspec.json.Decoder(TradeKind)

_MOST_FILLS = 2**31 - 1


class TradeParser:
    """Both sorts of trade frame; `feeds` says which one a symbol's rows come from, once that is settled.

    It settles when rows are first drained: aggTrade if there was one, else trade. From then on the other sort is
    only counted, so that no trade is ever counted twice.
    """

    def __init__(self, state: ParserState) -> None:
        self._state = state
        self._agg: dict[str, TradeFeed] = {}
        self._raw: dict[str, TradeFeed] = {}
        self.feeds: dict[str, Literal["agg", "raw"]] = {}
        self._jumps: list[Jump] = []

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

    def release(self) -> None:
        """Keep what is held back: nothing follows."""
        for feed in (*self._agg.values(), *self._raw.values()):
            feed.release()

    def jumps(self) -> list[Jump]:
        """Trades that never arrived, noticed since the last call."""
        jumps = list(self._jumps)
        self._jumps.clear()
        return jumps

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

    def _new_feed(self, feeds: dict[str, TradeFeed], symbol: str, feed: str | None) -> TradeFeed:
        buffer = self._state.buffer("trades", symbol, feed)
        feeds[symbol] = TradeFeed(buffer, self._state.steps[symbol], self._state.skipped, self._jumps)
        return feeds[symbol]

    def _add(self, feed: TradeFeed, recv_ts: int, trade: AggTrade | Trade, fills: int) -> None:
        if trade.price >= feed.steps.price_limit or trade.qty >= feed.steps.qty_limit:
            raise FrameError(f"trade: {trade.qty:g} at {trade.price:g} is not within 2^53 steps of size and price")
        time = trade.time or trade.event_time
        ts = to_ns(time) if time else recv_ts
        side = SELL if trade.buyer_is_maker else BUY
        feed.add(trade.id, ts, feed.buffer.pack(ts, trade.price, trade.qty, trade.id, recv_ts, fills, side))
