"""The controls of generated forms: one for each sort of setting, all with `value`, `show_value` and `edited`."""

from __future__ import annotations

import json
from enum import Enum
from typing import Any

from PySide6.QtCore import QRect, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QWheelEvent
from PySide6.QtWidgets import QComboBox, QLineEdit, QSlider, QWidget
from typing_extensions import override

from flowdeck.desktop.fields import Field
from flowdeck.desktop.labels import Figure, label, restyle
from flowdeck.desktop.look import Look
from flowdeck.desktop.widgets import Toggle, row

__all__ = ["Choice", "Control", "control_of"]

_SLIDER_STEPS = 100


class Control(QWidget):
    """A control; `edited` fires when the user changes it, and carries what was entered, perhaps not valid."""

    edited = Signal(object)

    def show_value(self, value: Any) -> None:
        """Show a value without saying that it was edited."""
        raise NotImplementedError

    def show_bad(self, *, bad: bool) -> None:
        """Mark what was entered as not allowed."""


class Choice(QComboBox):
    """A list to choose from, with our own chevron; the wheel scrolls the page and not the choice."""

    def __init__(self, look: Look) -> None:
        super().__init__()
        self._look = look
        look.changed.connect(self.update)

    @override
    def wheelEvent(self, e: QWheelEvent) -> None:
        e.ignore()

    @override
    def paintEvent(self, e: QPaintEvent) -> None:
        super().paintEvent(e)
        arrow = QRect(self.width() - 26, 0, 20, self.height())
        painter = QPainter(self)
        self._look.icon("chevron", size_px=14).paint(painter, arrow, Qt.AlignmentFlag.AlignCenter)
        painter.end()


class _ToggleControl(Control):
    def __init__(self, look: Look, field: Field) -> None:
        super().__init__()
        self._toggle = Toggle(look, name=field.title)
        self._toggle.clicked.connect(lambda: self.edited.emit(self._toggle.isChecked()))
        self.setLayout(row(None, self._toggle))
        self.setFocusProxy(self._toggle)

    @override
    def show_value(self, value: Any) -> None:
        self._toggle.setChecked(bool(value))


class _ChoiceControl(Control):
    def __init__(self, look: Look, field: Field) -> None:
        super().__init__()
        self._values = field.choices
        self._box = Choice(look)
        self._box.setAccessibleName(field.title)
        for value in field.choices:
            self._box.addItem(_shown(value))
        self._box.activated.connect(lambda index: self.edited.emit(self._values[index]))
        self.setLayout(row(self._box))
        self._box.setSizePolicy(self._box.sizePolicy().Policy.Expanding, self._box.sizePolicy().Policy.Fixed)
        self.setFocusProxy(self._box)

    @override
    def show_value(self, value: Any) -> None:
        self._box.setCurrentIndex(self._values.index(value) if value in self._values else -1)


class _TextControl(Control):
    """A line of text or a number, with its unit inside the field at the right."""

    def __init__(self, field: Field) -> None:
        super().__init__()
        self._field = field
        self._line = QLineEdit()
        self._line.setAccessibleName(field.title)
        if field.sort != "text":
            self._line.setProperty("face", "figures")
        if field.optional:
            self._line.setPlaceholderText("None")
        self._unit = label(field.unit, tone="tertiary", size="small")
        self._unit.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._line.setLayout(row(None, self._unit, margins=(0, 0, 9, 0)))
        self._line.setTextMargins(0, 0, self._unit.sizeHint().width() + 4 if field.unit else 0, 0)
        self._line.textEdited.connect(lambda text: self.edited.emit(self._parsed(text)))
        self.setLayout(row(self._line))
        self.setFocusProxy(self._line)

    def _parsed(self, text: str) -> Any:
        text = text.strip().replace("\u2212", "-")
        if not text and self._field.optional:
            return None
        if self._field.sort == "text" and not isinstance(self._field.default, str):
            try:
                return json.loads(text)
            except ValueError:
                return text
        return text  # numbers too: pydantic reads them, and says what is wrong in its own words

    @override
    def show_value(self, value: Any) -> None:
        if self._parsed(self._line.text()) != value or not self._line.text():
            self._line.setText(_written(value))

    @override
    def show_bad(self, *, bad: bool) -> None:
        restyle(self._line, "bad", bad)


class _SliderControl(Control):
    """A share between two limits."""

    def __init__(self, field: Field, low: float, high: float) -> None:
        super().__init__()
        self._low, self._high = low, high
        self._slider = QSlider(Qt.Orientation.Horizontal)
        self._slider.setRange(0, _SLIDER_STEPS)
        self._slider.setAccessibleName(field.title)
        self._figure = Figure("0.00")
        self._slider.valueChanged.connect(self._moved)
        self.setLayout(row(self._slider, self._figure))
        self.setFocusProxy(self._slider)

    def _moved(self, step: int) -> None:
        value = round(self._low + (self._high - self._low) * step / _SLIDER_STEPS, 4)
        self._figure.setText(f"{value:.2f}")
        self.edited.emit(value)

    @override
    def show_value(self, value: Any) -> None:
        self._slider.blockSignals(True)
        self._slider.setValue(round((float(value) - self._low) / (self._high - self._low) * _SLIDER_STEPS))
        self._slider.blockSignals(False)
        self._figure.setText(f"{float(value):.2f}")


def control_of(look: Look, field: Field) -> Control:
    """The control for a field."""
    if field.sort == "bool" and not field.optional:
        return _ToggleControl(look, field)
    if field.sort == "choice" and not field.optional:
        return _ChoiceControl(look, field)
    low, high = field.low, field.high
    if field.sort == "float" and not field.optional and low is not None and high is not None and 0 < high - low <= 1:
        return _SliderControl(field, low, high)
    return _TextControl(field)


def _shown(value: Any) -> str:
    text = str(value.value if isinstance(value, Enum) else value)
    return text.replace("_", " ").capitalize() if text.islower() else text


def _written(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return str(value.value if isinstance(value, Enum) else value)
    if isinstance(value, (list, tuple, dict)):
        return json.dumps(value, default=str)
    return str(value)
