"""The replay of one capture: what users ask of it, and when it reads how far."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Protocol, TypeVar

from flowdeck.engine.clock import RunClock
from flowdeck.engine.feed import CaptureFeed, Slice
from flowdeck.engine.info import RunInfo, RunState
from flowdeck.engine.progress import Progress, ReplayHost
from flowdeck.engine.supervisor import Wait
from flowdeck.instruments import Instrument
from flowdeck.streams import StreamKey
from flowdeck.timeframes import SECOND_NS

__all__ = ["Replay"]

_PACE_S = 0.005
_LONGEST_NAP_S = 0.25
_UNLIMITED = float("inf")
T = TypeVar("T")


class Guarded(Protocol):
    """Awaits an entry into a plugin; None when that raised."""

    def __call__(self, work: Awaitable[T], /) -> Awaitable[T | None]: ...


class Replay:
    """Reads a capture along its clock, in order of receipt.

    Args:
        path: The capture.
        open_feed: Opens a pass that parses the given kinds; called on the replay's thread.
        host: What it publishes to.
        clock: Its clock.
        wait: Waits for an event, at most so many seconds.
        room: Answers an event while a reader is full, which is set when it has room again.
        guarded: Guards entries into the parser's plugin.
        instruments: Those that are known before the first line is read.
    """

    def __init__(
        self,
        path: Path,
        open_feed: Callable[[frozenset[str]], CaptureFeed],
        host: ReplayHost,
        clock: RunClock,
        wait: Wait,
        room: Callable[[], asyncio.Event | None],
        guarded: Guarded,
        instruments: tuple[Instrument, ...] = (),
    ) -> None:
        self.path, self.clock = path, clock
        self._host, self._wait, self._room, self._guarded = host, wait, room, guarded
        self._progress = Progress(open_feed, host, Slice(0, 0, instruments=instruments))
        self._thread = ThreadPoolExecutor(1, thread_name_prefix=f"replay {path.name}")
        self._fast_until: int | None = None
        self._steps = 0
        self._reason = ""
        self._wake, self._ended = asyncio.Event(), asyncio.Event()
        self.start_ns = self.stop_ns = 0

    @property
    def state(self) -> RunState:
        """What it does."""
        progress = self._progress
        if self._reason:
            return "failed"
        if not progress.open or progress.lines_behind or self._fast_until is not None:
            return "loading"
        if progress.at_end and not self.clock.playing:
            return "finished"
        return "playing" if self.clock.playing else "paused"

    def info(self, run: str) -> RunInfo:
        """It as users see it."""
        last = self._progress.last
        return RunInfo(
            id=run,
            title=self.path.name,
            state=self.state,
            start_ns=self.start_ns,
            stop_ns=self.stop_ns,
            now_ns=self.clock.now,
            speed=self.clock.rate,
            epoch=self.clock.epoch,
            instruments=tuple(instrument.to_dict() for instrument in last.instruments),
            frames=last.frames,
            skipped=last.skipped,
            problems=last.problems,
            problem_count=last.problem_count,
            reason=self._reason,
        )

    @property
    def frames(self) -> int:
        """Frames read since the start of the capture."""
        return self._progress.last.frames

    def want(self, key: StreamKey) -> None:
        """Publish a stream too, from the beginning of the capture on."""
        self._progress.want(key)
        self._poke()

    def unwant(self, key: StreamKey) -> None:
        """Publish it no more."""
        self._progress.unwant(key)

    def play(self) -> None:
        """Let the clock run; from the beginning when it stood at the end."""
        if self.state == "finished":
            self.seek(self.start_ns)
        self.clock.play()
        self._poke()

    def pause(self) -> None:
        """Stand still."""
        self.clock.pause()
        self._poke()

    def set_rate(self, rate: float) -> None:
        """Change the speed; inf is as fast as can be."""
        self.clock.set_rate(rate)
        self._poke()

    def step(self, frames: int) -> None:
        """Read so many further lines, standing still."""
        self.clock.pause()
        self._steps += frames
        self._poke()

    def forward(self, ts: int) -> None:
        """Read up to a time (ns UTC) before the clock counts."""
        self.clock.set(ts)
        self._fast_until = ts
        self._poke()

    def seek(self, ts: int) -> None:
        """Go to a time of the run: on from here, or back to the beginning of the capture and forward from there."""
        back = ts < self._progress.last.recv_ts
        self.clock.jump(ts)
        self._steps, self._fast_until = 0, ts
        if back:
            self._progress.restart()
        self._host.discard(keep=not back)
        self._poke()

    def fail(self, reason: str) -> None:
        """Read no further."""
        self._reason = self._reason or reason
        self.clock.pause()
        self._poke()

    def revive(self) -> None:
        """Read again after `fail`, from the beginning up to where it stood."""
        self._reason, self._fast_until = "", self.clock.now
        self._progress.restart()
        self._poke()

    async def finished(self) -> None:
        """Wait until it stands at the end, or failed."""
        await self._ended.wait()

    def close(self) -> None:
        """End its thread."""
        self._thread.shutdown(wait=False, cancel_futures=True)

    async def run(self) -> None:
        """Replay until cancelled."""
        while True:
            self._wake.clear()
            if self._progress.rewind and not self._reason:
                await self._reopen()
            elif (budget := self._budget()) is not None:
                await self._advance(*budget)
            else:
                self._settle()
                await self._wake.wait()

    async def _reopen(self) -> None:
        error = await self._progress.reopen(self._on_thread)
        if error:
            self.fail(error)
        self._host.changed()

    def _budget(self) -> tuple[int | None, int] | None:
        """Until when (receipt, ns UTC) and how many lines to read now; None when there is nothing to do."""
        progress = self._progress
        if self._reason or not progress.open:
            return None
        if progress.lines_behind:
            return None, min(progress.lines, progress.lines_behind)
        if self._fast_until is not None and progress.next_ts is not None and progress.next_ts <= self._fast_until:
            return self._fast_until, progress.lines
        self._fast_until = None
        if progress.next_ts is None or not (self._steps or self.clock.playing):
            return None
        if self._steps:
            return None, min(self._steps, progress.lines)
        return (None if self.clock.rate == _UNLIMITED else self.clock.now), progress.lines

    async def _advance(self, until_ts: int | None, lines: int) -> None:
        behind, stepping = self._progress.lines_behind > 0, self._steps > 0 and self._fast_until is None
        paced = not behind and not stepping and self._fast_until is None and self.clock.rate != _UNLIMITED
        if not (paced or behind) and not await self._credit():  # what catches up has no readers yet
            return
        slice_ = await self._progress.advance(until_ts, lines, self._on_thread)
        if slice_ is None:
            return
        if slice_.error:
            self.fail(slice_.error)
        if not behind:
            self._count(slice_, stepping=stepping)
        self._host.changed()
        if paced:
            await self._nap(slice_)

    def _count(self, slice_: Slice, *, stepping: bool) -> None:
        """The run is as far as this slice."""
        if stepping:
            self._steps = max(0, self._steps - (slice_.stop - slice_.start))
        if stepping or (self.clock.rate == _UNLIMITED and self.clock.playing and self._fast_until is None):
            self.clock.set(slice_.recv_ts)

    def _settle(self) -> None:
        """Nothing is left to do for now."""
        if self._progress.at_end and not self._reason:
            self.stop_ns = max(self.stop_ns, self._progress.last.recv_ts)
            self.clock.pause()
            self.clock.set(self.stop_ns)
            self._steps = 0
        if self._reason or self._progress.at_end:
            self._ended.set()
        self._host.changed()

    async def _credit(self) -> bool:
        """Wait until no reader is full; False when users want something else meanwhile."""
        while (room := self._room()) is not None:
            if self._wake.is_set():
                return False
            waits = [asyncio.ensure_future(event.wait()) for event in (room, self._wake)]
            try:
                await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for wait in waits:
                    wait.cancel()
        return True

    async def _nap(self, slice_: Slice) -> None:
        """Sleep until the next line is due; where reading cannot keep up, time waits for it."""
        if slice_.next_ts is None:
            return
        late_s = (self.clock.now - slice_.next_ts) / (SECOND_NS * self.clock.rate)
        if late_s > _LONGEST_NAP_S:
            self.clock.set(slice_.next_ts)
        elif late_s <= 0:
            await self._wait(self._wake, min(max(self.clock.wall_s_until(slice_.next_ts), _PACE_S), _LONGEST_NAP_S))

    async def _on_thread(self, work: Callable[[], T]) -> T | None:
        return await self._guarded(asyncio.get_running_loop().run_in_executor(self._thread, work))

    def _poke(self) -> None:
        self._ended.clear()
        self._wake.set()
        self._host.changed()
