"""A client that comes back: connects again when the connection is lost, and opens its streams again."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

from flowdeck.errors import EngineError, FlowdeckError
from flowdeck.streams import EndOfStream, StreamEvent, StreamRequest
from flowdeck.wire.backoff import Backoff
from flowdeck.wire.client import Client, EventCallback
from flowdeck.wire.follow import Follow
from flowdeck.wire.subscription import RemoteSubscription

__all__ = ["LinkState", "ReconnectingClient"]

_STEADY_S = 5.0
_PAUSE_S = 0.1
Opened = Callable[[RemoteSubscription], None]


def _ignore(_: RemoteSubscription) -> None:
    """Nobody wants to know."""


@dataclass(frozen=True)
class LinkState:
    """The connection as it stands.

    Attributes:
        connected: Whether requests and streams go through.
        reason: Why not; empty when connected.
        retry_s: Seconds until the next try; 0 when connected.
    """

    connected: bool
    reason: str = ""
    retry_s: float = 0.0


class ReconnectingClient:
    """Keeps a `Client` connected, on one asyncio loop.

    Args:
        url: As for `Client`.
        token: As for `Client`.
        backoff: Waits between tries.
        on_state: Told of every change of the connection.
        clock: Monotonic seconds.
    """

    def __init__(
        self,
        url: str,
        token: str | None = None,
        *,
        backoff: Backoff | None = None,
        on_state: Callable[[LinkState], None] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.url, self._token = url, token
        self._backoff, self._clock = backoff or Backoff(), clock
        self._on_state = on_state or (lambda _: None)
        self._callbacks: list[EventCallback] = []
        self._client: Client | None = None
        self._up = asyncio.Event()
        self._hurry = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._keep_connected(), name=f"wire link {self.url}")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])

    async def connected(self) -> Client:
        """Wait for the connection and return its client, which is good until it is lost."""
        while self._client is None:
            await self._up.wait()
        return self._client

    def _down(self) -> None:
        self._client = None
        self._up.clear()

    async def request(self, name: str, **fields: Any) -> dict[str, Any]:
        """Ask the engine, once it is connected; a lost connection is an EngineError, for the caller to judge."""
        return await (await self.connected()).request(name, **fields)

    def on_event(self, callback: EventCallback) -> None:
        """Call back with the name and data of every pushed event."""
        self._callbacks.append(callback)

    def try_now(self) -> None:
        """Do not wait for the next try."""
        self._hurry.set()

    async def stream(self, request: StreamRequest) -> AsyncGenerator[StreamEvent, None]:
        """Read a stream over reconnects and overruns; see `Follow` for what is delivered.

        Raises:
            FlowdeckError: when the engine refuses the stream.
        """
        async with aclosing(self.follow(Follow(request))) as events:
            async for event in events:
                yield event

    async def follow(self, follow: Follow, opened: Opened = _ignore) -> AsyncGenerator[StreamEvent, None]:
        """As `stream`, going on where `follow` stands; `opened` is told of each subscription before its events."""
        follow.over = False
        while not follow.over:
            client = await self.connected()
            try:
                subscription = await client.open(follow.next_request())
            except EngineError:
                if not client.closed_reason:
                    raise
                continue  # lost just now
            opened(subscription)
            delivered = False
            async with aclosing(self._piece(follow, client, subscription)) as events:
                async for event in events:
                    delivered = True
                    yield event
            if not delivered:
                await asyncio.sleep(_PAUSE_S)  # a reader that is overrun at once would else only reopen

    async def _piece(
        self, follow: Follow, client: Client, subscription: RemoteSubscription
    ) -> AsyncGenerator[StreamEvent, None]:
        for event in follow.opened(subscription.kind, str(client.hello.get("instance"))):
            yield event
        try:
            async for event in subscription:
                if client.closed_reason and isinstance(event, EndOfStream) and event.reason == "closed":
                    return
                for to_deliver in follow.take(event):
                    yield to_deliver
                if follow.must_reopen:
                    return
        finally:
            if not client.closed_reason:
                await subscription.cancel()

    async def _keep_connected(self) -> None:
        while True:
            began = self._clock()
            reason = await self._connect_once()
            if self._clock() - began >= _STEADY_S:
                self._backoff.reset()
            wait_s = self._backoff.next()
            self._on_state(LinkState(connected=False, reason=reason, retry_s=wait_s))
            await self._pause(wait_s)

    async def _connect_once(self) -> str:
        """Connect and stay; why the connection ended."""
        client = Client(self.url, self._token)
        client.on_event(self._event)
        client.on_closed(self._down)
        try:
            await client.connect()
        except FlowdeckError as error:
            return str(error)
        try:
            self._client = client
            self._up.set()
            self._on_state(LinkState(connected=True))
            await client.wait_closed()
        finally:
            await client.close()
        return client.closed_reason

    async def _pause(self, wait_s: float) -> None:
        self._hurry.clear()
        try:
            async with asyncio.timeout(wait_s):
                await self._hurry.wait()
        except TimeoutError:
            return

    def _event(self, name: str, data: dict[str, Any]) -> None:
        for callback in tuple(self._callbacks):
            callback(name, data)
