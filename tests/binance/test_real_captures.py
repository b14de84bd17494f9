"""Both real captures against independent twins: json, Decimal and dictionaries."""

import json
from bisect import bisect_right
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from flowdeck.captures import CaptureReader, Frame, open_capture, pump
from flowdeck.kinds import BID, DepthFlags
from flowdeck.specs import SourceSpec
from flowdeck.streams import Rows
from flowdeck_binance.parser import BinanceParser
from flowdeck_binance.plugin import register_sources


@pytest.fixture(params=["usdm", "spot"])
def capture(request: pytest.FixtureRequest) -> Path:
    path: Path = request.getfixturevalue(f"{request.param}_capture")
    return path


def _sources() -> list[SourceSpec]:
    return list(register_sources())


def _documents(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    for item in CaptureReader(path):
        document = json.loads(item.data) if isinstance(item, Frame) else {}
        yield item.ts, document.get("data", document)


def _rows(path: Path) -> tuple[dict[str, Rows], Any]:
    opened = open_capture(path, _sources())
    parts: dict[str, list[Rows]] = {}
    for _ in pump(opened.reader, opened.parser):
        for key, rows in opened.parser.drain():
            parts.setdefault(f"{key.kind} {key.param('feed') or ''}".strip(), []).append(rows)
    assert opened.reader.problems == []
    return {kind: np.concatenate(rows) for kind, rows in parts.items()}, opened


def test_trades_equal_an_independent_reading_to_the_last_digit(capture: Path) -> None:
    rows, opened = _rows(capture)
    expected = [(ts, data) for ts, data in _documents(capture) if data.get("e") == "trade"]
    trades = rows["trades raw"]
    assert len(trades) == len(expected) > 9_000
    for row, (ts, data) in zip(trades, expected, strict=True):
        assert row["ts"] == data["T"] * 1_000_000
        assert (row["recv_ts"], row["id"], row["count"]) == (ts, data["t"], 1)
        assert row["side"] == (-1 if data["m"] else 1)
        assert row["price"] == float(data["p"])
    instrument = opened.parser.instruments()[0]
    volume = sum(Decimal(data["q"]) for _, data in expected)
    assert int(instrument.lots(trades["qty"]).sum()) * instrument.lot_size == volume
    turnover = sum(Decimal(data["q"]) * Decimal(data["p"]) for _, data in expected)
    ticks, lots = instrument.ticks(trades["price"]).tolist(), instrument.lots(trades["qty"]).tolist()
    exact = sum(tick * lot for tick, lot in zip(ticks, lots, strict=True))
    assert exact * instrument.tick_size * instrument.lot_size == turnover


def test_quotes_equal_an_independent_reading(capture: Path) -> None:
    rows, _ = _rows(capture)
    expected = [(ts, data) for ts, data in _documents(capture) if "B" in data and "A" in data]
    quotes = rows["quotes"]
    assert len(quotes) == len(expected) > 28_000
    assert quotes["ts"].tolist() == [data["T"] * 1_000_000 if "T" in data else ts for ts, data in expected]
    for name, field in (("bid", "b"), ("bid_qty", "B"), ("ask", "a"), ("ask_qty", "A")):
        assert quotes[name].tolist() == [float(data[field]) for _, data in expected]


def test_steps_are_inferred_and_said_to_be(usdm_capture: Path, spot_capture: Path) -> None:
    steps = {}
    for path in (usdm_capture, spot_capture):
        opened = open_capture(path, _sources())
        (instrument,) = opened.parser.instruments()
        assert instrument.provisional
        assert (instrument.base, instrument.quote) == ("BTC", "USDT")
        steps[opened.venue] = (instrument.tick_size, instrument.lot_size)
    assert steps == {
        "binance-usdm": (Decimal("0.1"), Decimal("0.001")),
        "binance-spot": (Decimal("0.01"), Decimal("0.000001")),  # orders older than today's lot rest in the book
    }


def test_steps_do_not_depend_on_what_is_asked_for(capture: Path) -> None:
    known = {
        wanted: open_capture(capture, _sources(), wanted=wanted).parser.instruments()
        for wanted in (None, frozenset({"trades"}), frozenset({"quotes"}))
    }
    assert len(set(known.values())) == 1


class _NaiveBook:
    """The book by its definition."""

    def __init__(self) -> None:
        self.sides: dict[int, dict[float, float]] = {1: {}, -1: {}}

    def apply(self, rows: Rows) -> None:
        for _, price, qty, side, flags in rows.tolist():
            if flags & DepthFlags.SNAPSHOT:
                self.sides = {1: {}, -1: {}}
            if qty:
                self.sides[side][price] = qty
            else:
                self.sides[side].pop(price, None)

    def best(self) -> tuple[float, float, float, float]:
        bid, ask = max(self.sides[BID]), min(self.sides[-BID])
        return bid, self.sides[BID][bid], ask, self.sides[-BID][ask]


@pytest.mark.parametrize(("market", "checks"), [("usdm", 6_532), ("spot", 3_432)])
def test_the_book_equals_the_ticker_after_every_event(market: str, checks: int, request: pytest.FixtureRequest) -> None:
    path: Path = request.getfixturevalue(f"{market}_capture")
    tickers = sorted(
        (data["u"], tuple(float(data[name]) for name in "bBaA")) for _, data in _documents(path) if "B" in data
    )
    parser, book, checked = BinanceParser(f"binance-{market}", frozenset({"depth"})), _NaiveBook(), 0
    for item in CaptureReader(path):
        assert isinstance(item, Frame)
        parser.feed(item.ts, item.data)
        for _, rows in parser.drain():
            book.apply(rows)
            document = json.loads(item.data)
            if "stream" not in document:
                continue
            place = bisect_right(tickers, document["data"]["u"], key=lambda ticker: ticker[0])
            assert book.best() == tickers[place - 1][1]
            checked += 1
    assert checked >= checks  # as many as the data promises, and the first after the snapshot too
