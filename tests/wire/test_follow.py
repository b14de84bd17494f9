"""Pieces of a stream join without a gap and without a duplicate, wherever they were cut."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from flowdeck.instruments import InstrumentId
from flowdeck.kinds import CORE_KINDS
from flowdeck.streams import Batch, EndOfHistory, EndOfStream, StreamEvent, StreamKey, StreamRequest
from flowdeck.wire.follow import OVERLAP_NS, Follow

KINDS = {kind.name: kind for kind in CORE_KINDS}
QUOTES, BARS = KINDS["quotes"], KINDS["bars"]
KEY = StreamKey.of("quotes", InstrumentId("venue", "X"))
SECOND = 1_000_000_000


def quotes(times: list[int], *, seq: int = 0, epoch: int = 0) -> Batch:
    return Batch(KEY, QUOTES.rows({"ts": times}), seq, epoch)


def times_of(events: list[StreamEvent]) -> list[int]:
    return [int(ts) for event in events if isinstance(event, Batch) for ts in event.rows["ts"]]


def ends_of(events: list[StreamEvent]) -> list[str]:
    return [event.reason for event in events if isinstance(event, EndOfStream)]


class FakeUpstream:
    """An engine that has all rows so far, and cuts readers off."""

    def __init__(self, times: list[int]) -> None:
        self.times = times
        self.forgotten = 0

    def piece(self, request: StreamRequest, known: int, until: int, step: int) -> list[StreamEvent]:
        """History of the first `known` rows and live rows up to `until`."""
        held = self.times[self.forgotten : known]
        start = request.start if request.start is not None else -(2**63)
        history = [ts for ts in held if ts >= start]
        pieces: list[StreamEvent] = [quotes(history[i : i + step]) for i in range(0, len(history), step)]
        pieces.append(EndOfHistory(KEY, known, 0))
        return pieces + [quotes([ts], seq=known + i + 1) for i, ts in enumerate(self.times[known:until])]


def read(
    follow: Follow, upstream: FakeUpstream, known: int, until: int, step: int = 3, instance: str = "a"
) -> list[Any]:
    """One opening, cut after what the engine knew `until` then."""
    request = follow.next_request()
    events = follow.opened(QUOTES, instance)
    for event in upstream.piece(request, known, until, step):
        events += follow.take(event)
        if follow.must_reopen:
            return events + read(follow, upstream, known, until, step, instance)
    return events


# quotes repeat and come in any order within the overlap: the hardest rows to tell apart
times = st.lists(st.integers(0, 9).map(lambda n: n * SECOND), min_size=1, max_size=40)


@given(times, st.data())
def test_every_row_is_delivered_once_over_any_number_of_cuts(rows: list[int], data: Any) -> None:
    cuts = sorted(data.draw(st.lists(st.integers(0, len(rows)), max_size=5)))
    follow, upstream = Follow(StreamRequest(KEY), keep_tail=data.draw(st.booleans())), FakeUpstream(rows)
    delivered, reached = [], 0
    for until in [*cuts, len(rows)]:
        known = data.draw(st.integers(reached, until))
        delivered += read(follow, upstream, known, until, data.draw(st.integers(1, 5)))
        reached = until
    assert sorted(times_of(delivered)) == sorted(rows)
    assert ends_of(delivered) == []


@given(times)
def test_rows_keep_their_order_over_a_cut(rows: list[int]) -> None:
    rows, half = sorted(rows), len(rows) // 2
    follow, upstream = Follow(StreamRequest(KEY)), FakeUpstream(rows)
    delivered = read(follow, upstream, 0, half) + read(follow, upstream, len(rows), len(rows))
    assert times_of(delivered) == rows


def test_only_the_overlap_is_asked_for_again() -> None:
    rows = [i * SECOND for i in range(100)]
    follow, upstream = Follow(StreamRequest(KEY, start=5)), FakeUpstream(rows)
    read(follow, upstream, 100, 100)
    assert follow.next_request() == StreamRequest(KEY, start=rows[-1] - OVERLAP_NS)


def test_a_start_within_the_overlap_is_kept() -> None:
    follow, upstream = Follow(StreamRequest(KEY, start=95 * SECOND)), FakeUpstream([100 * SECOND])
    read(follow, upstream, 1, 1)
    assert follow.next_request().start == 95 * SECOND


def test_an_engine_that_forgot_what_was_delivered_does_not_continue_it() -> None:
    rows = [i * SECOND for i in range(6)]
    follow, upstream = Follow(StreamRequest(KEY)), FakeUpstream(rows)
    read(follow, upstream, 3, 3)
    upstream.forgotten = 3
    again = read(follow, upstream, 5, 6)
    assert ends_of(again) == ["epoch"]
    assert times_of(again) == rows[3:]
    assert times_of(read(follow, upstream, 6, 6)) == []


def test_a_bus_is_told_of_the_break_before_what_is_new() -> None:
    rows = [i * SECOND for i in range(6)]
    follow, upstream = Follow(StreamRequest(KEY), keep_tail=True), FakeUpstream(rows)
    read(follow, upstream, 3, 3)
    upstream.forgotten = 2
    again = read(follow, upstream, 5, 5)
    assert isinstance(again[0], EndOfStream)
    assert times_of(again) == rows[3:5]
    assert times_of(read(follow, upstream, 6, 6)) == rows[5:]


def test_newest_first_cut_before_its_end_begins_anew() -> None:
    follow = Follow(StreamRequest(KEY, order="newest"))
    follow.opened(QUOTES, "a")
    assert times_of(follow.take(quotes([90, 91]))) == [90, 91]
    assert follow.next_request() == StreamRequest(KEY, order="newest")
    assert ends_of(follow.opened(QUOTES, "a")) == ["epoch"]
    assert times_of(follow.take(quotes([90, 91, 92]))) == [90, 91, 92]


def test_newest_first_cut_after_its_history_joins() -> None:
    follow = Follow(StreamRequest(KEY, order="newest"))
    follow.opened(QUOTES, "a")
    follow.take(quotes([90]))
    follow.take(EndOfHistory(KEY, 1, 0))
    assert follow.next_request().order == "oldest"
    assert follow.opened(QUOTES, "a") == []
    assert times_of(follow.take(quotes([90, 95]))) == [95]


def test_nothing_received_is_simply_asked_for_again() -> None:
    follow = Follow(StreamRequest(KEY))
    follow.opened(QUOTES, "a")
    follow.take(EndOfHistory(KEY, 0, 0))
    assert follow.next_request() == StreamRequest(KEY)
    assert follow.opened(QUOTES, "b") == []
    assert times_of(follow.take(quotes([1]))) == [1]


def bars(epoch: int = 0) -> Batch:
    return Batch(StreamKey.of("bars", KEY.instrument), BARS.rows({"index": [1], "ts": [60]}), 1, epoch)


def test_states_of_the_same_engine_and_epoch_go_on() -> None:
    follow = Follow(StreamRequest(bars().key, start=7))
    follow.opened(BARS, "a")
    follow.take(bars())
    assert follow.next_request() == StreamRequest(bars().key, start=7)
    assert follow.opened(BARS, "a") == []
    again = bars()
    assert follow.take(again) == [again]


def test_states_of_another_engine_or_epoch_replace_what_was() -> None:
    for instance, epoch in (("b", 0), ("a", 1)):
        follow = Follow(StreamRequest(bars().key))
        follow.opened(BARS, "a")
        follow.take(bars())
        follow.opened(BARS, instance)
        assert ends_of(follow.take(bars(epoch))) == ["epoch"]
        assert ends_of(follow.take(bars(epoch))) == []


def test_overruns_are_repaired_and_other_ends_are_told() -> None:
    follow = Follow(StreamRequest(KEY))
    follow.opened(QUOTES, "a")
    follow.take(quotes([1, 2]))
    assert follow.take(EndOfStream(KEY, "overrun", 2)) == []
    assert not follow.over
    follow.opened(QUOTES, "a")
    assert times_of(follow.take(quotes([1, 2, 3]))) == [3]
    assert ends_of(follow.take(EndOfStream(KEY, "epoch"))) == ["epoch"]
    assert not follow.over
    assert follow.next_request() == StreamRequest(KEY)
    assert ends_of(follow.take(EndOfStream(KEY, "fault"))) == ["fault"]
    assert follow.over


def test_rows_handed_on_after_a_seam_keep_their_stamp() -> None:
    follow = Follow(StreamRequest(KEY))
    follow.opened(QUOTES, "a")
    follow.take(quotes([1]))
    follow.opened(QUOTES, "a")
    (batch,) = follow.take(quotes([1, 2], seq=9, epoch=3))
    assert isinstance(batch, Batch)
    assert (batch.seq, batch.epoch) == (9, 3)
    assert np.array_equal(batch.rows["ts"], [2])
