"""Trades by their ids: repetitions, gaps, and one id that belongs to no trade."""

from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowdeck.captures import open_capture, pump
from flowdeck.engine.feed import CaptureFeed
from flowdeck.testing.captures import CaptureBuilder, feed
from flowdeck_binance.parser import BinanceParser
from flowdeck_binance.plugin import register_sources


def _builder(ids: list[int]) -> CaptureBuilder:
    builder = CaptureBuilder()
    for trade_id in ids:
        builder.agg_trade("100", "1", a=trade_id, f=trade_id, l=trade_id, T=1_700_000_000_000 + trade_id % 10**9)
    return builder


def _parsed(ids: list[int]) -> tuple[list[int], BinanceParser]:
    parser = feed(BinanceParser("binance-usdm"), _builder(ids))
    parser.control(0, {"event": "end"})
    return [trade_id for _, rows in parser.drain() for trade_id in rows["id"].tolist()], parser


@pytest.mark.parametrize("wild", [103, 150, 999_000, 50_000_000])
def test_an_id_far_too_high_swallows_nothing(wild: int) -> None:
    ids, parser = _parsed([100, 101, wild, *range(103, 140)])
    assert [trade_id for trade_id in ids if trade_id != wild or wild == 103] == [100, 101, *range(103, 140)]
    assert not parser.skipped or wild == 103


@given(
    steps=st.lists(st.sampled_from([1] * 8 + [2, 40, 2_000_000]), min_size=3, max_size=60),
    repeats=st.lists(st.tuples(st.integers(0, 60), st.integers(1, 8)), max_size=6),
    wild=st.none() | st.tuples(st.integers(1, 59), st.integers(1, 3_000_000)),
)
def test_repetitions_go_gaps_stay_and_one_wild_id_is_refused(
    steps: list[int], repeats: list[tuple[int, int]], wild: tuple[int, int] | None
) -> None:
    good = [1_000 + sum(steps[:i]) for i in range(len(steps))]
    sent = []
    for at, trade_id in enumerate(good):
        sent.append(trade_id)
        for where, back in repeats:  # a second connection sends again what the first one sent
            if where == at:
                sent += [old for old in good[max(0, at - back) : at + 1] if trade_id - old < 1_000_000]
    odd = good[-1] + wild[1] if wild else None
    if wild and odd is not None:
        sent.insert(sent.index(good[min(wild[0], len(good) - 1)]), odd)
    ids, parser = _parsed(sent)
    assert ids == good
    assert sum(parser.skipped.values()) == len(sent) - len(good) - (odd is not None)
    gaps = [(before, after - before - 1) for before, after in pairwise(good) if after > before + 1]
    assert [(jump.after_id, jump.missing) for jump in parser.jumps()] == gaps


def test_a_first_id_that_is_far_too_high_swallows_nothing_either() -> None:
    ids, _ = _parsed([5_000, 101, 102, 102, 103])
    assert ids == [5_000, 101, 102, 103]


def test_of_two_trades_with_one_id_the_one_that_does_not_follow_is_refused() -> None:
    builder = _builder([100]).agg_trade("250", "3", a=102).agg_trade("100", "1", a=102).agg_trade("100", "1", a=103)
    parser = feed(BinanceParser("binance-usdm"), builder)
    ((_, rows),) = parser.drain()
    assert rows["id"].tolist() == [100, 102, 103]
    assert rows["price"].tolist() == [100, 100, 100]


def test_the_odd_trade_is_named_with_its_line_and_the_last_one_is_kept(tmp_path: Path) -> None:
    path = _builder([1, 2, 900_000, 4, 5, 6, 9]).write(tmp_path / "a.gz")
    opened = open_capture(path, register_sources())
    read = CaptureFeed(opened, frozenset({"trades"})).begin().advance(None, 100)
    ids = [trade_id for part in read.parts for _, rows in part.rows for trade_id in rows["id"].tolist()]
    assert ids == [1, 2, 4, 5, 6, 9]
    assert (read.problem_count, read.problems) == (
        1,
        ("a.gz:3: trade: id 900000 belongs to no trade: the next is 4",),
    )
    assert any(part.lost for part in read.parts)


def test_a_pump_reads_to_the_last_trade_and_names_the_odd_one(tmp_path: Path) -> None:
    opened = open_capture(_builder([1, 2, 900_000, 3, 4, 9]).write(tmp_path / "a.gz"), register_sources())
    ids: list[int] = []
    for _ in pump(opened.reader, opened.parser):
        ids += [trade_id for _, rows in opened.parser.drain() for trade_id in rows["id"].tolist()]
    assert ids == [1, 2, 3, 4, 9]
    assert [problem.line for problem in opened.reader.problems] == [3]
