"""The chart on screen: a pyqtgraph view whose view box holds the chart's picture as one item."""

from __future__ import annotations

from time import time_ns

import pyqtgraph as pg
from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QContextMenuEvent, QKeyEvent, QMouseEvent, QResizeEvent, QWheelEvent
from PySide6.QtWidgets import QFrame, QGraphicsView, QWidget
from typing_extensions import override

from flowdeck.chart.host import ChartHost
from flowdeck.chart.parts import Frame, Redraw
from flowdeck.chart.theme import sizes
from flowdeck.desktop.canvasitem import CanvasItem
from flowdeck.desktop.gestures import Gestures, cursor_of
from flowdeck.desktop.keys import navigate

__all__ = ["ChartView"]


class ChartView(pg.GraphicsView):  # type: ignore[misc] # pyqtgraph is not typed
    """Feeds a chart host with events and shows its frames.

    pyqtgraph's axes and grid are not used (2.3 and 20 ms a frame); its view box carries the picture and the items of
    other plugins.
    """

    changed = Signal()
    """The user did something to the chart: a frame is due."""
    space_pressed = Signal()
    menu_asked = Signal(QContextMenuEvent)
    paint_failed = Signal(Exception)

    def __init__(self, host: ChartHost, parent: QWidget | None = None) -> None:
        super().__init__(parent, useOpenGL=False, background=None)
        self.host = host
        self.frame_ms = 0.0
        self._text_scale = 1.0
        self._gestures = Gestures(host)
        self._item = CanvasItem(self.paint_failed.emit)
        self._box = pg.ViewBox(border=None, enableMouse=False, enableMenu=False, defaultPadding=0.0)
        self._item.setParentItem(self._box)
        self.setCentralItem(self._box)
        self.setCacheMode(QGraphicsView.CacheModeFlag.CacheNone)  # pyqtgraph keeps a background: 0.6 ms a frame
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.viewport().setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setAccessibleName("Chart")

    @property
    def view_box(self) -> pg.ViewBox:
        """Where items of other plugins go."""
        return self._box

    @property
    def text_scale(self) -> float:
        """Px of the window for one px of the chart: larger text makes everything in the chart larger."""
        return self._text_scale

    @property
    def room_px(self) -> tuple[int, int]:
        """Width that is left of the price axis and height that is over the time axis."""
        k, plot = self._text_scale, self.host.plot
        right = plot[0].right * k if plot is not None else self.width() - sizes().price_axis * k
        return round(right), round(self.height() - sizes().time_axis * k)

    def set_text_scale(self, text_scale: float) -> None:
        """Show the chart larger or smaller, so that its text has the size that is chosen."""
        if text_scale != self._text_scale:
            self._text_scale = self._gestures.text_scale = text_scale
            self.fill()

    def fill(self) -> None:
        """Have the chart fill the view."""
        k = self._text_scale
        self.host.resize(self.width() / k, self.height() / k, self.devicePixelRatioF() * k)
        self.changed.emit()

    def show_frame(self) -> Frame:
        """Have the host compose what changed, and repaint if anything did."""
        frame = self.host.frame(time_ns())
        if frame.level is not Redraw.NONE:
            self.frame_ms = frame.ms + self._item.blit_ms
            self._item.show_buffer(frame.buffer, self.devicePixelRatioF())
        return frame

    def blank(self) -> None:
        """Show nothing of the old chart while a new one has no picture."""
        self._gestures = Gestures(self.host, self._text_scale)

    @override
    def resizeEvent(self, event: QResizeEvent | None) -> None:
        super().resizeEvent(event)
        if event is not None and hasattr(self, "host"):
            self.fill()

    @override
    def mousePressEvent(self, event: QMouseEvent) -> None:
        self.setFocus(Qt.FocusReason.MouseFocusReason)
        if event.button() == Qt.MouseButton.LeftButton:
            self._gestures.press(event)
            self.changed.emit()

    @override
    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._gestures.move(event)
        if not self._gestures.dragging:
            self.setCursor(cursor_of(self._gestures.zone(event)))
        self.changed.emit()

    @override
    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._gestures.release()
            self.changed.emit()

    @override
    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._gestures.double_click(event)
            self.changed.emit()

    @override
    def wheelEvent(self, event: QWheelEvent) -> None:
        self._gestures.wheel(event)
        event.accept()
        self.changed.emit()

    @override
    def leaveEvent(self, event: QEvent) -> None:
        self.host.leave()
        self.changed.emit()

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Space:
            self.space_pressed.emit()
        elif not navigate(self.host, event):
            event.ignore()
            return
        event.accept()
        self.changed.emit()

    @override
    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        self.menu_asked.emit(event)
        event.accept()
