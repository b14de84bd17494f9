"""The settings dialog: a page for the appearance and one for each plugin. Changes show at once, Cancel undoes them."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from pydantic import BaseModel
from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QDialog, QHBoxLayout, QListWidget, QScrollArea, QStackedWidget, QVBoxLayout, QWidget
from typing_extensions import override

from flowdeck.config import AppearanceConfig
from flowdeck.desktop.form import SettingsForm
from flowdeck.desktop.labels import label
from flowdeck.desktop.look import Look
from flowdeck.desktop.settingsdesk import SettingsDesk
from flowdeck.desktop.widgets import Bar, button, row

__all__ = ["APPEARANCE", "SettingsDialog"]

APPEARANCE = "appearance"
"""Name of the appearance page; plugins have theirs under their own."""


class SettingsDialog(QDialog):
    """Edits appearance and plugin settings with live preview.

    Args:
        look: Colours and fonts.
        desk: Changes settings of plugins.
        appearance: As it stands.
        offered: Choices of text fields of the appearance, by field.
        parent: The window.
    """

    appearance_shown = Signal(AppearanceConfig)
    """To be in force now."""
    appearance_kept = Signal(AppearanceConfig)
    """To be in force from the next start on, too."""

    def __init__(
        self,
        look: Look,
        desk: SettingsDesk,
        appearance: AppearanceConfig,
        offered: dict[str, tuple[str, ...]],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle("Settings")
        self.resize(look.scaled(860), look.scaled(620))
        self._look, self._desk = look, desk
        self._before: dict[str, BaseModel] = {}
        self._forms: dict[str, SettingsForm] = {}
        self.pages = QListWidget()
        self.pages.setObjectName("nav")
        self.pages.setFixedWidth(look.scaled(200))
        self._stack = QStackedWidget()
        self._add_page(APPEARANCE, "Appearance", appearance, self.appearance_shown.emit, offered)
        for name, title in desk.plugins():
            values = desk.values(name)
            if values is not None:
                self._add_page(name, title, values, partial(desk.show, name), {})
        self.pages.currentRowChanged.connect(self._stack.setCurrentIndex)
        self.pages.setCurrentRow(0)
        self.note = label(tone="error")
        self.note.setWordWrap(True)
        desk.failed.connect(self.note.setText)
        self._build()

    def _build(self) -> None:
        halves = QHBoxLayout()
        halves.setSpacing(0)
        halves.addWidget(self.pages)
        halves.addWidget(self._stack, 1)
        self.reset_button = button("Reset page", "plain", self._reset_page)
        self.cancel_button = button("Cancel", "plain", self.reject)
        self.save_button = button("Save", "primary", self.accept)
        self.save_button.setDefault(True)
        foot = Bar("dialogfoot", self._look, height_px=48)
        left = (self.reset_button, self.note)
        foot.setLayout(row(*left, None, self.cancel_button, self.save_button, margins=(20, 0, 20, 0)))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(halves, 1)
        layout.addWidget(foot)

    def _add_page(
        self,
        name: str,
        title: str,
        values: BaseModel,
        show: Callable[[Any], None],
        offered: dict[str, tuple[str, ...]],
    ) -> None:
        form = SettingsForm(self._look, type(values), values, offered=offered)
        form.changed.connect(show)
        self._before[name], self._forms[name] = values, form
        page = QWidget()
        layout = QVBoxLayout(page)
        layout.setContentsMargins(24, 18, 16, 18)
        layout.setSpacing(12)
        layout.addWidget(label(title, size="title", weight="semibold"))
        layout.addWidget(form)
        layout.addStretch(1)
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setWidget(page)
        self._stack.addWidget(area)
        self.pages.addItem(title)

    def form(self, page: str) -> SettingsForm:
        """The form of a page."""
        return self._forms[page]

    def show_page(self, page: str) -> None:
        """Turn to a page; one that is not there leaves the dialog where it is."""
        if page in self._forms:
            self.pages.setCurrentRow(list(self._forms).index(page))

    def _reset_page(self) -> None:
        list(self._forms.values())[self.pages.currentRow()].reset()

    @override
    def accept(self) -> None:
        """Keep everything that was changed."""
        for name, form in self._forms.items():
            if form.values == self._before[name]:
                continue
            if name == APPEARANCE:
                self.appearance_kept.emit(form.values)
            else:
                self._desk.keep(name, self._before[name], form.values)
        super().accept()

    @override
    def reject(self) -> None:
        """Take everything back."""
        for name, form in self._forms.items():
            if form.values == self._before[name]:
                continue
            if name == APPEARANCE:
                self.appearance_shown.emit(self._before[name])
            else:
                self._desk.show(name, self._before[name])
        super().reject()
