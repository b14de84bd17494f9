"""Runs: replays of captures under a clock of their own."""

from __future__ import annotations

import asyncio
import gzip
import json
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from flowdeck.errors import CaptureError, EngineError, StreamError
from flowdeck.kinds import BarFlags
from flowdeck.streams import Batch, EndOfHistory, StreamKey

SECOND = 1_000_000_000


class Tape:
    """Writes captures for the fake parser: a frame every second, trades and quotes in turn."""

    def __init__(self, path: Path, start: int) -> None:
        self.path, self.start = path, start
        self.lines: list[bytes] = []
        self.ids = 0

    def frame(self, second: float, kind: str, **more: Any) -> None:
        ts = self.start + round(second * SECOND)
        record = {"k": kind, "t": ts, **more}
        if kind == "trades" and "i" not in more:
            self.ids += 1
            record["i"] = self.ids
        self.raw(second, json.dumps(record, separators=(",", ":")).encode())

    def raw(self, second: float, data: bytes) -> None:
        self.lines.append(b"%d %b" % (self.start + round(second * SECOND), data))

    def write(self) -> Path:
        self.path.write_bytes(gzip.compress(b"\n".join(self.lines) + b"\n"))
        return self.path


@pytest.fixture
def tape(world: Any, tmp_path: Path) -> Tape:
    tape = Tape(tmp_path / "tape.gz", world.START)
    for i in range(100):
        tape.frame(i, "quotes" if i % 2 else "trades")
    return tape


def key(run: str, kind: str = "trades") -> StreamKey:
    return StreamKey.parse(f"{kind}/venue/BTC?run={run}")


async def _stands(world: Any, run: str) -> None:
    await world.until(lambda: world.engine.runs.info(run).state == "paused")


async def _drain(world: Any, subscription: Any) -> list[Any]:
    """What has arrived so far."""
    events: list[Any] = []
    await world.settle(5)
    while subscription.waiting_rows or not any(isinstance(event, EndOfHistory) for event in events):
        events.append(await world.next(subscription))
    return events


async def test_at_full_speed_every_row_arrives_in_order(world: Any, tape: Tape) -> None:
    info = await world.engine.runs.start(tape.write(), speed=None, paused=True)
    trades, quotes = world.open(key(info.id)), world.open(key(info.id, "quotes"))
    await world.engine.runs.play(info.id)
    info = await world.engine.runs.finished(info.id)
    assert (info.state, info.frames, info.problem_count) == ("finished", 100, 0)
    assert (info.start_ns, info.stop_ns) == (world.START, world.START + 99 * SECOND)
    assert info.now_ns == info.stop_ns
    rows = world.rows_of(await _drain(world, trades))
    assert list(rows["id"]) == list(range(1, 51))
    assert len(world.rows_of(await _drain(world, quotes), "quotes")) == 50


async def test_what_is_opened_afterwards_is_caught_up_and_what_was_open_does_not_notice(world: Any, tape: Tape) -> None:
    runs = world.engine.runs
    info = await runs.start(tape.write(), speed=None, paused=True)
    trades = world.open(key(info.id))
    await runs.play(info.id)
    await runs.finished(info.id)
    quotes = await world.read(world.open(key(info.id, "quotes"), live=False), until="end")
    assert len(world.rows_of(quotes, "quotes")) == 50
    assert [event.reason for event in quotes[-1:]] == ["done"]
    assert list(world.rows_of(await _drain(world, trades))["id"]) == list(range(1, 51)), "nothing twice"
    assert runs.info(info.id).frames == 100


async def test_bars_of_a_run_equal_those_of_its_trades(world: Any, tape: Tape) -> None:
    info = await world.engine.runs.start(tape.write(), speed=None)
    await world.engine.runs.finished(info.id)
    bars = await world.read(world.open(world.bars("15s", run=info.id), live=False), until="end")
    expected = world.expected_bars(world.trades(np.arange(0, 100, 2)), "15s")
    assert world.bar_values(world.rows_of(bars, "bars")) == expected
    assert world.Bars.made[-1].context.clock.now == world.START + 99 * SECOND


async def test_trades_are_kept_without_a_reader(world: Any, tape: Tape) -> None:
    info = await world.engine.runs.start(tape.write(), speed=None)
    await world.engine.runs.finished(info.id)
    passes = len(world.Parser.made)
    events = await world.read(world.open(key(info.id), live=False), until="end")
    assert list(world.rows_of(events)["id"]) == list(range(1, 51))
    assert len(world.Parser.made) == passes, "the capture was not read again"


async def test_it_goes_along_its_clock(world: Any, tape: Tape) -> None:
    runs = world.engine.runs
    info = await runs.start(tape.write(), speed=2.0)
    trades = world.open(key(info.id))
    await world.until(lambda: runs.info(info.id).state == "playing")
    await world.ticks.pass_s(10)
    rows = world.rows_of(await _drain(world, trades))
    assert list(rows["id"]) == list(range(1, 12)), "20 s of data in 10 s"
    assert runs.info(info.id).now_ns == world.START + 20 * SECOND
    assert runs.info(info.id).state == "playing"
    await runs.speed(info.id, 0.5)
    await world.ticks.pass_s(8)
    assert list(world.rows_of([await world.next(trades) for _ in range(2)])["id"]) == [12, 13]


async def test_a_pause_stops_and_a_step_goes_frame_by_frame(world: Any, tape: Tape) -> None:
    runs = world.engine.runs
    info = await runs.start(tape.write(), paused=True)
    trades = world.open(key(info.id))
    await _stands(world, info.id)
    await world.ticks.pass_s(60, step_s=5)
    assert runs.info(info.id).state == "paused"
    assert runs.info(info.id).frames == 0
    await runs.step(info.id, 3)
    await world.until(lambda: runs.info(info.id).frames == 3)
    assert list(world.rows_of(await _drain(world, trades))["id"]) == [1, 2]
    assert runs.info(info.id).now_ns == world.START + 2 * SECOND
    await runs.play(info.id)
    await world.ticks.pass_s(2)
    await runs.pause(info.id)
    await world.ticks.pass_s(60, step_s=5)
    assert runs.info(info.id).now_ns == world.START + 4 * SECOND


async def test_going_back_starts_a_new_epoch_with_the_past_of_that_time(world: Any, tape: Tape) -> None:
    runs = world.engine.runs
    info = await runs.start(tape.write(), speed=None, paused=True)
    trades, bars = world.open(key(info.id)), world.open(world.bars("15s", run=info.id))
    await runs.play(info.id)
    await runs.finished(info.id)
    await runs.speed(info.id, 1.0)
    info = await runs.seek(info.id, world.START + 40 * SECOND)
    assert info.epoch == 1
    assert (await world.read(trades, until="end"))[-1].reason == "epoch"
    assert (await world.read(bars, until="end"))[-1].reason == "epoch"
    again, bars = world.open(key(info.id)), world.open(world.bars("15s", run=info.id))
    await _stands(world, info.id)
    rows = world.rows_of(await _drain(world, again))
    assert list(rows["id"]) == list(range(1, 22)), "up to the time that was sought, no further"
    found = world.bar_values(world.rows_of(await _drain(world, bars), "bars"))
    assert found == world.expected_bars(world.trades(np.arange(0, 41, 2)), "15s")
    info = runs.info(info.id)
    assert (info.state, info.now_ns) == ("paused", world.START + 40 * SECOND)


async def test_going_forward_keeps_the_past(world: Any, tape: Tape) -> None:
    runs = world.engine.runs
    info = await runs.start(tape.write(), paused=True)
    trades = world.open(key(info.id))
    await runs.step(info.id, 10)
    await world.until(lambda: runs.info(info.id).frames == 10)
    await runs.seek(info.id, world.START + 50 * SECOND)
    assert (await world.read(trades, until="end"))[-1].reason == "epoch"
    again = world.open(key(info.id))
    await _stands(world, info.id)
    rows = world.rows_of(await _drain(world, again))
    assert list(rows["id"]) == list(range(1, 27))


async def test_playing_at_the_end_starts_over(world: Any, tape: Tape) -> None:
    runs = world.engine.runs
    info = await runs.start(tape.write(), speed=None)
    await runs.finished(info.id)
    await runs.play(info.id)
    info = await runs.finished(info.id)
    assert (info.state, info.epoch, info.frames) == ("finished", 1, 100)


async def test_it_begins_where_it_is_told_to(world: Any, tape: Tape) -> None:
    info = await world.engine.runs.start(tape.write(), paused=True, at=world.START + 30 * SECOND)
    one = world.open(key(info.id))
    await _stands(world, info.id)
    assert list(world.rows_of(await _drain(world, one))["id"]) == list(range(1, 17))
    assert world.engine.runs.info(info.id).now_ns == world.START + 30 * SECOND


async def test_a_key_without_feed_finds_the_raw_trades_of_the_capture(
    world: Any, tape: Tape, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(world.Parser, "raw", True)
    info = await world.engine.runs.start(tape.write(), speed=None)
    await world.engine.runs.finished(info.id)
    one = world.open(key(info.id))
    assert str(one.key) == f"trades/venue/BTC?feed=raw&run={info.id}"
    bars = world.open(world.bars("1m", run=info.id), live=False)
    assert len(world.rows_of(await world.read(bars, until="end"), "bars")) == 2
    assert str(bars.key) == f"bars/venue/BTC?timeframe=1m&run={info.id}"


async def test_raw_trades_that_nobody_could_foresee_make_readers_reopen(
    world: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(world.Parser, "raw", True)
    monkeypatch.setattr("flowdeck.engine.run._PROBE_LINES", 3)
    tape = Tape(tmp_path / "late.gz", world.START)
    for i in range(10):
        tape.frame(i, "quotes")
    tape.frame(10, "trades")
    info = await world.engine.runs.start(tape.write(), speed=None, paused=True)
    one, bars = world.open(key(info.id)), world.open(world.bars("1m", run=info.id))
    assert str(one.key) == f"trades/venue/BTC?run={info.id}"
    await world.engine.runs.play(info.id)
    assert (await world.read(one, until="end"))[-1].reason == "epoch"
    assert (await world.read(bars, until="end"))[-1].reason == "epoch"
    again = world.open(world.bars("1m", run=info.id), live=False)
    assert len(world.rows_of(await world.read(again, until="end"), "bars")) == 1
    again = world.open(key(info.id), live=False)
    assert list(world.rows_of(await world.read(again, until="end"))["id"]) == [1]


async def test_a_parameter_that_the_capture_does_not_hold_is_refused(world: Any, tape: Tape) -> None:
    info = await world.engine.runs.start(tape.write(), paused=True)
    with pytest.raises(StreamError, match="leave the parameters out"):
        world.open(f"trades/venue/BTC?feed=raw&run={info.id}")


async def test_damaged_lines_are_named_and_the_rest_is_kept(world: Any, tape: Tape) -> None:
    tape.raw(100, b'{"bad":1}')
    tape.lines.append(b"nonsense")
    tape.frame(102, "trades")
    info = await world.engine.runs.start(tape.write(), speed=None, paused=True)
    trades = world.open(key(info.id))
    await world.engine.runs.play(info.id)
    info = await world.engine.runs.finished(info.id)
    assert sorted(info.problems) == ["tape.gz:101: it is bad", "tape.gz:102: not '<ns> <JSON>': nonsense"]
    assert (info.problem_count, info.frames) == (2, 102)
    assert world.rows_of(await _drain(world, trades))["id"][-1] == 51


async def test_missing_frames_make_a_gap_unless_ids_prove_otherwise(world: Any, tmp_path: Path) -> None:
    tape = Tape(tmp_path / "gap.gz", world.START)
    tape.frame(-70, "trades")
    tape.frame(0, "trades")
    tape.raw(5, b'{"flowdeck":{"event":"disconnect"}}')
    tape.frame(10, "trades")  # id 3: nothing was missed
    tape.frame(70, "trades")
    tape.raw(75, b'{"flowdeck":{"event":"disconnect"}}')
    tape.frame(80, "trades", i=9)
    tape.frame(130, "trades", i=10)
    info = await world.engine.runs.start(tape.write(), speed=None)
    await world.engine.runs.finished(info.id)
    trades = await world.read(world.open(key(info.id), live=False), until="end")
    second = world.START
    assert trades[-2].covered == (
        (second - 70 * SECOND, second + 70 * SECOND + 1),
        (second + 80 * SECOND, second + 130 * SECOND + 1),
    )
    bars = world.rows_of(await world.read(world.open(world.bars("1m", run=info.id), live=False), until="end"), "bars")
    incomplete = (bars["flags"] & BarFlags.INCOMPLETE) > 0
    assert list(incomplete) == [True, False, True, False]


@pytest.fixture
def long_tape(world: Any, tmp_path: Path) -> Tape:
    """Three thousand trades."""
    tape = Tape(tmp_path / "long.gz", world.START)
    for i in range(3_000):
        tape.frame(i / 10, "trades")
    return tape


async def test_a_reader_that_is_slow_is_waited_for(world: Any, long_tape: Tape) -> None:
    count = 3_000
    info = await world.engine.runs.start(long_tape.write(), speed=None, paused=True)
    slow = world.open(key(info.id))
    slow._outbox._limit = 100
    await world.engine.runs.play(info.id)
    await world.settle(50)
    assert world.engine.runs.info(info.id).frames < count, "it does not run ahead"
    rows: list[int] = []
    while len(rows) < count:
        event = await world.next(slow)
        rows += list(event.rows["id"]) if isinstance(event, Batch) else []
    assert rows == list(range(1, count + 1))


async def test_what_is_opened_beside_a_slow_reader_is_caught_up(world: Any, long_tape: Tape) -> None:
    info = await world.engine.runs.start(long_tape.write(), speed=None, paused=True)
    slow = world.open(key(info.id))
    slow._outbox._limit = 1
    await world.engine.runs.play(info.id)
    await world.until(lambda: not slow.has_room.is_set())
    quotes = await world.read(world.open(key(info.id, "quotes"), live=False), until="end")
    assert quotes[-1].reason == "done"
    assert not slow.has_room.is_set()
    slow.cancel()


async def test_what_was_being_read_when_one_went_back_does_not_count(
    world: Any, tape: Tape, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs, gate = world.engine.runs, world.Gate("replay")
    info = await runs.start(tape.write(), paused=True)
    one = world.open(key(info.id))
    await runs.step(info.id, 50)
    await world.until(lambda: runs.info(info.id).frames == 50)
    monkeypatch.setattr(world.Parser, "before", staticmethod(gate))
    gate.shut()
    await runs.step(info.id, 20)
    await world.until(lambda: gate.waiting > 0)
    await runs.seek(info.id, world.START + 10 * SECOND)
    gate.open()
    assert (await world.read(one, until="end"))[-1].reason == "epoch"
    again = world.open(key(info.id))
    await _stands(world, info.id)
    assert list(world.rows_of(await _drain(world, again))["id"]) == list(range(1, 7))


async def test_full_speed_waits_for_an_aggregator_in_the_making(
    world: Any, long_tape: Tape, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs, gate = world.engine.runs, world.Gate("history")
    info = await runs.start(long_tape.write(), speed=None, paused=True)
    one = world.open(key(info.id))
    await runs.step(info.id, 10)
    await world.until(lambda: runs.info(info.id).frames == 10)
    monkeypatch.setattr(world.Bars, "before", staticmethod(gate))
    gate.shut()
    bars = world.open(world.bars("1m", run=info.id))
    await world.until(lambda: gate.waiting > 0)
    await runs.play(info.id)
    await world.settle()
    assert runs.info(info.id).frames == 10, "else what waits for it would grow without bound"
    gate.open()
    assert (await runs.finished(info.id)).frames == 3_000
    one.cancel()
    bars.cancel()


async def test_users_are_heard_while_it_waits_for_a_reader(world: Any, long_tape: Tape) -> None:
    info = await world.engine.runs.start(long_tape.write(), speed=None, paused=True)
    slow = world.open(key(info.id))
    slow._outbox._limit = 1
    await world.engine.runs.play(info.id)
    await world.until(lambda: not slow.has_room.is_set())
    await world.engine.runs.seek(info.id, world.START)
    assert (await world.read(slow, until="end"))[-1].reason == "epoch"
    await world.until(lambda: world.engine.runs.info(info.id).state == "finished")


async def test_deleting_a_run_deletes_its_data(world: Any, tape: Tape) -> None:
    info = await world.engine.runs.start(tape.write(), speed=None)
    await world.engine.runs.finished(info.id)
    one = world.open(key(info.id))
    await world.read(one)
    await world.engine.runs.stop(info.id)
    assert (await world.read(one, until="end"))[-1].reason == "run"
    assert not [held for held in await world.engine.describe() if held.key and held.key.run]
    assert not world.engine.instruments(run=info.id)
    with pytest.raises(StreamError, match="there is no run"):
        world.open(key(info.id))
    with pytest.raises(EngineError, match="there is no run 'r1'"):
        await world.engine.runs.play(info.id)


async def test_memory_is_flat_over_many_passes(world: Any, tape: Tape) -> None:
    info = await world.engine.runs.start(tape.write(), speed=None)
    await world.engine.runs.finished(info.id)
    await world.read(world.open(key(info.id), live=False), until="end")
    held = []
    for _ in range(10):
        await world.engine.runs.play(info.id)
        await world.engine.runs.finished(info.id)
        held.append(world.engine._rooms.metrics.snapshot()["memory_bytes"])
    assert len(set(held)) == 1


async def test_a_run_tells_of_itself(world: Any, tape: Tape) -> None:
    info = await world.engine.runs.start(tape.write())
    await world.until(lambda: world.said("run")[-1]["state"] == "playing")
    assert world.said("run")[-1]["instruments"][0]["symbol"] == "BTC"
    world.events.clear()
    await world.ticks.pass_s(3, step_s=1)
    clock = world.said("clock")[-1]
    assert (clock["run"], clock["speed"], clock["epoch"]) == (info.id, 1.0, 0)
    assert clock["now"] >= world.START + 2 * SECOND
    await world.until(lambda: world.engine.runs.info(info.id).stop_ns == world.START + 99 * SECOND)


async def test_a_parser_that_breaks_fails_the_run_and_its_plugin(
    world: Any, tape: Tape, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "boom", ModuleType("boom"))
    tape.raw(101, b'{"k":"trades","t":0,"i":0,"boom":1}')
    info = await world.engine.runs.start(tape.write(), speed=None, paused=True)
    one = world.open(key(info.id))
    await world.engine.runs.play(info.id)
    info = await world.engine.runs.finished(info.id)
    assert info.state == "failed"
    assert (await world.read(one, until="end"))[-1].reason == "fault"


async def test_a_capture_goes_on_when_its_plugin_is_back(world: Any, tape: Tape) -> None:
    runs = world.engine.runs
    info = await runs.start(tape.write(), paused=True)
    await runs.step(info.id, 41)
    await world.until(lambda: runs.info(info.id).frames == 41)
    world.manager.disable("market")
    await world.until(lambda: runs.info(info.id).state == "failed")
    world.manager.enable("market")
    await world.until(lambda: runs.info(info.id).state != "failed")
    one = world.open(key(info.id))
    await _stands(world, info.id)
    assert list(world.rows_of(await _drain(world, one))["id"]) == list(range(1, 22))


async def test_a_parser_that_breaks_on_the_opening_frames_is_named(world: Any, tmp_path: Path) -> None:
    tape = Tape(tmp_path / "odd.gz", world.START)
    tape.raw(0, b'{"k":"trades"}')
    with pytest.raises(CaptureError, match=r"plugin market failed on it: .*KeyError: 't'"):
        await world.engine.runs.start(tape.write())


async def test_captures_that_cannot_be_read(world: Any, tmp_path: Path) -> None:
    plain, empty = tmp_path / "plain.gz", tmp_path / "empty.gz"
    plain.write_text("hello")
    empty.write_bytes(b"")
    foreign = tmp_path / "foreign.gz"
    foreign.write_bytes(gzip.compress(b'1700000000000000000 {"what":1}\n'))
    for path, words in (
        (tmp_path / "none.gz", "No such file"),
        (plain, "not a capture"),
        (empty, "the file is empty"),
        (foreign, "no plugin knows these frames"),
    ):
        with pytest.raises(CaptureError, match=words):
            await world.engine.runs.start(path)
    assert not world.engine.runs.list()


async def test_speeds_and_steps_that_make_no_sense(world: Any, tape: Tape) -> None:
    path = tape.write()
    for speed in (0, -1, float("nan")):
        with pytest.raises(EngineError, match="a speed is a positive number"):
            await world.engine.runs.start(path, speed=speed)
    info = await world.engine.runs.start(path, paused=True)
    with pytest.raises(EngineError, match="one frame or more"):
        await world.engine.runs.step(info.id, 0)


async def test_live_and_run_do_not_mix(world: Any, tape: Tape) -> None:
    live = world.open()
    info = await world.engine.runs.start(tape.write(), speed=None)
    await world.engine.runs.finished(info.id)
    await world.read(world.open(key(info.id), live=False), until="end")
    assert [type(event) for event in await world.read(live)] == [EndOfHistory]
    assert not live.waiting_rows


async def test_two_runs_at_once(world: Any, tape: Tape, new_world: Callable[..., Any]) -> None:
    path = tape.write()
    first = await world.engine.runs.start(path, speed=None)
    second = await world.engine.runs.start(path, paused=True)
    assert first.id != second.id
    await world.engine.runs.finished(first.id)
    await asyncio.gather(*(world.read(world.open(key(info.id))) for info in (first, second)))
    await _stands(world, second.id)
    assert [info.state for info in world.engine.runs.list()] == ["finished", "paused"]
