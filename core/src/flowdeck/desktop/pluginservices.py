"""What plugins are given in a window: the link's loop for their tasks, the engine's streams, one worker thread."""

from __future__ import annotations

from collections.abc import AsyncIterator

from flowdeck.desktop.link import EngineLink
from flowdeck.errors import StreamError
from flowdeck.plugins.compute import Compute
from flowdeck.plugins.context import Services
from flowdeck.streams import StreamEvent, StreamRequest

__all__ = ["plugin_services"]


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


def plugin_services(link: EngineLink, compute: Compute) -> Services:
    """The services of a window."""
    return Services(loop=link.loop, open=lambda request: _PluginStream(link, request), compute=compute)
