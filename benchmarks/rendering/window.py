"""The real window around the picture: its chart host, axes, crosshair, view box, bars and dock; a feed of bars only."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from functools import partial
from types import SimpleNamespace
from typing import Any

import numpy as np
from benchmarks.rendering.cells import BARS, FIGURE_PX, ROWS, SIZE_PX, TEXT, Cells
from PySide6.QtWidgets import QApplication
from typing_extensions import override

from flowdeck.chart.feed import Opened
from flowdeck.config import Config
from flowdeck.desktop.app import dress, prepare
from flowdeck.desktop.charting import Choice
from flowdeck.desktop.link import EngineLink
from flowdeck.desktop.linkstatus import LinkListener, LinkState, LinkStatus, Reply
from flowdeck.desktop.mailbox import Mailbox
from flowdeck.desktop.shell import Shell
from flowdeck.hookspecs import hookimpl
from flowdeck.instruments import Instrument, InstrumentId
from flowdeck.kinds import CORE_KINDS, Kinds
from flowdeck.plugins.manager import PluginManager
from flowdeck.specs import Anchor, Canvas, Changes, ChartPoint, LayerSpec, Plane, Readout, View
from flowdeck.streams import Batch, EndOfHistory, StreamRequest
from flowdeck.timeframes import Timeframe

__all__ = ["ChartWindow"]

_MINUTE_NS = 60_000_000_000
_START_NS = 28_000_000 * _MINUTE_NS
_INSTRUMENT = Instrument(InstrumentId("bench", "CELLS"), Decimal(1), Decimal(1), "USDT", "CELLS")
_FLOOR = 50_000.0


class CellLayer:
    """Draws the cells, and lets the host draw the rest."""

    def __init__(self, _context: object) -> None:
        self._cells = Cells()
        self._x = self._cells.bar * _MINUTE_NS
        self._y = self._cells.row + _FLOOR
        self._places = np.concatenate([self._x + 0.48 * _MINUTE_NS, self._x + 0.96 * _MINUTE_NS])
        self._middles = np.concatenate([self._y, self._y]) + 0.5
        self._values = np.concatenate([self._cells.bid, self._cells.ask])

    def requests(self, _view: View) -> Sequence[StreamRequest]:
        return ()

    def update(self, _changes: Changes) -> None:
        return

    def draw(self, canvas: Canvas, view: View, plane: Plane) -> None:
        if plane is Plane.BAR:
            offset = float(_START_NS - view.origin_ns)
            left = self._x + offset
            canvas.rects(left, left + 0.97 * _MINUTE_NS, self._y, self._y + 0.95, self._cells.tint)
            canvas.numbers(self._places + offset, self._middles, self._values, TEXT, Anchor.RIGHT, size_px=FIGURE_PX)

    def value_range(self, _view: View) -> tuple[float, float] | None:
        return _FLOOR, _FLOOR + ROWS

    def inspect(self, at: ChartPoint) -> Readout | None:
        return Readout("cell", lines=(("Price row", f"{at.y:,.0f}", "text.primary"),))


@hookimpl
def register_layers() -> tuple[LayerSpec, ...]:
    return (LayerSpec("cells", "Cells", "benchmarks.rendering.window:CellLayer"),)


class Nowhere:
    """A dialer that is never asked."""

    url = "ws://bench"
    owns_engine = False


class BarsLink(EngineLink):
    """A link without an engine: every stream of bars is answered at once, all else not at all."""

    def __init__(self, mailbox: Mailbox, listener: LinkListener) -> None:
        super().__init__(Nowhere(), mailbox, listener)  # type: ignore[arg-type] # it is never asked
        self._box, self._told = mailbox, listener

    @override
    def start(self) -> None:
        status = LinkStatus(LinkState.CONNECTED, "ws://bench", hello={})
        self._box.put(partial(self._told.link_changed, status))

    @override
    def close(self, handle: int) -> None:
        return

    @override
    def request(self, name: str, done: Callable[[Reply], None] | None = None, **fields: Any) -> None:
        return

    @override
    def open(self, request: StreamRequest) -> int:
        handle = next(self._handles)
        events: list[Any] = [Opened(request.key, _INSTRUMENT)]
        if request.key.kind == "bars":
            events.append(Batch(request.key, _bars(), seq=1, covered=(0, _START_NS + BARS * _MINUTE_NS)))
        events.append(EndOfHistory(request.key, 1, 0))
        for event in events:
            self._box.put(partial(self._told.stream_event, handle, event))
        return handle


def _bars() -> np.ndarray:
    rows = np.zeros(BARS, Kinds(CORE_KINDS)["bars"].dtype)
    rows["ts"] = _START_NS + np.arange(BARS) * _MINUTE_NS
    rows["index"] = rows["ts"] // _MINUTE_NS
    rows["open"], rows["close"] = _FLOOR + 20, _FLOOR + 40
    rows["low"], rows["high"] = _FLOOR, _FLOOR + ROWS
    return rows


class ChartWindow:
    """The window with a chart of 1920 by 1080 px, and a hand that pans, zooms and points."""

    def __init__(self, application: QApplication, config: Config) -> None:
        prepare(application)
        manager = PluginManager(config, "desktop", safe_mode=False)
        manager.load(extra={"cells": SimpleNamespace(register_layers=register_layers)})
        choice = Choice(_INSTRUMENT.id, Timeframe.parse("1m"), ("cells",))
        self.shell = Shell(config, manager, choice, BarsLink)
        dress(application, self.shell)
        self.shell.start()
        self.shell.begin_chart()
        view = self.shell.charting.view
        assert view is not None
        self.view, self.host = view, view.host

    def settle(self, application: QApplication) -> None:
        """Let the bars arrive, give the chart its size, and show exactly the cells."""
        self._turns(application, 50)
        window = self.shell.window
        window.resize(
            SIZE_PX[0] + window.width() - self.view.width(), SIZE_PX[1] + window.height() - self.view.height()
        )
        self._turns(application, 5)
        self.host.show(_START_NS - _MINUTE_NS, _START_NS + (BARS + 1) * _MINUTE_NS)
        self._turns(application, 20)

    def _turns(self, application: QApplication, count: int) -> None:
        for _ in range(count):
            application.processEvents()
            self.shell.frame()

    def close(self) -> None:
        """Away with it."""
        self.shell.stop()
        self.shell.window.hide()

    def move(self, step: int) -> None:
        """Pan and zoom a little, point at a cell, and make a frame; painting is left to Qt's next turn."""
        way = 1.0 if step % 20 < 10 else -1.0
        self.host.pan_px(2.0 * way, 1.0 * way)
        self.host.zoom(1.002**way, 1.001**way, (800.0, 500.0))
        self.host.hover(700.0 + 10 * (step % 20), 400.0)
        self.shell.frame()
