"""Instruments: what is traded where, and the exact road from a price to a tick to a row."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation
from functools import cached_property
from math import gcd
from typing import Any, NamedTuple, Self

import numpy as np
import numpy.typing as npt

from flowdeck.errors import InstrumentError

__all__ = ["LARGEST_EXACT", "OFF_TICK_TOLERANCE", "Instrument", "InstrumentId", "infer_step"]

OFF_TICK_TOLERANCE = 1e-6
"""A price further from its tick than this share of a tick is off tick."""

LARGEST_EXACT = float(2**53)
"""Counts of steps from here on are not told apart by a double."""


class InstrumentId(NamedTuple):
    """Venue and symbol, written `binance-usdm/BTCUSDT` in keys and `binance-usdm:BTCUSDT` in options."""

    venue: str
    symbol: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `venue:symbol` or `venue/symbol`.

        Raises:
            InstrumentError: when either part is missing or holds a separator.
        """
        venue, separator, symbol = text.partition(":" if ":" in text else "/")
        if not (separator and venue and symbol) or any(c in symbol for c in ":/?&#"):
            raise InstrumentError(f"instrument {text!r} is not VENUE:SYMBOL, for example binance-usdm:BTCUSDT")
        return cls(venue.lower(), symbol.upper())

    def __str__(self) -> str:
        return f"{self.venue}:{self.symbol}"


@dataclass(frozen=True)
class Instrument:
    """One instrument with the steps of its price and size.

    Attributes:
        id: Venue and symbol.
        tick_size: Smallest price step, in quote units, exact.
        lot_size: Smallest quantity step, in base units, exact.
        base: Name of the base unit, for labels; empty when unknown.
        quote: Name of the quote unit, for labels; empty when unknown.
        provisional: Whether the steps were inferred from data rather than stated by the venue.
        valid_from: Since when these steps hold, ns UTC.
    """

    id: InstrumentId
    tick_size: Decimal
    lot_size: Decimal
    base: str = ""
    quote: str = ""
    provisional: bool = False
    valid_from: int = 0

    def __post_init__(self) -> None:
        for name in ("tick_size", "lot_size"):
            value = getattr(self, name)
            if not (isinstance(value, Decimal) and value.is_finite() and value > 0):
                raise InstrumentError(f"{self.id}: {name} must be a positive decimal, not {value!r}")

    @cached_property
    def price_decimals(self) -> int:
        """Decimals that write any price of this instrument exactly."""
        return _decimals(self.tick_size)

    @cached_property
    def qty_decimals(self) -> int:
        """Decimals that write any quantity of this instrument exactly."""
        return _decimals(self.lot_size)

    def ticks(self, prices: npt.ArrayLike) -> npt.NDArray[np.int64]:
        """Ticks of prices: round(price / tick_size), int64, same shape.

        Raises:
            InstrumentError: when a price is not finite or beyond 2^53 ticks.
        """
        return _steps(prices, self.tick_size, f"{self.id}: price")

    def lots(self, quantities: npt.ArrayLike) -> npt.NDArray[np.int64]:
        """Lots of quantities: round(qty / lot_size), int64, same shape.

        Raises:
            InstrumentError: when a quantity is not finite or beyond 2^53 lots.
        """
        return _steps(quantities, self.lot_size, f"{self.id}: quantity")

    def off_tick(self, prices: npt.ArrayLike) -> npt.NDArray[np.bool_]:
        """Which prices lie further than `OFF_TICK_TOLERANCE` ticks (and rounding) from their tick; NaN and inf do."""
        with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
            ticks = np.asarray(prices, np.float64) / float(self.tick_size)
            slack = OFF_TICK_TOLERANCE + np.abs(ticks) * 4 * np.finfo(np.float64).eps
            on_tick: npt.NDArray[np.bool_] = np.abs(ticks - np.rint(ticks)) <= slack
        return ~on_tick

    def prices(self, ticks: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """Prices of ticks, float64: the double nearest to tick * tick_size."""
        return _values(ticks, self.tick_size)

    def quantities(self, lots: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """Base quantities of lots, float64: the double nearest to lots * lot_size."""
        return _values(lots, self.lot_size)

    def with_finer_steps(self, tick_size: Decimal, lot_size: Decimal, valid_from: int) -> Instrument:
        """The same instrument on steps that divide both the old and the given ones."""
        return replace(
            self,
            tick_size=_common_step((self.tick_size, tick_size)),
            lot_size=_common_step((self.lot_size, lot_size)),
            valid_from=valid_from,
        )

    def to_dict(self) -> dict[str, Any]:
        """A form fit for JSON and msgpack; `from_dict` reads it back."""
        return {
            "venue": self.id.venue,
            "symbol": self.id.symbol,
            "tick_size": str(self.tick_size),
            "lot_size": str(self.lot_size),
            "base": self.base,
            "quote": self.quote,
            "provisional": self.provisional,
            "valid_from": self.valid_from,
        }

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Self:
        """Read what `to_dict` wrote.

        Raises:
            InstrumentError: when a field is missing or not of its type.
        """
        try:
            return cls(
                InstrumentId(str(data["venue"]), str(data["symbol"])),
                Decimal(str(data["tick_size"])),
                Decimal(str(data["lot_size"])),
                str(data.get("base", "")),
                str(data.get("quote", "")),
                bool(data.get("provisional", False)),
                int(data.get("valid_from", 0)),
            )
        except (KeyError, TypeError, ValueError, InvalidOperation) as error:
            raise InstrumentError(f"not an instrument: {data!r} ({error})") from error


def infer_step(values: Iterable[str]) -> Decimal:
    """The largest decimal step that divides every given decimal text exactly.

    Zeros say nothing; without any other value the step is 1.

    Raises:
        InstrumentError: when a text is not a finite decimal.
    """
    try:
        return _common_step(Decimal(value) for value in values)
    except InvalidOperation as error:
        raise InstrumentError(f"not a decimal: {error}") from error


def _common_step(values: Iterable[Decimal]) -> Decimal:
    step, exponent = 0, 0
    for value in values:
        if not value.is_finite():
            raise InstrumentError(f"not a finite decimal: {value}")
        digits = _decimals(value)
        if digits > exponent:
            step, exponent = step * 10 ** (digits - exponent), digits
        step = gcd(step, int(value.scaleb(exponent)))
    return Decimal(step or 10**exponent).scaleb(-exponent).normalize()


def _decimals(value: Decimal) -> int:
    exponent = value.normalize().as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


def _steps(values: npt.ArrayLike, step: Decimal, what: str) -> npt.NDArray[np.int64]:
    with np.errstate(over="ignore", divide="ignore", invalid="ignore"):  # what overflows is refused below
        steps = np.rint(np.asarray(values, np.float64) / float(step))
    if not np.all(np.abs(steps) < LARGEST_EXACT):
        bad = np.asarray(values, np.float64)[~(np.abs(steps) < LARGEST_EXACT)].flat[0]
        raise InstrumentError(f"{what} {bad:g} is not within 2^53 steps of {step}")
    return steps.astype(np.int64)


def _values(steps: npt.ArrayLike, step: Decimal) -> npt.NDArray[np.float64]:
    scale = 10 ** _decimals(step)
    return np.asarray(steps, np.int64) * int(step * scale) / float(scale)
