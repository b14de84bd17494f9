"""Fakes at the window's borders: the chart host, the engine's connection, the clock."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from PySide6.QtWidgets import QApplication

from flowdeck.chart.parts import Frame, LayerInfo, Redraw, Zone, ZoneKind
from flowdeck.chart.theme import load_theme
from flowdeck.desktop import fonts
from flowdeck.desktop.look import Look
from flowdeck.desktop.stylesheet import stylesheet
from flowdeck.errors import EngineError, StreamError
from flowdeck.specs import Placement
from flowdeck.streams import EndOfHistory, StreamKey, StreamRequest


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
def look(qapp: QApplication) -> Iterator[Look]:
    fonts.load()
    result = Look(load_theme("dark"))
    qapp.setStyleSheet(stylesheet(result))
    yield result
    qapp.setStyleSheet("")


class Engine:
    """Makes fake connections and dialers."""

    connection = FakeConnection
    dialer = FakeDialer


@pytest.fixture
def engine() -> Engine:
    return Engine()
