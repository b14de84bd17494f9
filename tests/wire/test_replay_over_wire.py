"""A real capture, replayed as fast as can be into a client that reads slowly."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from flowdeck.config import Config, EngineConfig
from flowdeck.engine import Engine
from flowdeck.instruments import Instrument
from flowdeck.plugins.manager import PluginManager
from flowdeck.streams import Batch, EndOfStream, StreamKey, StreamRequest
from flowdeck.wire.client import Client, RemoteSubscription
from flowdeck.wire.limits import Limits
from flowdeck.wire.server import WireServer

pytest.importorskip("flowdeck_binance")


@pytest.fixture
async def ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[tuple[Any, Client]]:
    """An engine with queues far smaller than the capture, and a client whose window is too."""
    monkeypatch.setattr("flowdeck_binance.source.BinanceSource.instruments", nothing)
    monkeypatch.setattr("flowdeck.engine.subscription.Subscription.__init__.__defaults__", (500,))
    config = Config(engine=EngineConfig(data=tmp_path, port=0))
    manager = PluginManager(config, "engine")
    manager.load()
    engine = Engine(config, manager)
    await engine.start()
    server = WireServer(engine, manager, config, limits=Limits(burst=1_000_000))
    await server.start()
    async with Client(server.url, server.token, window=20_000) as connected:
        yield engine, connected
    await server.stop()
    await engine.stop()
    manager.close()


async def nothing(_: object) -> AsyncIterator[Instrument]:
    """A list of instruments without asking the exchange."""
    for instrument in list[Instrument]():
        yield instrument


class Reader:
    """Counts rows."""

    def __init__(self) -> None:
        self.rows = 0
        self.more = asyncio.Event()

    async def read(self, subscription: RemoteSubscription) -> None:
        async for event in subscription:
            assert not isinstance(event, EndOfStream), event
            self.rows += len(event) if isinstance(event, Batch) else 0
            self.more.set()


async def test_a_run_at_full_speed_waits_for_credit_and_loses_nothing(
    ends: tuple[Any, Client], usdm_capture: Path
) -> None:
    engine, client = ends
    finished = asyncio.Event()
    client.on_event(lambda name, data: finished.set() if name == "run" and data["state"] == "finished" else None)
    answer = await client.request("run.start", capture=str(usdm_capture), paused=True, speed="max")
    trades = StreamKey.parse(f"trades/binance-usdm/BTCUSDT?run={answer['run']['id']}")
    subscription = await client.open(StreamRequest(trades))
    await client.request("run.play", run=trades.run)
    (waiting,) = engine._rooms.bus.get(subscription.key).readers
    while waiting.has_room.is_set():
        await client.request("status")
    for _ in range(300):  # time enough to run over, if it did not wait
        run = (await client.request("run.list"))["runs"][0]
    assert run["state"] == "playing"
    reader = Reader()
    reading = asyncio.create_task(reader.read(subscription))
    await finished.wait()
    wanted = await held(client, trades)
    while reader.rows < wanted and not reading.done():
        reader.more.clear()
        await asyncio.wait([reading, asyncio.ensure_future(reader.more.wait())], return_when=asyncio.FIRST_COMPLETED)
    assert (reader.rows, reading.done()) == (wanted, False)
    reading.cancel()


async def held(client: Client, key: StreamKey) -> int:
    """Rows that the engine holds of a stream."""
    history = await client.open(StreamRequest(key, live=False))
    return sum([len(event) async for event in history if isinstance(event, Batch)])
