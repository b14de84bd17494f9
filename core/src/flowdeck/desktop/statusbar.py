"""The status bar: feed and latency, rates and faults on the left; frames, engine and clock on the right."""

from __future__ import annotations

from time import time_ns

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QWidget

from flowdeck.desktop import figures
from flowdeck.desktop.labels import Dot, Figure, label, restyle
from flowdeck.desktop.look import Look
from flowdeck.desktop.widgets import Bar, IconButton, button, line, row

__all__ = ["StatusBar"]

_DOTS = {"live": "ui.ok", "connecting": "ui.accent", "replay": "ui.accent", "stale": "ui.warning"}


class _Item(QWidget):
    """A hairline, a name in secondary text, a figure, and a unit in tertiary text."""

    def __init__(self, name: str, unit: str = "", room: str = "") -> None:
        super().__init__()
        self.name = label(name, tone="secondary", size="small")
        self.figure = Figure(room, size="small", weight="medium")
        self.unit = label(unit, tone="tertiary", size="small", figures=True)
        self.name.setVisible(bool(name))
        self.setLayout(row(line(length_px=14), 7, self.name, self.figure, self.unit, spacing_px=5))

    def show_figure(self, text: str, tone: str = "") -> None:
        """Write the figure; an item without one is hidden."""
        self.figure.setText(text)
        restyle(self.figure, "tone", tone)
        self.setVisible(bool(text))


class StatusBar(Bar):
    """28 px at the foot of the window."""

    faults_asked = Signal()

    def __init__(self, look: Look) -> None:
        super().__init__("statusbar", look, height_px=28)
        self._dot = Dot(look)
        self._feed = label("Starting", tone="secondary", size="small")
        self._feed_figure = label("", size="small", weight="medium", figures=True)
        self._messages, self._rows = _Item("Feed", "msg/s"), _Item("Streams", "rows/s")
        self._fault_icon = IconButton(look, "error", "Open the plugin manager", kind="rowicon", size_px=14)
        self._fault_icon.show_icon("error", "ui.error")
        self._faults = button("", "fault", self.faults_asked.emit)
        self._fault_icon.clicked.connect(self.faults_asked)
        self._fps, self._engine = _Item("", "ms", "00 FPS"), _Item("Engine")
        self._clock = _Item("", "UTC")
        self._build()
        for item in (self._messages, self._rows, self._fps, self._engine):
            item.show_figure("")
        self.show_faults(0)

    def _build(self) -> None:
        layout = QHBoxLayout(self)
        layout.setContentsMargins(12, 0, 12, 0)
        layout.setSpacing(12)
        feed = row(self._dot, self._feed, self._feed_figure, spacing_px=6)
        layout.addLayout(feed)
        for item in (self._messages, self._rows):
            layout.addWidget(item)
        layout.addLayout(row(self._fault_icon, self._faults, spacing_px=0))
        layout.addStretch(1)
        for item in (self._fps, self._engine, self._clock):
            layout.addWidget(item)

    def show_feed(self, state: str, text: str, figure: str = "") -> None:
        """What the feed does: `live`, `connecting`, `replay`, `stale` or `disconnected`, with a figure behind it."""
        self._dot.show_colour(_DOTS.get(state, "ui.error"))
        self._feed.setText(text)
        self._feed_figure.setText(figure)
        restyle(self._feed_figure, "tone", {"stale": "warning", "disconnected": "error"}.get(state, ""))

    def show_rates(self, messages_per_s: float | None, rows_per_s: float | None) -> None:
        """What the engine counts; None hides the figure."""
        self._messages.show_figure("" if messages_per_s is None else figures.count(messages_per_s))
        self._rows.show_figure("" if rows_per_s is None else figures.count(rows_per_s))

    def show_faults(self, layers: int) -> None:
        """How many layers are faulted."""
        self._faults.setText(f"{layers} layer{'s' if layers != 1 else ''} faulted" if layers else "")
        self._faults.setVisible(bool(layers))
        self._fault_icon.setVisible(bool(layers))

    def show_frames(self, fps: float, frame_ms: float) -> None:
        """Frames drawn in the last second and what the newest one took."""
        self._fps.figure.setText(f"{fps:.0f} FPS" if fps else "Idle")
        self._fps.unit.setText(f"{frame_ms:.1f} ms")
        self._fps.setVisible(True)

    def show_engine(self, address: str) -> None:
        """Where the engine is."""
        self._engine.show_figure(address.removeprefix("ws://").removeprefix("wss://"))

    def tick(self) -> None:
        """Write the clock."""
        self._clock.show_figure(figures.clock(time_ns()))

    def texts(self) -> list[str]:
        """All that can be read in the bar."""
        parts: list[QLabel | QPushButton] = [*self.findChildren(QLabel), *self.findChildren(QPushButton)]
        return [part.text() for part in parts if part.isVisibleTo(self) and part.text()]
