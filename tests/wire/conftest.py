"""An engine of the tests' own behind a real server on a free port."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import AsyncExitStack
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from websockets.asyncio.client import connect
from websockets.typing import Subprotocol

from flowdeck.config import Config, EngineConfig
from flowdeck.engine import Engine, HeldStream, RunInfo
from flowdeck.errors import EngineError, StreamError
from flowdeck.instruments import Instrument, InstrumentId
from flowdeck.kinds import CORE_KINDS, KindSpec
from flowdeck.plugins.manager import PluginManager
from flowdeck.specs import FeedState, SourceStatus
from flowdeck.streams import Batch, EndOfHistory, StreamEvent, StreamKey, StreamRequest
from flowdeck.wire.client import Client
from flowdeck.wire.server import WireServer

KINDS = {kind.name: kind for kind in CORE_KINDS}
BTC = Instrument(InstrumentId("venue", "BTCUSDT"), Decimal("0.1"), Decimal("0.001"))


class FakeSubscription:
    """Yields what it was given; counts what was taken."""

    def __init__(self, key: StreamKey, events: Iterable[StreamEvent]) -> None:
        self.key, self.instrument, self.credit = key, BTC, 0
        self.taken = 0
        self.cancelled = asyncio.Event()
        self._events = deque(events)
        self._arrived = asyncio.Event()

    def put(self, event: StreamEvent) -> None:
        self._events.append(event)
        self._arrived.set()

    async def settled(self) -> None:
        """Let what was sent arrive."""
        for _ in range(20):
            await asyncio.sleep(0.001)

    def cancel(self) -> None:
        self.cancelled.set()
        self._arrived.set()

    async def __aiter__(self) -> AsyncIterator[StreamEvent]:
        while not self.cancelled.is_set():
            while self._events and not self.cancelled.is_set():
                self.taken += 1
                yield self._events.popleft()
            self._arrived.clear()
            await self._arrived.wait()


class FakeRuns:
    """Remembers what was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[Any, ...]] = []
        self.hold: asyncio.Event | None = None
        self.held = asyncio.Event()

    def __getattr__(self, name: str) -> Any:
        async def ask(*args: Any, **fields: Any) -> RunInfo:
            self.asked.append((name, *args, *sorted(fields.items())))
            if args[0] == "nope":
                raise EngineError("no run 'nope'")
            if self.hold is not None:
                self.held.set()
                await self.hold.wait()
            return RunInfo("r1", "capture", "playing", speed=float("inf"))

        return ask

    def list(self) -> list[RunInfo]:
        return [RunInfo("r1", "capture", "paused")]


class FakeEngine(Engine):
    """Knows the streams that a test gives it."""

    def __init__(self) -> None:
        self._runs = FakeRuns()
        self.events: dict[str, list[StreamEvent]] = {}
        self.opened: list[FakeSubscription] = []
        self._opened = asyncio.Event()
        self.requests: list[StreamRequest] = []
        self.kicked: list[str | None] = []
        self.callbacks: list[Callable[[str, dict[str, Any]], None]] = []

    def open(self, request: StreamRequest) -> Any:
        if str(request.key) not in self.events:
            raise StreamError(f"nothing here provides {request.key}")
        self.requests.append(request)
        subscription = FakeSubscription(request.key, self.events[str(request.key)])
        self.opened.append(subscription)
        self._opened.set()
        return subscription

    @property
    def runs(self) -> Any:
        return self._runs

    async def opening(self, number: int) -> FakeSubscription:
        """Wait until so many streams were opened before."""
        while len(self.opened) <= number:
            await self._opened.wait()
            self._opened.clear()
        return self.opened[number]

    def instruments(self, run: str | None = None) -> list[Instrument]:
        return [BTC]

    def statuses(self) -> list[SourceStatus]:
        return [SourceStatus("fake", "venue", FeedState.LIVE, since=5)]

    def kick(self, source: str | None = None) -> None:
        self.kicked.append(source)

    def metrics(self) -> dict[str, Any]:
        return {"rows_per_s": np.float64(2.5), "folder": Path("/x")}

    async def describe(self) -> list[HeldStream]:
        return [HeldStream(StreamKey.of("trades", BTC.id), "memory", 3, 99, covered=((1, 2),))]

    def on_event(self, callback: Callable[[str, dict[str, Any]], None]) -> Callable[[], None]:
        self.callbacks.append(callback)
        return lambda: self.callbacks.remove(callback)

    def emit(self, name: str, /, **data: Any) -> None:
        for callback in tuple(self.callbacks):
            callback(name, data)


class World:
    """Servers and clients of one test, closed after it."""

    def __init__(self, stack: AsyncExitStack, folder: Path, manager: PluginManager) -> None:
        self.engine, self.manager, self.folder = FakeEngine(), manager, folder
        self._stack = stack

    async def serve(self, *, engine: dict[str, Any] | None = None, bind_only: bool = False, **more: Any) -> WireServer:
        config = Config(engine=EngineConfig(**{"data": self.folder, "port": 0, **(engine or {})}))
        server = WireServer(self.engine, self.manager, config, **more)
        self._stack.push_async_callback(server.stop)
        await (server.bind() if bind_only else server.start())
        return server

    async def client(self, server: WireServer, token: str | None = None, **more: Any) -> Client:
        client = Client(server.url, token, **more)
        self._stack.push_async_callback(client.close)
        await client.connect()
        return client

    async def socket(self, server: WireServer, subprotocol: str | None = "flowdeck.v1.json", **more: Any) -> Any:
        """A bare WebSocket, past the hello."""
        wanted = [Subprotocol(subprotocol)] if subprotocol else None
        socket = await connect(server.url, subprotocols=wanted, compression=None, proxy=None, **more)
        self._stack.push_async_callback(socket.close)
        await socket.recv()
        return socket

    def close_later(self, close: Callable[[], Awaitable[Any]]) -> None:
        self._stack.push_async_callback(close)

    @property
    def kinds(self) -> dict[str, KindSpec]:
        return KINDS

    def trades(self, *ids: int, seq: int = 0, **more: Any) -> Batch:
        rows = KINDS["trades"].rows({"ts": [1000 + i for i in ids], "id": list(ids), "price": [float(i) for i in ids]})
        return Batch(StreamKey.of("trades", BTC.id), rows, seq, **more)

    def end_of_history(self, seq: int = 0) -> EndOfHistory:
        return EndOfHistory(StreamKey.of("trades", BTC.id), seq, 0, ((1, 2),))


@pytest.fixture
async def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[World]:
    monkeypatch.setattr("flowdeck.plugins.manager.discover", dict)
    folder = tmp_path / "data"
    manager = PluginManager(Config(engine=EngineConfig(data=folder)), "engine")
    manager.load()
    async with AsyncExitStack() as stack:
        yield World(stack, folder, manager)
    manager.close()


@pytest.fixture
def names() -> SimpleNamespace:
    """Keys that the tests open."""
    return SimpleNamespace(trades="trades/venue/BTCUSDT", bars="bars/venue/BTCUSDT?timeframe=1m")
