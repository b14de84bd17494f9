"""Prices to ticks and back, exactly."""

from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowdeck.errors import InstrumentError
from flowdeck.instruments import Instrument, InstrumentId, infer_step

BTC = InstrumentId("binance-usdm", "BTCUSDT")
steps = st.sampled_from([Decimal(t) for t in ("0.1", "0.01", "0.25", "0.00001", "5", "0.5", "1E-8", "0.003")])


def instrument(tick: Decimal = Decimal("0.1"), lot: Decimal = Decimal("0.001")) -> Instrument:
    return Instrument(BTC, tick, lot)


@given(steps, st.integers(0, 10**9))
def test_a_tick_survives_the_road_to_its_price_and_back(step: Decimal, tick: int) -> None:
    subject = instrument(tick=step)
    price = subject.prices([tick])[0]
    assert price == float(tick * step)
    assert subject.ticks([price])[0] == tick
    assert not subject.off_tick([price])[0]


@given(steps, st.integers(1, 10**6))
def test_half_a_tick_is_off_tick(step: Decimal, tick: int) -> None:
    assert instrument(tick=step).off_tick([float((tick + Decimal("0.5")) * step)])[0]


@given(st.lists(st.integers(0, 10**6), min_size=1), st.integers(0, 8))
def test_an_inferred_step_divides_every_value_and_is_the_largest(units: list[int], exponent: int) -> None:
    values = [Decimal(unit).scaleb(-exponent) for unit in units]
    step = infer_step([f"{value:f}" for value in values])
    assert all(value % step == 0 for value in values)
    if any(units):
        assert step == Decimal(int(np.gcd.reduce(units))).scaleb(-exponent)


@pytest.mark.parametrize("price", [float("nan"), float("inf"), 1e308, -1e300])
def test_a_price_beyond_all_ticks_is_refused_with_its_value(price: float) -> None:
    with pytest.raises(InstrumentError, match="binance-usdm:BTCUSDT: price"):
        instrument().ticks([1.0, price])


@pytest.mark.parametrize("price", [float("nan"), float("inf"), float("-inf")])
def test_what_is_not_finite_is_off_tick(price: float) -> None:
    assert instrument().off_tick([1.0, price]).tolist() == [False, True]


@pytest.mark.parametrize("step", [Decimal(0), Decimal(-1), Decimal("NaN"), Decimal("Infinity")])
def test_a_step_must_be_a_positive_decimal(step: Decimal) -> None:
    with pytest.raises(InstrumentError, match="tick_size must be a positive decimal"):
        instrument(tick=step)


def test_finer_steps_divide_the_old_and_the_new() -> None:
    subject = instrument(tick=Decimal("0.25")).with_finer_steps(Decimal("0.1"), Decimal("0.001"), 7)
    assert (subject.tick_size, subject.lot_size, subject.valid_from) == (Decimal("0.05"), Decimal("0.001"), 7)


def test_an_instrument_survives_its_dictionary() -> None:
    subject = Instrument(BTC, Decimal("0.10"), Decimal("0.001"), "BTC", "USDT", provisional=True, valid_from=5)
    assert Instrument.from_dict(subject.to_dict()) == subject


def test_a_damaged_dictionary_is_named() -> None:
    with pytest.raises(InstrumentError, match="not an instrument"):
        Instrument.from_dict({"venue": "x", "symbol": "y", "tick_size": "abc", "lot_size": "1"})


def test_ids_are_read_in_either_form_and_normalised() -> None:
    assert InstrumentId.parse("Binance-USDM:btcusdt") == InstrumentId.parse("binance-usdm/BTCUSDT") == BTC
    assert str(BTC) == "binance-usdm:BTCUSDT"


@pytest.mark.parametrize("text", ["", "BTCUSDT", ":BTCUSDT", "binance:", "a:b:c", "a/b?c"])
def test_what_is_no_instrument_says_how_one_is_written(text: str) -> None:
    with pytest.raises(InstrumentError, match="VENUE:SYMBOL"):
        InstrumentId.parse(text)
