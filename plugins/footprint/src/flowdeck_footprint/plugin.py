"""What the footprint plugin declares. Nothing heavy is imported here."""

from __future__ import annotations

from collections.abc import Iterable

from flowdeck.hookspecs import hookimpl
from flowdeck.specs import AggregatorSpec, LayerSpec, Placement, SettingsSpec

__all__ = ["register_aggregators", "register_layers", "register_settings"]


@hookimpl
def register_settings() -> SettingsSpec:
    """How the footprint looks, and how much of the past stays open to late trades."""
    return SettingsSpec("flowdeck_footprint.settings:FootprintSettings")


@hookimpl
def register_aggregators() -> Iterable[AggregatorSpec]:
    """Bars, and the volume traded at each price within them."""
    return (
        AggregatorSpec(
            "bars",
            "Bars",
            "flowdeck_footprint.aggregator:BarsAggregator",
            requires=("trades",),
            provides=("bars",),
            params="flowdeck_footprint.settings:BarsParams",
        ),
        AggregatorSpec(
            "footprint",
            "Footprint",
            "flowdeck_footprint.aggregator:FootprintAggregator",
            requires=("trades",),
            provides=("footprint",),
            params="flowdeck_footprint.settings:FootprintParams",
        ),
    )


@hookimpl
def register_layers() -> Iterable[LayerSpec]:
    """Bid and ask volume at each price of each bar."""
    return (
        LayerSpec(
            "footprint",
            "Footprint",
            "flowdeck_footprint.layer:FootprintLayer",
            requires=("footprint", "bars"),
            placement=Placement.PLOT,
            order=50,
        ),
    )
