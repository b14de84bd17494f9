"""The link to the engine: one thread that reads the socket and leaves what it reads in the mailbox."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable, Coroutine
from functools import partial
from threading import Event, Thread
from time import time_ns
from typing import Any

from flowdeck.chart.feed import FeedEvent
from flowdeck.desktop.dial import Connection, Dialer
from flowdeck.desktop.linkstatus import LinkListener, LinkState, LinkStatus, Reply
from flowdeck.desktop.mailbox import Mailbox
from flowdeck.desktop.readers import StreamReaders
from flowdeck.errors import FlowdeckError
from flowdeck.kinds import CORE_KINDS, Kinds
from flowdeck.streams import Batch, StreamRequest

__all__ = ["EngineLink"]

_BACKOFF_S = (0.25, 0.5, 1.0, 2.0, 5.0, 10.0)
_SECOND_NS = 1_000_000_000


class EngineLink:
    """Keeps a connection to an engine and the streams that are wanted; a `Feed` for the chart.

    The public methods are called on the GUI thread and none of them waits, except `stop`; the others run on the link's
    own thread.

    Args:
        dialer: Finds the engine.
        mailbox: Where letters to the listener go.
        listener: Called on the GUI thread, by way of the mailbox.
        kinds: Which kinds there are.
        sleep: Waits between tries; tests put an event here.
    """

    def __init__(
        self,
        dialer: Dialer,
        mailbox: Mailbox,
        listener: LinkListener,
        kinds: Kinds | None = None,
        sleep: Callable[[float], Coroutine[Any, Any, None]] = asyncio.sleep,
    ) -> None:
        self._dialer = dialer
        self._mailbox = mailbox
        self._listener = listener
        self._sleep = sleep
        self._readers = StreamReaders(mailbox, self._hand, kinds or Kinds(CORE_KINDS))
        self._handles = itertools.count(1)
        self._connection: Connection | None = None
        self._loop = asyncio.new_event_loop()
        self._ready, self._kick = Event(), asyncio.Event()
        self._main: asyncio.Task[None] | None = None
        self._thread = Thread(target=self._run, name="engine-link", daemon=True)

    @property
    def loop(self) -> asyncio.AbstractEventLoop:
        """The loop of the link's thread."""
        return self._loop

    @property
    def connection(self) -> Connection | None:
        """The connection as it stands, for what runs on the link's loop."""
        return self._connection

    def start(self) -> None:
        """Begin to look for the engine."""
        self._thread.start()
        self._ready.wait()

    def stop(self, *, keep: bool = False) -> None:
        """Disconnect and end the child engine, or with `keep` leave it recording; waits for the thread."""
        if self._thread.is_alive():
            asyncio.run_coroutine_threadsafe(self._shut(keep=keep), self._loop).result()
            self._thread.join()
        elif not self._loop.is_closed():
            self._loop.close()

    def open(self, request: StreamRequest) -> int:
        """Want a stream from now on, over reconnects too; its events come under the returned handle."""
        handle = next(self._handles)
        self._post(self._readers.want, handle, request)
        return handle

    def close(self, handle: int) -> None:
        """No longer want a stream."""
        self._post(self._readers.unwant, handle)

    def request(self, name: str, done: Callable[[Reply], None] | None = None, **fields: Any) -> None:
        """Ask the engine; `done` is called on the GUI thread with its answer."""
        self._post(lambda: self._loop.create_task(self._ask(name, fields, done)))

    def retry(self) -> None:
        """Try now instead of when the wait is over."""
        self._post(self._kick.set)

    def _post(self, call: Callable[..., object], *args: Any) -> None:
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(call, *args)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._main = self._loop.create_task(self._keep_connected())
        self._loop.call_soon(self._ready.set)
        self._loop.run_forever()
        self._loop.close()

    async def _shut(self, *, keep: bool) -> None:
        if self._main is not None:
            self._main.cancel()
            await asyncio.wait([self._main])
        if keep:
            await self._answer("engine.keep", {})
        await self._hang_up()
        await self._dialer.close(keep=keep)
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        self._loop.call_soon(self._loop.stop)

    async def _keep_connected(self) -> None:
        tries = 0
        while True:
            if not tries:
                self._say(LinkStatus(LinkState.CONNECTING, self._dialer.url, since=time_ns()))
            try:
                await self._serve(await self._dialer.connect())
                tries, reason = 0, "the engine closed the connection"
            except (FlowdeckError, OSError) as error:
                reason = str(error)
            await self._hang_up()
            wait_s = _BACKOFF_S[min(tries, len(_BACKOFF_S) - 1)]
            tries += 1
            await self._wait(reason, wait_s)

    async def _serve(self, connection: Connection) -> None:
        self._connection = connection
        connection.on_event(
            lambda name, payload: self._mailbox.put(partial(self._listener.engine_event, name, payload))
        )
        self._say(self._status(LinkState.CONNECTED, hello=dict(connection.hello)))
        self._readers.begin(connection)
        await connection.wait_closed()

    async def _wait(self, reason: str, wait_s: float) -> None:
        retry_at = time_ns() + int(wait_s * _SECOND_NS)
        self._say(self._status(LinkState.LOST, reason=reason, retry_at=retry_at))
        self._kick.clear()
        waits = [self._loop.create_task(self._sleep(wait_s)), self._loop.create_task(self._kick.wait())]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in waits:
                task.cancel()

    async def _hang_up(self) -> None:
        connection, self._connection = self._connection, None
        await self._readers.end()
        if connection is not None:
            await connection.close()

    def _status(self, state: LinkState, **more: Any) -> LinkStatus:
        return LinkStatus(state, self._dialer.url, since=time_ns(), owns_engine=self._dialer.owns_engine, **more)

    def _say(self, status: LinkStatus) -> None:
        self._mailbox.put(partial(self._listener.link_changed, status))

    def _tell(self, name: str, payload: dict[str, Any]) -> None:
        self._mailbox.put(partial(self._listener.engine_event, name, payload))

    def _hand(self, handle: int, event: FeedEvent) -> None:
        rows = len(event) if isinstance(event, Batch) else 0
        self._mailbox.put(partial(self._listener.stream_event, handle, event), rows)

    async def _ask(self, name: str, fields: dict[str, Any], done: Callable[[Reply], None] | None) -> None:
        reply = await self._answer(name, fields)
        if done is not None:
            self._mailbox.put(partial(done, reply))

    async def _answer(self, name: str, fields: dict[str, Any]) -> Reply:
        if self._connection is None:
            return Reply({}, "there is no engine to ask just now")
        try:
            return Reply(await self._connection.request(name, **fields))
        except (FlowdeckError, OSError) as error:
            return Reply({}, str(error))
