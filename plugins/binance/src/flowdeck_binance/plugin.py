"""What the plugin adds: Binance as a source, live and from captures."""

from __future__ import annotations

from collections.abc import Iterable

from flowdeck.hookspecs import hookimpl
from flowdeck.specs import SettingsSpec, SourceSpec

__all__ = ["register_settings", "register_sources"]


@hookimpl
def register_settings() -> SettingsSpec:
    """Endpoints and timeouts."""
    return SettingsSpec("flowdeck_binance.settings:BinanceSettings")


@hookimpl
def register_sources() -> Iterable[SourceSpec]:
    """Spot and USD-M futures."""
    yield SourceSpec(
        "binance",
        "Binance",
        "flowdeck_binance.source:BinanceSource",
        provides=("trades", "depth", "quotes", "liquidations", "mark"),
        venues=("binance-spot", "binance-usdm"),
        parser="flowdeck_binance.parser:BinanceParser",
    )
