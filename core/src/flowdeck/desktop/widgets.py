"""Small parts that the window is put together from."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QPoint, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import (
    QAbstractButton,
    QButtonGroup,
    QFrame,
    QHBoxLayout,
    QPushButton,
    QSizePolicy,
    QToolButton,
    QWidget,
)
from typing_extensions import override

from flowdeck.desktop.look import Look

__all__ = ["Bar", "IconButton", "Segments", "Toggle", "button", "line", "row"]


def button(text: str, kind: str = "plain", clicked: Callable[[], object] | None = None) -> QPushButton:
    """A push button: `plain`, `primary`, `link` or `chip`."""
    result = QPushButton(text)
    result.setProperty("kind", kind)
    result.setAutoDefault(False)
    if clicked is not None:
        result.clicked.connect(lambda _checked: clicked())
    return result


def line(*, vertical: bool = True, length_px: int = 20, role: str = "line") -> QFrame:
    """A hairline between groups."""
    result = QFrame()
    result.setProperty("role", role)
    if vertical:
        result.setFixedSize(1, length_px)
    else:
        result.setFixedHeight(1)
    return result


def row(
    *widgets: QWidget | int | None, spacing_px: int = 8, margins: tuple[int, int, int, int] = (0, 0, 0, 0)
) -> QHBoxLayout:
    """A row of widgets; a number is a gap, None takes the spare width."""
    layout = QHBoxLayout()
    layout.setContentsMargins(*margins)
    layout.setSpacing(spacing_px)
    for widget in widgets:
        if widget is None:
            layout.addStretch(1)
        elif isinstance(widget, int):
            layout.addSpacing(widget)
        else:
            layout.addWidget(widget)
    return layout


class Bar(QWidget):
    """A part of the window whose background and border the style sheet paints, by its name there.

    Args:
        name: The object's name.
        look: Whose text size a height or width grows with.
        height_px: Fixed height with body text of 12 px; 0 leaves it free.
        width_px: Fixed width, likewise.
    """

    def __init__(self, name: str, look: Look | None = None, *, height_px: int = 0, width_px: int = 0) -> None:
        super().__init__()
        self.setObjectName(name)
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._bar_look, self._fixed_px = look, (height_px, width_px)
        if look is not None:
            look.changed.connect(self._fit_size)
            self._fit_size()

    def _fit_size(self) -> None:
        height_px, width_px = self._fixed_px
        if self._bar_look is not None and height_px:
            self.setFixedHeight(self._bar_look.scaled(height_px))
        if self._bar_look is not None and width_px:
            self.setFixedWidth(self._bar_look.scaled(width_px))


class IconButton(QToolButton):
    """A button that is only an icon, with a tip; recoloured with the theme."""

    def __init__(self, look: Look, name: str, tip: str, *, kind: str = "icon", size_px: int = 18) -> None:
        super().__init__()
        self._look, self._name, self._colour = look, name, "text.secondary"
        self.setProperty("kind", kind)
        self.setToolTip(tip)
        self.setAccessibleName(tip)
        self.setIconSize(QSize(size_px, size_px))
        look.changed.connect(self._recolour)
        self._recolour()

    def show_icon(self, name: str, colour: str = "text.secondary") -> None:
        """Show another icon or colour."""
        if (name, colour) != (self._name, self._colour):
            self._name, self._colour = name, colour
            self._recolour()

    def _recolour(self) -> None:
        self.setIcon(self._look.icon(self._name, self._colour, self.iconSize().width()))


class Toggle(QAbstractButton):
    """A switch of 30 by 17 px."""

    def __init__(self, look: Look, *, checked: bool = False, name: str = "") -> None:
        super().__init__()
        self._look = look
        self.setCheckable(True)
        self.setChecked(checked)
        self.setAccessibleName(name)
        self.setFixedSize(34, 21)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        look.changed.connect(self.update)

    @override
    def hitButton(self, pos: QPoint) -> bool:
        return self.rect().contains(pos)

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setOpacity(1.0 if self.isEnabled() else 0.4)
        if self.hasFocus():
            painter.setPen(self._look.colour("border.focus"))
            painter.drawRoundedRect(QRectF(0.5, 0.5, 33, 20), 10, 10)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self._look.colour("ui.accent_fill" if self.isChecked() else "border.strong"))
        painter.drawRoundedRect(QRectF(2, 2, 30, 17), 8.5, 8.5)
        painter.setBrush(QColor("white"))
        painter.drawEllipse(QRectF(17 if self.isChecked() else 4, 4, 13, 13))
        painter.end()


class Segments(QFrame):
    """A row of choices of which one is taken; `chosen` carries its value when a user takes it."""

    chosen = Signal(str)

    def __init__(self, choices: Sequence[tuple[str, str]], *, name: str) -> None:
        super().__init__()
        self.setProperty("role", "segments")
        self.setAccessibleName(name)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self._group = QButtonGroup(self)
        self._buttons: dict[str, QPushButton] = {}
        layout = row(spacing_px=0, margins=(1, 0, 1, 0))
        self.setLayout(layout)
        for value, text in choices:
            self.add(value, text)

    def add(self, value: str, text: str) -> QPushButton:
        """Add a choice at the end."""
        choice = QPushButton(text)
        choice.setCheckable(True)
        choice.setAutoDefault(False)
        choice.clicked.connect(lambda: self.chosen.emit(value))
        self._group.addButton(choice)
        self._buttons[value] = choice
        layout = self.layout()
        if layout is not None:
            layout.addWidget(choice)
        return choice

    def button(self, value: str) -> QPushButton:
        """The button of a value."""
        return self._buttons[value]

    def show_value(self, value: str) -> None:
        """Mark a value as taken without saying so; one that is not offered marks none."""
        self._group.setExclusive(False)
        for offered, choice in self._buttons.items():
            choice.setChecked(offered == value)
        self._group.setExclusive(True)
