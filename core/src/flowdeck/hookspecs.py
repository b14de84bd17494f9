"""What a plugin may declare. Hooks declare and are called a few times in a process; data never passes through them."""

from __future__ import annotations

from collections.abc import Iterable

import pluggy

from flowdeck.kinds import KindSpec
from flowdeck.specs import (
    AggregatorSpec,
    CommandSpec,
    HealthCheckSpec,
    LayerSpec,
    PanelSpec,
    PluginContext,
    PluginFault,
    RouteSpec,
    SettingsSpec,
    SourceSpec,
    StoreSpec,
    TransportSpec,
    VenueSpec,
)

__all__ = ["hookimpl", "hookspec"]

hookspec = pluggy.HookspecMarker("flowdeck")
hookimpl = pluggy.HookimplMarker("flowdeck")


@hookspec
def register_kinds() -> Iterable[KindSpec]:  # type: ignore[empty-body]
    """Kinds of stream that this plugin adds.

    Example:
        >>> @hookimpl
        ... def register_kinds():
        ...     row = np.dtype([("ts", "i8"), ("spread", "f8")])
        ...     yield KindSpec("spread", row, version=1, mode=Mode.APPEND)
    """


@hookspec
def register_settings() -> SettingsSpec | None:
    """The plugin's one settings model.

    Example:
        >>> @hookimpl
        ... def register_settings():
        ...     return SettingsSpec("spread_plugin.settings:SpreadSettings")
    """


@hookspec
def register_sources() -> Iterable[SourceSpec]:  # type: ignore[empty-body]
    """Producers of root streams.

    Example:
        >>> @hookimpl
        ... def register_sources():
        ...     yield SourceSpec("kraken", "Kraken", "kraken_plugin.source:Kraken",
        ...                      provides=("trades",), venues=("kraken",))
    """


@hookspec
def register_aggregators() -> Iterable[AggregatorSpec]:  # type: ignore[empty-body]
    """Makers of streams from streams.

    Example:
        >>> @hookimpl
        ... def register_aggregators():
        ...     yield AggregatorSpec("spread", "Spread", "spread_plugin.aggregator:Spread",
        ...                          requires=("quotes",), provides=("spread",))
    """


@hookspec
def register_stores() -> Iterable[StoreSpec]:  # type: ignore[empty-body]
    """Memories of streams.

    Example:
        >>> @hookimpl
        ... def register_stores():
        ...     yield StoreSpec("arrow", "Arrow files", "arrow_plugin.store:ArrowStore", requires=("trades",))
    """


@hookspec
def register_layers() -> Iterable[LayerSpec]:  # type: ignore[empty-body]
    """What draws on a chart; called wherever something draws, headless snapshot included.

    Example:
        >>> @hookimpl
        ... def register_layers():
        ...     yield LayerSpec("vwap", "VWAP", "vwap_plugin.layer:VwapLayer", requires=("bars",))
    """


@hookspec
def register_panels() -> Iterable[PanelSpec]:  # type: ignore[empty-body]
    """Tables and forms as models without Qt.

    Example:
        >>> @hookimpl
        ... def register_panels():
        ...     yield PanelSpec("prints", "Prints", "tape_plugin.panel:PrintsPanel", requires=("trades",))
    """


@hookspec
def register_venues() -> Iterable[VenueSpec]:  # type: ignore[empty-body]
    """Accepters of orders.

    Example:
        >>> @hookimpl
        ... def register_venues():
        ...     yield VenueSpec("paper", "Paper trading", "paper_plugin.venue:PaperVenue", venues=("paper",))
    """


@hookspec
def register_transports() -> Iterable[TransportSpec]:  # type: ignore[empty-body]
    """Carriers of streams between processes, beside the core's WebSocket.

    Example:
        >>> @hookimpl
        ... def register_transports():
        ...     yield TransportSpec("nats", "NATS", "nats_plugin.transport:NatsTransport", schemes=("nats",))
    """


@hookspec
def register_routes() -> Iterable[RouteSpec]:  # type: ignore[empty-body]
    """HTTP routes that the engine's server answers.

    Example:
        >>> @hookimpl
        ... def register_routes():
        ...     yield RouteSpec("health", "Health", "admin_plugin.routes:health", path="/health")
    """


@hookspec
def register_commands() -> Iterable[CommandSpec]:  # type: ignore[empty-body]
    """Commands under `flowdeck <id> ...`; the factory yields a typer app.

    Example:
        >>> @hookimpl
        ... def register_commands():
        ...     yield CommandSpec("spread", "Spread tools", "spread_plugin.cli:app")
    """


@hookspec
def register_health_checks() -> Iterable[HealthCheckSpec]:  # type: ignore[empty-body]
    """Checks that `flowdeck plugin doctor` runs; each answers one line, or raises.

    Example:
        >>> @hookimpl
        ... def register_health_checks():
        ...     yield HealthCheckSpec("disk", "Free disk space", "arrow_plugin.health:free_space")
    """


@hookspec
def plugin_activate(context: PluginContext) -> None:
    """Called once the plugin is registered in this process; only that plugin's own implementation is called.

    Example:
        >>> @hookimpl
        ... def plugin_activate(context):
        ...     context.spawn(poll(context), name="poll")
    """


@hookspec
def plugin_deactivate(context: PluginContext) -> None:
    """Called before the plugin goes; what its context holds is disposed of afterwards, in reverse.

    Example:
        >>> @hookimpl
        ... def plugin_deactivate(context):
        ...     context.log.info("going")
    """


@hookspec
def plugin_faulted(fault: PluginFault) -> None:
    """Called in every plugin after one of them failed.

    Example:
        >>> @hookimpl
        ... def plugin_faulted(fault):
        ...     print(fault.plugin, fault.reason)
    """
