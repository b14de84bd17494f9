"""What the active plugins declare, by sort."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from flowdeck.config import Config
from flowdeck.errors import PluginError
from flowdeck.kinds import Kinds
from flowdeck.plugins.context import Side
from flowdeck.plugins.hooks import SORTS
from flowdeck.plugins.info import PluginInfo, Registered
from flowdeck.plugins.isolation import Isolation
from flowdeck.specs import (
    AggregatorSpec,
    CommandSpec,
    HealthCheckSpec,
    LayerSpec,
    PanelSpec,
    PluginState,
    RouteSpec,
    SourceSpec,
    StoreSpec,
    TransportSpec,
    VenueSpec,
    resolve,
)

__all__ = ["Declarations"]


class Declarations(Isolation):
    """Specs of active plugins, in the order in which the plugins were loaded and declared them.

    Attributes:
        kinds: The core's kinds and those of the plugins.
    """

    def __init__(self, config: Config, side: Side) -> None:
        super().__init__(config, side)
        self.kinds: Kinds = self._loader.registry.kinds

    def info(self, name: str) -> PluginInfo:
        """One plugin; PluginError when it is not installed. The reason of an active one says which kinds it lacks."""
        info = super().info(name)
        if info.state is not PluginState.ACTIVE:
            return info
        lacking = [kind for kind in dict.fromkeys((*info.requires, *info.provides)) if kind not in self.kinds]
        reason = f"no plugin registers kind {', '.join(map(repr, lacking))}" if lacking else info.reason
        return replace(info, reason=reason)

    def sources(self) -> list[Registered[SourceSpec]]:
        """Producers of root streams."""
        return self._of("source")

    def aggregators(self) -> list[Registered[AggregatorSpec]]:
        """Makers of streams from streams."""
        return self._of("aggregator")

    def stores(self) -> list[Registered[StoreSpec]]:
        """Memories of streams."""
        return self._of("store")

    def layers(self) -> list[Registered[LayerSpec]]:
        """What draws on a chart."""
        return self._of("layer")

    def panels(self) -> list[Registered[PanelSpec]]:
        """Tables and forms."""
        return self._of("panel")

    def venues(self) -> list[Registered[VenueSpec]]:
        """Accepters of orders."""
        return self._of("venue")

    def transports(self) -> list[Registered[TransportSpec]]:
        """Carriers of streams."""
        return self._of("transport")

    def routes(self) -> list[Registered[RouteSpec]]:
        """HTTP routes."""
        return self._of("route")

    def commands(self) -> list[Registered[CommandSpec]]:
        """Commands of the command line."""
        return self._of("command")

    def health_checks(self) -> list[Registered[HealthCheckSpec]]:
        """Checks of `flowdeck plugin doctor`."""
        return self._of("health_check")

    def declared(self) -> list[tuple[str, Registered[Any]]]:
        """All of them, each with its sort."""
        return [(sort, registered) for sort in SORTS for registered in self._of(sort)]

    def create(self, registered: Registered[Any], *args: Any) -> Any:
        """Import the factory that a spec names and call it. Any thread.

        Raises:
            PluginError: when either fails, after the plugin was faulted; or when it is not active.
        """
        factory = self.resolve(registered)
        with self.guard(registered.plugin, f"create {registered.spec.id}"):
            return factory(*args)
        raise self._lost(registered)

    def resolve(self, registered: Registered[Any], field: str = "factory") -> Any:
        """Import what a field of a spec names (`factory`, `params`, `parser`, `item`). Any thread.

        Raises:
            PluginError: when it cannot be imported, after the plugin was faulted; or when it is not active.
        """
        if self.active(registered.plugin):
            with self.guard(registered.plugin, f"import {registered.spec.id}"):
                return resolve(getattr(registered.spec, field))
        raise self._lost(registered)

    def _of(self, sort: str) -> list[Registered[Any]]:
        return [one for one in self._loader.registry.of(sort) if self.active(one.plugin)]

    def _lost(self, registered: Registered[Any]) -> PluginError:
        plugin = self._plugin(registered.plugin)
        why = f": {plugin.reason}" if plugin.reason else ""
        return PluginError(f"{registered.spec.id} of plugin {plugin.name} is not to be had, it is {plugin.state}{why}")
