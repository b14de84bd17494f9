"""Supervisor, compute, watchdog, metrics, lock, and the life of an engine."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from prometheus_client import generate_latest

from flowdeck.engine.supervisor import Death, Supervisor
from flowdeck.engine.watchdog import Watchdog
from flowdeck.errors import EngineError
from flowdeck.plugins.compute import Compute
from flowdeck.streams import EndOfHistory, StreamRequest


class Patience:
    """Notes how long the supervisor would wait, and does not."""

    def __init__(self, stop_after: int) -> None:
        self.waits: list[float] = []
        self.stop_after = stop_after
        self.done = asyncio.Event()

    async def wait(self, _event: asyncio.Event, seconds: float) -> None:
        self.waits.append(seconds)
        if len(self.waits) >= self.stop_after:
            self.done.set()
            await asyncio.Event().wait()


async def _die() -> None:
    raise OSError("gone")


async def test_a_task_that_dies_is_started_again_ever_later() -> None:
    patience, deaths = Patience(12), list[Death]()
    supervisor = Supervisor(wait=patience.wait, now=lambda: 0.0, uniform=lambda low, high: high)

    def note(death: Death) -> bool:
        deaths.append(death)
        return True

    supervisor.start("one", _die, note)
    await asyncio.wait_for(patience.done.wait(), 5)
    assert patience.waits == [1, 2, 4, 8, 16, 32, 60, 60, 60, 60, 60, 60]
    assert [death.deaths for death in deaths[:3]] == [1, 2, 3]
    assert str(deaths[0].error) == "gone"
    await supervisor.stop()


async def test_the_jitter_is_full() -> None:
    drawn: list[tuple[float, float]] = []

    def uniform(low: float, high: float) -> float:
        drawn.append((low, high))
        return low

    assert Supervisor(uniform=uniform).delay(3) == 0
    assert drawn == [(0.0, 4.0)]


async def test_a_steady_minute_is_forgiven() -> None:
    patience, now = Patience(3), iter([0, 1, 1, 100, 100, 101])
    supervisor = Supervisor(wait=patience.wait, now=lambda: float(next(now)), uniform=lambda low, high: high)
    supervisor.start("one", _die, lambda _: True)
    await asyncio.wait_for(patience.done.wait(), 5)
    assert patience.waits == [1, 1, 2]
    await supervisor.stop()


async def test_a_task_can_be_given_up() -> None:
    supervisor = Supervisor()
    supervised = supervisor.start("one", _die, lambda _: False)
    assert supervised.task is not None
    await asyncio.wait_for(supervised.task, 5)


async def test_what_is_to_run_once_ends_when_it_returns() -> None:
    runs: list[int] = []

    async def work() -> None:
        runs.append(1)

    supervised = Supervisor().start("one", work, lambda _: True, once=True)
    assert supervised.task is not None
    await asyncio.wait_for(supervised.task, 5)
    assert runs == [1]


async def test_stopping_waits_until_the_work_is_undone() -> None:
    undone: list[int] = []
    begun = asyncio.Event()

    async def work() -> None:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)
            undone.append(1)

    supervisor = Supervisor()
    supervisor.start("one", work, lambda _: True)
    await begun.wait()
    await supervisor.stop()
    assert undone == [1]


async def test_the_latest_request_for_a_kernel_wins() -> None:
    compute, gate, ran = Compute(), threading.Event(), list[int]()

    def block() -> None:
        gate.wait(5)

    def kernel(number: int) -> int:
        ran.append(number)
        return number * 2

    blocked = asyncio.ensure_future(compute(block))
    requests = [asyncio.ensure_future(compute(kernel, number)) for number in range(3)]
    gate.set()
    results = await asyncio.gather(*requests, return_exceptions=True)
    assert [isinstance(result, asyncio.CancelledError) for result in results[:2]] == [True, True]
    assert (results[2], ran) == (4, [2])
    await blocked
    compute.close()


async def test_what_a_kernel_raises_reaches_who_asked() -> None:
    compute = Compute()

    def kernel() -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await compute(kernel)
    compute.close()


async def test_a_plugin_computes_and_reads_through_its_context(world: Any) -> None:
    context = world.manager.context("bars")
    assert await context.compute(np.sum, np.arange(4)) == 6
    one = context.open(StreamRequest(world.TRADES))
    assert isinstance(await anext(aiter(one)), EndOfHistory)
    await one.aclose()


def test_the_watchdog_counts_what_is_late_and_names_the_culprit() -> None:
    now = [0.0]
    watchdog = Watchdog(clock=lambda: now[0])
    watchdog._loop_thread = threading.get_ident()
    watchdog.beat()
    assert watchdog.stalls == 0
    now[0] = 0.030
    watchdog.look()
    now[0] = 0.045
    watchdog.beat()
    assert (watchdog.stalls, watchdog.recent[0].ms) == (1, 45.0)
    assert any("test_the_watchdog" in line for line in watchdog.recent[0].culprit)
    watchdog.look()
    watchdog._due = now[0]
    watchdog.beat()
    assert watchdog.stalls == 1


def test_the_watchdog_looks_at_other_threads_when_the_loop_only_waits() -> None:
    gate, begun, over = threading.Event(), threading.Event(), list[bool]()

    def loop() -> None:
        gate.wait(10)

    def busy_elsewhere() -> None:
        begun.set()
        while not over:
            pass

    waiting, busy = threading.Thread(target=loop), threading.Thread(target=busy_elsewhere)
    waiting.start()
    busy.start()
    begun.wait(10)
    time.sleep(0.02)  # past the line that set it
    now = [0.0]
    watchdog = Watchdog(clock=lambda: now[0])
    watchdog._loop_thread = waiting.ident or 0
    now[0] = 0.030
    watchdog.look()
    gate.set()
    over.append(True)
    waiting.join()
    busy.join()
    assert any(line.startswith("another thread: ") and "busy_elsewhere" in line for line in watchdog._culprit)


async def test_the_watchdog_sees_a_loop_that_is_held_up(world: Any) -> None:
    def hold_the_loop() -> None:
        time.sleep(0.2)

    hold_the_loop()
    await world.until(lambda: world.engine.metrics()["loop"]["stalls"] > 0)
    recent = world.engine.metrics()["loop"]["recent"]
    assert max(stall["ms"] for stall in recent) > 100
    assert any("hold_the_loop" in line for stall in recent for line in stall["culprit"])


async def test_figures_of_a_second(world: Any) -> None:
    one, bars = world.open(), world.open(world.bars("1m"))
    await world.read(bars)
    await world.ticks.pass_s(1, step_s=1)
    world.engine._rooms.metrics._now = lambda: world.engine._rooms.metrics._before[0] + 2.0
    for i in range(10):
        world.publish(world.trades([i, i + 0.5], first_id=2 * i + 1))
    figures = world.engine._rooms.metrics.sample()
    assert (figures["messages_per_s"], figures["rows_per_s"]) == (5.0, 15.0)
    assert (figures["streams"], figures["readers"]) == (2, 2)
    assert figures["queues"] == {str(one.key): 20, str(bars.key): 10}
    assert figures["plugins"]["bars"]["process_s"] >= 0
    assert figures["memory_bytes"] > 0
    text = generate_latest(world.engine.registry).decode()
    assert "flowdeck_rows_total 30.0" in text
    assert 'flowdeck_plugin_seconds_total{plugin="bars"}' in text


async def test_figures_are_told_every_second(world: Any) -> None:
    await world.ticks.pass_s(3, step_s=1)
    assert len(world.said("metrics")) >= 2


async def test_memory_stays_within_its_budget(world: Any, tmp_path: Path, new_world: Callable[..., Any]) -> None:
    del world
    async with new_world(tmp_path / "small", memory_mb=16) as small:
        keep = small.open(live=False)
        for i in range(40):
            small.publish(small.trades(np.full(20_000, i), first_id=i * 20_000 + 1))
        await small.ticks.pass_s(1, step_s=1)
        assert small.engine._rooms.metrics.snapshot()["memory_bytes"] <= 16 * 1024 * 1024
        events = await small.read(small.open(live=False), until="end")
        rows = small.rows_of(events)
        assert int(rows["id"][-1]) == 800_000
        assert events[-2].covered[0][0] > small.START, "it does not vouch for what it forgot"
        keep.cancel()


async def test_what_is_held_is_described(tmp_path: Path, new_world: Callable[..., Any]) -> None:
    async with new_world(tmp_path / "data", store_kinds=("trades",)) as world:
        one = world.open()
        world.publish(world.trades([0, 1]))
        held = {line.where: line for line in await world.engine.describe()}
        assert (held["memory"].rows, held["memory"].readers) == (2, 2), "the store reads too"
        assert held["memory"].to_dict()["key"] == "trades/venue/BTC"
        assert held["shelf"].key is None
        one.cancel()


async def test_a_second_engine_is_told_who_holds_the_folder(world: Any, new_world: Callable[..., Any]) -> None:
    import os

    with pytest.raises(EngineError, match=rf"is in use by process {os.getpid()} \(.*since .*UTC\): attach"):
        async with new_world(world.config.engine.data):
            pytest.fail("it started")


async def test_a_folder_is_free_again_after_the_end(tmp_path: Path, new_world: Callable[..., Any]) -> None:
    for _ in range(2):
        async with new_world(tmp_path / "data") as world:
            assert world.engine.instruments() == [world.BTC]


async def test_a_broken_coverage_file_leaves_the_folder_free(tmp_path: Path, new_world: Callable[..., Any]) -> None:
    (tmp_path / "data").mkdir()
    broken = tmp_path / "data" / "coverage.sqlite"
    broken.write_text("not a database at all, not even nearly, and long enough to be looked at")
    with pytest.raises(EngineError, match="file is not a database"):
        async with new_world(tmp_path / "data"):
            pytest.fail("it started")
    broken.unlink()
    async with new_world(tmp_path / "data"):
        pass


async def test_the_end_closes_every_stream_and_may_be_asked_for_twice(world: Any) -> None:
    one, bars = world.open(), world.open(world.bars("1m"))
    await world.read(one)
    await world.read(bars)
    await world.engine.stop()
    assert (await world.read(one, until="end"))[-1].reason == "closed"
    assert (await world.read(bars, until="end"))[-1].reason == "closed"
    await world.engine.stop()


async def test_instruments_are_told(world: Any) -> None:
    assert world.engine.instrument(world.BTC.id) == world.BTC
    assert world.said("instrument")[0] == {"instrument": world.BTC.to_dict(), "run": None}


async def test_recording_begins_at_once_and_holds_for_sources_to_come(world: Any, tmp_path: Path) -> None:
    taps: list[Any] = []
    world.Source.record = lambda self, tap: taps.append(tap("venue"))
    try:
        first = world.source
        world.engine.record(tmp_path / "captures")
        await world.until(lambda: first.runs == 2)
        world.manager.disable("market")
        world.manager.enable("market")
        await world.until(lambda: len(taps) == 2)
        for tap in taps:
            tap.frame(world.START, b'{"k":1}')
            tap.close()
        files = sorted((tmp_path / "captures").glob("venue-*.gz"))
        assert len(files) == 2
    finally:
        del world.Source.record


async def test_there_is_nobody_to_kick(world: Any) -> None:
    with pytest.raises(EngineError, match="there is no source 'nobody'"):
        world.engine.kick("nobody")


async def test_a_task_of_the_engine_that_dies_is_reported_and_goes_on(
    world: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail() -> None:
        raise ValueError("swept too hard")

    monkeypatch.setattr(world.engine._rooms.pipeline, "sweep", fail)
    await world.ticks.pass_s(1, step_s=1)
    await world.until(lambda: bool(world.said("fault")))
    assert world.said("fault")[0]["where"] == "beat"
    monkeypatch.undo()
    await world.ticks.pass_s(5, step_s=1)
    assert world.said("metrics")
