"""Steps of price and size: stated by exchangeInfo, else inferred from what was traded and quoted."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import msgspec
import numpy as np
import numpy.typing as npt

from flowdeck.errors import FrameError, InstrumentError
from flowdeck.instruments import LARGEST_EXACT, OFF_TICK_TOLERANCE, Instrument, InstrumentId, infer_step

__all__ = ["Steps", "exchange_info", "split_symbol"]

Values = npt.NDArray[np.float64]

_ENOUGH = 100  # distinct values before a step that is no power of ten is believed
_SAMPLE = 500  # values whose texts are looked at first; the others only where they do not fit
_FINEST = Decimal("1E-8")  # no filter of Binance is finer; what lies beyond is damage, and stays off tick
_QUOTES = ("USDT", "USDC", "FDUSD", "TUSD", "BUSD", "USD", "BTC", "ETH", "BNB", "EUR", "TRY", "BRL", "JPY", "DAI")


class Steps:
    """The instrument of one symbol, its steps refined whenever a price or size does not lie on them.

    A double's shortest text is the decimal that was sent (up to 15 digits), so steps are told from rows.
    """

    def __init__(self, instrument: InstrumentId) -> None:
        self._id = instrument
        self._stated: Instrument | None = None
        self._instrument: Instrument | None = None
        self.price_limit = self.qty_limit = float("inf")

    @property
    def instrument(self) -> Instrument | None:
        """The steps known so far; from `price_limit` and `qty_limit` on a value is not told exactly in them."""
        return self._instrument

    def _hold(self, instrument: Instrument) -> None:
        self._instrument = instrument
        self.price_limit = LARGEST_EXACT * float(instrument.tick_size)
        self.qty_limit = LARGEST_EXACT * float(instrument.lot_size)

    def state(self, stated: Instrument) -> None:
        """Take what the venue says, which holds until it says otherwise or trades off its own tick."""
        before = self._stated
        if before is None or replace(stated, valid_from=before.valid_from) != before:
            self._stated = stated
            self._hold(stated)

    def check(self, ts: int, prices: list[Values], sizes: list[Values]) -> None:
        """Hold rows (arrays of any length) against the steps; finer ones hold from `ts` on."""
        known = self.instrument
        if known is None:
            base, quote = split_symbol(self._id.symbol)
            tick, lot = _inferred(prices), _inferred(sizes)
            if tick is not None:
                self._hold(Instrument(self._id, tick, lot or Decimal(1), base, quote, provisional=True))
            return
        tick = _inferred([off for values in prices if len(off := _off(known.tick_size, values))])
        lot = _inferred([off for values in sizes if len(off := _off(known.lot_size, values))])
        if tick is not None or lot is not None:
            finer = known.with_finer_steps(tick or known.tick_size, lot or known.lot_size, ts)
            if (finer.tick_size, finer.lot_size) != (known.tick_size, known.lot_size):
                self._hold(replace(finer, provisional=True))


def _off(step: Decimal, values: Values) -> Values:
    """The values that do not lie on a step; about 5 ns a value where there are none, as nearly always."""
    steps = values / float(step)
    steps -= np.rint(steps)
    if np.abs(steps, out=steps).max(initial=0.0) <= OFF_TICK_TOLERANCE:
        return steps[:0]
    by_step = Instrument(InstrumentId("any", "ANY"), step, step)
    return values[by_step.off_tick(values)]


def _inferred(parts: list[Values]) -> Decimal | None:
    """The step of some values, not finer than any that Binance knows; None without a value other than 0."""
    values = np.unique(np.concatenate(parts)) if parts else np.empty(0)
    values = values[values != 0]
    if not len(values):
        return None
    step = infer_step(_texts(values[:: len(values) // _SAMPLE + 1]))
    off = _off(step, values)
    if len(off):
        step = infer_step([str(step), *_texts(off)])
    if len(values) < _ENOUGH:
        step = min(step, _power_of_ten(step))
    return max(step, _FINEST)


def _texts(values: Values) -> list[str]:
    return [f"{Decimal(repr(value)):.8f}" for value in values.tolist()]


def _power_of_ten(step: Decimal) -> Decimal:
    exponent = step.normalize().as_tuple().exponent
    assert isinstance(exponent, int)
    return Decimal(1).scaleb(min(exponent, 0))


def split_symbol(symbol: str) -> tuple[str, str]:
    """Names of base and quote, as far as the symbol tells them; for labels."""
    name = symbol.partition("_")[0]  # USD-M delivery contracts are BTCUSDT_260327
    quote = next((quote for quote in _QUOTES if name.endswith(quote) and name != quote), "")
    return name.removesuffix(quote), quote


class _Filter(msgspec.Struct, gc=False):
    sort: str = msgspec.field(name="filterType", default="")
    tick: str = msgspec.field(name="tickSize", default="0")
    step: str = msgspec.field(name="stepSize", default="0")


class _Symbol(msgspec.Struct, gc=False):
    symbol: str
    filters: list[_Filter] = []
    status: str = ""
    base: str = msgspec.field(name="baseAsset", default="")
    quote: str = msgspec.field(name="quoteAsset", default="")


class _ExchangeInfo(msgspec.Struct, gc=False):
    symbols: list[_Symbol]


_EXCHANGE_INFO = msgspec.json.Decoder(_ExchangeInfo)


def exchange_info(venue: str, body: bytes, ts: int) -> list[Instrument]:
    """The instruments that an exchangeInfo reply states; symbols without usable filters are left out.

    Raises:
        FrameError: when it is not an exchangeInfo reply.
    """
    try:
        reply = _EXCHANGE_INFO.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise FrameError(f"exchangeInfo: {error}") from error
    stated = (_instrument(venue, symbol, ts) for symbol in reply.symbols)
    return [instrument for instrument in stated if instrument is not None]


def _instrument(venue: str, symbol: _Symbol, ts: int) -> Instrument | None:
    steps = {entry.sort: entry for entry in symbol.filters}  # found by name: their order changes
    price, size = steps.get("PRICE_FILTER"), steps.get("LOT_SIZE")
    if price is None or size is None:
        return None
    try:
        tick, lot = Decimal(price.tick).normalize(), Decimal(size.step).normalize()
        return Instrument(InstrumentId(venue, symbol.symbol), tick, lot, symbol.base, symbol.quote, valid_from=ts)
    except (ArithmeticError, InstrumentError):
        return None
