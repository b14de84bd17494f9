"""When depth is published: Binance's rules of the local book, seen from the rows."""

from typing import Literal

import pytest

from flowdeck.kinds import DepthFlags
from flowdeck.testing.captures import CaptureBuilder, feed
from flowdeck_binance.parser import BinanceParser

Market = Literal["spot", "usdm"]
SNAPSHOT, LAST, GAP = DepthFlags.SNAPSHOT, DepthFlags.LAST, DepthFlags.GAP
BOOK = ([("100", "1"), ("99", "2")], [("101", "3")])


def _feed(parser: BinanceParser, builder: CaptureBuilder) -> list[tuple[float, float, int, int]]:
    """Rows of depth as (price, qty, side, flags)."""
    feed(parser, builder)
    return [row[1:] for _, rows in parser.drain() for row in rows.tolist()]


@pytest.fixture(params=["spot", "usdm"])
def builder(request: pytest.FixtureRequest) -> CaptureBuilder:
    return CaptureBuilder(request.param)


@pytest.fixture
def parser(builder: CaptureBuilder) -> BinanceParser:
    return BinanceParser(f"binance-{builder.market}")


def test_a_snapshot_begins_a_book_and_an_update_follows(builder: CaptureBuilder, parser: BinanceParser) -> None:
    builder.snapshot(*BOOK).depth([("100", "0")], [("101", "4"), ("102", "1")])
    assert _feed(parser, builder) == [
        (100.0, 1.0, 1, SNAPSHOT),
        (99.0, 2.0, 1, 0),
        (101.0, 3.0, -1, LAST),
        (100.0, 0.0, 1, 0),
        (101.0, 4.0, -1, 0),
        (102.0, 1.0, -1, LAST),
    ]


def test_what_the_snapshot_holds_already_is_dropped(builder: CaptureBuilder, parser: BinanceParser) -> None:
    builder.depth([("98", "1")]).depth([("98", "2")]).snapshot(*BOOK).depth([("98", "3")])
    rows = _feed(parser, builder)
    # USD-M drops only u < L: the event of u = L is applied again, which changes nothing
    assert [row[1] for row in rows[3:]] == ([3.0] if builder.market == "spot" else [2.0, 3.0])
    assert parser.skipped["depthUpdate: older than the snapshot"] == (2 if builder.market == "spot" else 1)


def test_events_that_came_before_the_snapshot_but_are_newer_are_applied_after_it(
    builder: CaptureBuilder, parser: BinanceParser
) -> None:
    builder.depth([("1", "1")]).snapshot(*BOOK)
    snapshot = builder.lines.pop()
    builder.depth([("100", "7")]).line(snapshot)
    rows = _feed(parser, builder)
    assert rows[-1] == (100.0, 7.0, 1, LAST)
    assert [row for row in rows if row[3] & SNAPSHOT] == [(100.0, 1.0, 1, SNAPSHOT)]


def test_nothing_is_published_without_a_snapshot_and_that_is_counted(
    builder: CaptureBuilder, parser: BinanceParser
) -> None:
    assert _feed(parser, builder.depth([("1", "1")]).depth([("1", "2")])) == []
    assert parser.skipped == {"depthUpdate: no snapshot to apply it to": 2}


def test_a_missing_event_makes_the_book_unknown_until_the_next_snapshot(
    builder: CaptureBuilder, parser: BinanceParser
) -> None:
    _feed(parser, builder.depth([("1", "1")]).snapshot(*BOOK).depth([("100", "2")]))
    builder.depth([("100", "3")])
    builder.lines.clear()  # lost on the way
    assert _feed(parser, builder.depth([("100", "4")]).depth([("100", "5")])) == [(0.0, 0.0, 0, GAP | LAST)]
    rows = _feed(parser, builder.snapshot(*BOOK).depth([("100", "6")]))
    assert rows[0] == (100.0, 1.0, 1, SNAPSHOT)
    assert rows[-1] == (100.0, 6.0, 1, LAST)


def test_a_gap_in_one_symbol_touches_no_other(builder: CaptureBuilder, parser: BinanceParser) -> None:
    other = CaptureBuilder(builder.market, symbol="ETHUSDT")
    _feed(parser, builder.snapshot(*BOOK, announce=True).depth([("100", "2")]))
    _feed(parser, other.snapshot(*BOOK, announce=True).depth([("100", "2")]))
    builder.depth([("100", "3")])
    builder.lines.clear()
    assert _feed(parser, builder.depth([("100", "4")])) == [(0.0, 0.0, 0, GAP | LAST)]
    assert _feed(parser, other.depth([("100", "5")])) == [(100.0, 5.0, 1, LAST)]


def test_a_disconnect_makes_books_unknown_once(builder: CaptureBuilder, parser: BinanceParser) -> None:
    _feed(parser, builder.snapshot(*BOOK).depth([("100", "2")]))
    rows = _feed(parser, builder.control(event="disconnect").control(event="disconnect"))
    assert rows == [(0.0, 0.0, 0, GAP | LAST)]
    assert _feed(parser, builder.depth([("100", "3")])) == []


def test_an_older_snapshot_is_not_applied_over_newer_updates(builder: CaptureBuilder, parser: BinanceParser) -> None:
    _feed(parser, builder.snapshot(*BOOK).depth([("100", "2")]))
    assert _feed(parser, builder.snapshot([("50", "1")], [], lastUpdateId=900)) == []
    assert parser.skipped == {"snapshot: older than the updates at hand": 1}
    assert _feed(parser, builder.depth([("100", "3")])) == [(100.0, 3.0, 1, LAST)]


def test_a_snapshot_from_before_the_stream_began_is_of_no_use(builder: CaptureBuilder, parser: BinanceParser) -> None:
    builder.depth([("1", "1")]).depth([("1", "2")])
    del builder.lines[0]
    assert _feed(parser, builder.snapshot(*BOOK, lastUpdateId=900)) == []
    rows = _feed(parser, builder.snapshot(*BOOK).depth([("100", "3")]))
    assert rows[-1] == (100.0, 3.0, 1, LAST)


def test_a_snapshot_that_comes_first_waits_for_the_symbol_it_is_of(
    builder: CaptureBuilder, parser: BinanceParser
) -> None:
    rows = _feed(parser, builder.snapshot(*BOOK).depth([("100", "3")]))
    assert [row[3] for row in rows] == [SNAPSHOT, 0, LAST, LAST]


def test_an_unannounced_snapshot_among_several_symbols_is_counted(
    builder: CaptureBuilder, parser: BinanceParser
) -> None:
    other = CaptureBuilder(builder.market, symbol="ETHUSDT").depth([("1", "1")])
    _feed(parser, builder.depth([("1", "1")]))
    _feed(parser, other)
    assert _feed(parser, builder.snapshot(*BOOK)) == []
    assert parser.skipped["snapshot: of an unknown symbol"] == 1


def test_spot_may_begin_right_after_the_snapshot() -> None:
    builder, parser = CaptureBuilder("spot"), BinanceParser("binance-spot")
    rows = _feed(parser, builder.snapshot(*BOOK).depth([("100", "3")]).depth([("100", "4")]))
    assert [row[1] for row in rows][-2:] == [3.0, 4.0]


def test_usdm_follows_the_chain_of_pu_whatever_the_ids_between() -> None:
    builder, parser = CaptureBuilder("usdm"), BinanceParser("binance-usdm")
    builder.snapshot(*BOOK).depth([("100", "3")], U=50_000, u=60_000, pu=900).depth([("100", "4")], U=70_000, u=80_000)
    assert [row[1] for row in _feed(parser, builder)][-2:] == [3.0, 4.0]


def test_waiting_events_are_bounded_and_the_oldest_go(
    builder: CaptureBuilder, parser: BinanceParser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("flowdeck_binance.books._HELD_EVENTS", 10)
    small = BinanceParser(f"binance-{builder.market}")
    for i in range(50):
        builder.depth([("100", str(i + 1))])
    rows = _feed(small, builder.snapshot(*BOOK, lastUpdateId=1_000 + 45 * 4))
    assert [row[1] for row in rows][3:] == [46.0, 47.0, 48.0, 49.0, 50.0] or builder.market == "usdm"
    assert [row[1] for row in rows][-5:] == [46.0, 47.0, 48.0, 49.0, 50.0]
