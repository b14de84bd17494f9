"""The window: top bar, chart, dock, replay bar, status bar; how they share a narrow or a wide screen."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from PySide6.QtCore import QByteArray, QEvent, Qt, Signal
from PySide6.QtGui import QCloseEvent, QHideEvent, QKeySequence, QResizeEvent, QShortcut, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout
from typing_extensions import override

from flowdeck.desktop.chartpane import ChartPane
from flowdeck.desktop.dock import Dock, DockStrip
from flowdeck.desktop.keys import SHORTCUTS
from flowdeck.desktop.look import Look
from flowdeck.desktop.replaybar import ReplayBar
from flowdeck.desktop.settingsdesk import SettingsDesk
from flowdeck.desktop.statusbar import StatusBar
from flowdeck.desktop.topbar import TopBar
from flowdeck.desktop.widgets import Bar

__all__ = ["MainWindow"]

_DOCK_FOLDS_PX = 1400
_SIZE_PX = (1600, 940)


class MainWindow(Bar):
    """Places the parts; what they do is wired by `flowdeck.desktop.shell`."""

    seen_changed = Signal(bool)
    """Whether anybody can see the window."""
    closing = Signal(QCloseEvent)

    def __init__(self, look: Look, desk: SettingsDesk) -> None:
        super().__init__("window")
        self.setWindowTitle("Flowdeck")
        self.topbar, self.statusbar = TopBar(look), StatusBar(look)
        self.pane, self.dock, self.strip = ChartPane(look), Dock(look, desk), DockStrip(look)
        self.replay = ReplayBar(look)
        self._dock_wanted = True
        self._dock_over = False
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        self._middle = QHBoxLayout()
        self._middle.setSpacing(0)
        self._middle.addWidget(self.pane, 1)
        self._middle.addWidget(self.dock)
        self._middle.addWidget(self.strip)
        layout.addWidget(self.topbar)
        layout.addLayout(self._middle, 1)
        layout.addWidget(self.replay)
        layout.addWidget(self.statusbar)
        self.strip.opened.connect(self.toggle_dock)
        self.resize(*_SIZE_PX)
        self._arrange()

    def connect_shortcuts(self, actions: object) -> None:
        """Have the keys of the shortcut list call the methods of `actions` that they name."""
        for shortcut in SHORTCUTS:
            action: Callable[..., object] = getattr(actions, shortcut.action)
            call = partial(action, shortcut.argument) if shortcut.argument else action
            for keys in shortcut.keys:
                QShortcut(QKeySequence(keys), self, context=Qt.ShortcutContext.WindowShortcut).activated.connect(call)

    @property
    def dock_wanted(self) -> bool:
        """Whether the user wants the dock, where there is room for it."""
        return self._dock_wanted

    def toggle_dock(self) -> None:
        """Show or hide the dock; in a narrow window it lies over the chart."""
        if self._narrow():
            self._dock_over = not self._dock_over
        else:
            self._dock_wanted = not self._dock_wanted
        self._arrange()

    def remembered(self) -> dict[str, Any]:
        """Geometry and dock, fit for the desktop's file."""
        geometry = bytes(self.saveGeometry().toBase64().data()).decode("ascii")
        return {"geometry": geometry, "dock": self._dock_wanted}

    def restore(self, remembered: Mapping[str, Any]) -> None:
        """Take what `remembered` gave in an earlier run; what does not fit is left."""
        geometry = remembered.get("geometry")
        if isinstance(geometry, str):
            self.restoreGeometry(QByteArray.fromBase64(geometry.encode("ascii", "ignore")))
        self._dock_wanted = bool(remembered.get("dock", True))
        self._arrange()

    def _narrow(self) -> bool:
        return self.width() < _DOCK_FOLDS_PX

    def _arrange(self) -> None:
        """Fold the dock to a strip where the window is narrow; over the chart it is no part of the layout."""
        narrow = self._narrow()
        over = narrow and self._dock_over
        if narrow and self.dock.parent() is self and self._middle.indexOf(self.dock) >= 0:
            self._middle.removeWidget(self.dock)
        elif not narrow and self._middle.indexOf(self.dock) < 0:
            self._dock_over = False
            self._middle.insertWidget(1, self.dock)
        self.strip.setVisible(narrow)
        self.dock.setVisible(over if narrow else self._dock_wanted)
        if over:
            self._lay_over()

    def _lay_over(self) -> None:
        top, foot = self.topbar.height(), self.statusbar.height()
        foot += self.replay.height() if self.replay.isVisible() else 0
        left = self.width() - self.strip.width() - self.dock.width()
        self.dock.setGeometry(left, top, self.dock.width(), self.height() - top - foot)
        self.dock.raise_()

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._arrange()

    @override
    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._tell_seen()

    @override
    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self.seen_changed.emit(False)

    @override
    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.WindowStateChange:
            self._tell_seen()

    @override
    def closeEvent(self, event: QCloseEvent) -> None:
        self.closing.emit(event)

    def _tell_seen(self) -> None:
        self.seen_changed.emit(self.isVisible() and not self.isMinimized())
