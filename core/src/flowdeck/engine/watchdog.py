"""Finds what holds up the loop: a beat on the loop, and a thread that looks when it stays away."""

from __future__ import annotations

import asyncio
import sys
import threading
import time
import traceback
from collections import deque
from collections.abc import Callable
from dataclasses import asdict, dataclass
from types import FrameType
from typing import Any

__all__ = ["STALL_MS", "Stall", "Watchdog"]

STALL_MS = 20.0
_BEAT_S = 0.01
_KEPT = 32
_FRAMES = 12
_WAITING = ("selectors.py", "threading.py", "queue.py", "concurrent/futures/thread.py", "asyncio/runners.py")


@dataclass(frozen=True)
class Stall:
    """The loop did not turn for a while.

    Attributes:
        ms: For how long.
        ts: When it ended, ns UTC.
        culprit: Where the loop's thread was, innermost first, `file:line function`; where it only waited for the
            interpreter, where other threads were; empty when nobody could look because C code held it.
    """

    ms: float
    ts: int
    culprit: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """A form fit for JSON and msgpack."""
        return asdict(self)


class Watchdog:
    """Watches the loop that starts it.

    Attributes:
        stalls: How many stalls there were.
        longest_ms: The longest of them.
        recent: The latest, oldest first.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.stalls, self.longest_ms = 0, 0.0
        self.recent: deque[Stall] = deque(maxlen=_KEPT)
        self._clock = clock
        self._due = 0.0
        self._culprit: tuple[str, ...] = ()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._handle: asyncio.TimerHandle | None = None
        self._loop_thread = 0

    def start(self) -> None:
        """Begin to watch the running loop."""
        self._loop_thread = threading.get_ident()
        self._schedule()
        self._thread = threading.Thread(target=self._watch, name="watchdog", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End it."""
        self._stop.set()
        if self._handle is not None:
            self._handle.cancel()
        if self._thread is not None:
            self._thread.join()

    def beat(self) -> None:
        """The loop turns: account for how late that is."""
        late_ms = (self._clock() - self._due) * 1e3
        if late_ms > STALL_MS:
            self.stalls += 1
            self.longest_ms = max(self.longest_ms, late_ms)
            self.recent.append(Stall(round(late_ms, 1), time.time_ns(), self._culprit))
        self._culprit = ()

    def look(self) -> None:
        """Note where the loop's thread is, when its beat is overdue."""
        if (self._clock() - self._due) * 1e3 > STALL_MS and not self._culprit:
            self._culprit = self._stack()

    def _stack(self) -> tuple[str, ...]:
        """What the loop's thread runs; where it only waits, what other threads keep the interpreter from it."""
        frames = sys._current_frames()  # noqa: SLF001 -- the interpreter's only way to see them
        frame = frames.pop(self._loop_thread, None)
        if frame is not None and not _waits(frame):
            return _lines(frame, _FRAMES)
        others = [one for thread, one in frames.items() if thread != threading.get_ident() and not _waits(one)]
        return tuple(f"another thread: {line}" for one in others for line in _lines(one, _FRAMES // 2))

    def _schedule(self) -> None:
        self._due = self._clock() + _BEAT_S
        self._handle = asyncio.get_running_loop().call_later(_BEAT_S, self._turn)

    def _turn(self) -> None:
        self.beat()
        self._schedule()

    def _watch(self) -> None:
        while not self._stop.wait(_BEAT_S):
            self.look()


def _waits(frame: FrameType) -> bool:
    """Whether a thread waits for work; under uvloop the loop does so in C, below a frame of asyncio."""
    return frame.f_code.co_filename.endswith(_WAITING)


def _lines(frame: FrameType, most: int) -> tuple[str, ...]:
    stack = traceback.extract_stack(frame)[::-1]
    return tuple(f"{one.filename}:{one.lineno} {one.name}" for one in stack[:most])
