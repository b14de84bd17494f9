"""What is refused, and that nothing but a FrameError ever comes of it."""

import contextlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowdeck.captures import open_capture, pump
from flowdeck.errors import FrameError
from flowdeck.kinds import DepthFlags
from flowdeck.testing import SAMPLE_START
from flowdeck.testing.captures import CaptureBuilder, feed
from flowdeck.testing.damage import DAMAGED_LINES
from flowdeck_binance.parser import BinanceParser
from flowdeck_binance.plugin import register_sources


def test_an_empty_side_is_no_quote_and_a_size_at_price_zero_is_damage() -> None:
    parser = feed(BinanceParser("binance-spot"), CaptureBuilder("spot").book_ticker("0.00", "0.00", "100.1", "3"))
    assert parser.skipped == {"bookTicker: a side is empty": 1}
    with pytest.raises(FrameError, match="price 0"):
        feed(parser, CaptureBuilder("spot").book_ticker("0.00", "2.00", "100.1", "3"))


@pytest.mark.parametrize("rate", ["NaN", "inf", "5", "x"])
def test_an_impossible_funding_rate_is_damage(rate: str) -> None:
    with pytest.raises(FrameError, match="funding rate"):
        feed(BinanceParser("binance-usdm"), CaptureBuilder().mark_price("100.5", "100.4", rate))


@pytest.mark.parametrize("line", DAMAGED_LINES.values(), ids=DAMAGED_LINES.keys())
def test_a_damaged_frame_is_refused_in_one_line_and_its_neighbours_are_kept(line: bytes) -> None:
    parser = feed(BinanceParser("binance-usdm"), CaptureBuilder().trade("100.0", "1"))
    with pytest.raises(FrameError) as error:
        parser.feed(SAMPLE_START, line)
    assert 5 < len(str(error.value)) < 200
    assert str(error.value).isprintable()
    parser.feed(SAMPLE_START, CaptureBuilder().trade("100.0", "1", t=2).lines[0].partition(b" ")[2])
    ((_, rows),) = parser.drain()
    assert len(rows) == 2


@pytest.mark.parametrize(
    ("name", "fields"),
    [
        ("depth", {"b": [["0", "1"]]}),
        ("depth", {"b": [["1e308", "1"]]}),
        ("depth", {"a": [["1", "-1"]]}),
        ("depth", {"a": [["1", "NaN"]]}),
        ("depth", {"a": [["1"]]}),
        ("depth", {"u": -1}),
        ("agg_trade", {"f": 5, "l": 4}),
        ("agg_trade", {"l": 2**62}),
        ("book_ticker", {"b": "NaN"}),
        ("mark_price", {"p": "0"}),
        ("force_order", {"S": "MAYBE"}),
        ("force_order", {"ap": "0"}),
        ("force_order", {"z": "NaN"}),
    ],
)
def test_impossible_values_of_every_kind_are_refused(name: str, fields: dict[str, Any]) -> None:
    arguments = {"depth": (), "agg_trade": ("1", "1"), "mark_price": ("1", "1"), "force_order": ("1", "1")}
    builder = CaptureBuilder()
    getattr(builder, name)(*arguments.get(name, ("1", "1", "2", "1")), **fields)
    parser = BinanceParser("binance-usdm")
    with pytest.raises(FrameError):
        feed(parser, builder)
    assert not list(parser.drain())


@given(st.binary(max_size=200))
def test_no_bytes_raise_anything_but_a_frame_error(frame: bytes) -> None:
    parser = BinanceParser("binance-spot")
    with contextlib.suppress(FrameError):
        parser.feed(SAMPLE_START, frame)
    list(parser.drain())


_GOOD = b"\n".join(
    line.partition(b" ")[2]
    for line in CaptureBuilder()
    .trade("100.5", "1")
    .agg_trade("100.5", "1")
    .book_ticker("1", "1", "2", "1")
    .snapshot([("1", "1")], [("2", "2")])
    .depth([("1", "1")])
    .force_order("1", "1")
    .mark_price("1", "1")
    .exchange_info("0.1", "0.1")
    .lines
)


@given(st.integers(0, len(_GOOD) - 1), st.binary(min_size=1, max_size=3), st.integers(0, 3))
def test_no_damage_to_good_frames_raises_anything_but_a_frame_error(at: int, bytes_: bytes, cut: int) -> None:
    parser = BinanceParser("binance-usdm")
    for frame in (_GOOD[:at] + bytes_ + _GOOD[at + cut :]).split(b"\n"):
        with contextlib.suppress(FrameError):
            parser.feed(SAMPLE_START, frame)
    for key, rows in parser.drain():
        for name in set(rows.dtype.names or ()) & {"price", "bid", "ask", "mark_price"}:
            if key.kind != "depth" or not rows["flags"][0] & DepthFlags.GAP:
                assert np.all((rows[name] > 0) & (rows[name] < 1e12))


def test_pump_notes_refused_frames_by_line_and_goes_on(tmp_path: Path) -> None:
    builder = CaptureBuilder().start().trade("100", "1").stamped(DAMAGED_LINES["price 1e308"]).trade("100", "2")
    opened = open_capture(builder.write(tmp_path / "a.gz"), register_sources())
    assert list(pump(opened.reader, opened.parser)) == [3]
    assert [str(problem) for problem in opened.reader.problems] == [
        "a.gz:3: trade: Expected `float` < 1000000000000.0 - at `$.p`"
    ]
    ((_, rows),) = opened.parser.drain()
    assert rows["qty"].tolist() == [1.0, 2.0]


@pytest.mark.parametrize("symbol", ["", "A/B", "A?b=1", "A:B", "A B", "A\\u0007", "X" * 65])
def test_a_symbol_that_no_key_can_hold_is_damage(symbol: str) -> None:
    parser = BinanceParser("binance-spot")
    line = CaptureBuilder("spot").trade("100.0", "1").lines[0].partition(b" ")[2]
    with pytest.raises(FrameError, match="is no symbol"):
        parser.feed(SAMPLE_START, line.replace(b"BTCUSDT", symbol.encode()))
    assert not parser.pending


@pytest.mark.parametrize(("price", "qty"), [("100.0", "0.000000001"), ("0.000000001", "1")])
def test_what_would_round_to_no_step_is_damage(price: str, qty: str) -> None:
    with pytest.raises(FrameError, match="1e-08"):
        feed(BinanceParser("binance-spot"), CaptureBuilder("spot").trade(price, qty))


@pytest.mark.parametrize(("price", "qty"), [("100.0", "99999999999999"), ("999999999999", "1")])
def test_a_trade_beyond_the_exact_steps_is_damage_once_they_are_known(price: str, qty: str, tmp_path: Path) -> None:
    builder = CaptureBuilder("spot").exchange_info("0.00000100", "0.00100000")
    path = builder.trade("100.0", "1").trade(price, qty).trade("100.1", "2").write(tmp_path / "a.gz")
    opened = open_capture(path, register_sources())
    for _ in pump(opened.reader, opened.parser):
        pass
    ((_, rows),) = opened.parser.drain()
    assert rows["price"].tolist() == [100.0, 100.1]
    assert [problem.line for problem in opened.reader.problems] == [len(builder.lines) - 1]
