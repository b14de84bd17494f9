"""An engine with plugins of the tests' own: a source, an aggregator and a store that do what a test tells them."""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
import threading
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager
from decimal import Decimal
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any, ClassVar

import numpy as np
import pytest
from pydantic import BaseModel, ConfigDict, Field, field_validator

from flowdeck.config import Config, EngineConfig
from flowdeck.engine import Engine, Subscription
from flowdeck.errors import FrameError
from flowdeck.hookspecs import hookimpl
from flowdeck.instruments import Instrument, InstrumentId
from flowdeck.kinds import CORE_KINDS, Kinds
from flowdeck.plugins.manager import PluginManager
from flowdeck.specs import (
    AggregatorContext,
    AggregatorSpec,
    Coverage,
    FeedState,
    KeySet,
    PluginContext,
    Publish,
    Retention,
    SourceContext,
    SourceSpec,
    SourceStatus,
    StoreContext,
    StoreSpec,
    Usage,
)
from flowdeck.streams import Batch, EndOfHistory, EndOfStream, Rows, StreamEvent, StreamKey, StreamRequest
from flowdeck.timeframes import SECOND_NS, Timeframe

KINDS = Kinds(CORE_KINDS)
BTC = Instrument(InstrumentId("venue", "BTC"), Decimal("0.1"), Decimal("0.001"))
TRADES = StreamKey("trades", BTC.id)
START = 1_700_000_040 * SECOND_NS  # the open of a minute


def trades(times_s: Sequence[float], first_id: int = 1, ticks: Sequence[int] | None = None, start: int = START) -> Rows:
    """Rows of `trades` at seconds after the start; one lot each, ids growing by one."""
    n = len(times_s)
    return KINDS["trades"].rows(
        {
            "ts": start + np.rint(np.asarray(times_s, float) * SECOND_NS).astype(np.int64),
            "price": BTC.prices(np.asarray(ticks if ticks is not None else [1000 + i for i in range(n)])),
            "qty": np.full(n, 0.001),
            "id": np.arange(first_id, first_id + n),
            "count": np.ones(n),
            "side": np.where(np.arange(n) % 2, -1, 1),
        }
    )


class BarParams(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    timeframe: str
    scale: int = Field(default=1, ge=1, le=9)

    @field_validator("timeframe")
    @classmethod
    def _parsed(cls, text: str) -> str:
        return str(Timeframe.parse(text))


class FakeBars:
    """Bars in plain Python; `scale` multiplies volumes, so that parameters with defaults can be told apart."""

    made: ClassVar[list[FakeBars]] = []
    before: ClassVar[Callable[[Batch], None]] = lambda _batch: None
    finer: ClassVar[str | None] = None

    def __init__(self, context: AggregatorContext) -> None:
        self.context = context
        self.params: dict[BarParams, dict[int, list[Any]]] = {}
        self.seen: list[StreamKey] = []
        FakeBars.made.append(self)

    def add(self, params: BaseModel) -> None:
        assert isinstance(params, BarParams)
        self.params.setdefault(params, {})

    def remove(self, params: BaseModel) -> None:
        assert isinstance(params, BarParams)
        del self.params[params]

    def process(self, batch: Batch) -> Iterable[Batch]:
        type(self).before(batch)
        self.seen.append(batch.key)
        for params, bars in self.params.items():
            timeframe = Timeframe.parse(params.timeframe)
            roll = batch.key.kind == "bars"
            touched = {self._add(timeframe, params.scale, bars, row, roll=roll) for row in batch.rows}
            yield self._batch(params, [bars[index] for index in sorted(touched)])

    def current(self, params: BaseModel) -> Batch:
        assert isinstance(params, BarParams)
        return self._batch(params, list(self.params[params].values())[-1:])

    def derives_from(self, params: BaseModel) -> BaseModel | None:
        assert isinstance(params, BarParams)
        return BarParams(timeframe=self.finer) if self.finer and params.timeframe != self.finer else None

    @staticmethod
    def _add(timeframe: Timeframe, scale: int, bars: dict[int, list[Any]], row: Any, *, roll: bool) -> int:
        index = timeframe.index(int(row["ts"]))
        bar = bars.setdefault(index, [index, timeframe.open_ns(index), 0, 0])
        bar[2] += int(row["buy_lots"]) * scale if roll else scale
        bar[3] += int(row["trades"]) if roll else 1
        return index

    def _batch(self, params: BarParams, bars: list[list[Any]]) -> Batch:
        names = ("index", "ts", "buy_lots", "trades")
        columns = {name: [bar[i] for bar in bars] for i, name in enumerate(names)}
        key = StreamKey.of(
            "bars", self.context.instrument.id, run=self.context.run, timeframe=params.timeframe, scale=params.scale
        )
        return Batch(key, KINDS["bars"].rows(columns) if bars else KINDS["bars"].empty())


def expected_bars(rows: Rows, timeframe: str, scale: int = 1) -> dict[int, tuple[int, int]]:
    """The twin of `FakeBars`: index to (buy_lots, trades)."""
    counts = Counter(Timeframe.parse(timeframe).index(int(ts)) for ts in rows["ts"])
    return {index: (count * scale, count) for index, count in counts.items()}


class FakeSource:
    """Publishes when the test says so."""

    made: ClassVar[list[FakeSource]] = []
    failures: ClassVar[list[BaseException]] = []

    def __init__(self, context: PluginContext) -> None:
        self.runs = 0
        self.keys: KeySet | None = None
        self.publish: Publish = lambda batch: None
        self.context: SourceContext | None = None
        self.going = asyncio.Event()
        self.raising = asyncio.Event()
        self.stated: list[Instrument] = [BTC]
        FakeSource.made.append(self)

    async def instruments(self) -> AsyncIterator[Instrument]:
        for instrument in self.stated:
            yield instrument

    async def run(self, keys: KeySet, publish: Publish, context: SourceContext) -> None:
        self.runs += 1
        self.keys, self.publish, self.context = keys, publish, context
        if self.failures:
            raise self.failures.pop(0)
        self.going.set()
        await self.raising.wait()
        raise RuntimeError("told to")

    def say(self, state: FeedState) -> None:
        assert self.context is not None
        self.context.status(SourceStatus("fake", "venue", state, "because"))


class FakeParser:
    """`{"k": kind, "t": ts, ...}` frames; `{"bad": 1}` is damaged, `{"boom": 1}` breaks the parser."""

    raw: ClassVar[bool] = False
    before: ClassVar[Callable[[], None]] = lambda: None
    made: ClassVar[list[FakeParser]] = []

    @classmethod
    def recognises(cls, frame: bytes) -> str | None:
        return "venue" if frame.startswith((b'{"k"', b'{"b')) else None

    def __init__(self, venue: str, wanted: frozenset[str] | None = None, run: str | None = None) -> None:
        self.skipped: Counter[str] = Counter()
        self.wanted, self.run = wanted, run
        self.rows: dict[StreamKey, list[Rows]] = {}
        FakeParser.made.append(self)

    def adopt(self, scout: FakeParser) -> None:
        pass

    def feed(self, recv_ts: int, frame: bytes) -> None:
        type(self).before()
        record = json.loads(frame)
        if "bad" in record:
            raise FrameError("it is bad")
        if "boom" in record and self.wanted is not None and "boom" in sys.modules:
            raise RuntimeError("boom")
        if self.wanted is not None and record["k"] not in self.wanted:
            return
        params = (("feed", "raw"),) if self.raw and record["k"] == "trades" else ()
        key = StreamKey(record["k"], InstrumentId("venue", record.get("s", "BTC")), params, self.run)
        row = KINDS[record["k"]].empty(1)
        row["ts"] = record["t"]
        if record["k"] == "trades":
            row["id"], row["price"], row["qty"] = record["i"], 100.0, 0.001
        self.rows.setdefault(key, []).append(row)

    def control(self, recv_ts: int, record: dict[str, Any]) -> None:
        pass

    def drain(self) -> Iterable[tuple[StreamKey, Rows]]:
        rows, self.rows = self.rows, {}
        return [(key, np.concatenate(parts)) for key, parts in rows.items()]

    def instruments(self) -> Sequence[Instrument]:
        return [BTC]


class FakeStore:
    """Keeps what was flushed in `shelf`, which outlives the engine."""

    shelf: ClassVar[dict[StreamKey, Rows]] = {}
    calls: ClassVar[list[str]] = []
    fail: ClassVar[str] = ""
    deleted: ClassVar[list[str]] = []

    def __init__(self, context: StoreContext) -> None:
        self.queued: list[Batch] = []

    def append(self, batch: Batch) -> None:
        self._enter("append")
        self.queued.append(batch)

    def flush(self) -> Coverage:
        self._enter("flush")
        for batch in self.queued:
            known = self.shelf.get(batch.key)
            self.shelf[batch.key] = batch.rows if known is None else np.concatenate([known, batch.rows])
        self.queued.clear()
        spans: dict[StreamKey, tuple[tuple[int, int], ...]] = {
            key: ((int(rows["ts"].min()), int(rows["ts"].max()) + 1),) for key, rows in self.shelf.items()
        }
        return Coverage(spans)

    def read(self, request: StreamRequest) -> Iterator[Batch]:
        self._enter("read")
        rows = self.shelf.get(request.key, KINDS[request.key.kind].empty())
        low = request.start if request.start is not None else -(2**63)
        high = request.stop if request.stop is not None else 2**63 - 1
        rows = rows[(rows["ts"] >= low) & (rows["ts"] < high)]
        days = range(0, len(rows), 3) if request.order == "oldest" else reversed(range(0, len(rows), 3))
        for i in days:
            part = rows[i : i + 3].copy()
            yield Batch(request.key, part, covered=(int(part["ts"][0]), int(part["ts"][-1]) + 1))

    def usage(self) -> Usage:
        return Usage(rows=sum(map(len, self.shelf.values())))

    def prune(self, policy: Retention) -> Usage:
        return self.usage()

    def delete_run(self, run: str) -> Usage:
        self.deleted.append(run)
        return self.usage()

    def _enter(self, what: str) -> None:
        self.calls.append(what)
        if self.fail == what:
            raise RuntimeError(f"{what} failed")


def market_plugin() -> Any:
    @hookimpl
    def register_sources() -> Iterable[SourceSpec]:
        yield SourceSpec(
            "fake",
            "Fake",
            "engine_fakes:FakeSource",
            provides=("trades", "quotes", "depth"),
            venues=("venue",),
            parser="engine_fakes:FakeParser",
        )

    return SimpleNamespace(register_sources=register_sources)


def bars_plugin() -> Any:
    @hookimpl
    def register_aggregators() -> Iterable[AggregatorSpec]:
        yield AggregatorSpec(
            "bars", "Bars", "engine_fakes:FakeBars", ("trades",), ("bars",), params="engine_fakes:BarParams"
        )

    return SimpleNamespace(register_aggregators=register_aggregators)


def store_plugin(kinds: tuple[str, ...]) -> Any:
    @hookimpl
    def register_stores() -> Iterable[StoreSpec]:
        yield StoreSpec("shelf", "Shelf", "engine_fakes:FakeStore", requires=kinds)

    return SimpleNamespace(register_stores=register_stores)


_FAKES = ModuleType("engine_fakes")
for _fake in (FakeSource, FakeParser, FakeBars, BarParams, FakeStore):
    setattr(_FAKES, _fake.__name__, _fake)


class Ticks:
    """The wait of the engine's beats and pauses: time passes when the test says so."""

    def __init__(self) -> None:
        self.now_ns = 0
        self._sleepers: list[tuple[float, asyncio.Event]] = []

    def monotonic_ns(self) -> int:
        return self.now_ns

    async def wait(self, event: asyncio.Event, seconds: float) -> None:
        due = asyncio.Event()
        entry = (self.now_ns / 1e9 + seconds, due)
        self._sleepers.append(entry)
        waits = [asyncio.ensure_future(one.wait()) for one in (event, due)]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
            if entry in self._sleepers:
                self._sleepers.remove(entry)

    async def pass_s(self, seconds: float, step_s: float = 0.25) -> None:
        """Let time pass in steps, and whoever is due act on each."""
        end = self.now_ns + round(seconds * SECOND_NS)
        while self.now_ns < end:
            self.now_ns = min(end, self.now_ns + round(step_s * SECOND_NS))
            asleep = len(self._sleepers)
            for due_s, due in tuple(self._sleepers):
                if due_s <= self.now_ns / 1e9 + 1e-9:
                    due.set()
            await settle(3)
            for _ in range(100):  # worker threads take as long as they take; who was woken sleeps again
                if len(self._sleepers) >= asleep:
                    break
                await settle(3)


async def settle(turns: int = 30) -> None:
    """Let tasks and worker threads do what is due."""
    for _ in range(turns):
        await asyncio.sleep(0.0005)


async def until(condition: Callable[[], bool]) -> None:
    """Wait for something that tasks or worker threads bring about."""
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110 -- what is waited for is in the engine and has no event
            await asyncio.sleep(0.001)


class Gate:
    """Holds up whoever enters it on a thread of the given name while it is shut."""

    def __init__(self, thread: str) -> None:
        self._thread, self._open = thread, threading.Event()
        self._open.set()
        self.waiting = 0

    def __call__(self, *_: Any) -> None:
        if threading.current_thread().name.startswith(self._thread):
            self.waiting += 1
            assert self._open.wait(10)
            self.waiting -= 1

    def shut(self) -> None:
        self._open.clear()

    def open(self) -> None:
        self._open.set()


class World:
    """An engine and what a test does with it."""

    BTC, TRADES, START, KINDS = BTC, TRADES, START, KINDS
    Source, Bars, Store, Parser = FakeSource, FakeBars, FakeStore, FakeParser
    trades = staticmethod(trades)
    expected_bars = staticmethod(expected_bars)
    Gate = Gate
    settle, until = staticmethod(settle), staticmethod(until)

    def __init__(self, folder: Path, store_kinds: tuple[str, ...] = (), **engine: Any) -> None:
        self.config = Config(engine=EngineConfig(data=folder, **engine))
        self.manager = PluginManager(self.config, "engine")
        plugins = {"market": market_plugin(), "bars": bars_plugin()}
        if store_kinds:
            plugins["store"] = store_plugin(store_kinds)
        self.manager.load(extra=plugins)
        self.ticks = Ticks()
        self.engine = Engine(self.config, self.manager, wait=self.ticks.wait, monotonic_ns=self.ticks.monotonic_ns)
        self.events: list[tuple[str, dict[str, Any]]] = []
        self.engine.on_event(lambda name, payload: self.events.append((name, payload)))

    @property
    def source(self) -> FakeSource:
        return FakeSource.made[-1]

    async def start(self) -> None:
        await self.engine.start()
        await asyncio.wait_for(self.source.going.wait(), 5)
        await settle(3)

    def publish(self, rows: Rows, key: StreamKey = TRADES) -> None:
        self.source.publish(Batch(key, rows, recv_ts=int(rows["ts"][-1]) if len(rows) else 0))

    def open(self, key: StreamKey | str = TRADES, **request: Any) -> Subscription:
        key = StreamKey.parse(key) if isinstance(key, str) else key
        return self.engine.open(StreamRequest(key, **request))

    def bars(self, timeframe: str = "1m", run: str | None = None, **params: Any) -> StreamKey:
        return StreamKey.of("bars", BTC.id, run=run, timeframe=timeframe, **params)

    def said(self, name: str) -> list[dict[str, Any]]:
        return [payload for event, payload in self.events if event == name]

    async def read(self, subscription: Subscription, *, until: str = "history") -> list[StreamEvent]:
        """Events up to the end of history, or to the end of the stream."""
        events: list[StreamEvent] = []
        async with asyncio.timeout(10):
            async for event in subscription:
                events.append(event)
                if until == "history" and isinstance(event, EndOfHistory):
                    break
                if isinstance(event, EndOfStream):
                    break
        return events

    async def next(self, subscription: Subscription) -> StreamEvent:
        async with asyncio.timeout(10):
            return await anext(subscription)

    @staticmethod
    def rows_of(events: Iterable[StreamEvent], kind: str = "trades") -> Rows:
        parts = [event.rows for event in events if isinstance(event, Batch)]
        return np.concatenate(parts) if parts else KINDS[kind].empty()

    @staticmethod
    def bar_values(rows: Rows) -> dict[int, tuple[int, int]]:
        return {int(row["index"]): (int(row["buy_lots"]), int(row["trades"])) for row in rows}


@asynccontextmanager
async def a_world(folder: Path, **options: Any) -> AsyncIterator[World]:
    """A started engine of its own."""
    world = World(folder, **options)
    try:
        await world.start()
        yield world
    finally:
        await world.engine.stop()
        world.manager.close()


@pytest.fixture(autouse=True)
def _fresh_fakes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "engine_fakes", _FAKES)
    monkeypatch.setattr("flowdeck.plugins.manager.discover", dict)
    for owner, name, value in (
        (FakeSource, "made", []),
        (FakeSource, "failures", []),
        (FakeBars, "made", []),
        (FakeBars, "before", staticmethod(lambda _batch: None)),
        (FakeBars, "finer", None),
        (FakeParser, "raw", False),
        (FakeParser, "before", staticmethod(lambda: None)),
        (FakeParser, "made", []),
        (FakeStore, "shelf", {}),
        (FakeStore, "calls", []),
        (FakeStore, "fail", ""),
        (FakeStore, "deleted", []),
    ):
        monkeypatch.setattr(owner, name, value)


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    """A started engine with a source and bars."""
    async with a_world(tmp_path / "data") as one:
        yield one


@pytest.fixture
def new_world() -> Callable[..., Any]:
    """Makes further worlds: `async with new_world(folder, store_kinds=("trades",)) as world`."""
    return a_world


@pytest.fixture
def scratch() -> Callable[[], Path]:
    """Makes a folder for each example of a property test."""
    return lambda: Path(tempfile.mkdtemp())
