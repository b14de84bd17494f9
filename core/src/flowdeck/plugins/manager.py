"""The plugin host: loads plugins one by one, keeps each one's failure to itself, hands out what they declare."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from pydantic import BaseModel

from flowdeck.config import Config, save_engine
from flowdeck.errors import PluginError
from flowdeck.plugins.context import ManagedContext, Services, Side
from flowdeck.plugins.declarations import Declarations
from flowdeck.plugins.discovery import Found, discover
from flowdeck.plugins.faults import Guard
from flowdeck.plugins.info import PluginInfo, Registered
from flowdeck.plugins.loading import Plugin
from flowdeck.plugins.settings import PluginSettings, Scope
from flowdeck.specs import PluginState

__all__ = ["ManagedContext", "PluginInfo", "PluginManager", "Registered", "Scope", "Services", "Side"]

_NONE: Mapping[str, object] = MappingProxyType({})


class PluginManager(Declarations):
    """The plugins of one process.

    Its methods belong to the owner's thread (the engine's loop, the desktop's GUI thread), except where they say that
    any thread may use them.
    """

    def __init__(self, config: Config, side: Side, *, safe_mode: bool = False) -> None:
        super().__init__(config, side)
        self._safe_mode = safe_mode

    def load(self, extra: Mapping[str, object] = _NONE) -> None:
        """Find, check, import and activate the plugins; in safe mode only find them.

        Args:
            extra: Further plugins by name, each a module or namespace with hook implementations.

        Raises:
            PluginError: when a plugin that is configured as required did not become active; all are unloaded then.
        """
        found = {**discover(), **{name: Found(name, module=module) for name, module in extra.items()}}
        self._plugins = {name: Plugin(one, self._config.plugin(name)) for name, one in found.items()}
        for plugin in self._plugins.values():
            if not plugin.section.enabled:
                plugin.become(PluginState.DISABLED)
            elif self._safe_mode:
                plugin.become(PluginState.DISCOVERED, "safe mode loads no plugin")
            else:
                self._load(plugin)
        self._write_record()
        if not self._safe_mode:
            self._demand_required()

    def close(self) -> None:
        """Deactivate and dispose of all plugins, the last loaded first."""
        for plugin in reversed(self._plugins.values()):
            if plugin.state is PluginState.ACTIVE:
                self._deactivate(plugin)
                plugin.become(PluginState.DISCOVERED)
            self._loader.undo(plugin)

    def enable(self, name: str, *, persist: bool = False) -> PluginInfo:
        """Load a plugin that is not active; its new state says how that went.

        Raises:
            PluginError: for a plugin that is not installed, or in safe mode.
            ConfigError: when the choice is to be kept and the file cannot be written.
        """
        plugin = self._plugin(name)
        if self._safe_mode:
            raise PluginError(f"plugin {name} stays off: safe mode loads none; start without --safe-mode")
        if persist:
            save_engine(self._config.path, f"plugins.{name}.enabled", value=True)
        self._settle(plugin)
        if plugin.state is not PluginState.ACTIVE:
            self._load(plugin)
            self._changed(plugin)
        return self.info(name)

    def disable(self, name: str, *, persist: bool = False) -> PluginInfo:
        """Deactivate a plugin and dispose of what it started.

        Raises:
            PluginError: for a plugin that is not installed.
            ConfigError: when the choice is to be kept and the file cannot be written.
        """
        plugin = self._plugin(name)
        if persist:
            save_engine(self._config.path, f"plugins.{name}.enabled", value=False)
        self._settle(plugin)
        if plugin.state is PluginState.ACTIVE:
            self._deactivate(plugin)
        if plugin.state is not PluginState.DISABLED:
            plugin.become(PluginState.DISABLED)
            self._changed(plugin)
            self._loader.undo(plugin)
        return self.info(name)

    def retry(self, name: str, *, persist: bool = False) -> PluginInfo:
        """Load a failed or faulted plugin again, as `enable` does."""
        return self.enable(name, persist=persist)

    def settings(self, plugin: str) -> BaseModel | None:
        """The settings as they stand; None for a plugin without any, or one that was never loaded."""
        settings = self._plugin(plugin).settings
        return None if settings is None else settings.value

    def settings_model(self, plugin: str) -> type[BaseModel] | None:
        """The model of a plugin's settings; None for a plugin without any, or one that was never loaded."""
        settings = self._plugin(plugin).settings
        return None if settings is None else settings.model

    def settings_revision(self, plugin: str) -> int:
        """Grows with every change of a plugin's settings; 0 without any."""
        settings = self._plugin(plugin).settings
        return 0 if settings is None else settings.revision

    def patch_settings(
        self, plugin: str, values: Mapping[str, Any], *, persist: bool = False, scope: Scope | None = None
    ) -> BaseModel:
        """Change some settings, tell the plugin, and keep them in the files of their owners if asked to.

        Args:
            plugin: Its name.
            values: By field.
            persist: Whether to write them.
            scope: Refuse fields of the other scope.

        Raises:
            ConfigError: naming key, value and what is allowed, or the file that cannot be written; nothing is changed.
            PluginError: for a plugin that has no settings or was never loaded.
        """
        settings = self._settings(plugin)
        value = settings.changed(values, scope)
        if persist:
            settings.persist(value, values)
        settings.take(value)
        context = self._plugin(plugin).context
        if context is not None:
            context.settings_changed(value)
        return value

    def _settings(self, name: str) -> PluginSettings:
        plugin = self._plugin(name)
        if plugin.settings is None:
            raise PluginError(f"plugin {name} is {plugin.state} and has no settings to change")
        return plugin.settings

    def _load(self, plugin: Plugin) -> None:
        if plugin.found.incompatible:
            plugin.become(PluginState.INCOMPATIBLE, plugin.found.incompatible)
            return
        plugin.become(PluginState.DISCOVERED)
        for where, step in self._loader.steps:
            with Guard(self._failing(plugin, where)):
                step(plugin)
            if plugin.state is PluginState.FAILED:
                return
        plugin.become(PluginState.ACTIVE)
        with Guard(self._failing(plugin, "activate")):
            self._loader.activate(plugin)

    def _failing(self, plugin: Plugin, where: str) -> Callable[[BaseException], None]:
        return lambda error: self._failed(plugin, where, error)

    def _deactivate(self, plugin: Plugin) -> None:
        """Call the plugin's own hook; what it raises makes it faulted, and it goes all the same."""
        with self.guard(plugin.name, "deactivate"):
            self._loader.call(plugin, "plugin_deactivate", context=plugin.context)

    def _demand_required(self) -> None:
        required = [name for name, section in self._config.plugins.items() if section.required]
        lost = next((name for name in required if not self.active(name)), None)
        if lost is None:
            return
        plugin = self._plugins.get(lost)
        why = "not installed" if plugin is None else f"{plugin.state}: {plugin.reason}".rstrip(": ")
        self.close()
        remedy = f"mend or install it, or set plugins.{lost}.required = false in {self._config.path}"
        raise PluginError(f"required plugin {lost} is {why}; {remedy}")
