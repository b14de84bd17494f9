"""Switching plugins on and off, on both sides."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QObject, Signal

from flowdeck.desktop.linkstatus import LinkState, Reply
from flowdeck.desktop.pluginfacts import PluginFacts, facts_of
from flowdeck.desktop.session import Session
from flowdeck.errors import FlowdeckError
from flowdeck.plugins.manager import PluginManager

__all__ = ["PluginSwitch"]


class PluginSwitch(QObject):
    """What is known of plugins, and the hands to change it.

    The engine owns the file that says which plugins are enabled: it is asked to write it. `changed` fires when a
    plugin's state changes on either side, `enabled` when the engine has one more, `failed` carries one line for the
    user.
    """

    changed = Signal()
    enabled = Signal()
    failed = Signal(str)

    def __init__(self, manager: PluginManager, session: Session) -> None:
        super().__init__()
        self._manager, self._session = manager, session
        self._unsubscribe = manager.on_change(lambda _name, _state: self.changed.emit())
        session.plugin_news.connect(self.changed)
        session.link_news.connect(self.changed)

    def facts(self) -> list[PluginFacts]:
        """One row a plugin."""
        connected = self._session.link.state is LinkState.CONNECTED
        return facts_of(self._manager.plugins(), self._session.engine_plugins if connected else None)

    def toggle(self, plugin: str, *, on: bool) -> None:
        """Enable or disable a plugin here and in the engine."""
        self._here("enable" if on else "disable", plugin)
        self._there("plugin.enable" if on else "plugin.disable", plugin)

    def retry(self, plugin: str) -> None:
        """Load a plugin again where it failed."""
        self._here("retry", plugin)
        self._there("plugin.retry", plugin)

    def stop(self) -> None:
        """Listen no more."""
        self._unsubscribe()

    def _here(self, verb: str, plugin: str) -> None:
        if plugin not in {info.name for info in self._manager.plugins()}:
            return
        try:
            getattr(self._manager, verb)(plugin)
        except FlowdeckError as error:
            self.failed.emit(str(error))
        self.changed.emit()

    def _there(self, request: str, plugin: str) -> None:
        if self._session.link.state is not LinkState.CONNECTED:
            self.failed.emit("There is no engine just now: the change holds for this window until it is closed.")
        elif self._session.engine_plugins is None or plugin in self._session.engine_plugins:
            self._session.ask(request, partial(self._answered, request), plugin=plugin)

    def _answered(self, request: str, reply: Reply) -> None:
        if not reply.ok:
            self.failed.emit(f"In the engine: {reply.error}")
        elif request != "plugin.disable":
            self.enabled.emit()
        self._session.ask_plugins()
