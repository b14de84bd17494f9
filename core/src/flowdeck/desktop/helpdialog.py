"""The list of shortcuts."""

from __future__ import annotations

from PySide6.QtWidgets import QDialog, QGridLayout, QVBoxLayout, QWidget

from flowdeck.desktop.keys import CHART_KEYS, SHORTCUTS
from flowdeck.desktop.labels import label
from flowdeck.desktop.pluginrow import tag
from flowdeck.desktop.widgets import button, row

__all__ = ["HelpDialog"]

_MOUSE = (
    ("Drag", "Pan; on an axis, scale it"),
    ("Double click", "Fit; on an axis, that axis"),
    ("Wheel", "Zoom time at the cursor"),
    ("Shift Wheel", "Zoom price"),
    ("Ctrl Wheel", "Zoom both"),
    ("Alt", "Crosshair without snapping"),
    ("Click", "Pin the readout"),
)


class HelpDialog(QDialog):
    """Keys on the left, mouse on the right."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Shortcuts")
        grid = QGridLayout()
        grid.setHorizontalSpacing(20)
        grid.setVerticalSpacing(6)
        keys = [(shortcut.shown, shortcut.text) for shortcut in SHORTCUTS] + list(CHART_KEYS)
        half = (len(keys) + len(_MOUSE) + 1) // 2
        for number, (shown, text) in enumerate([*keys, *_MOUSE]):
            column = 2 * (number // half)
            grid.addLayout(row(tag(shown, figures=True), None), number % half, column)
            grid.addWidget(label(text, tone="secondary"), number % half, column + 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(20, 16, 20, 16)
        layout.setSpacing(12)
        layout.addWidget(label("Shortcuts", size="title", weight="semibold"))
        layout.addLayout(grid)
        layout.addLayout(row(None, button("Close", "plain", self.close)))
