"""Layers that paint by themselves: pyqtgraph items over the plot (`LayerSpec.item`), each behind a guard."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pyqtgraph as pg
from PySide6.QtCore import QRectF, QTimer
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QGraphicsItem

from flowdeck.desktop.chartview import ChartView
from flowdeck.desktop.guard import DrawGuard
from flowdeck.errors import PluginError
from flowdeck.plugins.info import Registered
from flowdeck.plugins.manager import PluginManager
from flowdeck.specs import LayerSpec

__all__ = ["PlotItems"]

_SECOND_NS = 1e9


class PlotItems:
    """Keeps the items of active plugins in a view box of their own, whose range follows the plot.

    x is seconds since 1970 UTC, as pyqtgraph's date axis counts; y is the price. The box exists only while there are
    items: an empty one costs a millisecond a frame.
    """

    def __init__(self, view: ChartView, manager: PluginManager) -> None:
        self._view, self._manager = view, manager
        self._items: dict[str, QGraphicsItem] = {}
        self._refused: set[str] = set()
        self._box: pg.ViewBox | None = None
        self._unsubscribe = manager.on_change(lambda _name, _state: QTimer.singleShot(0, self.refresh))
        self.refresh()

    def close(self) -> None:
        """Remove all items."""
        self._unsubscribe()
        for layer in list(self._items):
            self._remove(layer)

    @property
    def items(self) -> dict[str, QGraphicsItem]:
        """The items, by layer."""
        return dict(self._items)

    def refresh(self) -> None:
        """Make what plugins declare, and remove what is declared no more."""
        declared = {each.spec.id: each for each in self._manager.layers() if each.spec.item}
        self._refused &= set(declared)
        for layer in [layer for layer in self._items if layer not in declared]:
            self._remove(layer)
        for layer, registered in declared.items():
            if layer not in self._items and layer not in self._refused:
                self._add(registered)
        self.follow()

    def follow(self) -> None:
        """Take the place and the range of the plot; called after each frame."""
        plot = self._view.host.plot
        if self._box is None or plot is None:
            return
        rect, view = plot
        k = self._view.text_scale
        self._box.setGeometry(QRectF(rect.left * k, rect.top * k, rect.width * k, rect.height * k))
        times = view.start_ns / _SECOND_NS, view.stop_ns / _SECOND_NS
        self._box.setRange(xRange=times, yRange=(view.y0, view.y1), padding=0.0)
        shown = {info.id: info.visible for info in self._view.host.layers()}
        for layer, item in self._items.items():
            item.setVisible(shown.get(layer, True))

    def _add(self, registered: Registered[LayerSpec]) -> None:
        plugin, layer = registered.plugin, registered.spec.id
        try:
            factory = self._manager.resolve(registered, "item")
        except PluginError:
            self._refused.add(layer)  # its plugin is faulted and says why
            return
        with self._manager.guard(plugin, f"create {layer}"):
            item = factory(self._manager.context(plugin))
            _fence(item, lambda error: self._failed(plugin, layer, error))
            self._place().addItem(item, ignoreBounds=True)
            self._items[layer] = item

    def _place(self) -> pg.ViewBox:
        if self._box is None:
            self._box = pg.ViewBox(border=None, enableMouse=False, enableMenu=False, defaultPadding=0.0)
            self._view.scene().addItem(self._box)
        return self._box

    def _remove(self, layer: str) -> None:
        item = self._items.pop(layer)
        if self._box is not None:
            self._box.removeItem(item)
        if not self._items and self._box is not None:
            self._view.scene().removeItem(self._box)
            self._box = None

    def _failed(self, plugin: str, layer: str, error: Exception) -> None:
        if layer in self._items:
            self._remove(layer)
        if self._manager.active(plugin):
            self._manager.fault(plugin, "draw", error)


def _fence(item: QGraphicsItem, failed: Callable[[Exception], None]) -> None:
    """Put a guard before what Qt calls on an item and on its parts: nothing that they raise gets into Qt."""
    paint, bounds = item.paint, item.boundingRect

    def guarded_paint(painter: QPainter, *arguments: Any) -> None:
        with DrawGuard(painter, failed):
            paint(painter, *arguments)

    def guarded_bounds() -> QRectF:
        with DrawGuard(None, failed):
            return bounds()
        return QRectF()

    vars(item).update(paint=guarded_paint, boundingRect=guarded_bounds)  # Qt looks at the instance before its class
    for part in item.childItems():
        _fence(part, failed)
