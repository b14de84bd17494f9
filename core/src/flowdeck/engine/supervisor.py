"""Tasks that must not end: one that dies is reported and started again, later each time."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from typing import Any

__all__ = ["Death", "Supervised", "Supervisor"]

_FIRST_S = 0.5
_LONGEST_S = 60.0
_STEADY_S = 60.0

Wait = Callable[[asyncio.Event, float], Awaitable[None]]


@dataclass(frozen=True)
class Death:
    """The end of a task that should have gone on.

    Attributes:
        name: The task.
        error: What it raised; None when it simply returned.
        deaths: How often it died without a steady minute (or `Supervised.steady`) in between.
        retry_s: Seconds until it is started again.
    """

    name: str
    error: BaseException | None
    deaths: int
    retry_s: float


OnDeath = Callable[[Death], bool]
"""Reports a death; False gives the task up."""


class Supervised:
    """One task under supervision."""

    def __init__(self, supervisor: Supervisor, name: str, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        self._supervisor, self._name, self._work = supervisor, name, work
        self._deaths = 0
        self._hurry = asyncio.Event()
        self._inner: asyncio.Task[None] | None = None
        self.task: asyncio.Task[None] | None = None

    def steady(self) -> None:
        """It works: the next death counts as the first."""
        self._deaths = 0

    def kick(self) -> None:
        """Do not wait for the next try."""
        self._hurry.set()

    async def stop(self) -> None:
        """Cancel it and wait until it is gone."""
        if self.task is not None:
            self.task.cancel()
            await asyncio.wait({self.task})

    async def run(self, on_death: OnDeath, *, once: bool) -> None:
        """Run until given up or cancelled; `once` accepts a return as the end."""
        while True:
            began = self._supervisor.now()
            error = await self._attempt()
            if error is None and once:
                return
            if self._supervisor.now() - began >= _STEADY_S:
                self._deaths = 0
            self._deaths += 1
            delay = self._supervisor.delay(self._deaths)
            if not on_death(Death(self._name, error, self._deaths, delay)):
                return
            self._hurry.clear()
            await self._supervisor.wait(self._hurry, delay)

    async def _attempt(self) -> BaseException | None:
        """Run the work once; what it raised. Cancelling this cancels the work and waits for it."""
        inner = self._inner = asyncio.create_task(self._work(), name=self._name)
        try:
            await asyncio.wait({inner})
        finally:
            if not inner.done():
                inner.cancel()
                await asyncio.wait({inner})
        return asyncio.CancelledError("cancelled from within") if inner.cancelled() else inner.exception()


class Supervisor:
    """Starts supervised tasks; delays have full jitter, so that many engines do not knock at once.

    Args:
        wait: Waits for an event, at most so many seconds; tests bring their own.
        now: Monotonic seconds.
        uniform: Draws the jitter.
    """

    def __init__(
        self,
        *,
        wait: Wait | None = None,
        now: Callable[[], float] = time.monotonic,
        uniform: Callable[[float, float], float] = random.uniform,
    ) -> None:
        self.wait: Wait = wait or wait_at_most
        self.now = now
        self._uniform = uniform
        self._running: set[Supervised] = set()

    def start(
        self, name: str, work: Callable[[], Coroutine[Any, Any, None]], on_death: OnDeath, *, once: bool = False
    ) -> Supervised:
        """Run `work()` again and again until stopped; with `once`, until it returns."""
        supervised = Supervised(self, name, work)
        supervised.task = asyncio.create_task(supervised.run(on_death, once=once), name=f"supervise {name}")
        self._running.add(supervised)
        supervised.task.add_done_callback(lambda _: self._running.discard(supervised))
        return supervised

    def delay(self, deaths: int) -> float:
        """Seconds to wait after so many deaths running."""
        return self._uniform(0.0, min(_LONGEST_S, _FIRST_S * 2.0 ** min(deaths, 16)))

    async def stop(self) -> None:
        """Stop everything that still runs."""
        await asyncio.gather(*(supervised.stop() for supervised in tuple(self._running)))


async def wait_at_most(event: asyncio.Event, seconds: float) -> None:
    """Wait for an event or so many seconds, whichever comes first."""
    try:
        await asyncio.wait_for(event.wait(), seconds)
    except TimeoutError:
        return
