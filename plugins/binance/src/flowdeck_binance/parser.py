"""Frames of Binance, live or from a capture, to rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Self

import msgspec

from flowdeck.errors import FrameError
from flowdeck.instruments import Instrument
from flowdeck.streams import Rows, StreamKey
from flowdeck_binance.depth import DepthParser
from flowdeck_binance.market import MarketParser
from flowdeck_binance.messages import Control, Envelope
from flowdeck_binance.recognise import venue_of
from flowdeck_binance.state import ParserState
from flowdeck_binance.steps import exchange_info
from flowdeck_binance.trade_feed import Jump
from flowdeck_binance.trades import TradeParser

__all__ = ["BinanceParser"]

Handler = Callable[[int, bytes], None]

_COMBINED = b'{"stream":"'
_DATA = b'","data":'
_EVENT = b'{"e":"'
_MOST_STREAMS = 4_096
_MOST_REASONS = 100

_ENVELOPE = msgspec.json.Decoder(Envelope)
_LIST = msgspec.json.Decoder(list[msgspec.Raw])
_CONTROL = msgspec.json.Decoder(Control)
_DAMAGE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


class BinanceParser:
    """A `FrameParser` of spot and USD-M frames: combined or raw streams, REST depth and exchangeInfo replies.

    Kinds: `trades` (aggTrade; `feed=raw` from `trade` where there is no aggTrade), `depth` (published only while the
    book is known), `quotes`, `liquidations`, `mark`.

    The compact layout that Binance sends is recognised by its first bytes; whatever differs (white space, another
    order of keys) takes a second, general look before it is refused.
    """

    def __init__(self, venue: str, wanted: frozenset[str] | None = None, run: str | None = None) -> None:
        self._state = state = ParserState(venue, run)
        self.skipped: Counter[str] = state.skipped
        self._trades = TradeParser(state)
        self._depth = DepthParser(state)
        market = MarketParser(state)
        self._ticker = market.book_ticker if wanted is None or "quotes" in wanted else _unwanted
        handlers: dict[bytes, tuple[str, Handler]] = {
            b"aggTrade": ("trades", self._trades.agg_trade),
            b"trade": ("trades", self._trades.trade),
            b"depthUpdate": ("depth", self._depth.update),
            b"bookTicker": ("quotes", market.book_ticker),
            b"forceOrder": ("liquidations", market.force_order),
            b"markPriceUpdate": ("mark", market.mark_price),
        }
        self._events = {
            event: handler if wanted is None or kind in wanted else _unwanted
            for event, (kind, handler) in handlers.items()
        }
        self._streams: dict[bytes, Handler] = {}
        self._snapshot = self._depth.snapshot if wanted is None or "depth" in wanted else _unwanted

    @classmethod
    def recognises(cls, frame: bytes) -> str | None:
        """`binance-spot` or `binance-usdm` for a frame that only one of them sends, else None."""
        return venue_of(frame)

    def adopt(self, scout: Self) -> None:
        """Take over the feed of trades and the steps that another parser found in the opening frames."""
        for _ in scout.drain():
            pass
        self._trades.feeds.update(scout._trades.feeds)
        self._state.adopt(scout._state)

    def feed(self, recv_ts: int, frame: bytes) -> None:
        """Parse one frame.

        Raises:
            HeldFrame: when a trade's id does not follow, or shows that such a one before it was damaged.
            FrameError: when it is not JSON or holds an impossible value; nothing of it is kept.
        """
        try:
            if self._quick(recv_ts, frame):
                return
        except _DAMAGE:  # perhaps only laid out otherwise
            pass
        try:
            self._general(recv_ts, frame)
        except _DAMAGE as error:
            raise FrameError(_reason(frame, error)) from error

    def control(self, recv_ts: int, record: dict[str, Any]) -> None:
        """Take a control record: a disconnect makes books unknown, a REST reply is told its symbol."""
        match record.get("event"):
            case "disconnect" | "overrun":
                self._depth.lose(recv_ts)
            case "end":
                self._trades.release()
            case "rest":
                self._depth.expect(str(record.get("symbol", "")))

    def drain(self) -> Iterable[tuple[StreamKey, Rows]]:
        """The rows since the last call, per key, in the order of first receipt."""
        self._trades.choose_feeds()
        drained = [(buffer.key, buffer.take()) for buffer in self._state.filled()]
        self._state.check_steps(drained)
        return drained

    @property
    def pending(self) -> bool:
        """Whether `drain` would answer rows."""
        return bool(self._state.filled())

    def state(self, stated: Sequence[Instrument]) -> None:
        """Take the steps that the venue states, as from an exchangeInfo frame."""
        self._state.state(stated)

    def jumps(self) -> list[Jump]:
        """Trades that never arrived, by their ids, noticed since the last call."""
        return self._trades.jumps()

    def instruments(self) -> Sequence[Instrument]:
        """The instruments of symbols seen so far; provisional ones are inferred from their prices and sizes."""
        return self._state.instruments()

    def _quick(self, recv_ts: int, frame: bytes) -> bool:
        """Handle a frame that begins as one of a known stream did, or with its event; whether it was one."""
        cut = frame.find(_DATA)
        handler = self._streams.get(frame[:cut])
        if handler is not None and frame.endswith(b"}"):
            handler(recv_ts, frame[cut + len(_DATA) : -1])
            return True
        if frame.startswith(_EVENT):
            handler = self._events.get(frame[len(_EVENT) : frame.find(b'"', len(_EVENT))])
            if handler is not None:
                handler(recv_ts, frame)
                return True
        return False

    def _general(self, recv_ts: int, frame: bytes) -> None:
        if frame.lstrip().startswith(b"["):
            _LIST.decode(frame)
            self._skip("a list")
            return
        envelope = _ENVELOPE.decode(frame)
        payload = bytes(envelope.data) or frame
        if payload.startswith(b"["):
            self._skip(f"stream {envelope.stream[:40]}: a list")
            return
        message = _CONTROL.decode(payload)
        handler = self._handler(message)
        if handler is not None:
            handler(recv_ts, payload)
            self._learn(frame, handler)
        elif message.last_update:
            self._reply(recv_ts, envelope.stream, payload)
        elif message.symbols:
            self._state.state(exchange_info(self._state.venue, payload, recv_ts))
        else:
            self._skip(_unused(message, envelope.stream))

    def _handler(self, message: Control) -> Handler | None:
        if message.event:
            return self._events.get(message.event.encode())
        return self._ticker if message.bid and message.bid_qty and message.ask_qty else None

    def _learn(self, frame: bytes, handler: Handler) -> None:
        """Remember how frames of this stream begin, up to their data: what follows is checked when it is decoded."""
        cut = frame.find(_DATA)
        if frame.startswith(_COMBINED) and cut > 0 and len(self._streams) < _MOST_STREAMS:
            self._streams[frame[:cut]] = handler

    def _skip(self, reason: str) -> None:
        known = reason in self.skipped or len(self.skipped) < _MOST_REASONS
        self.skipped[reason if known else "other reasons"] += 1

    def _reply(self, recv_ts: int, stream: str, payload: bytes) -> None:
        if stream:  # a partial book (depth5, depth20) is no snapshot of the whole
            self._skip(f"stream {stream.partition('@')[2][:40]}")
        else:
            self._snapshot(recv_ts, payload)


def _unwanted(recv_ts: int, payload: bytes) -> None:
    """Nobody asked for this kind."""


def _unused(message: Control, stream: str) -> str:
    if message.event:
        return f"event {message.event[:40]}"
    if message.result:
        return "reply to a subscription"
    if message.code or message.error:
        return "error reply"
    return f"stream {stream.partition('@')[2][:40]}" if stream else "message without an event"


def _reason(frame: bytes, error: Exception) -> str:
    if isinstance(error, msgspec.ValidationError):
        start = frame.find(b'"e":"') + 5
        event = frame[start : frame.find(b'"', start)].decode("ascii", "replace") if start > 4 else "frame"
        return f"{event[:40]}: {error}"
    text = ascii(frame[:40])[2:-1]
    return f"not JSON ({error}): {text}" + ("…" if len(frame) > 40 else "")
