"""Subscriptions: one series a key, extended, replaced and closed as wishes change, within a memory budget."""

import numpy as np
import pytest

from flowdeck.chart.feed import FeedEvent, Opened
from flowdeck.chart.subscriptions import ALL_TIME, Subscriptions
from flowdeck.instruments import InstrumentId
from flowdeck.kinds import CORE_KINDS, Kinds
from flowdeck.streams import Batch, EndOfHistory, EndOfStream, Resolution, StreamKey, StreamRequest

KINDS = Kinds(CORE_KINDS)
KEY = StreamKey.of("bars", InstrumentId("v", "S"), timeframe="1s")
OTHER = StreamKey.of("bars", InstrumentId("v", "S"), timeframe="2s")
SECOND = 10**9


class Feed:
    def __init__(self) -> None:
        self.log: list[tuple[str, int]] = []
        self.requests: dict[int, StreamRequest] = {}

    def open(self, request: StreamRequest) -> int:
        handle = len(self.requests) + 1
        self.requests[handle] = request
        self.log.append(("open", handle))
        return handle

    def close(self, handle: int) -> None:
        self.log.append(("close", handle))


@pytest.fixture
def feed() -> Feed:
    return Feed()


@pytest.fixture
def subscriptions(feed: Feed) -> Subscriptions:
    return Subscriptions(feed, KINDS)


def rows(first: int, last: int, close: float = 1.0) -> Batch:
    index = np.arange(first, last)
    return Batch(
        KEY, KINDS["bars"].rows({"index": index, "ts": index * SECOND, "close": np.full(len(index), close)}), 1
    )


def wish(start: int | None, key: StreamKey = KEY, **more: object) -> StreamRequest:
    return StreamRequest(key, start=None if start is None else start * SECOND, **more)  # type: ignore[arg-type]


def end(first: int, last: int) -> EndOfHistory:
    return EndOfHistory(KEY, 1, 0, ((first * SECOND, last * SECOND),))


def give(subscriptions: Subscriptions, handle: int, *events: FeedEvent) -> None:
    for event in events:
        subscriptions.receive(handle, event)


def held(subscriptions: Subscriptions, key: StreamKey = KEY) -> list[int]:
    series = subscriptions.series(key)
    return [] if series is None else series.column("index").tolist()


def test_two_readers_of_a_key_share_one_stream_from_the_earlier_start(feed: Feed, subscriptions: Subscriptions) -> None:
    subscriptions.want([wish(50), wish(10), wish(30, OTHER)])
    assert [str(feed.requests[handle].key.param("timeframe")) for handle in (1, 2)] == ["1s", "2s"]
    assert feed.requests[1].start == 10 * SECOND


def test_the_same_wishes_again_open_and_close_nothing(feed: Feed, subscriptions: Subscriptions) -> None:
    subscriptions.want([wish(50)])
    subscriptions.want([wish(50)])
    subscriptions.want([wish(80)])
    assert feed.log == [("open", 1)]


def test_what_nobody_wants_is_closed_and_its_late_events_are_ignored(feed: Feed, subscriptions: Subscriptions) -> None:
    subscriptions.want([wish(50)])
    subscriptions.want([])
    assert feed.log == [("open", 1), ("close", 1)]
    assert subscriptions.receive(1, rows(50, 60)) is None
    assert subscriptions.series(KEY) is None


def test_panning_back_reads_only_what_is_missing_while_live_goes_on(feed: Feed, subscriptions: Subscriptions) -> None:
    subscriptions.want([wish(50)])
    give(subscriptions, 1, Opened(KEY, None), rows(50, 60), end(50, 60))
    subscriptions.want([wish(20)])
    assert feed.requests[2] == StreamRequest(KEY, start=20 * SECOND, stop=50 * SECOND, live=False)
    assert not subscriptions.ready([KEY])
    give(subscriptions, 1, rows(60, 61))
    give(subscriptions, 2, Opened(KEY, None), rows(20, 50), end(20, 50), EndOfStream(KEY, "done"))
    assert held(subscriptions) == list(range(20, 61))
    assert subscriptions.ready([KEY])
    subscriptions.want([wish(20)])
    assert len(feed.requests) == 2


def test_panning_further_back_waits_for_the_stretch_that_is_being_read(
    feed: Feed, subscriptions: Subscriptions
) -> None:
    subscriptions.want([wish(50)])
    give(subscriptions, 1, Opened(KEY, None), rows(50, 60), end(50, 60))
    subscriptions.want([wish(20)])
    subscriptions.want([wish(5)])
    assert len(feed.requests) == 2
    give(subscriptions, 2, Opened(KEY, None), rows(20, 50), end(20, 50), EndOfStream(KEY, "done"))
    subscriptions.want([wish(5)])
    assert (feed.requests[3].start, feed.requests[3].stop) == (5 * SECOND, 20 * SECOND)


def test_another_resolution_opens_anew_and_keeps_old_rows_until_new_ones_come(
    feed: Feed, subscriptions: Subscriptions
) -> None:
    subscriptions.want([wish(50, resolution=Resolution(1, 1.0))])
    give(subscriptions, 1, Opened(KEY, None), rows(50, 60), end(50, 60))
    subscriptions.want([wish(50, resolution=Resolution(9, 1.0))])
    assert feed.log[-2:] == [("close", 1), ("open", 2)]
    assert held(subscriptions) == list(range(50, 60))
    news = subscriptions.receive(2, rows(55, 57))
    assert news is not None
    assert news.changed == ALL_TIME
    assert held(subscriptions) == [55, 56]


@pytest.mark.parametrize("reason", ["epoch", "overrun"])
def test_an_end_that_asks_for_it_reopens_and_replaces(feed: Feed, subscriptions: Subscriptions, reason: str) -> None:
    subscriptions.want([wish(50)])
    give(subscriptions, 1, Opened(KEY, None), rows(50, 60), end(50, 60), EndOfStream(KEY, reason))  # type: ignore[arg-type]
    assert feed.requests[2] == feed.requests[1]
    assert held(subscriptions) == list(range(50, 60))
    assert not subscriptions.ready([KEY])
    give(subscriptions, 2, Opened(KEY, None), end(50, 60))
    assert held(subscriptions) == []


def test_a_refusal_is_kept_with_its_words_and_asked_again_only_when_told(
    feed: Feed, subscriptions: Subscriptions
) -> None:
    subscriptions.want([wish(50)])
    subscriptions.receive(1, EndOfStream(KEY, "fault", 0, "nothing here provides bars"))
    assert subscriptions.refusals() == {KEY: "nothing here provides bars"}
    assert subscriptions.ready([KEY])
    subscriptions.want([wish(50)])
    assert len(feed.requests) == 1
    subscriptions.reopen(refused_only=True)
    assert subscriptions.refusals() == {}
    assert len(feed.requests) == 2


def test_a_kind_that_is_not_registered_is_refused_without_asking(feed: Feed, subscriptions: Subscriptions) -> None:
    strange = StreamKey.of("sentiment", InstrumentId("v", "S"))
    subscriptions.want([StreamRequest(strange)])
    assert "sentiment" in subscriptions.refusals()[strange]
    assert feed.log == []


def test_rows_of_another_dtype_end_that_stream_alone(feed: Feed, subscriptions: Subscriptions) -> None:
    subscriptions.want([wish(50), wish(50, OTHER)])
    subscriptions.receive(1, Batch(KEY, KINDS["trades"].empty(3), 1))
    assert "rows are" in subscriptions.refusals()[KEY]
    assert feed.log[-1] == ("close", 1)
    assert subscriptions.open_keys() == (KEY, OTHER)


def test_a_feed_that_came_back_by_itself_replaces_what_was_shown(feed: Feed, subscriptions: Subscriptions) -> None:
    subscriptions.want([wish(50)])
    give(subscriptions, 1, Opened(KEY, None), rows(50, 60), end(50, 60))
    give(subscriptions, 1, EndOfStream(KEY, "closed"))
    assert held(subscriptions) == list(range(50, 60))
    give(subscriptions, 1, Opened(KEY, None), rows(70, 72), end(70, 72))
    assert held(subscriptions) == [70, 71]
    assert feed.log == [("open", 1)]


def test_reopening_while_older_history_is_read_drops_that_too(feed: Feed, subscriptions: Subscriptions) -> None:
    subscriptions.want([wish(50)])
    give(subscriptions, 1, Opened(KEY, None), rows(50, 60), end(50, 60))
    subscriptions.want([wish(20)])
    subscriptions.reopen()
    assert feed.log[-3:] == [("close", 1), ("close", 2), ("open", 3)]
    assert subscriptions.receive(2, rows(20, 50)) is None


def test_memory_is_kept_by_dropping_old_rows_that_nobody_looks_at(feed: Feed) -> None:
    row = KINDS["bars"].dtype.itemsize
    subscriptions = Subscriptions(feed, KINDS, budget_bytes=300 * row)
    subscriptions.want([wish(0)])
    give(subscriptions, 1, Opened(KEY, None), rows(0, 1_000), end(0, 1_000))
    subscriptions.trim()
    assert len(held(subscriptions)) == 1_000, "all of it is wanted"
    subscriptions.want([wish(600)])
    subscriptions.trim()
    left = held(subscriptions)
    assert left[-1] == 999
    assert 300 <= left[0] <= 600
    subscriptions.want([wish(100)])
    assert feed.requests[2].stop == left[0] * SECOND, "what was dropped is read again when it is wanted"
