"""`open`: history, end mark, live; no gap, no duplicate."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flowdeck.errors import StreamError
from flowdeck.kinds import BarFlags
from flowdeck.series import Series
from flowdeck.specs import FeedState
from flowdeck.streams import Batch, EndOfHistory, EndOfStream


async def test_history_comes_before_the_mark_and_live_after_it(world: Any) -> None:
    first = world.open()
    world.publish(world.trades([0, 1]))
    second = world.open()
    world.publish(world.trades([2], first_id=3))
    events = await world.read(second)
    assert [type(event) for event in events] == [Batch, EndOfHistory]
    assert list(events[0].rows["id"]) == [1, 2]
    assert events[0].covered == (world.START, world.START + 1_000_000_001)
    assert (events[1].seq, events[1].epoch) == (1, 0)
    live = await world.next(second)
    assert (live.seq, list(live.rows["id"])) == (2, [3])
    assert list(world.rows_of([*await world.read(first), await world.next(first)])["id"]) == [1, 2]


async def test_without_live_the_stream_is_done_after_history(world: Any) -> None:
    world.open()
    world.publish(world.trades([0]))
    events = await world.read(world.open(live=False), until="end")
    assert [type(event) for event in events] == [Batch, EndOfHistory, EndOfStream]
    assert (events[-1].reason, events[-1].seq) == ("done", 1)


async def test_an_interval_of_history_is_half_open(world: Any) -> None:
    world.open()
    world.publish(world.trades([0, 1, 2, 3]))
    second = 1_000_000_000
    one = world.open(start=world.START + second, stop=world.START + 3 * second, live=False)
    assert list(world.rows_of(await world.read(one))["id"]) == [2, 3]


async def test_a_cancelled_subscription_ends_without_a_word(world: Any) -> None:
    one = world.open()
    await world.read(one)
    waiting = asyncio.ensure_future(anext(one, "nothing"))
    await world.settle(3)
    one.cancel()
    assert await asyncio.wait_for(waiting, 5) == "nothing"
    world.publish(world.trades([0]))
    assert await anext(one, "nothing") == "nothing"


async def test_the_source_is_asked_for_what_is_open_and_for_no_longer_than_that(world: Any) -> None:
    one = world.open()
    assert world.source.keys.current() == {world.TRADES}
    one.cancel()
    await world.ticks.pass_s(25, step_s=1)
    assert world.source.keys.current() == {world.TRADES}, "a chart that switches back finds its stream"
    await world.ticks.pass_s(10, step_s=1)
    assert world.source.keys.current() == frozenset()


async def test_bars_asked_for_late_are_those_asked_for_early(world: Any) -> None:
    early = world.open(world.bars("1m"))
    await world.read(early)
    rows = world.trades(np.arange(0, 300, 7))
    world.publish(rows[:20])
    late = world.open(world.bars("5m"))
    world.publish(rows[20:])
    events = await world.read(late)
    assert world.bar_values(world.rows_of(events, "bars")) == world.expected_bars(rows, "5m")
    again = await world.read(world.open(world.bars("1m"), live=False))
    assert world.bar_values(world.rows_of(again, "bars")) == world.expected_bars(rows, "1m")


async def test_what_comes_while_history_is_worked_out_is_not_lost(world: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    gate = world.Gate("history")
    monkeypatch.setattr(world.Bars, "before", staticmethod(gate))
    keep = world.open(world.bars("1m"))
    await world.read(keep)
    rows = world.trades(np.arange(0, 300, 7))
    world.publish(rows[:20])
    gate.shut()
    late = world.open(world.bars("5m"))
    await world.until(lambda: gate.waiting > 0)
    for part in np.array_split(rows[20:], 5):
        world.publish(part)
    live = await world.next(keep)
    assert isinstance(live, Batch), "what was open goes on meanwhile"
    gate.open()
    events = await world.read(late)
    assert world.bar_values(world.rows_of(events, "bars")) == world.expected_bars(rows, "5m")


async def test_a_long_backlog_is_worked_off_on_the_history_thread(world: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("flowdeck.engine.stage._LONG_BACKLOG_ROWS", 3)
    gate, threads = world.Gate("history"), set[str]()

    def before(batch: Batch) -> None:
        gate()
        threads.add(threading.current_thread().name.partition("_")[0])

    monkeypatch.setattr(world.Bars, "before", staticmethod(before))
    keep = world.open()
    rows = world.trades(np.arange(0, 300, 7))
    world.publish(rows[:20])
    gate.shut()
    bars = world.open(world.bars("5m"))
    await world.until(lambda: gate.waiting > 0)
    for part in np.array_split(rows[20:], 5):
        world.publish(part)
    gate.open()
    events = await world.read(bars)
    assert world.bar_values(world.rows_of(events, "bars")) == world.expected_bars(rows, "5m")
    assert threads == {"history"}
    keep.cancel()


async def test_bars_are_not_forgotten_with_the_trades_that_made_them(world: Any) -> None:
    day, trades = world.open(world.bars("1d")), world.open()
    await world.read(day)
    await world.read(trades)
    rows = world.trades(np.linspace(0, 600, 9_000))
    world.publish(rows[:4_600])
    world.publish(rows[4_600:8_990])
    freed = world.engine._rooms.bus.get(trades.key).memory.evict(1)
    assert freed
    minute = world.open(world.bars("1m"))
    events = world.rows_of(await world.read(minute), "bars")
    assert events["flags"][0] & BarFlags.INCOMPLETE, "half of its trades are gone"
    assert not events["flags"][1] & BarFlags.INCOMPLETE
    world.publish(rows[8_990:])
    again = await world.read(world.open(world.bars("1d"), live=False), until="end")
    assert world.bar_values(world.rows_of(again, "bars")) == world.expected_bars(rows, "1d")
    trades.cancel()


async def test_one_instance_serves_all_parameters(world: Any) -> None:
    for timeframe in ("1m", "5m", "15s"):
        await world.read(world.open(world.bars(timeframe)))
    world.publish(world.trades([0, 30, 90]))
    assert len(world.Bars.made[-1].params) == 3
    assert len(world.Bars.made[-1].seen) == 1, "one pass over the input for all of them"
    assert not world.Bars.made[0].seen, "the instance before is not fed any more"


async def test_the_first_bar_is_incomplete_and_the_next_is_not(world: Any) -> None:
    one = world.open(world.bars("1m"))
    await world.read(one)
    world.publish(world.trades([10, 70]))
    batch = await world.next(one)
    assert list(batch.rows["flags"] & BarFlags.INCOMPLETE) == [BarFlags.INCOMPLETE, 0]


async def test_a_feed_that_goes_down_marks_the_open_bar_and_takes_it_back_when_nothing_was_missed(world: Any) -> None:
    one = world.open(world.bars("1m"))
    await world.read(one)
    world.source.say(FeedState.LIVE)
    world.publish(world.trades([-30, 10]))
    assert list((await world.next(one)).rows["flags"] & BarFlags.INCOMPLETE) == [BarFlags.INCOMPLETE, 0]
    world.source.say(FeedState.STALE)
    marked = await world.next(one)
    assert list(marked.rows["ts"]) == [world.START]
    assert marked.rows["flags"][0] & BarFlags.INCOMPLETE
    world.source.say(FeedState.LIVE)
    world.publish(world.trades([40], first_id=3))
    healed = await world.next(one)
    assert list(healed.rows["trades"]) == [2]
    assert not healed.rows["flags"][0] & BarFlags.INCOMPLETE
    world.source.say(FeedState.STALE)
    await world.next(one)
    world.publish(world.trades([50], first_id=9))
    missed = await world.next(one)
    assert missed.rows["flags"][0] & BarFlags.INCOMPLETE


async def test_what_an_instrument_is_worth_waiting_for(world: Any) -> None:
    elsewhere = str(world.bars("1m")).replace("BTC", "ETH")
    one = world.open(elsewhere)
    assert one.instrument is None
    waiting = asyncio.ensure_future(anext(one))
    await world.settle()
    assert not waiting.done()
    world.source.context.instrument(replace(world.BTC, id=one.key.instrument))
    assert isinstance(await asyncio.wait_for(waiting, 5), EndOfHistory)
    assert one.instrument is not None


async def test_a_change_of_steps_starts_a_new_epoch_of_what_is_derived(world: Any) -> None:
    raw, one = world.open(), world.open(world.bars("1m"))
    await world.read(raw)
    await world.read(one)
    world.publish(world.trades([0, 70]))
    world.source.context.instrument(replace(world.BTC, tick_size=Decimal("0.01")))
    events = await world.read(one, until="end")
    assert events[-1].reason == "epoch"
    assert isinstance(await world.next(raw), Batch), "root streams go on"
    again = await world.read(world.open(world.bars("1m")))
    assert again[-1].epoch == 1
    assert world.Bars.made[-1].context.instrument.tick_size == Decimal("0.01")
    assert world.bar_values(world.rows_of(again, "bars")) == world.expected_bars(world.trades([0, 70]), "1m")


async def test_nothing_provides_it(world: Any) -> None:
    for key, words in (
        ("depth/elsewhere/BTC", "no active plugin has depth of elsewhere"),
        ("nonsense/venue/BTC", "no kind 'nonsense'"),
        ("trades/venue/BTC?run=r7", "there is no run 'r7'"),
        ("trades/venue/BTC?colour=red", "feed=raw is the only one"),
        ("bars/venue/BTC", "timeframe: Field required"),
        ("bars/venue/BTC?timeframe=1m&scale=12", "less than or equal to 9"),
        ("bars/venue/BTC?timeframe=1m&colour=red", "allowed are timeframe, scale"),
        ("bars/venue/BTC?timeframe=wrong", "is not a count and a unit"),
    ):
        with pytest.raises(StreamError, match=words.replace("(", r"\(")):
            world.open(key)


async def test_defaults_are_left_out_of_the_canonical_key(world: Any) -> None:
    assert str(world.open("bars/venue/BTC?timeframe=1m&scale=1").key) == "bars/venue/BTC?timeframe=1m"
    assert str(world.open("bars/venue/BTC?scale=2&timeframe=1m").key) == "bars/venue/BTC?scale=2&timeframe=1m"


TIMES = st.lists(st.integers(-3_000, 4_000), min_size=1, max_size=60)


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(steps_ms=TIMES, cuts=st.lists(st.integers(1, 9), min_size=1, max_size=30), data=st.data())
def test_no_gap_and_no_duplicate_wherever_one_joins(
    new_world: Callable[..., Any], scratch: Callable[[], Path], steps_ms: list[int], cuts: list[int], data: Any
) -> None:
    """Random batches, late trades included; readers join at any time in any order; all end with the same rows."""

    async def example() -> None:
        async with new_world(scratch()) as world:
            rows = world.trades(np.cumsum([0, *steps_ms]) / 1e3)
            keep = world.open()  # so that rows are kept from the start
            readers: list[Any] = []
            gate = world.Gate("history")
            world.Bars.before = staticmethod(gate)
            try:
                at = i = 0
                while at < len(rows):
                    for _ in range(data.draw(st.integers(0, 2))):
                        order = data.draw(st.sampled_from(["oldest", "newest"]))
                        timeframe = data.draw(st.sampled_from([None, "1m", "15s", "5s"]))
                        key = world.TRADES if timeframe is None else world.bars(timeframe)
                        readers.append((world.open(key, order=order), timeframe))
                    if data.draw(st.booleans()):
                        await world.settle(3)
                    (gate.shut if data.draw(st.booleans()) else gate.open)()
                    world.publish(rows[at : at + cuts[i % len(cuts)]])
                    at, i = at + cuts[i % len(cuts)], i + 1
                gate.open()
                for reader, timeframe in readers:
                    await _check(world, reader, timeframe, rows)
            finally:
                gate.open()
            keep.cancel()

    asyncio.run(example())


async def _check(world: Any, reader: Any, timeframe: str | None, rows: Any) -> None:
    kind = world.KINDS["trades" if timeframe is None else "bars"]
    series, mark = Series(reader.key, kind), None
    while mark is None or reader.waiting_rows:
        event = await world.next(reader)
        if isinstance(event, EndOfHistory):
            mark = event.seq
        else:
            assert isinstance(event, Batch)
            assert mark is None or event.seq > mark
            if timeframe is None and mark is not None:
                assert event.seq == mark + 1, "every live batch exactly once"
                mark = event.seq
            series.apply(event)
    if timeframe is None:
        assert sorted(series.rows()["id"]) == list(range(1, len(rows) + 1))
        if reader.request.order == "oldest":
            np.testing.assert_array_equal(series.rows(), rows)
    else:
        assert world.bar_values(series.rows()) == world.expected_bars(rows, timeframe)
