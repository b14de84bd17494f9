"""What each frame becomes."""

import json
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pytest

from flowdeck.captures import Frame, open_capture
from flowdeck.streams import Rows
from flowdeck.testing import SAMPLE_START
from flowdeck.testing.captures import CaptureBuilder, feed
from flowdeck_binance.parser import BinanceParser
from flowdeck_binance.plugin import register_sources

Market = Literal["spot", "usdm"]
MARKETS: tuple[Market, ...] = ("spot", "usdm")


def _rows(builder: CaptureBuilder, **options: Any) -> dict[str, Rows]:
    parser = feed(BinanceParser(f"binance-{builder.market}", **options), builder)
    parser.control(0, {"event": "end"})
    return {str(key): rows for key, rows in parser.drain()}


@pytest.mark.parametrize("envelope", [True, False])
@pytest.mark.parametrize("market", MARKETS)
def test_an_agg_trade_is_a_row(market: Market, envelope: bool) -> None:
    builder = CaptureBuilder(market, envelope=envelope, skew_ns=7_000_000)
    rows = _rows(builder.agg_trade("100.5", "0.25", -1, fills=3, nq="0.2", st=1))[f"trades/binance-{market}/BTCUSDT"]
    assert rows.tolist() == [(SAMPLE_START + 7_000_000, 100.5, 0.25, 1, SAMPLE_START, 3, -1)]


@pytest.mark.parametrize("market", MARKETS)
def test_a_trade_is_a_row_of_the_raw_feed(market: Market) -> None:
    rows = _rows(CaptureBuilder(market).trade("100.5", "0.25"))[f"trades/binance-{market}/BTCUSDT?feed=raw"]
    assert rows.tolist() == [(SAMPLE_START, 100.5, 0.25, 1, SAMPLE_START, 1, 1)]


def test_rows_of_a_run_carry_it() -> None:
    assert list(_rows(CaptureBuilder().agg_trade("1", "1"), run="r1")) == ["trades/binance-usdm/BTCUSDT?run=r1"]


@pytest.mark.parametrize("time", ["T", "E", ""])
def test_the_time_is_the_transactions_else_the_events_else_of_receipt(time: str) -> None:
    times = {"T": (1_700_000_000_001, 1_700_000_000_009), "E": (0, 1_700_000_000_009), "": (0, 0)}[time]
    rows = _rows(CaptureBuilder("spot").agg_trade("1", "1", T=times[0], E=times[1]))["trades/binance-spot/BTCUSDT"]
    assert rows["ts"] == {"T": 1_700_000_000_001_000_000, "E": 1_700_000_000_009_000_000, "": SAMPLE_START}[time]


def test_microseconds_are_told_by_magnitude() -> None:
    rows = _rows(CaptureBuilder("spot").agg_trade("1", "1", T=1_700_000_000_123_456))["trades/binance-spot/BTCUSDT"]
    assert rows["ts"] == 1_700_000_000_123_456_000


def test_a_book_ticker_is_a_quote_with_or_without_its_event_name() -> None:
    spot = _rows(CaptureBuilder("spot").book_ticker("100.0", "2", "100.1", "3"))["quotes/binance-spot/BTCUSDT"]
    usdm = _rows(CaptureBuilder(skew_ns=1_000_000).book_ticker("100.0", "2", "100.1", "3"))
    assert spot.tolist() == [(SAMPLE_START, 100.0, 2.0, 100.1, 3.0)]
    assert usdm["quotes/binance-usdm/BTCUSDT"].tolist() == [(SAMPLE_START + 1_000_000, 100.0, 2.0, 100.1, 3.0)]


def test_a_mark_price_is_timed_by_its_event_not_by_its_next_funding() -> None:
    rows = _rows(CaptureBuilder().mark_price("100.5", "100.4", "-0.0003", ap="100.45"))["mark/binance-usdm/BTCUSDT"]
    assert rows.tolist() == [(SAMPLE_START, 100.5, 100.4, -0.0003, SAMPLE_START + 3_600_000_000_000)]


def test_a_contract_without_funding_has_rate_and_time_zero() -> None:
    rows = _rows(CaptureBuilder().mark_price("100.5", "100.4", "", T=0))["mark/binance-usdm/BTCUSDT"]
    assert rows[["funding_rate", "next_funding_ts"]].tolist() == [(0.0, 0)]


@pytest.mark.parametrize("place", ["inside", "on top", "absent"])
def test_a_forced_order_is_read_wherever_its_new_fields_stand(place: str) -> None:
    builder = CaptureBuilder().force_order("99.0", "5", average="98.5", filled="2", ps="X", st=1)
    if place != "inside":
        stamp, _, data = builder.lines.pop().partition(b" ")
        message = json.loads(data)
        extra = {name: message["data"]["o"].pop(name) for name in ("ps", "st")}
        message["data"] |= extra if place == "on top" else {}
        builder.line(stamp + b" " + json.dumps(message).encode())
    rows = _rows(builder)["liquidations/binance-usdm/BTCUSDT"]
    assert rows.tolist() == [(SAMPLE_START, 98.5, 2.0, 99.0, -1, 0)]


def test_repeated_forced_orders_add_only_what_was_filled_since() -> None:
    builder = CaptureBuilder()
    for filled in ("0.1", "0.3", "0.3", "1.0"):
        builder.force_order("99.0", "1.0", filled=filled)
    builder.force_order("98.0", "1.0", filled="0.5").force_order("98.0", "1.0", filled="0.2", side="BUY")
    parser = feed(BinanceParser("binance-usdm"), builder)
    ((_, rows),) = parser.drain()
    assert rows["qty"].tolist() == [0.1, 0.2, 0.7, 0.5, 0.2]
    assert rows["side"].tolist() == [-1, -1, -1, -1, 1]
    assert parser.skipped == {"forceOrder: nothing filled since the last": 1}


def test_only_market_trades_count_and_the_rest_is_counted() -> None:
    builder = CaptureBuilder().trade("100", "1").trade("100", "9", X="INSURANCE_FUND").trade("0", "0", X="NA")
    parser = feed(BinanceParser("binance-usdm"), builder.trade("100", "2").trade("100", "3"))
    ((_, rows),) = parser.drain()
    assert rows["qty"].tolist() == [1.0, 2.0, 3.0]
    assert sum(parser.skipped.values()) == 2
    assert parser.skipped["trade: X is INSURANCE_FUND"] == 1


@pytest.mark.parametrize("first", ["aggTrade", "trade"])
def test_of_two_feeds_only_agg_trades_are_used(first: str) -> None:
    builder = CaptureBuilder()
    order = (builder.agg_trade, builder.trade) if first == "aggTrade" else (builder.trade, builder.agg_trade)
    for _ in range(3):
        for add in order:
            add("100", "1")
    parser = feed(BinanceParser("binance-usdm"), builder)
    parser.control(0, {"event": "end"})
    assert {str(key): len(rows) for key, rows in parser.drain()} == {"trades/binance-usdm/BTCUSDT": 3}
    feed(parser, builder.trade("100", "1"))
    assert not list(parser.drain())
    assert parser.skipped == {"trade: aggTrade is used": 4}


def test_agg_trades_that_begin_after_trades_were_handed_out_are_not_mixed_in() -> None:
    builder = CaptureBuilder().trade("100", "1")
    parser = feed(BinanceParser("binance-usdm"), builder)
    assert len(list(parser.drain())) == 1
    feed(parser, builder.agg_trade("100", "1"))
    assert not list(parser.drain())
    assert parser.skipped == {"aggTrade: the capture's trade feed is used": 1}


def test_opening_frames_decide_the_feed_before_the_first_row(tmp_path: Path) -> None:
    builder = CaptureBuilder().trade("100", "1").trade("100", "1").agg_trade("100", "1")
    opened = open_capture(builder.write(tmp_path / "a.gz"), register_sources())
    keys = set()
    for item in opened.reader:
        assert isinstance(item, Frame)
        opened.parser.feed(item.ts, item.data)
        keys |= {str(key) for key, _ in opened.parser.drain()}
    assert keys == {"trades/binance-usdm/BTCUSDT"}


def test_a_trade_that_comes_twice_counts_once_and_a_jump_is_noted() -> None:
    builder = CaptureBuilder()
    for trade_id in (10, 11, 11, 10, 15, 16):
        builder.agg_trade("100", "1", a=trade_id)
    parser = feed(BinanceParser("binance-usdm"), builder)
    ((key, rows),) = parser.drain()
    assert rows["id"].tolist() == [10, 11, 15, 16]
    assert parser.skipped == {"trade: received twice": 2}
    (jump,) = parser.jumps()
    assert (jump.key, jump.after_id, jump.missing) == (key, 11, 3)
    assert parser.jumps() == []


def test_ids_that_begin_anew_are_new_trades() -> None:
    builder = CaptureBuilder().agg_trade("100", "1", a=9_000_000_000)
    builder.agg_trade("100", "1", a=1).agg_trade("100", "1", a=2)
    assert len(_rows(builder)["trades/binance-usdm/BTCUSDT"]) == 3


def test_key_order_white_space_and_unknown_fields_do_not_matter() -> None:
    builder = CaptureBuilder("spot")
    builder.agg_trade("1.5", "2").trade("1.5", "2", s="ETHUSDT").book_ticker("1.4", "2", "1.6", "3")
    builder.snapshot([("1", "1")], [("2", "2")]).depth([("1", "3")], [])
    documents = [json.loads(line.partition(b" ")[2]) for line in builder.lines]
    stamps = [int(line.partition(b" ")[0]) for line in builder.lines]
    other = BinanceParser("binance-spot")
    for stamp, document in zip(stamps, documents, strict=True):
        if "data" in document:
            document["data"] = {"new": [1, {"x": None}], **dict(reversed(document["data"].items()))}
        turned = {"new": "field", **dict(reversed(document.items()))}
        other.feed(stamp, json.dumps(turned, indent=2).encode())
    expected = _rows(builder)
    for key, rows in other.drain():
        assert np.array_equal(rows, expected.pop(str(key)))
    assert not expected


def test_frames_that_are_good_but_not_used_are_counted_by_reason() -> None:
    builder = CaptureBuilder().frame("kline_1m", {"e": "kline", "s": "BTCUSDT"})
    builder.frame("depth20@100ms", {"lastUpdateId": 1, "bids": [], "asks": []})
    builder.frame("ticker", {"zzz": 1}).reply({"result": None, "id": 1}).reply(
        {"code": -1121, "msg": "Invalid symbol."}
    )
    builder.stamped(b'{"stream":"!markPrice@arr","data":[]}').stamped(b"[]").reply({"openInterest": "1"})
    assert feed(parser := BinanceParser("binance-usdm"), builder).skipped == {
        "event kline": 1,
        "stream depth20@100ms": 1,
        "stream ticker": 1,
        "reply to a subscription": 1,
        "error reply": 1,
        "stream !markPrice@arr: a list": 1,
        "a list": 1,
        "message without an event": 1,
    }
    assert not list(parser.drain())


def test_only_wanted_kinds_are_parsed() -> None:
    builder = CaptureBuilder().agg_trade("1", "1").book_ticker("1", "1", "2", "1").depth([("1", "1")])
    rows = _rows(builder.snapshot([("1", "1")], []), wanted=frozenset({"quotes"}))
    assert list(rows) == ["quotes/binance-usdm/BTCUSDT"]


def test_symbols_have_streams_of_their_own_in_the_order_of_receipt() -> None:
    builder = (
        CaptureBuilder().agg_trade("1", "1", s="ETHUSDT").agg_trade("2", "1").agg_trade("3", "1", s="ETHUSDT", a=9)
    )
    rows = _rows(builder)
    assert {key: part["price"].tolist() for key, part in rows.items()} == {
        "trades/binance-usdm/ETHUSDT": [1.0, 3.0],
        "trades/binance-usdm/BTCUSDT": [2.0],
    }
    assert next(iter(rows)).endswith("ETHUSDT")
