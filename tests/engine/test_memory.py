"""Queues, memory, pieces of history, coverage of open streams: the parts below `open`."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowdeck.engine.bars import bar_ceil, bar_floor, marked_incomplete
from flowdeck.engine.intervals import FOREVER, clip, complement, intersect
from flowdeck.engine.memory import Tape, chunk_of, enforce, memory_of
from flowdeck.engine.merge import in_time_order
from flowdeck.engine.outbox import Outbox, coalesce
from flowdeck.engine.pieces import Snapshot, history_batches
from flowdeck.engine.track import Track
from flowdeck.instruments import InstrumentId
from flowdeck.kinds import CORE_KINDS, BarFlags, Kinds
from flowdeck.streams import Batch, Rows, StreamKey
from flowdeck.timeframes import DAY_NS, SECOND_NS

KINDS = Kinds(CORE_KINDS)
ID = InstrumentId("venue", "BTC")
TRADES, BARS, BOOK = StreamKey("trades", ID), StreamKey.of("bars", ID, timeframe="1m"), StreamKey("book", ID)


def _trades(ids: range, times: Any = None) -> Rows:
    return KINDS["trades"].rows({"id": list(ids), "ts": list(ids) if times is None else list(times)})


def _bars(*pairs: tuple[int, int]) -> Rows:
    return KINDS["bars"].rows(
        {"index": [i for i, _ in pairs], "ts": [i * 60 * SECOND_NS for i, _ in pairs], "trades": [n for _, n in pairs]}
    )


def test_a_full_queue_of_events_refuses() -> None:
    box = Outbox(KINDS["trades"], limit_rows=3)
    assert box.put(Batch(TRADES, _trades(range(2)), seq=1))
    assert box.credit == 1
    assert box.put(Batch(TRADES, _trades(range(2, 9)), seq=2)), "where there is credit, a large batch fits whole"
    assert not box.put(Batch(TRADES, _trades(range(9, 10)), seq=3))
    taken = box.take()
    assert taken is not None
    assert taken.seq == 1
    assert (box.rows, box.credit, len(box)) == (7, 0, 1)


def test_a_flood_of_empty_batches_is_bounded_too() -> None:
    box = Outbox(KINDS["trades"])
    put = sum(box.put(Batch(TRADES, _trades(range(0)))) for _ in range(5_000))
    assert put == 4_096


def test_states_coalesce_by_identity_and_keep_the_last_number() -> None:
    box = Outbox(KINDS["bars"], limit_rows=4)
    for seq in range(1, 21):
        assert box.put(Batch(BARS, _bars((seq % 3, seq)), seq=seq))
    assert box.rows <= 2 * 4, "it is sorted at twice its size, not for every batch"
    batch = box.take()
    assert batch is not None
    assert batch.seq == 20
    assert [(int(row["index"]), int(row["trades"])) for row in batch.rows] == [(0, 18), (1, 19), (2, 20)]
    assert box.take() is None


def test_a_large_state_leaves_in_batches_with_numbers_of_their_own() -> None:
    box = Outbox(KINDS["bars"], limit_rows=10)
    for seq in range(1, 26):
        box.put(Batch(BARS, _bars((seq, seq)), seq=seq))
    batches = []
    while (batch := box.take()) is not None:
        batches.append(batch)
    assert sorted(int(i) for batch in batches for i in batch.rows["index"]) == list(range(1, 26))
    seqs = [batch.seq for batch in batches]
    assert seqs == sorted(set(seqs))
    assert seqs[-1] == 25


def test_of_replacements_only_the_last_is_kept() -> None:
    box = Outbox(KINDS["book"])
    for seq in (1, 2, 3):
        box.put(Batch(BOOK, KINDS["book"].empty(seq), seq=seq))
    taken = box.take()
    assert taken is not None
    assert (taken.seq, len(taken), box.take()) == (3, 3, None)


@given(st.lists(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 99)), max_size=6), min_size=1, max_size=6))
def test_coalescing_equals_applying_one_after_the_other(parts: list[list[tuple[int, int]]]) -> None:
    expected = {index: trades for part in parts for index, trades in part}
    rows = coalesce(KINDS["bars"], [_bars(*part) for part in parts])
    assert [(int(row["index"]), int(row["trades"])) for row in rows] == sorted(expected.items())


def _tape(sizes: list[int], step: int = 1) -> Tape:
    tape, at = Tape(), 0
    for size in sizes:
        batch = Batch(TRADES, _trades(range(at, at + size), range(at * step, (at + size) * step, step)))
        tape.take(batch)
        at += size
    return tape


def test_small_batches_are_sealed_into_chunks() -> None:
    tape = _tape([1] * 10_000)
    assert len(tape) == 10_000
    chunks = tape.chunks(*FOREVER)
    assert len(chunks) < 4_096
    assert list(np.concatenate([chunk.rows["id"] for chunk in chunks])) == list(range(10_000))
    assert tape.nbytes == 10_000 * KINDS["trades"].dtype.itemsize


def test_a_snapshot_does_not_change_with_the_tape() -> None:
    tape = _tape([10])
    before = tape.chunks(*FOREVER)
    tape.evict(0)
    tape.clear()
    assert [len(chunk.rows) for chunk in before] == [10]
    assert not before[0].rows.flags.writeable


def test_eviction_says_from_when_on_it_is_complete() -> None:
    tape = _tape([5_000, 5_000, 10])
    assert tape.complete_from == FOREVER[0]
    freed = tape.evict(6_000 * KINDS["trades"].dtype.itemsize)
    assert (freed, len(tape), tape.complete_from) == (5_000 * KINDS["trades"].dtype.itemsize, 5_010, 5_000)
    assert (tape.oldest, tape.newest) == (5_000, 10_009)


def test_a_table_evicts_whole_bars() -> None:
    table = memory_of(BARS, KINDS["bars"])
    for i in range(1_000):
        batch = Batch(BARS, _bars((i, 1)))
        table.take(batch)
    table.evict(100 * KINDS["bars"].dtype.itemsize)
    assert 0 < len(table) <= 100
    assert table.complete_from == table.oldest == (1_000 - len(table)) * 60 * SECOND_NS


def test_the_budget_is_shared_and_the_largest_pays() -> None:
    small, large = _tape([100]), _tape([5_000] * 10)
    limit = 20_000 * KINDS["trades"].dtype.itemsize
    enforce([small, large], limit)
    assert small.nbytes + large.nbytes <= limit
    assert (len(small), large.complete_from > 0) == (100, True)


LATE = st.lists(st.lists(st.integers(0, 60), min_size=1, max_size=5), min_size=1, max_size=20)


@given(LATE, st.lists(st.integers(0, 61), max_size=4))
def test_pieces_of_history_cover_what_they_say(times: list[list[int]], edges: list[int]) -> None:
    """Late rows included: newest first each batch holds all rows of its interval, oldest first the order stands."""
    tape, at = Tape(), 0
    for part in times:
        batch = Batch(TRADES, _trades(range(at, at + len(part)), part))
        tape.take(batch)
        at += len(part)
    every = [time for part in times for time in part]
    covered = tuple(pair for pair in zip(sorted(edges)[::2], sorted(edges)[1::2], strict=False) if pair[0] < pair[1])
    snapshot = Snapshot(TRADES, KINDS["trades"], tape.chunks(*FOREVER), covered, 7, 1)
    oldest = list(history_batches(snapshot, "oldest"))
    assert [int(i) for batch in oldest for i in batch.rows["id"]] == list(range(at))
    seen: list[int] = []
    for batch in oldest:
        seen += [int(ts) for ts in batch.rows["ts"]]
        if batch.covered is not None:
            a, b = batch.covered
            assert sorted(t for t in seen if a <= t < b) == sorted(t for t in every if a <= t < b)
    newest = list(history_batches(snapshot, "newest"))
    assert sorted(int(i) for batch in newest for i in batch.rows["id"]) == list(range(at))
    assert all(batch.seq == 7 and batch.epoch == 1 for batch in newest)
    for later, earlier in pairwise(newest):
        assert int(earlier.rows["ts"].max()) < int(later.rows["ts"].min())
    for batch in newest:
        if batch.covered is not None:
            a, b = batch.covered
            assert [int(t) for t in batch.rows["ts"] if a <= t < b] == [t for t in every if a <= t < b]


def test_a_large_table_is_cut_between_bars(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("flowdeck.engine.pieces._BATCH_ROWS", 10)
    kind = KINDS["footprint"]
    index = np.repeat(np.arange(9), 4)
    rows = kind.rows({"index": index, "ts": index * SECOND_NS, "row": np.tile(np.arange(4), 9)})
    key = StreamKey.of("footprint", ID, timeframe="1s")
    snapshot = Snapshot(key, kind, [chunk_of(rows, "ts")], ((0, 9 * SECOND_NS),), 1, 0)
    batches = list(history_batches(snapshot, "newest"))
    assert len(batches) > 1
    assert all(len(batch) % 4 == 0 for batch in batches)
    assert np.array_equal(np.concatenate([batch.rows for batch in batches[::-1]]), rows)


def _note(track: Track, *times: int, first_id: int = 1) -> int | None:
    return track.note(chunk_of(_trades(range(first_id, first_id + len(times)), times), "ts"))


def test_an_interval_grows_with_rows_and_with_vouching() -> None:
    track = Track()
    assert (len(track.intervals), track.up, track.gaps) == (0, False, (FOREVER,))
    _note(track, 10, 20)
    assert list(track.intervals) == [(10, 21)]
    track.extend(50)
    track.extend(30)
    _note(track, 25, first_id=3)
    assert list(track.intervals) == [(10, 50)]
    assert list(track.gaps) == [(FOREVER[0], 10)], "what is still to come is no gap"


def test_an_interruption_is_a_gap_until_rows_prove_otherwise() -> None:
    track = Track()
    _note(track, 10, 20)
    assert track.down() == 21
    assert track.down() is None
    assert list(track.gaps) == [(FOREVER[0], 10), (21, FOREVER[1])]
    assert _note(track, 40, first_id=3) == 21
    assert list(track.intervals) == [(10, 41)], "the next id: nothing was missed"
    track.down()
    _note(track, 60, first_id=9)
    assert list(track.intervals) == [(10, 41), (60, 61)]
    assert list(track.gaps) == [(FOREVER[0], 10), (41, 60)]


@given(
    st.lists(st.tuples(st.integers(0, 50), st.integers(0, 50)), max_size=5),
    st.lists(st.tuples(st.integers(0, 50), st.integers(0, 50)), max_size=5),
)
def test_intervals_behave_as_sets(a: list[tuple[int, int]], b: list[tuple[int, int]]) -> None:
    from flowdeck.engine.intervals import merge_intervals

    left, right = merge_intervals(a), merge_intervals(b)

    def points(intervals: Any) -> set[int]:
        return {i for start, stop in intervals for i in range(start, stop)}

    assert points(intersect([left, right])) == points(left) & points(right)
    assert points(complement(left, (0, 50))) == set(range(50)) - points(left)
    assert points(clip(left, 10, 20)) == points(left) & set(range(10, 20))
    assert intersect([]) == ()


def test_bars_that_touch_a_gap_are_marked_and_no_others() -> None:
    minute = 60 * SECOND_NS
    rows = _bars((0, 1), (1, 1), (2, 1), (3, 1))
    marked = marked_incomplete(BARS, rows, ((FOREVER[0], 1), (2 * minute + 5, 2 * minute + 6)))
    assert list(marked["flags"]) == [BarFlags.INCOMPLETE, 0, BarFlags.INCOMPLETE, 0]
    assert marked_incomplete(BARS, rows, ()) is rows
    assert list(marked_incomplete(BARS, marked, ())["flags"]) == [0, 0, 0, 0], "a gap that healed is taken back"
    edge = marked_incomplete(BARS, rows, ((minute, 2 * minute),))
    assert list(edge["flags"]) == [0, BarFlags.INCOMPLETE, 0, 0], "ends are exclusive"
    other = StreamKey.of("footprint", ID, timeframe="1m")
    assert marked_incomplete(other, rows, (FOREVER,)) is rows


def test_bars_of_trades_end_where_the_next_begins() -> None:
    key = StreamKey.of("bars", ID, timeframe="500t")
    rows = _bars((0, 1), (1, 1), (2, 1))
    marked = marked_incomplete(key, rows, ((70 * SECOND_NS, 80 * SECOND_NS),))
    assert list(marked["flags"]) == [0, BarFlags.INCOMPLETE, 0]


def test_edges_of_bars() -> None:
    assert bar_floor(BARS, 90 * SECOND_NS) == 60 * SECOND_NS
    assert bar_ceil(BARS, 90 * SECOND_NS) == 120 * SECOND_NS
    assert bar_ceil(BARS, 60 * SECOND_NS) == 60 * SECOND_NS
    ticks = StreamKey.of("bars", ID, timeframe="500t")
    assert (bar_floor(ticks, DAY_NS + 5), bar_ceil(ticks, DAY_NS + 5)) == (DAY_NS, 2 * DAY_NS)
    assert bar_floor(TRADES, 123) == 123
    assert (bar_floor(BARS, FOREVER[0]), bar_ceil(BARS, FOREVER[1])) == FOREVER


def test_inputs_are_merged_by_time_and_updates_stay_whole() -> None:
    quotes = StreamKey("quotes", ID)
    a = [Batch(TRADES, _trades(range(4), [0, SECOND_NS, SECOND_NS, 3 * SECOND_NS]))]
    b = [Batch(quotes, KINDS["quotes"].rows({"ts": [1, 2 * SECOND_NS, 2 * SECOND_NS]}))]
    merged = list(in_time_order([a, b]))
    assert [(batch.key.kind, len(batch)) for batch in merged] == [
        ("trades", 1),
        ("quotes", 1),
        ("trades", 2),
        ("quotes", 2),
        ("trades", 1),
    ]
    assert list(in_time_order([a])) == a, "a single input is not cut"


def test_texts_of_different_tables_are_never_mixed() -> None:
    log = KINDS["log"]
    tape = Tape()
    for texts in (("a",), ("a",), ("b",)):
        batch = replace(Batch(StreamKey("log", ID), log.empty(1)), texts=texts)
        tape.take(batch)
    assert [chunk.texts for chunk in tape.chunks(*FOREVER)][-1] == ("b",)
    assert sum(len(chunk.rows) for chunk in tape.chunks(*FOREVER) if chunk.texts == ("a",)) == 2
