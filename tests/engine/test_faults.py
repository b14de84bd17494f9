"""A plugin that fails anywhere takes its own streams along and nothing else; enabled again it is wired again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import Any

import numpy as np
import pytest

from flowdeck.errors import StreamError
from flowdeck.specs import FeedState, PluginState
from flowdeck.streams import Batch, EndOfHistory, EndOfStream, StreamKey


async def _open_all(world: Any) -> tuple[Any, Any]:
    raw, bars = world.open(), world.open(world.bars("1m"))
    await world.read(raw)
    await world.read(bars)
    return raw, bars


def _break(world: Any, monkeypatch: pytest.MonkeyPatch, what: Any) -> None:
    monkeypatch.setattr(world.Bars, "before", staticmethod(what))


async def test_an_aggregator_that_raises_ends_its_streams_alone(world: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    raw, bars = await _open_all(world)

    def explode(_batch: Batch) -> None:
        raise ValueError("no such price")

    _break(world, monkeypatch, explode)
    world.publish(world.trades([0]))
    end = (await world.read(bars, until="end"))[-1]
    assert end.reason == "fault"
    assert end.detail.endswith("ValueError: no such price")
    assert isinstance(await world.next(raw), Batch), "what it reads goes on"
    assert world.manager.info("bars").state is PluginState.FAULTED
    assert "explode" in world.manager.info("bars").traceback
    assert world.said("fault")[-1]["plugin"] == "bars"
    with pytest.raises(StreamError, match="no active plugin has bars"):
        world.open(world.bars("1m"))


async def test_a_plugin_that_is_tried_again_is_wired_again(world: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    raw, bars = await _open_all(world)

    def explode(_batch: Batch) -> None:
        raise ValueError

    _break(world, monkeypatch, explode)
    rows = world.trades([0, 70])
    world.publish(rows)
    assert (await world.read(bars, until="end"))[-1].reason == "fault"
    _break(world, monkeypatch, lambda _batch: None)
    world.manager.retry("bars")
    again = await world.read(world.open(world.bars("1m")))
    assert world.bar_values(world.rows_of(again, "bars")) == world.expected_bars(rows, "1m")
    raw.cancel()


async def test_disabling_closes_and_enabling_opens(world: Any) -> None:
    _, bars = await _open_all(world)
    world.manager.disable("bars")
    end = (await world.read(bars, until="end"))[-1]
    assert end.reason == "closed"
    world.manager.enable("bars")
    assert isinstance((await world.read(world.open(world.bars("1m"))))[-1], EndOfHistory)


async def test_disabling_a_source_ends_what_is_derived_from_it_too(world: Any) -> None:
    raw, bars = await _open_all(world)
    old = world.source
    world.manager.disable("market")
    assert (await world.read(raw, until="end"))[-1].reason == "closed"
    assert (await world.read(bars, until="end"))[-1].reason == "closed"
    with pytest.raises(StreamError, match="no active plugin has trades"):
        world.open()
    world.manager.enable("market")
    assert world.source is not old
    await asyncio.wait_for(world.source.going.wait(), 5)
    again = world.open()
    await world.read(again)
    world.publish(world.trades([0]))
    assert isinstance(await world.next(again), Batch)


async def test_a_factory_that_fails_ends_the_stream(world: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(self: Any, context: Any) -> None:
        raise ImportError("no such kernel")

    monkeypatch.setattr(world.Bars, "__init__", fail)
    bars = world.open(world.bars("1m"))
    end = (await world.read(bars, until="end"))[-1]
    assert end.reason == "fault"
    assert end.detail.endswith("ImportError: no such kernel")


async def test_history_that_raises_faults_it_too(world: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    raw = world.open()
    world.publish(world.trades([0]))

    def explode(_batch: Batch) -> None:
        raise ValueError("in history")

    _break(world, monkeypatch, explode)
    bars = world.open(world.bars("1m"))
    assert (await world.read(bars, until="end"))[-1].reason == "fault"
    assert isinstance((await world.read(raw))[-1], EndOfHistory)


async def test_an_aggregator_that_is_slow_three_times_running_is_suspended(
    world: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, bars = await _open_all(world)
    times = iter(np.arange(0, 100, 0.06))
    monkeypatch.setattr("flowdeck.engine.deriver.time.perf_counter", lambda: float(next(times)))
    for i in range(3):
        world.publish(world.trades([i], first_id=i + 1))
    end = (await world.read(bars, until="end"))[-1]
    assert end.reason == "fault"
    assert "slow" in end.detail or "ms" in end.detail


async def test_rows_of_the_wrong_sort_fault_who_made_them(world: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    raw, bars = await _open_all(world)
    monkeypatch.setattr(
        world.Bars, "process", lambda self, batch: [Batch(batch.key.derive("bars", timeframe="1m"), batch.rows)]
    )
    world.publish(world.trades([0]))
    assert (await world.read(bars, until="end"))[-1].reason == "fault"
    assert isinstance(await world.next(raw), Batch)


async def test_an_aggregator_may_not_publish_what_it_does_not_provide(
    world: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    raw, bars = await _open_all(world)
    monkeypatch.setattr(world.Bars, "process", lambda self, batch: [batch])
    world.publish(world.trades([0]))
    end = (await world.read(bars, until="end"))[-1]
    assert end.reason == "fault"
    assert end.detail.endswith("bars does not provide 'trades'")
    assert isinstance(await world.next(raw), Batch)


async def test_a_source_that_publishes_the_wrong_rows_is_faulted(world: Any) -> None:
    raw, _ = await _open_all(world)
    world.source.publish(Batch(world.TRADES, world.KINDS["quotes"].empty(1)))
    end = (await world.read(raw, until="end"))[-1]
    assert end.reason == "fault"
    assert "rows are" in end.detail


async def test_a_source_may_not_publish_into_a_run(world: Any) -> None:
    raw, _ = await _open_all(world)
    world.source.publish(Batch(StreamKey("trades", world.BTC.id, (), "r1"), world.trades([0])))
    assert (await world.read(raw, until="end"))[-1].detail.endswith("a live source may not publish into a run")


async def test_a_source_that_dies_is_reported_and_started_again(world: Any) -> None:
    raw = world.open()
    world.publish(world.trades([0]))
    source = world.source
    source.say(FeedState.LIVE)
    source.raising.set()
    await world.settle()
    status = world.engine.statuses()[0]
    assert (status.state, status.reason) == (FeedState.DISCONNECTED, "RuntimeError: told to")
    assert status.retry_at > status.since
    assert world.said("fault")[-1]["where"] == "source fake"
    source.raising.clear()
    await world.ticks.pass_s(2)
    assert source.runs == 2
    world.publish(world.trades([1], first_id=2))
    assert len(world.rows_of(await world.read(world.open(live=False), until="end"))) == 2
    raw.cancel()


async def test_a_user_need_not_wait_for_the_next_try(world: Any) -> None:
    source = world.source
    source.raising.set()
    await world.settle()
    source.raising.clear()
    world.engine.kick("fake")
    await world.settle()
    assert source.runs == 2, "no time has passed"


async def test_a_source_that_keeps_dying_of_its_own_bugs_is_faulted(world: Any) -> None:
    world.Source.failures.extend(KeyError("price") for _ in range(9))
    raw = world.open()
    world.source.raising.set()
    await world.ticks.pass_s(200, step_s=5)
    assert world.manager.info("market").state is PluginState.FAULTED
    assert (await world.read(raw, until="end"))[-1].reason == "fault"


async def test_a_source_without_a_network_is_tried_for_ever(world: Any) -> None:
    world.Source.failures.extend(ConnectionError("no route") for _ in range(20))
    world.source.raising.set()
    await world.settle()
    world.source.raising.clear()
    await world.ticks.pass_s(3_000, step_s=30)
    assert world.manager.info("market").state is PluginState.ACTIVE
    assert world.source.runs == 22


async def test_a_reader_that_is_too_slow_is_told_where_to_go_on(world: Any) -> None:
    slow, quick = world.open(), world.open()
    await world.read(slow)
    await world.read(quick)
    seen = 0
    for i in range(70):
        world.publish(world.trades(np.full(1_000, i), first_id=i * 1_000 + 1))
        seen += len((await world.next(quick)).rows)
    end = (await world.read(slow, until="end"))[-1]
    assert isinstance(end, EndOfStream)
    assert (end.reason, end.seq) == ("overrun", 0)
    assert seen == 70_000, "others do not notice"


async def test_states_that_nobody_reads_coalesce_and_are_never_lost(world: Any) -> None:
    bars = world.open(world.bars("1m"))
    await world.read(bars)
    rows = world.trades(np.linspace(0, 600, 6_000))
    for part in np.array_split(rows, 600):
        world.publish(part)
    assert bars.waiting_rows <= 700
    batch = await world.next(bars)
    assert world.bar_values(batch.rows) == world.expected_bars(rows, "1m")
    assert batch.seq == 600


async def test_a_cancellation_that_a_plugin_raises_faults_it(world: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    raw, bars = await _open_all(world)

    def explode(_batch: Batch) -> None:
        raise asyncio.CancelledError

    _break(world, monkeypatch, explode)
    world.publish(world.trades([0]))
    assert (await world.read(bars, until="end"))[-1].detail == "process: CancelledError"
    assert isinstance(await world.next(raw), Batch), "who published it goes on"


@pytest.mark.parametrize("text", ["quotes/elsewhere/BTC", "bars/venue/BTC?timeframe=1m"])
async def test_a_source_may_not_publish_what_it_does_not_declare(world: Any, text: str) -> None:
    world.source.publish(Batch(StreamKey.parse(text), world.KINDS[text.split("/", 1)[0]].empty(1)))
    assert world.manager.info("market").reason == f"source: source fake does not declare {text}: kind or venue"


@pytest.mark.parametrize("field", ["price", "qty"])
@pytest.mark.parametrize("value", [float("nan"), float("inf"), 1e308])
async def test_a_source_that_publishes_what_is_no_figure_is_faulted_and_no_study(
    world: Any, field: str, value: float
) -> None:
    _, bars = await _open_all(world)
    rows = world.trades([0, 1])
    rows[field][1] = value
    world.publish(rows)
    assert world.manager.info("market").state is PluginState.FAULTED
    assert field.replace("qty", "q") in world.manager.info("market").reason
    assert world.manager.active("bars")
    assert (await world.read(bars, until="end"))[-1].reason == "fault"


async def test_a_source_that_tries_to_end_the_process_is_restarted_like_any_other(world: Any) -> None:
    world.source.failures.append(SystemExit(4))
    world.source.raising.set()
    await world.until(lambda: world.said("fault"))
    world.source.raising.clear()
    await world.ticks.pass_s(5)
    await world.until(lambda: any(one["reason"].endswith("(code 4)") for one in world.said("fault")))
    assert world.manager.active("market")


async def test_a_source_that_lists_what_is_no_instrument_is_told_so(
    world: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def instruments(_self: Any) -> AsyncIterator[str]:
        yield "BTC"

    monkeypatch.setattr(world.Source, "instruments", instruments)
    world.manager.disable("market")
    world.manager.enable("market")
    await world.until(lambda: world.said("fault"))
    assert world.said("fault")[-1]["reason"] == "TypeError: instruments() yielded 'BTC', not an Instrument"


async def test_an_aggregator_that_yields_without_end_is_stopped(world: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    _, bars = await _open_all(world)
    process = world.Bars.process

    def endless(self: Any, batch: Batch) -> Iterator[Batch]:
        while True:
            yield from process(self, batch)

    monkeypatch.setattr(world.Bars, "process", endless)
    world.publish(world.trades([0]))
    end = (await world.read(bars, until="end"))[-1]
    assert end.detail == "process: bars yields without end: 1002 batches for one"
