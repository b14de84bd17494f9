"""The plugins of a process, and what is known of each."""

from __future__ import annotations

from flowdeck.config import Config, Problem, near
from flowdeck.errors import PluginError
from flowdeck.plugins.context import ManagedContext, Side
from flowdeck.plugins.info import PluginInfo
from flowdeck.plugins.loading import Plugin
from flowdeck.specs import PluginState

__all__ = ["Roster"]


class Roster:
    """Plugins by name."""

    def __init__(self, config: Config, side: Side) -> None:
        self._config, self._side = config, side
        self._plugins: dict[str, Plugin] = {}

    def plugins(self) -> list[PluginInfo]:
        """All plugins found, in the order of their names."""
        return [self.info(name) for name in self._plugins]

    def info(self, name: str) -> PluginInfo:
        """One plugin; PluginError when it is not installed."""
        return self._plugin(name).info()

    def active(self, name: str) -> bool:
        """Whether a plugin is active now. Any thread."""
        plugin = self._plugins.get(name)
        return plugin is not None and plugin.state is PluginState.ACTIVE

    def context(self, plugin: str) -> ManagedContext:
        """The context of an active plugin; PluginError when it is not active."""
        found = self._plugin(plugin)
        if found.context is None:
            raise PluginError(f"plugin {plugin} is {found.state}{f': {found.reason}' if found.reason else ''}")
        return found.context

    def module(self, name: str) -> object:
        """What was imported for a plugin; None before that."""
        return self._plugin(name).module

    def problems(self, name: str) -> tuple[Problem, ...]:
        """What is wrong with a plugin's configuration, value by value; empty when that is not why it failed."""
        return self._plugin(name).problems

    def _plugin(self, name: str) -> Plugin:
        try:
            return self._plugins[name]
        except KeyError:
            raise PluginError(f"no plugin {name!r} is installed{near(name, self._plugins)}") from None
