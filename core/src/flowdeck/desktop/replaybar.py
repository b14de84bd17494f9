"""The replay bar: play and pause, steps, place and speed of the run that is shown."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QLabel, QSlider
from typing_extensions import override

from flowdeck.desktop import figures
from flowdeck.desktop.labels import label
from flowdeck.desktop.look import Look
from flowdeck.desktop.widgets import Bar, IconButton, Segments, row

__all__ = ["ReplayBar", "speed_text"]

_STEPS = 1000
_SECOND_NS = 1_000_000_000
_SPEEDS = ("1", "2", "4", "10", "60", "max")


def speed_text(speed: float | None) -> str:
    """A speed as it is written: `4×`, `max`."""  # noqa: RUF002 - the sign of the pictures
    return "max" if speed is None else f"{speed:g}×"  # noqa: RUF001 - as above


class _PlaceSlider(QSlider):
    """A slider that jumps to where it is clicked."""

    @override
    def mousePressEvent(self, ev: QMouseEvent) -> None:
        share = ev.position().x() / max(1, self.width())
        self.setValue(round(share * self.maximum()))
        super().mousePressEvent(ev)


class ReplayBar(Bar):
    """Shows one run and says what the user wants of it."""

    asked = Signal(str, dict)
    """A request without its `run.` prefix, and its fields."""
    left = Signal()
    """Back to live data."""

    def __init__(self, look: Look) -> None:
        super().__init__("replaybar", look, height_px=40)
        self._run: dict[str, Any] = {}
        self.play = IconButton(look, "play", "Play (Space)")
        self.play.clicked.connect(self.toggle)
        self.back = IconButton(look, "step_back", "One second back (,)")
        self.back.clicked.connect(self.step_back)
        self.forward = IconButton(look, "step_forward", "One frame forward (.)")
        self.forward.clicked.connect(self.step_forward)
        self.place = _PlaceSlider(Qt.Orientation.Horizontal)
        self.place.setRange(0, _STEPS)
        self.place.setAccessibleName("Place in the capture")
        self.place.sliderReleased.connect(self._seek)
        self.speeds = Segments([(speed, speed if speed == "max" else f"{speed}×") for speed in _SPEEDS], name="Speed")  # noqa: RUF001 - the sign of the pictures
        self.speeds.chosen.connect(self._choose_speed)
        self.stop = IconButton(look, "close", "End the replay")
        self.stop.clicked.connect(self.left)
        self._title, self._time = label(weight="medium"), label(figures=True)
        self._note: QLabel = label(tone="tertiary", size="small")
        buttons = (self.back, self.play, self.forward, 4, self._title, self._note, 4)
        self.setLayout(row(*buttons, self.place, 4, self._time, 8, self.speeds, self.stop, margins=(12, 0, 12, 0)))
        self.hide()

    def show_run(self, run: dict[str, Any] | None) -> None:
        """Show a run as `RunInfo.to_dict` writes it, or hide."""
        self._run = run or {}
        self.setVisible(run is not None)
        if run is None:
            return
        playing = run["state"] in {"playing", "loading"}
        self.play.show_icon("pause" if playing else "play")
        self.play.setToolTip("Pause (Space)" if playing else "Play (Space)")
        self._title.setText(run["title"])
        self._note.setText(_note(run))
        self._time.setText(figures.clock(run["now_ns"], date=True) if run["now_ns"] else "")
        self.speeds.show_value("max" if run["speed"] is None else f"{run['speed']:g}")
        self._show_place(run)

    def _show_place(self, run: dict[str, Any]) -> None:
        length = run["stop_ns"] - run["start_ns"]
        self.place.setEnabled(length > 0)
        if length > 0 and not self.place.isSliderDown():
            self.place.setValue(round((run["now_ns"] - run["start_ns"]) / length * _STEPS))

    def texts(self) -> str:
        """What can be read of the run."""
        return " ".join(part.text() for part in (self._title, self._note, self._time))

    def toggle(self) -> None:
        """Pause what plays, play what is paused."""
        if self._run:
            self._ask("pause" if self._run["state"] in {"playing", "loading"} else "play")

    def step_back(self) -> None:
        """Go back by a second of data."""
        if self._run:
            self._ask("seek", ts=max(self._run["start_ns"], self._run["now_ns"] - _SECOND_NS))

    def step_forward(self) -> None:
        """Play one frame more."""
        if self._run:
            self._ask("step", frames=1)

    def _seek(self) -> None:
        if self._run:
            length = self._run["stop_ns"] - self._run["start_ns"]
            self._ask("seek", ts=self._run["start_ns"] + length * self.place.value() // _STEPS)

    def _choose_speed(self, text: str) -> None:
        self._ask("speed", speed=text if text == "max" else float(text))

    def _ask(self, name: str, **fields: Any) -> None:
        if self._run:
            self.asked.emit(name, fields)


def _note(run: dict[str, Any]) -> str:
    """What a user should know of the run: that it loads, has ended, skipped or met damage."""
    parts = {"loading": "loading", "paused": "paused", "finished": "ended", "failed": run.get("reason", "failed")}
    notes = [parts.get(run["state"], "")]
    if damaged := run.get("problem_count", 0):
        notes.append(f"{damaged:,} damaged line{'s' if damaged != 1 else ''}")
    if skipped := sum(run.get("skipped", {}).values()):
        notes.append(f"{skipped:,} frames not used")
    return " · ".join(note for note in notes if note)
