"""`flowdeck collect` and `flowdeck process` as two processes, with a line between them that is cut."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from flowdeck.errors import StreamError
from flowdeck.streams import Batch, StreamKey, StreamRequest
from flowdeck.wire.client import Client

SECOND = 1_000_000_000
TRADES = StreamKey.parse("trades/probe/COIN")
BARS = StreamKey.parse("bars/probe/COIN?timeframe=1s")


class Reader:
    """Reads one stream on, and lets the test wait for what it has seen."""

    def __init__(self) -> None:
        self._arrived = asyncio.Event()

    async def read(self, client: Client, key: StreamKey) -> None:
        """Read until cancelled."""
        async for event in await client.open(StreamRequest(key)):
            if isinstance(event, Batch):
                self.take(event)
                self._arrived.set()

    async def until(self, enough: Callable[[], bool]) -> None:
        """Wait until there is enough."""
        while not enough():
            self._arrived.clear()
            await self._arrived.wait()

    def take(self, batch: Batch) -> None:
        """Take a batch."""


class Trades(Reader):
    """Ids of trades in the order of arrival."""

    def __init__(self) -> None:
        super().__init__()
        self.ids: list[int] = []

    def take(self, batch: Batch) -> None:
        self.ids.extend(batch.rows["id"].tolist())

    async def grow(self, by: int) -> None:
        """Wait for so many more."""
        wanted = len(self.ids) + by
        await self.until(lambda: len(self.ids) >= wanted)


class Bars(Reader):
    """How many trades each bar counts."""

    def __init__(self) -> None:
        super().__init__()
        self.trades: dict[int, int] = {}

    def take(self, batch: Batch) -> None:
        self.trades.update(zip(batch.rows["index"].tolist(), batch.rows["trades"].tolist(), strict=True))


async def test_derived_streams_are_exact_over_a_line_that_is_cut(processes: Any, cable: Any) -> None:
    collecting = await processes.start("collect", "--port", "0", "--json")
    collected = await collecting.status()
    line = await cable(int(collected["url"].rpartition(":")[2]))
    deriving = await processes.start("process", "--from", f"ws://127.0.0.1:{line.port}", "--port", "0", "--json")
    derived = await deriving.status()
    assert derived["data"] == collected["data"] + "/process"
    assert derived["token_file"] == collected["token_file"]

    trades, bars = Trades(), Bars()
    async with Client(derived["url"]) as client, Client(collected["url"]) as root, asyncio.TaskGroup() as tasks:
        readers = [tasks.create_task(trades.read(client, TRADES)), tasks.create_task(bars.read(client, BARS))]
        await bars.until(lambda: bool(bars.trades))  # compiled
        for _ in range(3):
            await trades.grow(500)
            line.cut()
        seen = len(bars.trades)
        await bars.until(lambda: len(bars.trades) >= seen + 3)
        for reader in readers:
            reader.cancel()
        source_times = await history_of(root)
        assert (await root.request("source.list"))["sources"]
        sources = (await client.request("source.list"))["sources"]
        assert [source["id"] for source in sources] == ["upstream"]

    assert line.connections >= 4
    assert trades.ids == list(range(len(trades.ids)))
    counted = Counter(ts // SECOND for ts in source_times)
    closed = sorted(bars.trades)[:-1]
    assert len(closed) >= 3
    assert {index: bars.trades[index] for index in closed} == {index: counted[index] for index in closed}
    assert await deriving.end() == 0
    assert await collecting.end() == 0


async def history_of(client: Client) -> list[int]:
    """Times of all trades that the collecting engine holds."""
    times: list[int] = []
    async for event in await client.open(StreamRequest(TRADES, live=False)):
        if isinstance(event, Batch):
            times.extend(event.rows["ts"].tolist())
    return times


async def test_the_collecting_engine_derives_nothing(processes: Any) -> None:
    collecting = await processes.start("collect", "--port", "0", "--json")
    async with Client((await collecting.status())["url"]) as client:
        assert client.hello["role"] == "collect"
        with pytest.raises(StreamError, match="bars"):
            await client.open(StreamRequest(BARS))
    assert await collecting.end() == 0


async def test_a_processing_engine_waits_for_the_collecting_one(processes: Any, unused_tcp_port: int) -> None:
    deriving = await processes.start("process", "--from", f"ws://127.0.0.1:{unused_tcp_port}", "--port", "0", "--json")
    derived = await deriving.status()
    trades, feeds = Trades(), asyncio.Queue[dict[str, Any]]()
    async with Client(derived["url"]) as client, asyncio.TaskGroup() as tasks:
        client.on_event(lambda name, data: feeds.put_nowait(data) if name == "status" else None)
        reader = tasks.create_task(trades.read(client, TRADES))
        while (feed := await feeds.get())["state"] != "disconnected":
            assert feed["source"] == "upstream"
        assert "no engine listens there" in feed["reason"]
        collecting = await processes.start("collect", "--port", str(unused_tcp_port), "--json")
        await collecting.status()
        await trades.grow(100)
        reader.cancel()
    assert trades.ids[:100] == list(range(100))
