"""Binance's payloads, as far as they are read; fields that are not named here are ignored.

Limits are checked while decoding, so that a price of 0, below 0, NaN or 1e308 never becomes a row. No step of Binance
is finer than 1e-8: what is smaller would round to nothing.
"""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Raw, Struct, field

__all__ = [
    "AggTrade",
    "Book",
    "BookTicker",
    "Control",
    "DepthUpdate",
    "Envelope",
    "ForceOrder",
    "ForcedOrder",
    "Ladder",
    "MarkPrice",
    "Trade",
    "TradeKind",
]

Price = Annotated[float, Meta(ge=1e-8, lt=1e12)]
PriceOrNone = Annotated[float, Meta(ge=0, lt=1e12)]
Quantity = Annotated[float, Meta(ge=1e-8, lt=1e15)]
QuantityOrNone = Annotated[float, Meta(ge=0, lt=1e15)]
Number = Annotated[int, Meta(ge=0, le=2**63 - 1)]
Ladder = list[tuple[Price, QuantityOrNone]]


class Envelope(Struct, gc=False):
    """A frame of a combined stream; a raw stream's frame and a REST reply have neither field."""

    stream: str = ""
    data: Raw = Raw()


class Control(Struct, gc=False):
    """What tells the sorts of message apart where their text does not begin with it."""

    event: str = field(name="e", default="")
    last_update: Raw = field(name="lastUpdateId", default=Raw())
    symbols: Raw = Raw()
    bid: Raw = field(name="b", default=Raw())
    bid_qty: Raw = field(name="B", default=Raw())
    ask_qty: Raw = field(name="A", default=Raw())
    result: Raw = Raw()
    code: Raw = Raw()
    error: Raw = Raw()


class AggTrade(Struct, gc=False):
    """`aggTrade`: fills of one taker at one price and side within 100 ms."""

    symbol: str = field(name="s")
    id: Number = field(name="a")
    price: Price = field(name="p")
    qty: Quantity = field(name="q")
    first: Number = field(name="f")
    last: Number = field(name="l")
    buyer_is_maker: bool = field(name="m")
    time: Number = field(name="T", default=0)
    event_time: Number = field(name="E", default=0)


class Trade(Struct, gc=False):
    """`trade`: one fill; on USD-M only with `X` absent or MARKET, the rest are other people's money."""

    symbol: str = field(name="s")
    id: Number = field(name="t")
    price: Price = field(name="p")
    qty: Quantity = field(name="q")
    buyer_is_maker: bool = field(name="m")
    time: Number = field(name="T", default=0)
    event_time: Number = field(name="E", default=0)
    sort: str = field(name="X", default="MARKET")


class TradeKind(Struct, gc=False):
    """The part of a `trade` that says whether it counts; the others may have prices of 0."""

    symbol: str = field(name="s")
    id: Number = field(name="t")
    sort: str = field(name="X", default="MARKET")


class DepthUpdate(Struct, gc=False):
    """`depthUpdate`: absolute sizes, 0 deletes. `previous` is USD-M's `pu`, absent on spot."""

    symbol: str = field(name="s")
    first: Number = field(name="U")
    last: Number = field(name="u")
    bids: Ladder = field(name="b")
    asks: Ladder = field(name="a")
    time: Number = field(name="T", default=0)
    event_time: Number = field(name="E", default=0)
    previous: Number | None = field(name="pu", default=None)


class Book(Struct, gc=False):
    """A REST depth snapshot; spot states no time."""

    last: Number = field(name="lastUpdateId")
    bids: Ladder
    asks: Ladder
    time: Number = field(name="T", default=0)
    event_time: Number = field(name="E", default=0)


class BookTicker(Struct, gc=False):
    """`bookTicker`; spot states no time and no event name. An empty side has price and size 0."""

    symbol: str = field(name="s")
    bid: PriceOrNone = field(name="b")
    bid_qty: QuantityOrNone = field(name="B")
    ask: PriceOrNone = field(name="a")
    ask_qty: QuantityOrNone = field(name="A")
    time: Number = field(name="T", default=0)
    event_time: Number = field(name="E", default=0)


class ForcedOrder(Struct, gc=False):
    """The `o` of a `forceOrder`; `filled` is cumulative."""

    symbol: str = field(name="s")
    side: str = field(name="S")
    qty: Quantity = field(name="q")
    price: Price = field(name="p")
    average: PriceOrNone = field(name="ap")
    filled: QuantityOrNone = field(name="z")
    time: Number = field(name="T", default=0)


class ForceOrder(Struct, gc=False):
    """`forceOrder`: at most the latest one of a symbol per second."""

    order: ForcedOrder = field(name="o")
    event_time: Number = field(name="E", default=0)


class MarkPrice(Struct, gc=False):
    """`markPriceUpdate`; `r` is empty and `T` 0 for contracts without funding."""

    symbol: str = field(name="s")
    mark: Price = field(name="p")
    index: PriceOrNone = field(name="i", default=0.0)
    rate: str = field(name="r", default="")
    next_funding: Number = field(name="T", default=0)
    event_time: Number = field(name="E", default=0)
