"""Changing settings of plugins: the view's at once here, the engine's by request; kept or taken back."""

from __future__ import annotations

from functools import partial
from typing import Any

from pydantic import BaseModel
from PySide6.QtCore import QObject, Signal

from flowdeck.desktop.fields import Scope, fields_of
from flowdeck.desktop.linkstatus import Reply
from flowdeck.desktop.session import Session
from flowdeck.errors import FlowdeckError
from flowdeck.plugins.manager import PluginManager

__all__ = ["SettingsDesk"]


class SettingsDesk(QObject):
    """The one place of the window that changes settings of plugins.

    `changed` carries a plugin's name whenever its settings are others than before, whoever changed them; `failed` one
    line for the user.
    """

    changed = Signal(str)
    failed = Signal(str)

    def __init__(self, manager: PluginManager, session: Session) -> None:
        super().__init__()
        self._manager = manager
        self._session = session
        self._queued: dict[str, tuple[dict[str, Any], bool]] = {}
        self._under_way: set[str] = set()
        session.settings_news.connect(self._mirror)

    def plugins(self) -> list[tuple[str, str]]:
        """Name and title of each plugin here that has settings."""
        return [(info.name, info.title) for info in self._manager.plugins() if self.values(info.name) is not None]

    def values(self, plugin: str) -> BaseModel | None:
        """The settings as they stand; None for a plugin without, or one that is not active."""
        try:
            return self._manager.settings(plugin)
        except FlowdeckError:
            return None

    def show(self, plugin: str, values: BaseModel, *, persist: bool = False) -> None:
        """Make these the settings now; with `persist` also from the next start on."""
        before = self.values(plugin)
        if before is not None:
            self._change(plugin, before, values, persist=persist)

    def keep(self, plugin: str, before: BaseModel, values: BaseModel) -> None:
        """Persist what differs from `before`; it is in force already."""
        self._change(plugin, before, values, persist=True)

    def _change(self, plugin: str, before: BaseModel, values: BaseModel, *, persist: bool) -> None:
        changes = {name: value for name, value in values if value != getattr(before, name)}
        mine = {name: changes[name] for name in _names(values, "view") if name in changes}
        theirs = {name: changes[name] for name in _names(values, "engine") if name in changes}
        if mine:
            self._patch_here(plugin, mine, persist=persist)
        if theirs:
            self._queue(plugin, theirs, values, persist=persist)

    def _patch_here(self, plugin: str, changes: dict[str, Any], *, persist: bool) -> None:
        try:
            self._manager.patch_settings(plugin, changes, persist=persist, scope="view")
        except FlowdeckError as error:
            self.failed.emit(str(error))
        self.changed.emit(plugin)

    def _queue(self, plugin: str, changes: dict[str, Any], values: BaseModel, *, persist: bool) -> None:
        """The newest change of each field wins; one request a plugin is under way."""
        texts = values.model_dump(mode="json", include=set(changes))
        known, kept = self._queued.get(plugin, ({}, False))
        self._queued[plugin] = ({**known, **texts}, kept or persist)
        self._send(plugin)

    def _send(self, plugin: str) -> None:
        if plugin in self._under_way or plugin not in self._queued:
            return
        changes, persist = self._queued.pop(plugin)
        self._under_way.add(plugin)
        revision = self._session.settings.get(plugin, {}).get("revision", 0)
        done = partial(self._sent, plugin)
        self._session.ask("settings.patch", done, plugin=plugin, revision=revision, values=changes, persist=persist)

    def _sent(self, plugin: str, reply: Reply) -> None:
        self._under_way.discard(plugin)
        if reply.ok:
            self._session.engine_event("settings", {"plugin": plugin, **reply.data})
        else:
            self.failed.emit(f"the engine did not take the settings: {reply.error}")
        self._send(plugin)

    def _mirror(self, plugin: str) -> None:
        """What the engine says of its own fields holds here too."""
        now = self.values(plugin)
        stated = self._session.settings[plugin].get("values", {})
        if now is None:
            return
        mine = now.model_dump(mode="json")
        changes = {n: stated[n] for n in _names(now, "engine") if n in stated and stated[n] != mine[n]}
        if not changes:
            return
        try:
            self._manager.patch_settings(plugin, changes, persist=False, scope="engine")
        except FlowdeckError as error:
            self.failed.emit(f"settings of {plugin} in the engine do not fit here: {error}")
        self.changed.emit(plugin)


def _names(values: BaseModel, scope: Scope) -> list[str]:
    return [field.name for field in fields_of(type(values)) if field.scope == scope]
