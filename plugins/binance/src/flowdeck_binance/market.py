"""bookTicker, forceOrder and markPriceUpdate frames to rows."""

from __future__ import annotations

import msgspec

from flowdeck.errors import FrameError
from flowdeck.kinds import BUY, SELL
from flowdeck_binance.messages import BookTicker, ForcedOrder, ForceOrder, MarkPrice
from flowdeck_binance.rows import RowBuffer
from flowdeck_binance.state import ParserState
from flowdeck_binance.times import to_ns

__all__ = ["MarketParser"]

_TICKER = msgspec.json.Decoder(BookTicker, strict=False)
_FORCE_ORDER = msgspec.json.Decoder(ForceOrder, strict=False)
_MARK_PRICE = msgspec.json.Decoder(MarkPrice, strict=False)

_SIDES = {"BUY": BUY, "SELL": SELL}
_DECIMALS = 8  # the finest lot of any symbol; a difference of doubles is rounded back onto it


class MarketParser:
    """What needs no book and no trade ids."""

    def __init__(self, state: ParserState) -> None:
        self._state = state
        self._buffers: dict[tuple[str, str], RowBuffer] = {}
        self._quotes: dict[str, RowBuffer] = {}
        self._forced: dict[str, ForcedOrder] = {}

    def book_ticker(self, recv_ts: int, payload: bytes) -> None:
        """Parse one bookTicker; an empty side has price and size 0 and is skipped, for there is no quote."""
        ticker = _TICKER.decode(payload)
        time = ticker.time or ticker.event_time
        ts = to_ns(time) if time else recv_ts
        if not (ticker.bid and ticker.ask):
            self._check_empty(ticker)
            return
        buffer = self._quotes.get(ticker.symbol)
        if buffer is None:
            buffer = self._quotes[ticker.symbol] = self._state.buffer("quotes", ticker.symbol)
        buffer.data += buffer.pack(ts, ticker.bid, ticker.bid_qty, ticker.ask, ticker.ask_qty)

    def _check_empty(self, ticker: BookTicker) -> None:
        if (ticker.bid_qty and not ticker.bid) or (ticker.ask_qty and not ticker.ask):
            raise FrameError("bookTicker: a size at the price 0")
        self._state.skipped["bookTicker: a side is empty"] += 1

    def force_order(self, recv_ts: int, payload: bytes) -> None:
        """Parse one forceOrder: of an order that is reported again, only what was filled since counts."""
        message = _FORCE_ORDER.decode(payload)
        order = message.order
        side = _SIDES.get(order.side)
        if side is None:
            raise FrameError(f"forceOrder: side is {order.side[:20]!r}, not BUY or SELL")
        time = order.time or message.event_time
        ts = to_ns(time) if time else recv_ts
        filled = self._increment(order)
        if not filled:
            self._state.skipped["forceOrder: nothing filled since the last"] += 1
            return
        if not order.average:
            raise FrameError("forceOrder: filled at the price 0")
        buffer = self._buffer("liquidations", order.symbol)
        buffer.data += buffer.pack(ts, order.average, filled, order.price, side, 0)
        self._forced[order.symbol] = order

    def _increment(self, order: ForcedOrder) -> float:
        before = self._forced.get(order.symbol)
        same = before is not None and (before.side, before.qty, before.price) == (order.side, order.qty, order.price)
        if before is None or not same or order.filled < before.filled:
            return order.filled
        return round(order.filled - before.filled, _DECIMALS)

    def mark_price(self, recv_ts: int, payload: bytes) -> None:
        """Parse one markPriceUpdate; its `T` is the next funding time, so `ts` is `E`."""
        mark = _MARK_PRICE.decode(payload)
        ts = to_ns(mark.event_time) if mark.event_time else recv_ts
        funding = to_ns(mark.next_funding) if mark.next_funding else 0
        try:
            rate = float(mark.rate or 0)
        except ValueError:
            rate = float("nan")
        if not -1 < rate < 1:
            raise FrameError(f"markPriceUpdate: funding rate is {mark.rate[:20]!r}")
        buffer = self._buffer("mark", mark.symbol)
        buffer.data += buffer.pack(ts, mark.mark, mark.index, rate, funding)

    def _buffer(self, kind: str, symbol: str) -> RowBuffer:
        if (kind, symbol) not in self._buffers:
            self._buffers[kind, symbol] = self._state.buffer(kind, symbol)
        return self._buffers[kind, symbol]
