"""The mailbox between the thread that reads the engine's socket and the GUI thread."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from threading import Lock
from time import perf_counter

__all__ = ["DRAIN_BUDGET_S", "Letter", "Mailbox"]

DRAIN_BUDGET_S = 0.003
"""Longest that one frame spends on letters; what is left waits for the next frame."""

Letter = Callable[[], None]
"""What is done on the GUI thread."""


class Mailbox:
    """Letters in the order in which they were put, bounded by the rows that they carry.

    The reader of the socket waits in `room` before it takes the next batch of a stream, so a window that cannot keep
    up slows its own subscriptions down; the engine then coalesces, ends with `overrun`, or paces the replay.

    Args:
        wake: Called from the thread that puts, once per turn from empty to not empty.
        limit_rows: Rows that may wait.
        clock: Seconds, monotonic.
    """

    def __init__(
        self, wake: Callable[[], None], *, limit_rows: int = 200_000, clock: Callable[[], float] = perf_counter
    ) -> None:
        self._wake = wake
        self._limit_rows = limit_rows
        self._clock = clock
        self._lock = Lock()
        self._letters: deque[tuple[Letter, int]] = deque()
        self._rows = 0
        self._waiting: list[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = []

    def __len__(self) -> int:
        return len(self._letters)

    def put(self, letter: Letter, rows: int = 0) -> None:
        """Leave a letter; any thread, never blocks."""
        with self._lock:
            was_empty = not self._letters
            self._letters.append((letter, rows))
            self._rows += rows
        if was_empty:
            self._wake()

    async def room(self) -> None:
        """Wait until fewer rows than the limit are waiting."""
        while True:
            with self._lock:
                if self._rows < self._limit_rows:
                    return
                freed = asyncio.Event()
                self._waiting.append((asyncio.get_running_loop(), freed))
            await freed.wait()

    def drain(self, budget_s: float = DRAIN_BUDGET_S) -> bool:
        """Do what the letters say, for at most `budget_s` (and at least one letter); whether all are done."""
        deadline = self._clock() + budget_s
        while (letter := self._take()) is not None:
            letter()
            if self._clock() >= deadline:
                break
        return not self._letters

    def _take(self) -> Letter | None:
        with self._lock:
            if not self._letters:
                return None
            letter, rows = self._letters.popleft()
            self._rows -= rows
            freed = self._waiting if self._rows < self._limit_rows else []
            self._waiting = [] if freed else self._waiting
        for loop, event in freed:
            if not loop.is_closed():
                loop.call_soon_threadsafe(event.set)
        return letter
