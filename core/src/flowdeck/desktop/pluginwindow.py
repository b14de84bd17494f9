"""The plugin manager: which plugins there are, what state they are in and why, on both sides."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QDialog, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from flowdeck.desktop.labels import SearchField, label, restyle
from flowdeck.desktop.look import Look
from flowdeck.desktop.plugindetail import PluginDetail
from flowdeck.desktop.pluginfacts import Filter, PluginFacts, matching
from flowdeck.desktop.pluginrow import PluginRow
from flowdeck.desktop.settingsdesk import SettingsDesk
from flowdeck.desktop.widgets import Bar, Segments, button, row

__all__ = ["PluginWindow"]

_FILTERS: tuple[tuple[Filter, str], ...] = (("all", "All"), ("active", "Active"), ("attention", "Needs attention"))


class PluginWindow(QDialog):
    """Lists plugins and asks for what the user wants: `toggled` and `retried` carry a plugin's name.

    Args:
        look: Colours and fonts.
        desk: For the settings of the plugin shown.
        facts: Answers what is known now.
        safe_mode: Whether this window was started without plugins.
        parent: The window.
    """

    toggled = Signal(str, bool)
    retried = Signal(str)

    def __init__(
        self,
        look: Look,
        desk: SettingsDesk,
        facts: Callable[[], list[PluginFacts]],
        *,
        safe_mode: bool = False,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle("Plugins")
        self.resize(look.scaled(1100), look.scaled(720))
        self._look, self._facts, self._safe_mode = look, facts, safe_mode
        self._rows: dict[str, PluginRow] = {}
        self._shown: tuple[object, ...] = ()
        self._chosen = ""
        self.search = SearchField(look, "Search plugins")
        self.search.setFixedWidth(look.scaled(208))
        self.search.textChanged.connect(self.refresh)
        self.filters = Segments(_FILTERS, name="Filter")
        self._filter: Filter = "all"
        self.filters.show_value("all")
        self.filters.chosen.connect(self._choose_filter)
        self.detail = PluginDetail(look, desk)
        self.detail.retry_asked.connect(self.retried)
        self._list = QScrollArea()
        self._list.setWidgetResizable(True)
        self._list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._build()
        self.refresh()

    def _build(self) -> None:
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        head = Bar("dialoghead", self._look, height_px=52)
        head.setLayout(row(self.search, self.filters, None, margins=(20, 0, 20, 0)))
        layout.addWidget(head)
        halves = QHBoxLayout()
        halves.setSpacing(0)
        halves.addWidget(self._list, 11)
        halves.addWidget(self.detail, 9)
        layout.addLayout(halves, 1)
        foot = Bar("dialogfoot", self._look, height_px=48)
        self.note = label(self._safe_text(), tone="warning" if self._safe_mode else "tertiary")
        foot.setLayout(row(self.note, None, button("Close", "plain", self.close), margins=(20, 0, 20, 0)))
        layout.addWidget(foot)

    def _safe_text(self) -> str:
        if self._safe_mode:
            return "Started in safe mode: no plugin is loaded. Start without --safe-mode to load them."
        return "A plugin that fails is switched off alone; everything else keeps running."

    def row(self, plugin: str) -> PluginRow:
        """The row of a plugin that is listed."""
        return self._rows[plugin]

    def listed(self) -> list[str]:
        """Names of the plugins listed, from the top."""
        return list(self._rows)

    def choose(self, plugin: str) -> None:
        """Show a plugin's details."""
        self._chosen = plugin
        for name, plugin_row in self._rows.items():
            plugin_row.show_chosen(chosen=name == plugin)
        self.detail.show_facts(next((facts for facts in self._facts() if facts.name == plugin), None))

    def say(self, text: str) -> None:
        """Say what went wrong, at the foot."""
        self.note.setText(text)
        restyle(self.note, "tone", "error")

    def refresh(self) -> None:
        """List what is known now."""
        rows = self._facts()
        self._count(rows)
        listed = matching(rows, self._filter, self.search.text())
        shown = (listed, self._look.theme.name, self._look.typography)
        if self._shown != shown:
            self._shown = shown
            self._fill(listed)
        names = [facts.name for facts in listed]
        self.choose(self._chosen if self._chosen in names else next(iter(names), ""))

    def _count(self, rows: list[PluginFacts]) -> None:
        for value, text in _FILTERS:
            number = len(matching(rows, value, ""))
            self.filters.button(value).setText(f"{text}  {number}")

    def _fill(self, listed: list[PluginFacts]) -> None:
        at = self._list.verticalScrollBar().value()
        page = QWidget()
        layout = QVBoxLayout(page)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        self._rows = {facts.name: PluginRow(self._look, facts) for facts in listed}
        for plugin_row in self._rows.values():
            plugin_row.chosen.connect(self.choose)
            plugin_row.toggled.connect(self.toggled)
            layout.addWidget(plugin_row)
        if not listed:
            nothing = label("No plugin fits the search.", tone="tertiary")
            nothing.setContentsMargins(20, 20, 20, 20)
            layout.addWidget(nothing)
        layout.addStretch(1)
        self._list.setWidget(page)
        self._list.verticalScrollBar().setValue(at)

    def _choose_filter(self, value: str) -> None:
        self._filter = next(known for known, _ in _FILTERS if known == value)
        self.refresh()
