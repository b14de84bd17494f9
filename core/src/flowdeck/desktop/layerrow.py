"""One row of the layers panel: eye, name and plugin, cost as a line and in ms, gear."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QMouseEvent, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QVBoxLayout, QWidget
from typing_extensions import override

from flowdeck.chart.parts import LayerInfo
from flowdeck.desktop.labels import Figure, label, restyle
from flowdeck.desktop.look import Look
from flowdeck.desktop.widgets import IconButton, row

__all__ = ["LayerRow", "Sparkline"]


class Sparkline(QWidget):
    """Costs of the newest frames as a line, 40 by 14 px; the scale begins at 0 and ends at 1 ms at least."""

    def __init__(self, look: Look) -> None:
        super().__init__()
        self._look = look
        self._samples: tuple[float, ...] = ()
        self.setFixedSize(40, 14)
        look.changed.connect(self.update)

    def show_samples(self, samples: Sequence[float]) -> None:
        """Show these costs, oldest first, ms."""
        if tuple(samples) != self._samples:
            self._samples = tuple(samples)
            self.update()

    def points(self) -> list[QPointF]:
        """The line in px of the widget."""
        if len(self._samples) < 2:
            return []
        top = max(1.0, *self._samples)
        step = (self.width() - 2) / (len(self._samples) - 1)
        height = self.height() - 3
        return [QPointF(1 + i * step, 1 + height * (1 - cost / top)) for i, cost in enumerate(self._samples)]

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(self._look.colour("text.tertiary"), 1.2))
        painter.drawPolyline(QPolygonF(self.points()))
        painter.end()


class LayerRow(QWidget):
    """A click selects it."""

    toggled = Signal(str, bool)
    selected = Signal(str)
    settings_asked = Signal(str)
    details_asked = Signal(str)

    def __init__(self, look: Look, info: LayerInfo) -> None:
        super().__init__()
        self._look, self.info = look, info
        self._chosen = False
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setAccessibleName(info.title)
        self.eye = IconButton(look, "eye", "Hide", kind="rowicon", size_px=16)
        self._name, self._plugin = label(weight="medium"), label(tone="tertiary", size="small")
        self._fault = IconButton(look, "error", "Why it stopped", kind="rowicon", size_px=15)
        self._fault.show_icon("error", "ui.error")
        self._line, self._cost = Sparkline(look), Figure("00.00", size="small")
        self.gear = IconButton(look, "sliders", "Layer settings", kind="rowicon", size_px=16)
        self._connect()
        self._build()
        look.changed.connect(self._fit)
        self._fit()
        self.show_info(info)

    def _fit(self) -> None:
        self.setFixedHeight(self._look.scaled(40))
        self.update()

    def _connect(self) -> None:
        self.eye.clicked.connect(lambda: self.toggled.emit(self.info.id, not self.info.visible))
        self.gear.clicked.connect(lambda: self.settings_asked.emit(self.info.id))
        self._fault.clicked.connect(lambda: self.details_asked.emit(self.info.plugin))

    def _build(self) -> None:
        names = QVBoxLayout()
        names.setSpacing(0)
        names.addStretch(1)
        names.addWidget(self._name)
        names.addWidget(self._plugin)
        names.addStretch(1)
        layout = row(self.eye, margins=(12, 0, 8, 0))
        layout.addLayout(names, 1)
        for part in (self._fault, self._line, self._cost, self.gear):
            layout.addWidget(part)
        self.setLayout(layout)

    def show_info(self, info: LayerInfo) -> None:
        """Write what is known of the layer now."""
        self.info = info
        faulted = info.state == "faulted"
        self._name.setText(info.title)
        self._plugin.setText(info.plugin)
        restyle(self._name, "tone", "" if info.visible else "tertiary")
        self.eye.show_icon("eye" if info.visible else "eye_off", "text.secondary" if info.visible else "text.tertiary")
        self.eye.setToolTip(f"{'Hide' if info.visible else 'Show'} {info.title}")
        self._fault.setVisible(faulted)
        self._fault.setToolTip(info.reason)
        self._line.setVisible(info.state == "shown")
        self._line.show_samples(info.samples)
        self._cost.setText(_cost(info))
        self._cost.setToolTip("Mean ms a frame" if info.state == "shown" else info.reason)

    def show_chosen(self, *, chosen: bool) -> None:
        """Mark the row as the one whose settings stand below."""
        if chosen != self._chosen:
            self._chosen = chosen
            self.update()

    @override
    def mousePressEvent(self, event: QMouseEvent) -> None:
        self.selected.emit(self.info.id)

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        if self._chosen:
            painter.fillRect(self.rect(), self._look.colour("bg.selected"))
            painter.fillRect(QRectF(0, 0, 2, self.height()), self._look.colour("ui.accent"))
        if self.hasFocus():
            painter.setPen(self._look.colour("border.focus"))
            painter.drawRect(QRectF(0.5, 0.5, self.width() - 1, self.height() - 1))
        painter.end()


def _cost(info: LayerInfo) -> str:
    if info.state == "shown":
        return f"{info.cost_ms:.2f}"
    return {"hidden": "off", "collapsed": "small", "faulted": ""}[info.state]
