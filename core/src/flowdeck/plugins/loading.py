"""One plugin from found to active, step by step, and back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from flowdeck.config import Config, InvalidConfigError, PluginConfig, Problem
from flowdeck.errors import PluginError
from flowdeck.plugins.context import ManagedContext, Services, Side
from flowdeck.plugins.discovery import Found
from flowdeck.plugins.faults import Guard
from flowdeck.plugins.hooks import Declared, Hooks
from flowdeck.plugins.info import PluginInfo
from flowdeck.plugins.registry import Registry
from flowdeck.plugins.settings import PluginSettings
from flowdeck.specs import PluginFault, PluginState

__all__ = ["Loader", "Plugin"]


class Plugin:
    """What the host holds of one plugin; changed by the manager only.

    Attributes:
        module: What was imported.
        problems: What is wrong with its configuration.
        pending: A fault whose consequences have not been drawn yet.
        declared: What it declared when it was last loaded.
        settings: Its settings when it was last loaded.
        context: Its hands while it is active.
    """

    def __init__(self, found: Found, section: PluginConfig) -> None:
        self.found, self.section = found, section
        self.state, self.reason, self.traceback = PluginState.DISCOVERED, "", ""
        self.module: object = None
        self.problems: tuple[Problem, ...] = ()
        self.pending: PluginFault | None = None
        self.declared: Declared | None = None
        self.settings: PluginSettings | None = None
        self.context: ManagedContext | None = None

    @property
    def name(self) -> str:
        """Its entry point."""
        return self.found.name

    def become(self, state: PluginState, reason: str = "", traceback: str = "") -> None:
        """Enter a state."""
        self.state, self.reason, self.traceback = state, reason, traceback

    def info(self) -> PluginInfo:
        """What users are told."""
        specs = [(sort, one) for sort, many in self.declared.specs.items() for one in many] if self.declared else []
        return replace(
            self.found.info(),
            state=self.state,
            reason=self.reason,
            traceback=self.traceback,
            required=self.section.required,
            roles=tuple(dict.fromkeys(sort for sort, _ in specs)),
            requires=tuple(dict.fromkeys(kind for _, spec in specs for kind in spec.requires)),
            provides=tuple(dict.fromkeys(kind for _, spec in specs for kind in spec.provides)),
            has_settings=bool(self.declared and self.declared.settings),
        )


class Loader:
    """The steps of loading. What the plugin raises passes through; the manager guards each step."""

    def __init__(self, config: Config, side: Side, guard: Callable[[str, str], Guard]) -> None:
        self.registry = Registry()
        self.services = Services()
        self._config, self._side, self._guard = config, side, guard
        self._hooks = Hooks()

    @property
    def steps(self) -> tuple[tuple[str, Callable[[Plugin], None]], ...]:
        """The steps in order, each with the name that a failure in it is reported under."""
        return (
            ("settings", self._check_section),
            ("import", self._import),
            ("hook", self._register),
            ("hook", self._declare),
            ("settings", self._read_settings),
        )

    def activate(self, plugin: Plugin) -> None:
        """Give it a context and call its hook."""
        name = plugin.name
        context = ManagedContext(
            name, self._side, self._config, plugin.settings, lambda where: self._guard(name, where)
        )
        plugin.context = context
        context.attach(self.services)
        self._hooks.call(name, "plugin_activate", context=context)

    def call(self, plugin: Plugin, hook: str, **arguments: object) -> None:
        """Call a hook in that plugin, if it implements it."""
        self._hooks.call(plugin.name, hook, **arguments)

    def undo(self, plugin: Plugin) -> None:
        """Take back whatever steps were done."""
        if plugin.context is not None:
            plugin.context.dispose()
            plugin.context = None
        self._hooks.unregister(plugin.name)
        self.registry.remove(plugin.name)

    def _check_section(self, plugin: Plugin) -> None:
        problems = self._config.plugin_problems(plugin.name)
        if problems:
            raise InvalidConfigError(problems)

    def _import(self, plugin: Plugin) -> None:
        found = plugin.found
        if found.problem:
            raise PluginError(found.problem)
        plugin.module = found.entry.load() if found.entry is not None else found.module

    def _register(self, plugin: Plugin) -> None:
        self._hooks.register(plugin.name, plugin.module)

    def _declare(self, plugin: Plugin) -> None:
        plugin.declared = self._hooks.declared(plugin.name)
        self.registry.add(plugin.name, plugin.declared)

    def _read_settings(self, plugin: Plugin) -> None:
        assert plugin.declared is not None
        spec = plugin.declared.settings
        given = self._config.plugin(plugin.name).settings
        if spec is None and given:
            key = f"plugins.{plugin.name}.settings"
            raise PluginError(f"{self._config.origin(key)}: {key} is given, but the plugin has no settings; remove it")
        plugin.settings = None if spec is None else PluginSettings(plugin.name, spec, self._config)
