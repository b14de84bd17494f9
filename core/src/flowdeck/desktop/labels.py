"""Texts and signs: labels, a text that is cut where room ends, a search field, a light."""

from __future__ import annotations

from PySide6.QtCore import QRect, QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QApplication, QLabel, QLineEdit, QSizePolicy, QWidget
from typing_extensions import override

from flowdeck.desktop.look import Look

__all__ = ["Dot", "Elided", "Figure", "SearchField", "label", "restyle"]


def label(text: str = "", *, tone: str = "", size: str = "", weight: str = "", figures: bool = False) -> QLabel:
    """A text in one of the style sheet's tones, sizes and weights."""
    result = QLabel(text)
    result.setTextFormat(Qt.TextFormat.PlainText)
    for name, value in (("tone", tone), ("textsize", size), ("weight", weight), ("face", "figures" if figures else "")):
        result.setProperty(name, value)
    return result


def restyle(widget: QWidget, name: str, value: object) -> None:
    """Set a property that the style sheet reads, and have it read again when it changed."""
    if widget.property(name) != value:
        widget.setProperty(name, value)
        QApplication.style().unpolish(widget)
        QApplication.style().polish(widget)


class Figure(QLabel):
    """A number that changes, right aligned where `room` has room, so that its neighbours stay where they are."""

    def __init__(self, room: str, *, size: str = "", weight: str = "") -> None:
        super().__init__()
        self._room = room
        for name, value in (("face", "figures"), ("textsize", size), ("weight", weight)):
            self.setProperty(name, value)
        self.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Preferred)

    @override
    def sizeHint(self) -> QSize:
        self.ensurePolished()
        hint = super().sizeHint()
        return QSize(max(hint.width(), self.fontMetrics().horizontalAdvance(self._room) + 2), hint.height())

    @override
    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()


class Elided(QLabel):
    """A line of text, cut where room ends, at its end or in its `middle`; the tip has the whole."""

    def __init__(self, text: str = "", *, tone: str = "", size: str = "", middle: bool = False) -> None:
        super().__init__()
        self._mode = Qt.TextElideMode.ElideMiddle if middle else Qt.TextElideMode.ElideRight
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setProperty("tone", tone)
        self.setProperty("textsize", size)
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Preferred)
        self.setMinimumWidth(24)
        self.show_text(text)

    def show_text(self, text: str) -> None:
        """Write another text."""
        self.setText(text)
        self.setToolTip(text)

    @override
    def minimumSizeHint(self) -> QSize:
        return QSize(24, super().minimumSizeHint().height())

    @override
    def paintEvent(self, arg__1: QPaintEvent) -> None:
        painter = QPainter(self)
        text = self.fontMetrics().elidedText(self.text(), self._mode, self.width())
        painter.setPen(self.palette().color(self.foregroundRole()))  # of the style sheet
        painter.drawText(self.rect(), Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, text)
        painter.end()


class SearchField(QLineEdit):
    """A line to type into behind a magnifying glass."""

    def __init__(self, look: Look, placeholder: str) -> None:
        super().__init__()
        self._look = look
        self.setPlaceholderText(placeholder)
        self.setAccessibleName(placeholder)
        self.setTextMargins(18, 0, 0, 0)
        look.changed.connect(self.update)

    @override
    def paintEvent(self, arg__1: QPaintEvent) -> None:
        super().paintEvent(arg__1)
        painter = QPainter(self)
        self._look.icon("search").paint(painter, QRect(7, (self.height() - 16) // 2, 16, 16))
        painter.end()


class Dot(QWidget):
    """A round light of 8 px in a token's colour."""

    def __init__(self, look: Look, colour: str = "text.tertiary") -> None:
        super().__init__()
        self._look, self.colour = look, colour
        self.setFixedSize(8, 8)
        look.changed.connect(self.update)

    def show_colour(self, colour: str) -> None:
        """Take another colour."""
        if colour != self.colour:
            self.colour = colour
            self.update()

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self._look.colour(self.colour))
        painter.drawEllipse(QRectF(0.5, 0.5, 7, 7))
        painter.end()
