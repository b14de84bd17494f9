"""The streams that the window wants: read while there is a connection, opened again when there is one again."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from flowdeck.chart.feed import FeedEvent, Opened
from flowdeck.desktop.dial import Connection
from flowdeck.desktop.mailbox import Mailbox
from flowdeck.errors import FlowdeckError
from flowdeck.kinds import Kinds, Mode
from flowdeck.streams import EndOfStream, StreamKey, StreamRequest

__all__ = ["StreamReaders"]


class StreamReaders:
    """One task a stream. Every method runs on the link's loop.

    Args:
        mailbox: A reader waits for room in it.
        hand: Takes a handle and an event of its stream.
        kinds: Which kinds there are.
    """

    def __init__(self, mailbox: Mailbox, hand: Callable[[int, FeedEvent], None], kinds: Kinds) -> None:
        self._mailbox, self._hand, self._kinds = mailbox, hand, kinds
        self._wanted: dict[int, StreamRequest] = {}
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self._opened: set[int] = set()
        self._connection: Connection | None = None
        self._instance, self._same_engine = "", True

    def want(self, handle: int, request: StreamRequest) -> None:
        """Read a stream from now on."""
        self._wanted[handle] = request
        if self._connection is not None:
            self._read(self._connection, handle)

    def unwant(self, handle: int) -> None:
        """Read it no longer."""
        self._wanted.pop(handle, None)
        self._opened.discard(handle)
        if (task := self._tasks.pop(handle, None)) is not None:
            task.cancel()

    def begin(self, connection: Connection) -> None:
        """There is a connection: open what is wanted."""
        instance = str(connection.hello.get("instance", ""))
        self._same_engine, self._instance = instance == self._instance, instance
        self._connection = connection
        for handle in self._wanted:
            self._read(connection, handle)

    async def end(self) -> None:
        """The connection is going: stop reading, and remember what is wanted."""
        self._connection = None
        tasks, self._tasks = list(self._tasks.values()), {}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _read(self, connection: Connection, handle: int) -> None:
        reading = self._deliver(connection, handle, self._wanted[handle])
        self._tasks[handle] = asyncio.get_running_loop().create_task(reading)

    async def _deliver(self, connection: Connection, handle: int, request: StreamRequest) -> None:
        """Hand on one stream's events until it ends; a refusal arrives as the end of the stream."""
        try:
            stream = await connection.open(request)
        except FlowdeckError as error:
            self._hand(handle, EndOfStream(request.key, "fault", 0, str(error)))
            return
        if not self._continues(handle, stream.key):
            self._opened.add(handle)
            self._hand(handle, Opened(stream.key, stream.instrument))
        try:
            async for event in stream:
                await self._mailbox.room()
                if isinstance(event, EndOfStream) and event.reason == "closed":
                    break  # the connection went: the stream goes on when it is back
                self._hand(handle, event)
                if isinstance(event, EndOfStream) and event.reason == "done":
                    self._wanted.pop(handle, None)
        finally:
            await stream.cancel()

    def _continues(self, handle: int, key: StreamKey) -> bool:
        """Whether a stream that was open before goes on without the chart beginning anew.

        Another engine, such as a child that was restarted, need not know what this window has seen: bars and cells
        stay, and what it sends is laid over them. Appended rows would count twice, so those streams begin anew.
        """
        if handle not in self._opened or self._same_engine:
            return False
        return key.kind in self._kinds and self._kinds[key.kind].mode is not Mode.APPEND
