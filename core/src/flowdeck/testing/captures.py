"""Small Binance-like captures, with any fault, for tests.

Example:
    >>> path = (
    ...     CaptureBuilder("spot").snapshot([("100.0", "2")], [("100.1", "3")]).trade("100.1", "0.5")
    ...     .line("this is not JSON").trade("100.0", "0.1", side=-1).write(tmp_path / "small.gz")
    ... )
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Literal, Self, TypeVar

from flowdeck.errors import HeldFrame
from flowdeck.specs import FrameParser
from flowdeck.testing.samples import SAMPLE_START

__all__ = ["CaptureBuilder", "Levels", "feed"]

Parser = TypeVar("Parser", bound=FrameParser)

Levels = Sequence[tuple[str, str]]
"""Price and quantity of levels, as texts, the way Binance sends them."""


class CaptureBuilder:
    """Collects lines and writes them; every method but `write` answers the builder.

    Frames are stamped with `now`, which moves on by a millisecond with each; exchange time is `skew_ns` ahead.
    Trade and update ids count up by themselves. Times in frames are ms, as by default at Binance.

    Args:
        market: `spot` or `usdm`, which differ in their fields.
        symbol: Of all frames; a frame of another one takes `symbol=`.
        start: Receipt of the first line, ns UTC.
        envelope: Whether frames are of a combined stream, `{"stream": …, "data": …}`.
        skew_ns: Exchange time less local time.
    """

    def __init__(
        self,
        market: Literal["spot", "usdm"] = "usdm",
        symbol: str = "BTCUSDT",
        *,
        start: int = SAMPLE_START,
        envelope: bool = True,
        skew_ns: int = 0,
    ) -> None:
        self.market = market
        self.symbol = symbol
        self.now = start
        self.lines: list[bytes] = []
        self._envelope = envelope
        self._skew_ns = skew_ns
        self._members: list[int] = []
        self._trade_id = 0
        self._fill_id = 0
        self._update_id = 1_000

    def advance(self, seconds: float) -> Self:
        """Let time pass; a negative time runs backwards."""
        self.now += round(seconds * 1e9)
        return self

    def member(self) -> Self:
        """Begin a new gzip member here."""
        self._members.append(len(self.lines))
        return self

    def line(self, text: str | bytes) -> Self:
        """A line as it stands, with neither stamp nor JSON added."""
        self.lines.append(text.encode() if isinstance(text, str) else text)
        return self

    def stamped(self, data: str | bytes) -> Self:
        """Any text behind a receipt time."""
        body = data.encode() if isinstance(data, str) else data
        self.line(b"%d %b" % (self.now, body))
        self.now += 1_000_000
        return self

    def control(self, **record: Any) -> Self:
        """A control line, for example `control(event="disconnect", reason="gone")`."""
        return self.stamped(_json({"flowdeck": record}))

    def start(self) -> Self:
        """The control line that a writer begins with."""
        return self.control(event="start", version="0", source="binance", market=f"binance-{self.market}")

    def reply(self, body: dict[str, Any], url: str = "", symbol: str = "") -> Self:
        """A REST reply, announced by a control line when a URL is given."""
        if url:
            self.control(event="rest", url=url, symbol=symbol)
        return self.stamped(_json(body))

    def frame(self, stream: str, data: dict[str, Any]) -> Self:
        """A frame of a stream, in an envelope unless the builder was told otherwise."""
        symbol = str(data.get("s", self.symbol)).lower()
        return self.stamped(_json({"stream": f"{symbol}@{stream}", "data": data} if self._envelope else data))

    def agg_trade(self, price: str, qty: str, side: int = 1, *, fills: int = 1, **fields: Any) -> Self:
        """An aggTrade; `fields` replace or add fields of the payload."""
        data: dict[str, Any] = {"e": "aggTrade", "E": self._ms(), "s": self.symbol, "a": self._next_trade()}
        data |= {"p": price, "q": qty, "f": self._fill_id + 1, "l": self._fill_id + fills}
        data |= {"T": self._ms(), "m": side < 0}
        self._fill_id += fills
        if self.market == "spot":
            data["M"] = True
        return self.frame("aggTrade", data | fields)

    def trade(self, price: str, qty: str, side: int = 1, **fields: Any) -> Self:
        """A trade; `X="INSURANCE_FUND"` makes one that does not count."""
        data = {"e": "trade", "E": self._ms(), "T": self._ms(), "s": self.symbol, "t": self._next_trade()}
        data |= {"p": price, "q": qty, "m": side < 0}
        data |= {"M": True} if self.market == "spot" else {"X": "MARKET"}
        return self.frame("trade", data | fields)

    def depth(self, bids: Levels = (), asks: Levels = (), **fields: Any) -> Self:
        """A depthUpdate that follows the one before; `U`, `u` and `pu` in `fields` break the chain."""
        before, first = self._update_id, self._update_id + 1
        self._update_id = last = int(fields.get("u", first + 3))
        data = {"e": "depthUpdate", "E": self._ms(), "s": self.symbol, "U": first, "u": last}
        if self.market == "usdm":
            data |= {"T": self._ms(), "pu": before}
        return self.frame("depth@100ms", data | {"b": list(map(list, bids)), "a": list(map(list, asks))} | fields)

    def snapshot(self, bids: Levels, asks: Levels, *, announce: bool = False, **fields: Any) -> Self:
        """A REST depth snapshot as of the last update."""
        body: dict[str, Any] = {"lastUpdateId": self._update_id}
        if self.market == "usdm":
            body |= {"E": self._ms(), "T": self._ms()}
        body |= {"bids": list(map(list, bids)), "asks": list(map(list, asks))}
        url = f"https://example.invalid/depth?symbol={self.symbol}" if announce else ""
        return self.reply(body | fields, url, self.symbol)

    def book_ticker(self, bid: str, bid_qty: str, ask: str, ask_qty: str, **fields: Any) -> Self:
        """A bookTicker."""
        data: dict[str, Any] = {"u": self._update_id, "s": self.symbol}
        data |= {"b": bid, "B": bid_qty, "a": ask, "A": ask_qty}
        if self.market == "usdm":
            data = {"e": "bookTicker"} | data | {"T": self._ms(), "E": self._ms()}
        return self.frame("bookTicker", data | fields)

    def force_order(
        self,
        price: str,
        qty: str,
        side: str = "SELL",
        *,
        filled: str | None = None,
        average: str | None = None,
        **o: Any,
    ) -> Self:
        """A forceOrder; `filled` is cumulative; `o` replaces or adds fields of the order."""
        order: dict[str, Any] = {
            "s": self.symbol,
            "S": side,
            "o": "LIMIT",
            "f": "IOC",
            "q": qty,
            "p": price,
            "ap": average or price,
        }
        order |= {"X": "FILLED", "l": filled or qty, "z": filled or qty, "T": self._ms()}
        return self.frame("forceOrder", {"e": "forceOrder", "E": self._ms(), "o": order | o})

    def mark_price(self, mark: str, index: str, rate: str = "0.00010000", **fields: Any) -> Self:
        """A markPriceUpdate."""
        data = {"e": "markPriceUpdate", "E": self._ms(), "s": self.symbol, "p": mark, "i": index, "P": mark}
        return self.frame("markPrice@1s", data | {"r": rate, "T": self._ms() + 3_600_000} | fields)

    def exchange_info(self, tick: str, lot: str, **fields: Any) -> Self:
        """An exchangeInfo reply for the one symbol."""
        filters = [
            {"filterType": "LOT_SIZE", "stepSize": lot, "minQty": lot},
            {"filterType": "MARKET_LOT_SIZE", "stepSize": "1"},
            {"filterType": "PRICE_FILTER", "tickSize": tick, "minPrice": tick},
        ]
        symbol = {"symbol": self.symbol, "status": "TRADING", "baseAsset": "BTC", "quoteAsset": "USDT"}
        body = {"timezone": "UTC", "symbols": [symbol | {"filters": filters} | fields]}
        return self.reply(body, "https://example.invalid/exchangeInfo")

    def text(self) -> bytes:
        """The lines as they would be compressed."""
        return b"".join(line + b"\n" for line in self.lines)

    def write(self, path: Path) -> Path:
        """Write the capture, without a sidecar; the path."""
        starts = [0, *self._members]
        ends = [*self._members, len(self.lines)]
        with path.open("wb") as file:
            for start, end in zip(starts, ends, strict=True):
                file.write(gzip.compress(b"".join(line + b"\n" for line in self.lines[start:end]), mtime=0))
        return path

    def _next_trade(self) -> int:
        self._trade_id += 1
        return self._trade_id

    def _ms(self) -> int:
        return (self.now + self._skew_ns) // 1_000_000


def feed(parser: Parser, builder: CaptureBuilder) -> Parser:
    """Feed a builder's lines to a parser and take them from the builder, which may go on; the parser.

    Raises:
        FrameError: what the parser raises; a frame that is held back raises nothing.
    """
    lines, builder.lines = builder.lines, []
    for line in lines:
        stamp, _, data = line.partition(b" ")
        if data.startswith(b'{"flowdeck"'):
            parser.control(int(stamp), json.loads(data)["flowdeck"])
        else:
            with suppress(HeldFrame):
                parser.feed(int(stamp), data)
    return parser


def _json(value: dict[str, Any]) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()
