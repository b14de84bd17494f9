"""Runs: replays of captures, each under its own id, with its own clock and streams."""

from __future__ import annotations

import asyncio
import builtins
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from flowdeck.captures import span
from flowdeck.engine.clock import RunClock
from flowdeck.engine.info import RunInfo
from flowdeck.engine.run import Probe, Run, RunShop, check_file, probe
from flowdeck.engine.stores import Stores
from flowdeck.engine.supervisor import Death, Supervised, Supervisor
from flowdeck.errors import CaptureError, EngineError, StreamError
from flowdeck.streams import StreamKey

__all__ = ["Runs"]

_FASTEST = float("inf")


class Runs:
    """All runs of an engine."""

    def __init__(self, shop: RunShop, supervisor: Supervisor, stores: Stores) -> None:
        self._shop, self._supervisor, self._stores = shop, supervisor, stores
        self._runs: dict[str, Run] = {}
        self._tasks: dict[str, builtins.list[Supervised]] = {}
        self._count = 0

    def list(self) -> list[RunInfo]:
        """All runs, oldest first."""
        return [run.info for run in self._runs.values()]

    def info(self, run: str) -> RunInfo:
        """One run; EngineError when there is none of this id."""
        return self._run(run).info

    async def start(
        self, capture: Path, *, speed: float | None = 1.0, paused: bool = False, at: int | None = None
    ) -> RunInfo:
        """Replay a capture.

        A reader that must not miss a row of a fast run starts it paused, opens its streams, and plays.

        Args:
            capture: The file.
            speed: Seconds of data per second; None or inf is as fast as can be, waiting for readers.
            paused: Whether it waits for `play`.
            at: Where the clock begins (ns UTC, local receipt); what lies before is read at once.

        Raises:
            CaptureError: when the file cannot be read or no plugin knows its frames.
            EngineError: for a speed that is not positive.
        """
        rate = _rate(speed)
        self._count += 1
        name = f"r{self._count}"
        probed = await self._probe(capture, name)
        run = self._runs[name] = Run(name, capture, probed, self._shop)
        for key in sorted(probed.keys):
            if key.kind == "trades":  # every chart wants them: kept from the start, they need no second pass
                self._shop.pipeline().open(key)
        run.replay.set_rate(rate)
        if at is not None:
            run.replay.forward(at)
        if not paused:
            run.replay.play()
        self._tasks[name] = [self._supervisor.start(f"run {name}", run.replay.run, lambda death: _died(run, death))]
        if rate != _FASTEST:  # else it is at the end sooner
            self._tasks[name].append(
                self._supervisor.start(f"length of run {name}", lambda: _measure(run), lambda _: False, once=True)
            )
        return run.info

    async def play(self, run: str) -> RunInfo:
        """Let its clock run; from the beginning when it stood at the end."""
        return await self._do(run, lambda one: one.replay.play())

    async def pause(self, run: str) -> RunInfo:
        """Stop its clock."""
        return await self._do(run, lambda one: one.replay.pause())

    async def seek(self, run: str, ts: int) -> RunInfo:
        """Go to a time (ns UTC, local receipt); subscriptions end with `epoch`."""
        return await self._do(run, lambda one: one.replay.seek(ts))

    async def step(self, run: str, frames: int = 1) -> RunInfo:
        """Read so many further frames, standing still."""
        if frames < 1:
            raise EngineError(f"a step is one frame or more, not {frames}")
        return await self._do(run, lambda one: one.replay.step(frames))

    async def speed(self, run: str, speed: float | None) -> RunInfo:
        """Change its speed; None or inf is as fast as can be."""
        rate = _rate(speed)
        return await self._do(run, lambda one: one.replay.set_rate(rate))

    async def stop(self, run: str) -> None:
        """End a run and delete its data; its streams end with `run`."""
        one = self._run(run)
        await asyncio.gather(*(task.stop() for task in self._tasks.pop(run)))
        del self._runs[run]
        one.replay.close()
        self._shop.pipeline().drop_run(run, "run", "the run was deleted")
        self._shop.book.forget(run)
        await self._stores.delete_run(run)
        self._shop.events.emit("run", {"id": run, "state": "deleted"})

    async def finished(self, run: str) -> RunInfo:
        """Wait until a run stands at the end of its capture, or failed."""
        one = self._run(run)
        await one.replay.finished()
        return one.info

    def of(self, key: StreamKey) -> Run:
        """The run of a key; StreamError when there is none of its id."""
        assert key.run is not None
        if key.run not in self._runs:
            known = ", ".join(self._runs) or "there are none"
            raise StreamError(f"{key}: there is no run {key.run!r} (runs: {known})")
        return self._runs[key.run]

    def forget(self, key: StreamKey) -> None:
        """A stream of a run was closed."""
        if key.run in self._runs:
            self._runs[key.run].replay.unwant(key)

    def clock(self, run: str) -> RunClock:
        """The clock of a run."""
        return self._run(run).replay.clock

    def frames(self) -> int:
        """Frames read by all runs."""
        return sum(run.replay.frames for run in self._runs.values())

    def tick(self) -> None:
        """Tell of every run that moves; called once a second."""
        for run in self._runs.values():
            if run.info.state in {"playing", "loading"}:
                run.tell()

    def suspend(self, plugin: str, reason: str) -> None:
        """The plugin that reads some captures is gone."""
        for run in self._runs.values():
            if run.plugin == plugin and run.info.state != "failed":
                run.suspended = True
                run.replay.fail(reason)

    def resume(self, plugin: str) -> None:
        """It is back."""
        for run in self._runs.values():
            if run.plugin == plugin and run.suspended:
                run.suspended = False
                run.replay.revive()

    async def close(self) -> None:
        """End all runs; what stores hold of them goes."""
        for run in tuple(self._runs):
            await self.stop(run)

    async def _do(self, run: str, what: Callable[[Run], None]) -> RunInfo:
        one = self._run(run)
        what(one)
        return one.info

    def _run(self, run: str) -> Run:
        if run not in self._runs:
            known = ", ".join(self._runs) or "there are none"
            raise EngineError(f"there is no run {run!r} (runs: {known})")
        return self._runs[run]

    async def _probe(self, capture: Path, run: str) -> Probe:
        """Find the source that knows the capture, each under its own guard."""
        manager, refusals = self._shop.manager, dict[str, str]()
        sources = [registered for registered in manager.sources() if registered.spec.parser]
        with ThreadPoolExecutor(1, thread_name_prefix="probe") as thread:
            loop = asyncio.get_running_loop()
            await loop.run_in_executor(thread, check_file, capture)
            for registered in sources:
                with manager.guard(registered.plugin, "parser"):
                    found = await loop.run_in_executor(thread, probe, capture, registered, run)
                    if isinstance(found, Probe):
                        return found
                    refusals[registered.spec.id] = str(found)
                    continue
                reason = manager.info(registered.plugin).reason
                raise CaptureError(f"{capture}: plugin {registered.plugin} failed on it: {reason}")
        if len(refusals) == 1:
            raise CaptureError(*refusals.values())
        ids = ", ".join(refusals) or "none"
        raise CaptureError(f"{capture}: no plugin knows these frames (sources that read captures: {ids})")


def _rate(speed: float | None) -> float:
    rate = _FASTEST if speed is None else float(speed)
    if not rate > 0:
        raise EngineError(f"a speed is a positive number, or max, not {speed}")
    return rate


def _died(run: Run, death: Death) -> bool:
    """A replay that broke is not tried again: it would break at the same line."""
    run.replay.fail(f"{type(death.error).__name__}: {death.error}" if death.error else "it ended by itself")
    return False


async def _measure(run: Run) -> None:
    _, stop_ns = await asyncio.to_thread(span, run.replay.path)
    run.replay.stop_ns = max(run.replay.stop_ns, stop_ns)
    run.changed()
