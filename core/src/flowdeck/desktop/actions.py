"""What keys, buttons, menus and banners do."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QPoint
from PySide6.QtGui import QAction, QContextMenuEvent, QGuiApplication
from PySide6.QtWidgets import QFileDialog, QMenu

from flowdeck.config import AppearanceConfig
from flowdeck.desktop.appearance import fonts_offered, theme_of, typography_of
from flowdeck.desktop.helpdialog import HelpDialog
from flowdeck.desktop.instrumentmenu import InstrumentMenu
from flowdeck.desktop.pluginwindow import PluginWindow
from flowdeck.desktop.settingsdialog import SettingsDialog
from flowdeck.desktop.topbar import TopBar
from flowdeck.instruments import InstrumentId
from flowdeck.timeframes import Timeframe

if TYPE_CHECKING:
    from flowdeck.desktop.shell import Shell

__all__ = ["Actions"]


class Actions(QObject):
    """Named by `flowdeck.desktop.keys`; every method is what one action does."""

    def __init__(self, shell: Shell) -> None:
        super().__init__()
        self._shell = shell
        self.instruments = InstrumentMenu(shell.window)
        self.instruments.chosen.connect(self.show_instrument)
        self.plugin_window: PluginWindow | None = None
        self.settings_dialog: SettingsDialog | None = None

    def connect_topbar(self, topbar: TopBar) -> None:
        """Have the buttons of the top bar do what they say."""
        topbar.instrument_asked.connect(self.search_instruments)
        topbar.live_asked.connect(self.go_live)
        topbar.replay_asked.connect(self.open_capture)
        topbar.snapshot_asked.connect(self.snapshot)
        topbar.plugins_asked.connect(self.show_plugins)
        topbar.settings_asked.connect(self.show_settings)

    # the chart

    def show_timeframe(self, text: str) -> None:
        """Switch the timeframe."""
        self._shell.charting.show_timeframe(Timeframe.parse(text))

    def show_instrument(self, instrument: InstrumentId) -> None:
        """Show an instrument, live."""
        self._shell.replaying.leave()
        self._shell.charting.show_instrument(instrument)

    def search_instruments(self) -> None:
        """Open the instrument search under its button."""
        place = self._shell.window.mapToGlobal(QPoint(40, self._shell.window.topbar.height() - 4))
        self.instruments.open_at(place, self._shell.session.instruments, self._shell.charting.instrument)

    def fit(self) -> None:
        """Fit both axes."""
        self._shell.charting.fit()

    def larger_rows(self) -> None:
        """Larger price rows."""
        self._shell.charting.step_rows(1)

    def smaller_rows(self) -> None:
        """Smaller price rows."""
        self._shell.charting.step_rows(-1)

    def to_live(self) -> None:
        """Back to the newest bar."""
        self._shell.charting.to_live()

    def go_live(self) -> None:
        """Leave a replay; back to the newest bar."""
        self._shell.replaying.leave()
        self._shell.charting.to_live()

    def toggle_dock(self) -> None:
        """Show or hide the dock."""
        self._shell.window.toggle_dock()

    def replay_back(self) -> None:
        """Step the replay back."""
        self._shell.window.replay.step_back()

    def replay_forward(self) -> None:
        """Step the replay forward."""
        self._shell.window.replay.step_forward()

    def open_capture(self) -> None:
        """Choose a capture and replay it."""
        name, _ = QFileDialog.getOpenFileName(
            self._shell.window, "Open a capture", str(Path.home()), "Captures (*.gz);;All files (*)"
        )
        if name:
            self._shell.replaying.open(Path(name))

    def snapshot(self) -> None:
        """Write the chart as a PNG."""
        charting = self._shell.charting
        stem = f"{charting.instrument.symbol}-{charting.timeframe}-{datetime.now(UTC):%Y%m%d-%H%M%S}.png"
        name, _ = QFileDialog.getSaveFileName(self._shell.window, "Snapshot", str(Path.home() / stem), "PNG (*.png)")
        if name:
            charting.save_png(Path(name))

    def show_menu(self, event: QContextMenuEvent) -> None:
        """The chart's context menu."""
        self.menu().exec(event.globalPos())

    def menu(self) -> QMenu:
        """Build the chart's context menu."""
        menu = QMenu(self._shell.window)
        host = self._shell.charting.host
        readout = host.readout() if host is not None else None
        if readout is not None:
            lines = [readout.title, *(f"{name}\t{figure}" for name, figure, _ in readout.lines)]
            menu.addAction("Copy value", lambda: QGuiApplication.clipboard().setText("\n".join(lines)))
            menu.addSeparator()
        self._add_layers(menu)
        menu.addAction("Layer settings…", self.show_settings)
        menu.addSeparator()
        menu.addAction("Fit", self.fit)
        menu.addAction("To live", self.to_live)
        menu.addAction("Snapshot…", self.snapshot)
        return menu

    def _add_layers(self, menu: QMenu) -> None:
        layers = menu.addMenu("Layers")
        for info in self._shell.charting.layers():
            action = QAction(info.title, layers, checkable=True, checked=info.visible)
            action.setEnabled(info.state != "faulted")
            action.toggled.connect(lambda on, layer=info.id: self._shell.charting.show_layer(layer, visible=on))
            layers.addAction(action)

    # banners

    def act(self, name: str, plugin: str) -> None:
        """What a banner's button says."""
        shell = self._shell
        if name == "details":
            self.show_plugin(plugin)
        elif name == "retry" and plugin:
            shell.switch.retry(plugin)
        elif name == "retry":
            shell.charting.reopen()
        elif name == "try_now" and plugin == "engine":
            shell.link.retry()
        elif name == "try_now":
            shell.session.ask("status.kick", source=plugin or None)
        elif name == "capture":
            self.open_capture()
        elif name == "dismiss":
            shell.board.say("")

    # windows

    def show_plugins(self) -> None:
        """Open the plugin manager."""
        shell = self._shell
        if self.plugin_window is None:
            window = self.plugin_window = PluginWindow(
                shell.look, shell.desk, shell.switch.facts, safe_mode=shell.safe_mode, parent=shell.window
            )
            window.toggled.connect(lambda plugin, on: shell.switch.toggle(plugin, on=on))
            window.retried.connect(shell.switch.retry)
            shell.switch.changed.connect(window.refresh)
            shell.switch.failed.connect(window.say)
            shell.look.changed.connect(window.refresh)
        self.plugin_window.refresh()
        self.plugin_window.show()
        self.plugin_window.raise_()

    def show_plugin(self, plugin: str) -> None:
        """Open the plugin manager at a plugin."""
        self.show_plugins()
        if self.plugin_window is not None:
            self.plugin_window.choose(plugin)

    def show_settings(self) -> None:
        """Open the settings."""
        if self.settings_dialog is not None and self.settings_dialog.isVisible():
            self.settings_dialog.raise_()
            return
        shell = self._shell
        dialog = self.settings_dialog = SettingsDialog(
            shell.look, shell.desk, shell.appearance, fonts_offered(), shell.window
        )
        dialog.appearance_shown.connect(self.show_appearance)
        dialog.appearance_kept.connect(self.keep_appearance)
        dialog.show()

    def show_appearance(self, appearance: AppearanceConfig) -> None:
        """Take a theme, colours and fonts now."""
        self._shell.appearance = appearance
        self._shell.look.set(theme_of(appearance), typography_of(appearance))

    def keep_appearance(self, appearance: AppearanceConfig) -> None:
        """Take them from the next start on, too."""
        before = self._shell.config.appearance
        for name, value in appearance:
            if value != getattr(before, name) or self._shell.config.origin(f"appearance.{name}") != "default":
                self._shell.memory.keep(f"appearance.{name}", value)

    def show_shortcuts(self) -> None:
        """Open the list of shortcuts."""
        HelpDialog(self._shell.window).show()
