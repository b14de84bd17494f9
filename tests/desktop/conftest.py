"""Fakes at the window's borders: the chart host, the engine's connection, the clock."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from importlib import import_module
from pathlib import Path
from time import time_ns
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from flowdeck.canvas import warm
from flowdeck.chart.feed import FeedEvent, Opened
from flowdeck.chart.host import ChartHost
from flowdeck.chart.parts import Frame, LayerInfo, Redraw, Zone, ZoneKind
from flowdeck.chart.theme import load_theme
from flowdeck.config import load_config
from flowdeck.desktop.app import choice_of, dress, prepare
from flowdeck.desktop.chartview import ChartView
from flowdeck.desktop.linkstatus import LinkState, LinkStatus, Reply
from flowdeck.desktop.look import Look
from flowdeck.desktop.mailbox import Mailbox
from flowdeck.desktop.session import Session
from flowdeck.desktop.shell import Shell
from flowdeck.desktop.stylesheet import stylesheet
from flowdeck.desktop.window import MainWindow
from flowdeck.errors import EngineError, StreamError
from flowdeck.instruments import Instrument
from flowdeck.plugins.manager import PluginManager
from flowdeck.specs import Placement
from flowdeck.streams import Batch, EndOfHistory, EndOfStream, StreamKey, StreamRequest
from flowdeck.testing.samples import sample_bars, sample_trades


class FakeHost:
    """A chart host that notes what is asked of it; the price axis is 100 px wide, the time axis 20 high."""

    def __init__(self) -> None:
        self.calls: list[tuple[Any, ...]] = []
        self.size = (400, 300)
        self.pinned = True
        self.dirty = False
        self.last_price: float | None = None
        self.instrument = None
        self.loading = None
        self.changed = True

    def __getattr__(self, name: str) -> Callable[..., None]:
        if name.startswith("_"):
            raise AttributeError(name)
        return lambda *args, **kwargs: self.calls.append((name, *args, *kwargs.values()))

    def named(self, name: str) -> list[tuple[Any, ...]]:
        return [call[1:] for call in self.calls if call[0] == name]

    def hit(self, x_px: float, y_px: float) -> Zone:
        if y_px >= self.size[1] - 20:
            return Zone(ZoneKind.TIME_AXIS)
        return Zone(ZoneKind.PRICE_AXIS if x_px >= self.size[0] - 100 else ZoneKind.PLOT)

    def resize(self, width_px: float, height_px: float, scale: float = 1.0) -> None:
        self.size = (round(width_px), round(height_px))
        self.changed = True

    def frame(self, now_ns: int) -> Frame:
        level, self.changed = (Redraw.FULL if self.changed else Redraw.NONE), False
        return Frame(np.full((self.size[1], self.size[0]), 0xFF112233, np.uint32), level, 1.0, 1.0)

    def layers(self) -> tuple[LayerInfo, ...]:
        return (layer_info("footprint"),)

    def banners(self) -> tuple[()]:
        return ()


def layer_info(layer: str, **changes: Any) -> LayerInfo:
    fields: dict[str, Any] = {
        "id": layer,
        "title": layer.capitalize(),
        "plugin": layer,
        "placement": Placement.PLOT,
        "visible": True,
        "state": "shown",
        "reason": "",
        "cost_ms": 1.5,
        "samples": (1.0, 2.0),
    }
    return LayerInfo(**(fields | changes))


class FakeStream:
    """Yields what the test feeds it."""

    instrument = None

    def __init__(self, key: StreamKey) -> None:
        self.key = key
        self.events: asyncio.Queue[Any] = asyncio.Queue()
        self.cancelled = False

    def __aiter__(self) -> FakeStream:
        return self

    async def __anext__(self) -> Any:
        return await self.events.get()

    async def cancel(self) -> None:
        self.cancelled = True


class FakeConnection:
    """An engine at the other end; every stream begins with the end of its history."""

    def __init__(self, instance: str = "a") -> None:
        self.hello = {"flowdeck": "0.1", "instance": instance}
        self.streams: list[FakeStream] = []
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self.listeners: list[Callable[[str, dict[str, Any]], None]] = []
        self.gone: asyncio.Event | None = None
        self.refuse: str = ""

    async def connect(self) -> None:
        self.gone = asyncio.Event()

    async def open(self, request: StreamRequest) -> FakeStream:
        if self.refuse:
            raise StreamError(self.refuse)
        stream = FakeStream(request.key)
        stream.events.put_nowait(EndOfHistory(request.key, 0, 0))
        self.streams.append(stream)
        return stream

    async def request(self, name: str, **fields: Any) -> dict[str, Any]:
        self.asked.append((name, fields))
        if name == "fail":
            raise EngineError("not today")
        return {"name": name}

    def on_event(self, callback: Callable[[str, dict[str, Any]], None]) -> None:
        self.listeners.append(callback)

    async def wait_closed(self) -> None:
        assert self.gone is not None
        await self.gone.wait()

    async def close(self) -> None:
        assert self.gone is not None
        self.gone.set()


class FakeDialer:
    """Answers with the connections or errors it was given, in turn; the last one again and again."""

    url = "ws://127.0.0.1:1"
    owns_engine = True

    def __init__(self, *answers: FakeConnection | Exception) -> None:
        self.answers = list(answers)
        self.tries = 0
        self.closed: bool | None = None

    async def connect(self) -> FakeConnection:
        self.tries += 1
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        await answer.connect()
        return answer

    async def close(self, *, keep: bool) -> None:
        self.closed = keep


@pytest.fixture
def host() -> FakeHost:
    return FakeHost()


@pytest.fixture
def look(qapp: QApplication) -> Look:
    prepare(qapp)
    result = Look(load_theme("dark"))
    qapp.setStyleSheet(stylesheet(result))  # and never empty again: Qt crashes at the one after that
    return result


class Engine:
    """Makes fake connections and dialers."""

    connection = FakeConnection
    dialer = FakeDialer


@pytest.fixture
def engine() -> Engine:
    return Engine()


class FakeLink:
    """A link to an engine that answers at once: sample bars for every stream, an empty answer to every request."""

    def __init__(self, mailbox: Mailbox, listener: Session) -> None:
        self.mailbox, self.listener = mailbox, listener
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self.replies: dict[str, Reply] = {}
        self.opened: dict[int, StreamRequest] = {}
        self.retries = 0
        self.loop = None
        self.stopped: bool | None = None

    def start(self) -> None:
        self.say(LinkState.CONNECTED)

    def say(self, state: LinkState, **more: Any) -> None:
        status = LinkStatus(state, "ws://127.0.0.1:8766", since=time_ns(), **more)
        self.mailbox.put(lambda: self.listener.link_changed(status))

    def stop(self, *, keep: bool = False) -> None:
        self.stopped = keep

    def retry(self) -> None:
        self.retries += 1

    def open(self, request: StreamRequest) -> int:
        handle = len(self.opened) + 1
        self.opened[handle] = request
        instrument = Instrument(request.key.instrument, Decimal("0.1"), Decimal("0.001"), "BTC", "USDT")
        rows = sample_bars(sample_trades(), request.key.timeframe)
        key = request.key
        events: list[FeedEvent] = [Opened(key, instrument), Batch(key, rows), EndOfHistory(key, 0, 0)]
        for event in events + ([] if request.live else [EndOfStream(key, "done")]):
            self.mailbox.put(partial(self.listener.stream_event, handle, event))
        return handle

    def close(self, handle: int) -> None:
        self.opened.pop(handle, None)

    def request(self, name: str, done: Callable[[Reply], None] | None = None, **fields: Any) -> None:
        self.asked.append((name, fields))
        if done is not None:
            self.mailbox.put(partial(done, self.replies.get(name, Reply({}))))


@dataclass
class Stage:
    """A window with its fakes."""

    shell: Shell
    link: FakeLink
    qtbot: QtBot
    trouble: list[Exception]

    @property
    def window(self) -> MainWindow:
        return self.shell.window

    @property
    def view(self) -> ChartView:
        assert self.shell.charting.view is not None
        return self.shell.charting.view

    @property
    def host(self) -> ChartHost:
        assert self.shell.charting.host is not None
        return self.shell.charting.host

    def until(self, seen: Callable[[], object]) -> None:
        self.qtbot.waitUntil(lambda: bool(seen()), timeout=10_000)

    def settle(self) -> None:
        """Until nothing is on its way and nothing remains to be drawn."""
        self.until(lambda: not len(self.shell.mailbox) and self.host.settled)

    def click(self, widget: QWidget) -> None:
        QTest.mouseClick(widget, Qt.MouseButton.LeftButton)


@pytest.fixture(autouse=True)
def _own_modules(monkeypatch: pytest.MonkeyPatch) -> None:
    """The plugins of these tests can be imported by their names."""
    monkeypatch.syspath_prepend(Path(__file__).parent)


@pytest.fixture
def more_plugins() -> dict[str, object]:
    """Plugins beside the sketch; a test module puts its own here."""
    return {}


@pytest.fixture
def stage(
    qapp: QApplication, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, more_plugins: dict[str, object]
) -> Iterator[Stage]:
    """A real window with a real chart and one plugin; only the engine is a fake."""
    monkeypatch.setattr("flowdeck.plugins.manager.discover", dict)
    sketch = import_module("sketch_plugin")
    sketch.trouble.clear()
    config = load_config(overrides={"chart.instrument": "sample:BTCUSDT"})
    manager = PluginManager(config, "desktop")
    manager.load({"sketch": sketch, **more_plugins})
    prepare(qapp)
    shell = Shell(config, manager, choice_of(config), FakeLink)  # type: ignore[arg-type] # a fake in its place
    dress(qapp, shell)
    qtbot.addWidget(shell.window, before_close_func=lambda _: setattr(shell.closing, "forced", True))
    shell.window.resize(1500, 900)
    try:
        shell.start()
        warm().result()
        shell.begin_chart()
        stage = Stage(shell, shell.link, qtbot, sketch.trouble)  # type: ignore[arg-type] # as above
        stage.settle()
        yield stage
    finally:
        shell.stop()
