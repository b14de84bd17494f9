"""The real engine behind the wire: overflow by mode, credit of a run, exact seams."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest
from pydantic import BaseModel, ConfigDict

from flowdeck.config import Config, EngineConfig
from flowdeck.engine import Engine
from flowdeck.hookspecs import hookimpl
from flowdeck.instruments import Instrument, InstrumentId
from flowdeck.kinds import CORE_KINDS
from flowdeck.plugins.manager import PluginManager
from flowdeck.specs import (
    AggregatorContext,
    AggregatorSpec,
    FeedState,
    KeySet,
    Publish,
    SourceContext,
    SourceSpec,
    SourceStatus,
)
from flowdeck.streams import Batch, EndOfHistory, EndOfStream, StreamKey, StreamRequest
from flowdeck.wire.client import Client
from flowdeck.wire.server import WireServer

KINDS = {kind.name: kind for kind in CORE_KINDS}
COIN = Instrument(InstrumentId("probe", "COIN"), Decimal("0.1"), Decimal("0.001"))
TRADES = StreamKey.of("trades", COIN.id)
BARS = StreamKey.of("bars", COIN.id, timeframe="1m")


class Feed:
    """A source under the test's control."""

    publish: ClassVar[Publish]
    running: ClassVar[asyncio.Event]

    def __init__(self, _: Any = None) -> None:
        Feed.running = asyncio.Event()

    async def instruments(self) -> AsyncIterator[Instrument]:
        yield COIN

    async def run(self, keys: KeySet, publish: Publish, context: SourceContext) -> None:
        while not keys.current():
            await keys.changed()
        context.instrument(COIN)
        context.status(SourceStatus("probe", "probe", FeedState.LIVE))
        Feed.publish = publish
        Feed.running.set()
        await asyncio.Event().wait()


class Params(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")
    timeframe: str = "1m"


class Count:
    """One bar that counts trades."""

    def __init__(self, context: AggregatorContext) -> None:
        self._key = StreamKey.of("bars", context.instrument.id, run=context.run, timeframe="1m")
        self._trades = 0

    def add(self, params: BaseModel) -> None: ...

    def remove(self, params: BaseModel) -> None: ...

    def process(self, batch: Batch) -> list[Batch]:
        self._trades += len(batch)
        return [self.current(Params())]

    def current(self, _: BaseModel) -> Batch:
        row = {"index": [0], "ts": [0], "trades": [self._trades]}
        return Batch(BARS, KINDS["bars"].rows(row if self._trades else {"index": []}))

    def derives_from(self, _: BaseModel) -> None:
        return None


class Probe:
    @hookimpl
    def register_sources(self) -> list[SourceSpec]:
        return [SourceSpec("probe", "Probe", f"{__name__}:Feed", provides=("trades",), venues=("probe",))]

    @hookimpl
    def register_aggregators(self) -> list[AggregatorSpec]:
        return [
            AggregatorSpec("count", "Count", f"{__name__}:Count", ("trades",), ("bars",), params=f"{__name__}:Params")
        ]


def trades(first: int, count: int) -> Batch:
    ids = np.arange(first, first + count)
    rows = {"ts": ids + 10**15, "id": ids, "price": np.full(count, 1.5), "qty": np.full(count, 0.01)}
    return Batch(TRADES, KINDS["trades"].rows({**rows, "side": np.ones(count, np.int8)}))


@pytest.fixture
async def client(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Client]:
    monkeypatch.setattr("flowdeck.plugins.manager.discover", dict)
    config = Config(engine=EngineConfig(data=tmp_path, port=0))
    manager = PluginManager(config, "engine")
    manager.load({"probe": Probe()})
    engine = Engine(config, manager)
    await engine.start()
    server = WireServer(engine, manager, config)
    await server.start()
    async with Client(server.url, server.token, window=10_000) as connected:
        yield connected
    await server.stop()
    await engine.stop()
    manager.close()


async def through_history(subscription: Any) -> list[int]:
    seen: list[int] = []
    while not isinstance(event := await anext(subscription), EndOfHistory):
        seen += [int(i) for i in event.rows["id"]] if "id" in event.rows.dtype.names else []
    return seen


async def test_history_and_live_join_exactly(client: Client) -> None:
    first = await client.open(StreamRequest(TRADES))
    await Feed.running.wait()
    Feed.publish(trades(0, 500))
    assert await through_history(first) == []
    second = await client.open(StreamRequest(TRADES))
    Feed.publish(trades(500, 100))
    seen = await through_history(second)
    while len(seen) < 600:
        event = await anext(second)
        assert isinstance(event, Batch)
        seen += [int(i) for i in event.rows["id"]]
    assert seen == list(range(600))
    assert second.instrument == COIN


async def test_a_slow_reader_of_events_is_overrun_and_told_from_where(client: Client) -> None:
    subscription = await client.open(StreamRequest(TRADES))
    await Feed.running.wait()
    await through_history(subscription)
    Feed.publish(trades(0, 10))
    last = await anext(subscription)
    for i in range(60):
        Feed.publish(trades(i * 2000, 2000))
    end = await anext(subscription)
    assert isinstance(end, EndOfStream)
    assert (end.reason, end.seq) == ("overrun", last.seq)


async def test_a_slow_reader_of_states_gets_the_newest_of_each(client: Client) -> None:
    subscription = await client.open(StreamRequest(BARS))
    await Feed.running.wait()
    await through_history(subscription)
    for i in range(5000):
        Feed.publish(trades(i, 1))
    await client.request("status")
    counts = [0]
    while counts[-1] < 5000:
        event = await anext(subscription)
        assert isinstance(event, Batch)
        counts.append(int(event.rows["trades"][-1]))
    assert len(counts) < 1000
    assert counts == sorted(counts)


async def test_an_idle_subscription_is_cancelled_at_the_engine(client: Client) -> None:
    subscription = await client.open(StreamRequest(TRADES))
    await subscription.cancel()
    held = (await client.request("data.list"))["streams"]
    assert all(stream["readers"] == 0 for stream in held)
