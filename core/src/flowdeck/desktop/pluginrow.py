"""One row of the plugin manager: title and version, roles, state, switch."""

from __future__ import annotations

from PySide6.QtCore import QRectF, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget
from typing_extensions import override

from flowdeck.desktop import icons
from flowdeck.desktop.labels import Elided, label
from flowdeck.desktop.look import Look
from flowdeck.desktop.pluginfacts import PluginFacts
from flowdeck.desktop.widgets import Toggle, row
from flowdeck.specs import PluginState

__all__ = ["STATE_ICONS", "PluginRow", "tag"]

STATE_ICONS = {
    PluginState.ACTIVE: ("active", "ui.ok"),
    PluginState.DISCOVERED: ("disabled", "text.tertiary"),
    PluginState.DISABLED: ("disabled", "text.tertiary"),
    PluginState.INCOMPATIBLE: ("incompatible", "ui.warning"),
    PluginState.FAILED: ("error", "ui.error"),
    PluginState.FAULTED: ("error", "ui.error"),
}


def tag(text: str, *, figures: bool = False) -> QLabel:
    """A word in a small frame."""
    result = label(text, figures=figures)
    result.setProperty("role", "tag")
    result.setFixedHeight(result.sizeHint().height() + 4)
    return result


class PluginRow(QWidget):
    """A click or the arrow keys choose it."""

    chosen = Signal(str)
    toggled = Signal(str, bool)

    def __init__(self, look: Look, facts: PluginFacts) -> None:
        super().__init__()
        self._look, self.facts = look, facts
        self._chosen = False
        self.setFixedHeight(look.scaled(56))
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setAccessibleName(f"{facts.title}, {facts.state}")
        self.toggle = Toggle(look, checked=_is_on(facts), name=f"{facts.title} on")
        self.toggle.setEnabled(facts.can_toggle)
        self.toggle.clicked.connect(lambda: self.toggled.emit(self.facts.name, self.toggle.isChecked()))
        self._state_icon = QLabel()
        self._build()
        look.changed.connect(self._recolour)
        self._recolour()

    def _build(self) -> None:
        facts = self.facts
        layout = QHBoxLayout(self)
        layout.setContentsMargins(20, 0, 16, 0)
        layout.setSpacing(8)
        layout.addLayout(self._names(), 1)
        roles = QWidget()
        roles.setLayout(row(*(tag(role.capitalize()) for role in facts.roles), None, spacing_px=4))
        roles.setFixedWidth(self._look.scaled(164))
        layout.addWidget(roles)
        state = QWidget()
        state.setLayout(row(self._state_icon, label(facts.state.capitalize(), tone="secondary"), None, spacing_px=6))
        state.setFixedWidth(self._look.scaled(110))
        layout.addWidget(state)
        layout.addWidget(self.toggle)

    def _names(self) -> QVBoxLayout:
        facts = self.facts
        title = label(facts.title, size="label", weight="semibold", tone="" if _is_on(facts) else "secondary")
        names = QVBoxLayout()
        names.setSpacing(2)
        names.addStretch(1)
        version = label(facts.version, tone="tertiary", size="small", figures=True)
        names.addLayout(row(title, version, None, spacing_px=6))
        names.addWidget(self._line())
        names.addStretch(1)
        return names

    def _line(self) -> QLabel:
        facts = self.facts
        text = facts.missing if facts.missing and not facts.reason else facts.reason or facts.summary
        return Elided(text, tone=_tone(facts), size="small")

    def _recolour(self) -> None:
        name, colour = STATE_ICONS[self.facts.state]
        self._state_icon.setPixmap(icons.pixmap(name, self._look.colour(colour), 15, self.devicePixelRatioF()))
        self.update()

    def show_chosen(self, *, chosen: bool) -> None:
        """Mark the row whose details are shown."""
        self._chosen = chosen
        self.update()

    @override
    def mousePressEvent(self, event: QMouseEvent) -> None:
        self.setFocus()
        self.chosen.emit(self.facts.name)

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space}:
            self.chosen.emit(self.facts.name)
        elif event.key() in {Qt.Key.Key_Up, Qt.Key.Key_Down}:
            self.focusNextPrevChild(event.key() == Qt.Key.Key_Down)
        else:
            super().keyPressEvent(event)

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        if self._chosen:
            painter.fillRect(self.rect(), self._look.colour("bg.selected"))
            painter.fillRect(QRectF(0, 0, 2, self.height()), self._look.colour("ui.accent"))
        painter.fillRect(QRectF(0, self.height() - 1, self.width(), 1), self._look.colour("border.subtle"))
        if self.hasFocus():
            painter.setPen(self._look.colour("border.focus"))
            painter.drawRect(QRectF(0.5, 0.5, self.width() - 1, self.height() - 2))
        painter.end()


def _is_on(facts: PluginFacts) -> bool:
    return facts.state not in {PluginState.DISABLED, PluginState.DISCOVERED, PluginState.INCOMPATIBLE}


def _tone(facts: PluginFacts) -> str:
    if facts.state in {PluginState.FAILED, PluginState.FAULTED}:
        return "error"
    return "warning" if facts.needs_attention else "tertiary"
