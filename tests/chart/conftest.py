"""A chart on stage: a host with fakes on every side, driven step by step."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

import numpy as np
import pytest

from flowdeck.chart.feed import FeedEvent, Opened
from flowdeck.chart.host import ChartHost
from flowdeck.chart.parts import Frame, Redraw
from flowdeck.chart.theme import load_theme
from flowdeck.instruments import Instrument, InstrumentId
from flowdeck.kinds import CORE_KINDS, Kinds
from flowdeck.specs import (
    Canvas,
    Changes,
    ChartPoint,
    LayerSpec,
    Placement,
    Plane,
    PluginState,
    Readout,
    SeriesView,
    View,
)
from flowdeck.streams import Batch, EndOfHistory, EndOfStream, Rows, StreamKey, StreamRequest
from flowdeck.timeframes import SECOND_NS, Timeframe

KINDS = Kinds(CORE_KINDS)
BTC = InstrumentId("binance-usdm", "BTCUSDT")
STEPS = Instrument(BTC, Decimal("0.1"), Decimal("0.001"), "BTC", "USDT")
NEWEST = 1_723_161_585 * SECOND_NS
"""The newest bar of every timeframe that divides 15 s opens here or holds it: 8 Aug 2024, 23:59:45 UTC."""


def bar_rows(timeframe: Timeframe, count: int, newest: int = NEWEST) -> Rows:
    """Bars of a wave with a trend, the same on every machine; the last one falls."""
    last = timeframe.index(newest)
    index = np.arange(last - count + 1, last + 1)
    ticks = np.array([616_000 + ((7 * n) % 23 - 11) * 20 + ((3 * n) % 11 - 5) * 31 for n in range(count + 1)])
    opened, closed = ticks[:-1], ticks[1:]
    lots = np.array([1_000 + 517 * n % 4_001 for n in range(count)])
    return KINDS["bars"].rows(
        {
            "index": index,
            "ts": [timeframe.open_ns(int(each)) for each in index],
            "open": STEPS.prices(opened),
            "close": STEPS.prices(closed),
            "high": STEPS.prices(np.maximum(opened, closed) + 40),
            "low": STEPS.prices(np.minimum(opened, closed) - 50),
            "buy_lots": lots,
            "sell_lots": lots[::-1],
        }
    )


class FakeFeed:
    """Keeps what was opened; hands out bars when told to."""

    def __init__(self) -> None:
        self.requests: dict[int, StreamRequest] = {}
        self.closed: list[int] = []
        self.opened: list[StreamRequest] = []
        self._answered: set[int] = set()

    def open(self, request: StreamRequest) -> int:
        handle = len(self.opened) + 1
        self.opened.append(request)
        self.requests[handle] = request
        return handle

    def close(self, handle: int) -> None:
        self.closed.append(handle)
        del self.requests[handle]

    @property
    def waiting(self) -> list[int]:
        return [handle for handle in self.requests if handle not in self._answered]

    def events(self, handle: int, count: int, instrument: Instrument = STEPS) -> list[FeedEvent]:
        self._answered.add(handle)
        request = self.requests[handle]
        key, timeframe = request.key, request.key.timeframe
        rows = bar_rows(timeframe, count)
        rows = rows[rows["ts"] >= (request.start or 0) - timeframe.duration_ns + 1]
        if request.stop is not None:
            rows = rows[rows["ts"] < request.stop]
        covered = ((int(rows["ts"][0]), NEWEST + SECOND_NS),) if len(rows) else ()
        batches = [Batch(key, rows, 1)] if len(rows) else []
        done = [] if request.live else [EndOfStream(key, "done")]
        return [Opened(key, instrument), *batches, EndOfHistory(key, 1, 0, covered), *done]


@dataclass
class FakeLayer:
    """Draws candles on the bar plane; every entry can be told to do something else."""

    planes: list[Plane] = field(default_factory=list)
    views: list[View] = field(default_factory=list)
    updates: list[dict[StreamKey, tuple[int, int]]] = field(default_factory=list)
    series: SeriesView | None = None
    does: dict[str, Callable[..., Any]] = field(default_factory=dict)
    range: tuple[float, float] | None = None

    def requests(self, view: View) -> Sequence[StreamRequest]:
        self._maybe("requests", view)
        return [StreamRequest(view.key("bars", timeframe=view.timeframe), start=view.start_ns, order="newest")]

    def update(self, changes: Changes) -> None:
        self._maybe("update", changes)
        self.updates.append(dict(changes.changed))
        for key in changes.changed:
            self.series = changes.series(key)

    def draw(self, canvas: Canvas, view: View, plane: Plane) -> None:
        self._maybe("draw", canvas, view, plane)
        self.planes.append(plane)
        self.views.append(view)
        if plane is Plane.BAR and self.series is not None and len(self.series) and view.y1 > 1_000:
            _candles(canvas, view, self.series)

    def value_range(self, view: View) -> tuple[float, float] | None:
        answer = self._maybe("value_range", view)
        return self.range if answer is None else answer

    def inspect(self, at: ChartPoint) -> Readout | None:
        answer: Readout | None = self._maybe("inspect", at)
        if answer is not None or self.series is None:
            return answer
        bar, row = at.view.timeframe.duration_ns, at.view.row_height
        x, y = at.x // bar * bar, at.y // row * row
        lines = (("Delta", "+1.2 BTC", "trade.buy_text"), ("Bid (sold)", "7.39", "trade.sell_text"))
        return Readout("23:58:30 \u2013 45", "15s bar", lines, (x, x + bar, y, y + row))

    def _maybe(self, entry: str, *arguments: Any) -> Any:
        return self.does[entry](*arguments) if entry in self.does else None


def _candles(canvas: Canvas, view: View, series: SeriesView) -> None:
    x = view.x_of(series.column("ts"))  # type: ignore[arg-type]
    bar = view.timeframe.duration_ns
    opened, close = series.column("open"), series.column("close")
    rises = np.asarray(close >= opened)  # type: ignore[operator]
    colour = np.where(rises, np.uint32(view.theme["trade.buy"]), np.uint32(view.theme["trade.sell"]))
    middle = x + bar / 2
    canvas.segments(middle, series.column("low"), middle, series.column("high"), colour)  # type: ignore[arg-type]
    canvas.rects(x + bar * 0.2, x + bar * 0.8, np.minimum(opened, close), np.maximum(opened, close), colour)


@dataclass(frozen=True)
class Declared:
    plugin: str
    spec: LayerSpec


@dataclass(frozen=True)
class Note:
    title: str = "Fake"
    state: PluginState = PluginState.ACTIVE
    reason: str = ""


class FakePlugins:
    """A plugin manager with one plugin a layer, that faults what raises."""

    def __init__(self, layers: dict[str, tuple[LayerSpec, FakeLayer]]) -> None:
        self.kinds = KINDS
        self.entries = layers
        self.notes = {name: Note(spec.title) for name, (spec, _) in layers.items()}
        self.slowness: list[tuple[str, str, float]] = []
        self.faults: list[tuple[str, str, BaseException]] = []
        self._callbacks: list[Callable[[str, PluginState], None]] = []

    def layers(self) -> list[Declared]:
        active = [name for name, note in self.notes.items() if note.state is PluginState.ACTIVE]
        return [Declared(name, self.entries[name][0]) for name in active]

    def create(self, registered: Any, *_arguments: Any) -> FakeLayer:
        return self.entries[registered.plugin][1]

    def context(self, plugin: str) -> str:
        return plugin

    def info(self, name: str) -> Note:
        return self.notes[name]

    @contextmanager
    def guard(self, plugin: str, where: str) -> Iterator[None]:
        try:
            yield
        except Exception as error:  # noqa: BLE001 - a guard catches everything, that is its job
            self.faults.append((plugin, where, error))
            self.become(plugin, PluginState.FAULTED, str(error))

    def slow(self, plugin: str, where: str, elapsed_ms: float) -> None:
        self.slowness.append((plugin, where, elapsed_ms))

    def on_change(self, callback: Callable[[str, PluginState], None]) -> Callable[[], None]:
        self._callbacks.append(callback)
        return lambda: self._callbacks.remove(callback)

    def become(self, plugin: str, state: PluginState, reason: str = "") -> None:
        self.notes[plugin] = replace(self.notes[plugin], state=state, reason=reason)
        for callback in list(self._callbacks):
            callback(plugin, state)


class Stage:
    """A host with its feed, its plugins and a clock that moves when told to."""

    def __init__(self, *specs: LayerSpec, bars: int = 60, **options: Any) -> None:
        specs = specs or (LayerSpec("candles", "Candles", "fake:layer"),)
        self.fakes = {spec.id: FakeLayer() for spec in specs}
        self.plugins = FakePlugins({spec.id: (spec, self.fakes[spec.id]) for spec in specs})
        self.feed = FakeFeed()
        self.bars = bars
        self.now_s = 0.0
        self.now_ns = NEWEST + 10 * SECOND_NS
        chosen: dict[str, Any] = {
            "width_px": 900.0,
            "height_px": 560.0,
            "instrument": BTC,
            "timeframe": Timeframe.parse("15s"),
        }
        chosen |= {"debounce_s": 0.0, "theme": load_theme("dark")} | options
        theme = chosen.pop("theme")
        self.host = ChartHost(self.plugins, theme, feed=self.feed, clock=lambda: self.now_s, **chosen)

    @property
    def layer(self) -> FakeLayer:
        return next(iter(self.fakes.values()))

    def frame(self) -> Frame:
        return self.host.frame(self.now_ns)

    def answer(self) -> None:
        for handle in self.feed.waiting:
            for event in self.feed.events(handle, self.bars):
                self.host.receive(handle, event)

    def settle(self) -> ChartHost:
        for _ in range(20):
            self.frame()
            self.answer()
            if self.host.settled:
                return self.host
        raise AssertionError("the chart does not come to rest")

    def level(self) -> Redraw:
        return self.frame().level

    def live(self, rows: Rows) -> None:
        """A live batch for every stream that is open and answered."""
        for handle, request in list(self.feed.requests.items()):
            self.host.receive(handle, Batch(request.key, rows.copy(), 2))

    def next_bars(self, count: int = 1) -> Rows:
        """Bars that follow the newest."""
        timeframe = self.host.timeframe
        later = NEWEST + count * timeframe.duration_ns
        return bar_rows(timeframe, self.bars, later)[-count:]

    def plot(self) -> View:
        """The view that the layer was last drawn with."""
        return self.layer.views[-1]


@pytest.fixture
def stage() -> Callable[..., Stage]:
    """Builds a stage: layer specs, then options of the host."""
    return Stage


@pytest.fixture
def settled() -> Stage:
    """A chart of sixty bars at rest."""
    result = Stage()
    result.settle()
    return result


@pytest.fixture
def panes() -> Stage:
    """A chart with a layer in every sort of place, at rest."""
    result = Stage(
        LayerSpec("candles", "Candles", "fake:layer", order=1),
        LayerSpec("profile", "Profile", "fake:layer", placement=Placement.OVERLAY, preferred_px=144, min_px=60),
        LayerSpec("book", "Book", "fake:layer", placement=Placement.SIDE, preferred_px=172, min_px=96),
        LayerSpec("delta", "Delta", "fake:layer", placement=Placement.SUBPANE, preferred_px=98, min_px=48),
        LayerSpec("stats", "Statistics", "fake:layer", placement=Placement.TABLE, preferred_px=60, min_px=40),
        width_px=1400.0,
        height_px=800.0,
    )
    result.fakes["delta"].range = (-250.0, 120.0)
    result.settle()
    return result
