"""A series equals a dictionary (upsert) or a list (append), whatever the batches were."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowdeck.errors import StreamError
from flowdeck.instruments import InstrumentId
from flowdeck.kinds import CORE_KINDS, KindSpec
from flowdeck.series import Series, merge_intervals
from flowdeck.streams import Batch, StreamKey

KINDS: dict[str, KindSpec] = {kind.name: kind for kind in CORE_KINDS}
BTC = InstrumentId("binance-usdm", "BTCUSDT")


def series(kind: str) -> Series:
    return Series(StreamKey.of(kind, BTC), KINDS[kind])


def batch(kind: str, covered: tuple[int, int] | None = None, **columns: object) -> Batch:
    return Batch(StreamKey.of(kind, BTC), KINDS[kind].rows(columns), covered=covered)


cells = st.lists(st.tuples(st.integers(-4, 4), st.integers(-4, 4), st.integers(0, 99)), max_size=30)


@given(st.lists(cells, max_size=8))
def test_upserts_keep_the_last_row_of_each_identity_sorted(batches: list[list[tuple[int, int, int]]]) -> None:
    subject, oracle = series("footprint"), {}
    for rows in batches:
        index, row, lots = (np.array([r[i] for r in rows], np.int64) for i in range(3))
        subject.apply(batch("footprint", index=index, ts=index * 10, row=row, bid_lots=lots))
        oracle.update({(r[0], r[1]): r[2] for r in rows})
    held = subject.rows()
    assert [(r["index"], r["row"], r["bid_lots"]) for r in held] == [(*k, oracle[k]) for k in sorted(oracle)]


@given(st.lists(st.lists(st.integers(0, 50), max_size=20), max_size=8), st.integers(-5, 55), st.integers(0, 30))
def test_a_span_misses_no_row_even_where_times_run_backwards(batches: list[list[int]], start: int, length: int) -> None:
    subject = series("trades")
    for times in batches:
        ts = np.array(times, np.int64)
        subject.apply(batch("trades", ts=ts, id=ts))
        subject.span(start, start + length)
    all_times = [t for times in batches for t in times]
    part = subject.span(start, start + length)
    wanted = [i for i, t in enumerate(all_times) if start <= t < start + length]
    assert all(part.start <= i < part.stop for i in wanted)
    assert subject.column("ts").tolist() == all_times
    if all_times == sorted(all_times):
        assert list(range(part.start, part.stop)) == wanted


def test_history_that_arrives_newest_first_is_put_in_front() -> None:
    subject = series("trades")
    subject.apply(batch("trades", ts=np.array([30, 31])))
    subject.apply(batch("trades", covered=(20, 30), ts=np.array([20, 25])))
    subject.apply(batch("trades", covered=(10, 20), ts=np.array([10, 15])))
    assert subject.column("ts").tolist() == [10, 15, 20, 25, 30, 31]
    assert subject.covered == ((10, 30),)


def test_a_replace_forgets_what_was_and_reports_both_intervals() -> None:
    subject = series("book")
    subject.apply(batch("book", ts=np.array([5, 5]), price=np.array([1.0, 2.0])))
    assert subject.apply(batch("book", ts=np.array([9]), price=np.array([3.0]))) == (5, 10)
    assert subject.column("price").tolist() == [3.0]


def test_eviction_drops_whole_bars_and_keeps_the_newest() -> None:
    subject = series("footprint")
    index = np.repeat(np.arange(10), 5)
    subject.apply(batch("footprint", index=index, ts=index * 10, row=np.tile(np.arange(5), 10)))
    subject.end_of_history([(0, 100)])
    subject.evict(12 * KINDS["footprint"].dtype.itemsize)
    assert sorted(set(subject.column("index").tolist())) == [7, 8, 9]
    assert subject.covered == ((70, 100),)
    subject.evict(0)
    assert set(subject.column("index").tolist()) == {9}


def test_rows_of_another_kind_are_refused() -> None:
    with pytest.raises(StreamError, match="kind 'trades' carries"):
        series("trades").apply(batch("quotes", ts=np.array([1])))


def test_columns_are_read_only() -> None:
    subject = series("trades")
    subject.apply(batch("trades", ts=np.array([1])))
    with pytest.raises(ValueError, match="read-only"):
        subject.column("ts")[0] = 2


@given(st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30)), max_size=10))
def test_merged_intervals_cover_the_same_points_apart(intervals: list[tuple[int, int]]) -> None:
    merged = merge_intervals(intervals)
    assert {p for a, b in merged for p in range(a, b)} == {p for a, b in intervals for p in range(a, b)}
    assert all(merged[i][1] < merged[i + 1][0] for i in range(len(merged) - 1))
