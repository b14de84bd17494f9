"""Registering one plugin with pluggy and asking it what it declares."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import pluggy

from flowdeck import hookspecs
from flowdeck.config import near
from flowdeck.errors import PluginError
from flowdeck.kinds import KindSpec
from flowdeck.plugins.declared import check_fields, check_spec
from flowdeck.specs import (
    AggregatorSpec,
    CommandSpec,
    HealthCheckSpec,
    LayerSpec,
    PanelSpec,
    RouteSpec,
    SettingsSpec,
    SourceSpec,
    Spec,
    StoreSpec,
    TransportSpec,
    VenueSpec,
)

__all__ = ["HOOKS", "SORTS", "Declared", "Hooks"]

SORTS: Mapping[str, tuple[str, type[Spec]]] = {
    "source": ("register_sources", SourceSpec),
    "aggregator": ("register_aggregators", AggregatorSpec),
    "store": ("register_stores", StoreSpec),
    "layer": ("register_layers", LayerSpec),
    "panel": ("register_panels", PanelSpec),
    "venue": ("register_venues", VenueSpec),
    "transport": ("register_transports", TransportSpec),
    "route": ("register_routes", RouteSpec),
    "command": ("register_commands", CommandSpec),
    "health_check": ("register_health_checks", HealthCheckSpec),
}
"""Per sort of spec, the hook that declares it and its type."""

HOOKS = frozenset(name for name in vars(hookspecs) if name.startswith(("register_", "plugin_")))
"""The names of all hooks."""


class Declared:
    """What one plugin declares."""

    def __init__(self, kinds: list[KindSpec], settings: SettingsSpec | None, specs: dict[str, list[Spec]]) -> None:
        self.kinds, self.settings, self.specs = kinds, settings, specs


class Hooks:
    """pluggy, one plugin at a time: a hook is only ever called in a plugin that is named."""

    def __init__(self) -> None:
        self._pluggy = pluggy.PluginManager("flowdeck")
        self._pluggy.add_hookspecs(hookspecs)

    def register(self, name: str, module: object) -> None:
        """Register a plugin's implementations, checked against the specs.

        Raises:
            PluginError: for a hook that does not exist, an argument that its spec does not have, a wrapper. What
                is registered by then stays until `unregister`.
        """
        try:
            self._pluggy.register(module, name)
            self._check(name)
        except (pluggy.PluginValidationError, ValueError, PluginError) as error:
            raise PluginError(" ".join(str(error).split())) from error

    def unregister(self, name: str) -> None:
        """Forget a plugin; one that is not registered is ignored."""
        if self._pluggy.has_plugin(name):
            self._pluggy.unregister(name=name)

    def call(self, name: str, hook: str, **arguments: Any) -> Any:
        """Call a hook in one plugin; None when it does not implement it. What it raises passes through."""
        for implementation in self._implementations(name, hook):
            return implementation.function(*(arguments[argument] for argument in implementation.argnames))
        return None

    def declared(self, name: str) -> Declared:
        """Everything a plugin declares, its generators run to their end.

        Raises:
            PluginError: for what is not of its hook's type. What the plugin raises passes through.
        """
        settings = self.call(name, "register_settings")
        if not (settings is None or isinstance(settings, SettingsSpec)):
            raise PluginError(f"register_settings returned {settings!r}, not a SettingsSpec or None")
        if settings is not None:
            check_fields(settings, "SettingsSpec")
        kinds = self._collect(name, "register_kinds", KindSpec)
        for kind_spec in kinds:
            check_fields(kind_spec, f"KindSpec {kind_spec.name!r}")
        specs = {sort: self._collect(name, hook, kind) for sort, (hook, kind) in SORTS.items()}
        for sort in specs.values():
            for spec in sort:
                check_spec(spec)
        return Declared(kinds, settings, specs)

    def _collect(self, name: str, hook: str, kind: type[Any]) -> list[Any]:
        result = self.call(name, hook)
        if result is None:
            return []
        if not isinstance(result, Iterable):
            raise PluginError(f"{hook} returned {type(result).__name__}, not an iterable of {kind.__name__}; yield it")
        found = list(result)
        for spec in found:
            if not isinstance(spec, kind):
                raise PluginError(f"{hook} yielded {spec!r}, not a {kind.__name__}")
        return found

    def _implementations(self, name: str, hook: str) -> list[Any]:
        caller = getattr(self._pluggy.hook, hook)
        return [one for one in caller.get_hookimpls() if one.plugin_name == name]

    def _check(self, name: str) -> None:
        for caller in self._pluggy.get_hookcallers(self._pluggy.get_plugin(name)) or ():
            if not caller.has_spec():
                raise PluginError(f"hook {caller.name!r} does not exist{near(caller.name, HOOKS)}")
            if any(one.hookwrapper or one.wrapper for one in self._implementations(name, caller.name)):
                raise PluginError(f"hook {caller.name!r} is a wrapper; hooks are called one plugin at a time")
        self._pluggy.check_pending()
