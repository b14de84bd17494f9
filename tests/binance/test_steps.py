"""Steps of price and size, stated and inferred; whose frames they are."""

from decimal import Decimal
from typing import Literal

import pytest

from flowdeck.instruments import InstrumentId
from flowdeck.testing.captures import CaptureBuilder, feed
from flowdeck_binance.parser import BinanceParser

Market = Literal["spot", "usdm"]
MARKETS: tuple[Market, ...] = ("spot", "usdm")


def test_stated_steps_are_found_by_filter_type() -> None:
    builder = CaptureBuilder().exchange_info("0.10", "0.001")
    parser = feed(BinanceParser("binance-usdm"), builder)
    assert parser.instruments() == ()  # thousands are listed; those that are seen count
    feed(parser, builder.trade("100", "1"))
    (instrument,) = parser.instruments()
    assert instrument.id == InstrumentId("binance-usdm", "BTCUSDT")
    assert (instrument.tick_size, instrument.lot_size) == (Decimal("0.1"), Decimal("0.001"))
    assert not instrument.provisional


def test_symbols_without_usable_filters_are_not_stated() -> None:
    builder = (
        CaptureBuilder().exchange_info("0", "0.001").exchange_info("0.1", "x").exchange_info("0.1", "1", filters=[])
    )
    parser = feed(BinanceParser("binance-usdm"), builder.trade("100", "1"))
    list(parser.drain())
    assert parser.instruments()[0].provisional


def test_few_values_give_a_power_of_ten_and_many_the_true_step() -> None:
    few = feed(BinanceParser("binance-usdm"), CaptureBuilder().trade("61800", "5").trade("61800.5", "0.3"))
    list(few.drain())
    assert (few.instruments()[0].tick_size, few.instruments()[0].lot_size) == (Decimal("0.1"), Decimal("0.1"))
    builder = CaptureBuilder()
    for i in range(300):
        builder.trade(f"{100 + i * 0.5}", f"{i + 1}")
    many = feed(BinanceParser("binance-usdm"), builder)
    list(many.drain())
    assert (many.instruments()[0].tick_size, many.instruments()[0].lot_size) == (Decimal("0.5"), Decimal(1))


def test_a_price_off_tick_refines_the_steps_from_its_time_on() -> None:
    builder = CaptureBuilder().exchange_info("0.1", "0.001").trade("100.1", "0.001")
    parser = feed(BinanceParser("binance-usdm"), builder)
    list(parser.drain())
    before = parser.instruments()[0]
    since = builder.now
    feed(parser, builder.trade("100.15", "0.0005"))
    list(parser.drain())
    (after,) = parser.instruments()
    assert (before.tick_size, before.lot_size, before.provisional) == (Decimal("0.1"), Decimal("0.001"), False)
    assert (after.tick_size, after.lot_size) == (Decimal("0.01"), Decimal("0.0001"))
    assert (after.provisional, after.valid_from) == (True, since)


def test_a_price_finer_than_any_filter_does_not_shatter_the_steps() -> None:
    parser = feed(
        BinanceParser("binance-usdm"), CaptureBuilder().exchange_info("0.1", "1").trade("100.1234567891234", "1")
    )
    list(parser.drain())
    assert parser.instruments()[0].tick_size >= Decimal("1E-8")


@pytest.mark.parametrize("market", MARKETS)
def test_every_frame_of_a_market_is_recognised_as_its_own_or_not_at_all(market: Market) -> None:
    builder = CaptureBuilder(market).agg_trade("1", "1").trade("1", "1").depth([("1", "1")]).snapshot([], [])
    builder.book_ticker("1", "1", "2", "1").exchange_info("1", "1")
    if market == "usdm":
        builder.force_order("1", "1").mark_price("1", "1")
    frames = [line.partition(b" ")[2] for line in builder.lines]
    told = [BinanceParser.recognises(frame) for frame in frames]
    assert set(told) <= {f"binance-{market}", None}
    assert told.count(None) == 2  # the exchangeInfo reply and the control line before it


@pytest.mark.parametrize("frame", [b"", b"[]", b"5", b"{}", b'{"e":"trade"}', b'{"stream":"x","data":null}', b"\xff"])
def test_frames_of_strangers_are_not_recognised(frame: bytes) -> None:
    assert BinanceParser.recognises(frame) is None
