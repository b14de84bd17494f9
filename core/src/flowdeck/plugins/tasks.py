"""Background tasks of plugins, on the host's event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from flowdeck.plugins.faults import Guard

__all__ = ["Job"]


class Job:
    """One coroutine that will be, is, or was a task. May be made, started and cancelled on any thread."""

    def __init__(self, work: Coroutine[Any, Any, None], name: str, guard: Guard, ended: Callable[[], object]) -> None:
        self._work, self._name, self._guard, self._ended = work, name, guard, ended
        self._loop: asyncio.AbstractEventLoop | None = None
        self._task: asyncio.Task[None] | None = None
        self._cancelled = False

    def start(self, loop: asyncio.AbstractEventLoop) -> None:
        """Run on this loop; a second call says nothing."""
        if self._loop is None and not self._cancelled:
            self._loop = loop
            loop.call_soon_threadsafe(self._begin)

    def cancel(self) -> None:
        """End it; cancellation is delivered on its loop."""
        if self._cancelled:
            return
        self._cancelled = True
        if self._loop is None or self._loop.is_closed():
            self._work.close()
        else:
            self._loop.call_soon_threadsafe(self._cancel)

    def _begin(self) -> None:
        if self._cancelled:
            return
        assert self._loop is not None
        self._task = self._loop.create_task(self._guarded(), name=self._name)
        self._task.add_done_callback(self._done)

    def _cancel(self) -> None:
        if self._task is None:
            self._work.close()
        else:
            self._task.cancel()

    async def _guarded(self) -> None:
        with self._guard:
            await self._work

    def _done(self, _task: asyncio.Task[None]) -> None:
        # a task that is cancelled before its first step never awaited the coroutine
        self._work.close()
        self._ended()
