"""What plugins are given in a window: the link's loop for their tasks, the engine's streams, one worker thread."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from flowdeck.desktop.link import EngineLink
from flowdeck.errors import StreamError
from flowdeck.plugins.context import Services
from flowdeck.streams import StreamEvent, StreamRequest

__all__ = ["Worker", "plugin_services"]


class _PluginStream:
    """A stream of the engine for a plugin's task, on the link's loop."""

    def __init__(self, link: EngineLink, request: StreamRequest) -> None:
        self._link, self._request = link, request
        self._cancelled = False

    async def __aiter__(self) -> AsyncIterator[StreamEvent]:
        connection = self._link.connection
        if connection is None:
            raise StreamError(f"{self._request.key}: there is no engine just now")
        stream = await connection.open(self._request)
        try:
            async for event in stream:
                if self._cancelled:
                    break
                yield event
        finally:
            await stream.cancel()

    def cancel(self) -> None:
        """End it; iteration stops at the next event."""
        self._cancelled = True


class Worker:
    """Runs kernels one after the other on a thread; of calls of one kernel that have not begun, the newest stays."""

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1, "flowdeck-compute")
        self._waiting: dict[Callable[..., Any], Future[Any]] = {}

    def __call__(self, kernel: Callable[..., Any], *arrays: Any) -> Awaitable[Any]:
        """Run a kernel; cancelled when a newer call of it overtakes."""
        if (older := self._waiting.get(kernel)) is not None:
            older.cancel()
        future = self._waiting[kernel] = self._thread.submit(kernel, *arrays)
        return asyncio.wrap_future(future)

    def close(self) -> None:
        """Run nothing any more."""
        self._thread.shutdown(wait=False, cancel_futures=True)


def plugin_services(link: EngineLink, worker: Worker) -> Services:
    """The services of a window."""
    return Services(loop=link.loop, open=lambda request: _PluginStream(link, request), compute=worker)
