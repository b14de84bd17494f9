"""Stores, the history behind memory, and the coverage that vouches for it."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from flowdeck.engine.coverage import CoverageLog
from flowdeck.errors import EngineError
from flowdeck.kinds import BarFlags, CoverageReason
from flowdeck.specs import FeedState, PluginState
from flowdeck.streams import Batch, EndOfHistory, StreamKey

DAY = 86_400
TRADES, QUOTES = StreamKey.parse("trades/venue/BTC"), StreamKey.parse("quotes/venue/BTC")


@pytest.fixture
async def stored(tmp_path: Path, new_world: Callable[..., Any]) -> AsyncIterator[Any]:
    """An engine with a store for trades."""
    async with new_world(tmp_path / "data", store_kinds=("trades",)) as world:
        yield world


async def test_live_trades_are_written_and_vouched_for_after_the_flush(stored: Any) -> None:
    stored.open()
    stored.publish(stored.trades([0, 1, 2]))
    log = stored.engine._rooms.log
    assert not log.intervals(stored.TRADES), "nothing is vouched for before the flush"
    await stored.ticks.pass_s(1, step_s=1)
    await stored.until(lambda: bool(log.intervals(stored.TRADES)))
    assert log.rows(stored.TRADES) == [(stored.START, stored.START + 2_000_000_001, CoverageReason.OPEN)]
    assert list(stored.Store.shelf[stored.TRADES]["id"]) == [1, 2, 3]
    assert stored.Store.calls.index("append") < stored.Store.calls.index("flush", stored.Store.calls.index("append"))


async def test_an_interrupted_feed_ends_the_interval_as_a_gap(stored: Any) -> None:
    stored.open()
    stored.source.say(FeedState.LIVE)
    stored.publish(stored.trades([0, 1]))
    await stored.engine._rooms.stores.flush()
    stored.source.say(FeedState.DISCONNECTED)
    stored.source.say(FeedState.LIVE)
    stored.publish(stored.trades([30, 31], first_id=100))
    await stored.engine._rooms.stores.flush()
    second = 1_000_000_000
    assert stored.engine._rooms.log.rows(stored.TRADES) == [
        (stored.START, stored.START + second + 1, CoverageReason.GAP),
        (stored.START + 30 * second, stored.START + 31 * second + 1, CoverageReason.OPEN),
    ]


async def test_a_quiet_feed_that_is_up_is_vouched_for(stored: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    stored.open()
    stored.source.say(FeedState.LIVE)
    stored.publish(stored.trades([0]))
    stored.engine._rooms.roots.vouch(stored.START + 10_000_000_000)
    assert stored.engine.coverage(stored.TRADES) == ((stored.START, stored.START + 9_000_000_000),)


async def test_memory_and_store_join_without_gap_or_duplicate(
    stored: Any, tmp_path: Path, new_world: Callable[..., Any]
) -> None:
    keep = stored.open()
    rows = stored.trades(np.repeat(np.arange(30), 3))
    stored.publish(rows[:40])
    await stored.engine._rooms.stores.flush()
    stored.publish(rows[40:70])
    stored.engine._rooms.bus.get(stored.TRADES).memory.evict(1)  # only the newest chunk stays
    stored.publish(rows[70:80])
    for order in ("oldest", "newest"):
        events = await stored.read(stored.open(order=order))
        found = stored.rows_of(events)
        assert sorted(found["id"]) == list(range(1, 81))
        assert events[-1].covered[0][0] == rows["ts"][0]
        if order == "oldest":
            assert list(found["id"]) == list(range(1, 81))
    keep.cancel()


async def test_history_goes_on_after_a_restart(tmp_path: Path, new_world: Callable[..., Any]) -> None:
    async with new_world(tmp_path / "data", store_kinds=("trades",)) as world:
        world.open()
        world.publish(world.trades([0, 1, 2]))
    async with new_world(tmp_path / "data", store_kinds=("trades",)) as world:
        one = world.open()
        world.publish(world.trades([100, 101], first_id=4))
        events = await world.read(one)
        assert [type(event) for event in events if isinstance(event, Batch)]
        second = world.open(order="newest")
        rows = world.rows_of(await world.read(second))
        assert list(rows["id"]) == [4, 5, 1, 2, 3]
        assert len(world.engine.coverage(world.TRADES)) == 2, "the time between is a gap"


async def test_bars_of_the_past_are_derived_from_stored_trades(tmp_path: Path, new_world: Callable[..., Any]) -> None:
    past, live = None, None
    async with new_world(tmp_path / "data", store_kinds=("trades",)) as world:
        world.open()
        past = world.trades(np.arange(-3 * DAY, -60, 900), first_id=1)
        world.publish(past)
    async with new_world(tmp_path / "data", store_kinds=("trades",)) as world:
        world.open()
        live = world.trades([0, 30, 61], first_id=1_000)
        world.publish(live)
        every = np.concatenate([past, live])
        for timeframe in ("1h", "1d"):
            for order in ("oldest", "newest"):
                bars = world.open(world.bars(timeframe), order=order)
                events = await world.read(bars)
                found = world.rows_of(events, "bars")
                assert world.bar_values(found) == world.expected_bars(every, timeframe)
                flags = {int(row["index"]): int(row["flags"]) & BarFlags.INCOMPLETE for row in found}
                indices = sorted(flags)
                assert not flags[indices[1]], "closed bars of recorded time are complete"
                if order == "newest":
                    starts = [int(event.rows["ts"][0]) for event in events if isinstance(event, Batch)]
                    assert starts == sorted(starts, reverse=True)
                bars.cancel()


async def test_the_open_bar_is_rebuilt_from_stored_trades_before_live_goes_on(
    tmp_path: Path, new_world: Callable[..., Any]
) -> None:
    async with new_world(tmp_path / "data", store_kinds=("trades",)) as world:
        world.open()
        past = world.trades([3_600, 3_700], first_id=1)
        world.publish(past)
    async with new_world(tmp_path / "data", store_kinds=("trades",)) as world:
        bars = world.open(world.bars("1d"))
        await world.read(bars)
        live = world.trades([4_000], first_id=3)
        world.publish(live)
        batch = await world.next(bars)
        assert world.bar_values(batch.rows) == world.expected_bars(np.concatenate([past, live]), "1d")
        assert batch.rows["flags"][0] & BarFlags.INCOMPLETE, "the restart is a gap within this day"


async def test_a_late_trade_does_not_spoil_a_bar_of_the_past(tmp_path: Path, new_world: Callable[..., Any]) -> None:
    async with new_world(tmp_path / "data", store_kinds=("trades",)) as world:
        world.open()
        past = world.trades(np.arange(0, 1_800, 10), first_id=1)
        world.publish(past)
    async with new_world(tmp_path / "data", store_kinds=("trades",)) as world:
        bars = world.open(world.bars("1m"))
        await world.read(bars)
        world.publish(world.trades([300, 2_000], first_id=500))  # the first belongs to a bar closed long ago
        batch = await world.next(bars)
        assert len(batch) == 1
        again = world.rows_of(await world.read(world.open(world.bars("1m"), live=False), until="end"), "bars")
        bar = world.bar_values(again)[min(world.bar_values(again)) + 5]
        assert bar[1] >= 6


async def test_a_stored_roll_up_is_preferred_to_trades(
    tmp_path: Path, new_world: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    async with new_world(tmp_path / "data", store_kinds=("trades", "bars")) as world:
        monkeypatch.setattr(world.Bars, "finer", "1m")
        past = world.trades(np.arange(0, 3_600, 30))
        minutes = world.bars("1m")
        rows = [(index, index * 60_000_000_000, *values) for index, values in world.expected_bars(past, "1m").items()]
        columns = dict(zip(("index", "ts", "buy_lots", "trades"), zip(*rows, strict=True), strict=True))
        world.Store.shelf[minutes] = world.KINDS["bars"].rows(columns)
        start, stop = int(world.Store.shelf[minutes]["ts"][0]), int(world.Store.shelf[minutes]["ts"][-1]) + 60 * 10**9
        world.engine._rooms.log.extend({minutes: ((start - 3600 * 10**9, stop + 3600 * 10**9),)})
        # trades are covered too but not there: whoever reads them finds nothing
        world.engine._rooms.log.extend({world.TRADES: ((start, stop),)})
        events = await world.read(world.open(world.bars("5m")))
        expected = world.expected_bars(past, "5m")
        expected.pop(max(expected))  # it may still change, so it is made of trades
        assert world.bar_values(world.rows_of(events, "bars")) == expected
        assert {key.kind for bars in world.Bars.made for key in bars.seen} == {"bars"}


async def test_stored_bars_are_read_where_they_are_held(tmp_path: Path, new_world: Callable[..., Any]) -> None:
    async with new_world(tmp_path / "data", store_kinds=("trades", "bars")) as world:
        key = world.bars("1m")
        world.Store.shelf[key] = world.KINDS["bars"].rows(
            {"index": [1, 2], "ts": [60 * 10**9, 120 * 10**9], "buy_lots": [7, 8], "trades": [1, 1]}
        )
        world.engine._rooms.log.extend({key: ((60 * 10**9, 180 * 10**9),)})
        events = await world.read(world.open(key))
        assert world.bar_values(world.rows_of(events, "bars")) == {1: (7, 1), 2: (8, 1)}
        assert events[-1].covered == ((60 * 10**9, 180 * 10**9),)


@pytest.mark.parametrize("where", ["append", "flush", "read"])
async def test_a_store_that_raises_is_faulted_and_streams_go_on(stored: Any, where: str) -> None:
    one = stored.open()
    await stored.read(one)
    stored.Store.fail = where
    stored.publish(stored.trades([0]))
    events = await stored.read(stored.open(live=False), until="end")
    await stored.until(lambda: stored.manager.info("store").state is PluginState.FAULTED)
    assert events[-1].reason == "done"
    assert isinstance(await stored.next(one), Batch)
    stored.publish(stored.trades([1], first_id=2))
    assert isinstance(await stored.next(one), Batch)


async def test_a_store_that_cannot_keep_up_has_a_gap_there(stored: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("flowdeck.engine.stores._QUEUE_ROWS", 2)
    stored.open()
    for i in range(4):
        stored.publish(stored.trades([i * 10], first_id=i + 1))
    await stored.engine._rooms.stores.flush()
    stored.publish(stored.trades([40], first_id=5))
    await stored.engine._rooms.stores.flush()
    second = 10**9
    assert list(stored.Store.shelf[stored.TRADES]["id"]) == [1, 2, 5]
    assert stored.engine._rooms.log.intervals(stored.TRADES) == (
        (stored.START, stored.START + 20 * second),
        (stored.START + 20 * second + 1, stored.START + 30 * second),
        (stored.START + 30 * second + 1, stored.START + 40 * second + 1),
    )
    assert stored.engine.metrics()["stores"] == {"shelf": {"lost_batches": 2}}


async def test_deleting_a_run_reaches_the_stores(stored: Any, tmp_path: Path) -> None:
    import gzip

    path = tmp_path / "one.gz"
    path.write_bytes(gzip.compress(b'%d {"k":"trades","t":1,"i":1}\n' % stored.START))
    info = await stored.engine.runs.start(path, speed=None)
    await stored.engine.runs.finished(info.id)
    await stored.engine.runs.stop(info.id)
    assert stored.Store.deleted == [info.id]


def test_intervals_that_touch_grow_together(tmp_path: Path, world: Any) -> None:
    log = CoverageLog()
    log.open(tmp_path / "coverage.sqlite")
    for interval in ((0, 10), (20, 30), (10, 12), (11, 21)):
        log.extend({world.TRADES: (interval,)})
    assert log.intervals(world.TRADES) == ((0, 30),)
    assert log.keys() == [world.TRADES]
    log.close()


def test_a_clean_end_and_a_killed_engine_are_told_apart(tmp_path: Path, world: Any) -> None:
    path = tmp_path / "coverage.sqlite"
    for end, expected in ((True, CoverageReason.CLOSED), (False, CoverageReason.GAP)):
        path.unlink(missing_ok=True)
        log = CoverageLog()
        log.open(path)
        log.extend({world.TRADES: ((0, 10),)})
        if end:
            log.close()
        again = CoverageLog()
        again.open(path)
        assert again.rows(world.TRADES) == [(0, 10, expected)]
        again.close()
        log.close()


def test_kill_9_keeps_what_was_vouched_for(tmp_path: Path) -> None:
    code = (
        "import os, sys\n"
        "from pathlib import Path\n"
        "from flowdeck.engine.coverage import CoverageLog\n"
        "from flowdeck.streams import StreamKey\n"
        "log = CoverageLog(); log.open(Path(sys.argv[1]))\n"
        "log.extend({StreamKey.parse('trades/v/BTC'): ((0, 10),)})\n"
        "os.kill(os.getpid(), 9)\n"
    )
    path = tmp_path / "coverage.sqlite"
    assert subprocess.run([sys.executable, "-c", code, str(path)], check=False, timeout=60).returncode == -9
    with sqlite3.connect(path) as db:
        assert db.execute("SELECT ts_from, ts_to, reason FROM coverage").fetchall() == [(0, 10, "open")]
    db.close()


def test_a_coverage_file_that_is_none_is_named(tmp_path: Path) -> None:
    path = tmp_path / "coverage.sqlite"
    path.write_text("this is not a database, however long one looks at it")
    with pytest.raises(EngineError, match=r"coverage\.sqlite: file is not a database; move the file away"):
        CoverageLog().open(path)


async def test_a_store_that_hangs_holds_up_no_stream_of_other_kinds(
    tmp_path: Path, new_world: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    async with new_world(tmp_path / "data", store_kinds=("quotes",)) as world:
        gate = world.Gate("store")
        flush = world.Store.flush
        monkeypatch.setattr(world.Store, "flush", lambda self: gate() or flush(self))
        gate.shut()
        await world.ticks.pass_s(1, step_s=1)
        await world.until(lambda: gate.waiting == 1)
        world.publish(world.trades([0]))
        assert await world.read(world.open(world.bars("1m")))
        await world.ticks.pass_s(3, step_s=1)
        assert gate.waiting == 1, "a beat that is not over is not begun again"
        gate.open()


@pytest.mark.parametrize(
    ("method", "answer", "reason"),
    [
        ("flush", 42, "store: TypeError: flush() answered 42, not Coverage"),
        ("usage", "lots", "store: TypeError: usage() answered 'lots', not Usage"),
        ("read", [5], "store: TypeError: read() answered 5, not Batch"),
        (
            "read",
            [Batch(QUOTES, np.zeros(1, [("ts", "i8")]))],
            "store: read() of trades/venue/BTC answered",
        ),
        (
            "read",
            [Batch(TRADES, np.zeros(1, [("ts", "i8")]))],
            "store: trades/venue/BTC: rows are",
        ),
    ],
)
async def test_a_store_that_answers_nonsense_is_faulted_and_nobody_who_asked(
    stored: Any, monkeypatch: pytest.MonkeyPatch, method: str, answer: Any, reason: str
) -> None:
    stored.open()
    stored.publish(stored.trades([0, 1]))
    monkeypatch.setattr(stored.Store, method, lambda *_: answer)
    await stored.engine._rooms.stores.flush()
    for worker in stored.engine._rooms.stores.workers():
        await worker.usage()
    assert isinstance((await stored.read(stored.open()))[-1], EndOfHistory)
    assert stored.manager.info("store").reason.startswith(reason)
