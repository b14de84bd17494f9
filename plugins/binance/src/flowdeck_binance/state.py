"""What the parts of the parser share: row buffers, instruments, counts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from flowdeck.errors import FrameError
from flowdeck.instruments import Instrument, InstrumentId
from flowdeck.streams import Rows, StreamKey
from flowdeck_binance.rows import DepthRows, RowBuffer
from flowdeck_binance.steps import Steps, Values

__all__ = ["ParserState"]

_PRICES = {"trades": ("price",), "depth": ("price",), "quotes": ("bid", "ask")}
_SIZES = {"trades": ("qty",), "depth": ("qty",), "quotes": ("bid_qty", "ask_qty"), "liquidations": ("qty",)}

_LONGEST_SYMBOL = 64
_NO_SYMBOL = frozenset(":/?&# ")  # what separates in keys and options


class ParserState:
    """The rows collected, the steps known and what was skipped, of one venue and run."""

    def __init__(self, venue: str, run: str | None) -> None:
        self.venue = venue
        self.skipped: Counter[str] = Counter()
        self.steps: dict[str, Steps] = {}
        self._run = run
        self._buffers: list[RowBuffer | DepthRows] = []
        self._stated: dict[str, Instrument] = {}
        self._instruments: tuple[Instrument, ...] | None = None

    def adopt(self, other: ParserState) -> None:
        """Take over what another one knows of steps."""
        self.steps.update(other.steps)
        self._stated.update(other._stated)
        self._instruments = None

    def key(self, kind: str, symbol: str, feed: str | None = None) -> StreamKey:
        """The key of a symbol's stream; the symbol counts as seen from here on.

        Raises:
            FrameError: when no key can be written with that symbol.
        """
        instrument = InstrumentId(self.venue, symbol)
        if symbol not in self.steps:
            if not 0 < len(symbol) <= _LONGEST_SYMBOL or not _NO_SYMBOL.isdisjoint(symbol) or not symbol.isprintable():
                raise FrameError(f"{symbol[:_LONGEST_SYMBOL]!a} is no symbol")
            self.steps[symbol] = Steps(instrument)
            if symbol in self._stated:
                self.steps[symbol].state(self._stated[symbol])
            self._instruments = None
        return StreamKey.of(kind, instrument, run=self._run, feed=feed)

    def buffer(self, kind: str, symbol: str, feed: str | None = None) -> RowBuffer:
        """A new buffer of a symbol's rows."""
        buffer = RowBuffer(self.key(kind, symbol, feed))
        self._buffers.append(buffer)
        return buffer

    def depth_buffer(self, symbol: str) -> DepthRows:
        """A new buffer of a symbol's depth."""
        buffer = DepthRows(self.key("depth", symbol))
        self._buffers.append(buffer)
        return buffer

    def filled(self) -> list[RowBuffer | DepthRows]:
        """The buffers that hold rows, in the order in which their streams were first seen."""
        return [buffer for buffer in self._buffers if buffer]

    def state(self, stated: Iterable[Instrument]) -> None:
        """Take what exchangeInfo says, for symbols seen and those yet to come."""
        for instrument in stated:
            self._stated[instrument.id.symbol] = instrument
            if instrument.id.symbol in self.steps:
                self.steps[instrument.id.symbol].state(instrument)
        self._instruments = None

    def check_steps(self, drained: list[tuple[StreamKey, Rows]]) -> None:
        """Hold the rows of each symbol against its steps."""
        by_symbol: dict[str, list[tuple[str, Rows]]] = {}
        for key, rows in drained:
            by_symbol.setdefault(key.instrument.symbol, []).append((key.kind, rows))
        for symbol, parts in by_symbol.items():
            steps = self.steps[symbol]
            before = steps.instrument
            steps.check(int(parts[0][1]["ts"][0]), _columns(parts, _PRICES), _columns(parts, _SIZES))
            if steps.instrument is not before:
                self._instruments = None

    def instruments(self) -> tuple[Instrument, ...]:
        """The instruments of the symbols seen, in that order."""
        if self._instruments is None:
            known = (steps.instrument for steps in self.steps.values())
            self._instruments = tuple(instrument for instrument in known if instrument is not None)
        return self._instruments


def _columns(parts: list[tuple[str, Rows]], names: dict[str, tuple[str, ...]]) -> list[Values]:
    return [rows[name] for kind, rows in parts for name in names.get(kind, ())]
