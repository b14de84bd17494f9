"""Specs: what a plugin declares. A factory is an import string, imported on first use, never at discovery."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from importlib import import_module
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from flowdeck.errors import PluginError

__all__ = [
    "AggregatorSpec",
    "CommandSpec",
    "HealthCheckSpec",
    "LayerSpec",
    "NoParams",
    "PanelSpec",
    "Placement",
    "RouteSpec",
    "SettingsSpec",
    "SourceSpec",
    "Spec",
    "StoreSpec",
    "TransportSpec",
    "VenueSpec",
    "resolve",
    "setting",
]


def resolve(factory: str) -> Any:
    """Import what `"module:attribute"` names.

    Raises:
        PluginError: when the text is not of that form or the module has no such attribute. What the import
            itself raises passes through, so that its traceback reaches the plugin's author.
    """
    module_name, separator, attribute = factory.partition(":")
    if not (separator and module_name and attribute):
        raise PluginError(f"factory {factory!r} is not 'module:attribute'")
    module = import_module(module_name)
    try:
        return getattr(module, attribute)
    except AttributeError:
        raise PluginError(f"factory {factory!r}: module {module_name} has no {attribute}") from None


@dataclass(frozen=True)
class Spec:
    """What every declaration has.

    Attributes:
        id: Unique among specs of its sort, over all plugins.
        title: What a user reads.
        factory: Import string `"module:attribute"`.
        requires: Kinds of stream that it reads.
        provides: Kinds of stream that it produces.
    """

    id: str
    title: str
    factory: str
    requires: tuple[str, ...] = ()
    provides: tuple[str, ...] = ()


@dataclass(frozen=True)
class SourceSpec(Spec):
    """A producer of root streams; the factory is called with a `PluginContext` and returns a `Source`.

    Attributes:
        venues: Venues whose instruments it serves, for example `("binance-spot", "binance-usdm")`.
        parser: Import string of a `FrameParser` class for captures of this source's frames; empty when it has none.
    """

    venues: tuple[str, ...] = ()
    parser: str = ""


class NoParams(BaseModel):
    """The key parameters of a stream that has none."""

    model_config = ConfigDict(frozen=True, extra="forbid")


@dataclass(frozen=True)
class AggregatorSpec(Spec):
    """A maker of streams; the factory is called with an `AggregatorContext` and returns an `Aggregator`.

    Attributes:
        params: Import string of the frozen pydantic model of the provided kind's key parameters. A field at its
            default is left out of keys.
    """

    params: str = "flowdeck.specs:NoParams"


@dataclass(frozen=True)
class StoreSpec(Spec):
    """A memory of the kinds in `requires`; the factory is called with a `StoreContext` and returns a `Store`."""


class Placement(StrEnum):
    """Where on a chart a layer lives."""

    PLOT = "plot"
    """Over the price plot."""
    OVERLAY = "overlay"
    """A strip inside the plot at its right edge; x in pixels from its left, y is the plot's price."""
    SIDE = "side"
    """A strip beside the plot; x in pixels from its left, y is the plot's price."""
    SUBPANE = "subpane"
    """A pane below the plot with a value axis of its own."""
    TABLE = "table"
    """Rows of figures below the plot, one column a bar; y in pixels from its top."""


@dataclass(frozen=True)
class LayerSpec(Spec):
    """What draws; the factory is called with a `PluginContext` and returns a `Layer`.

    Attributes:
        placement: Where it lives.
        min_px: Smallest useful size of its strip or pane, px; below it the host collapses or hides it.
        preferred_px: Size that it asks for, px.
        collapsed_px: Size when space is short; 0 hides it.
        visible: Whether it is shown until the user decides.
        order: Painting order among layers on the same plane; the lower is painted first.
        item: Import string of a factory of a pyqtgraph `GraphicsItem`, for layers that paint by themselves on the
            desktop, x in seconds since 1970 UTC and y in price; such a layer is absent from snapshots.
    """

    placement: Placement = Placement.PLOT
    min_px: int = 0
    preferred_px: int = 0
    collapsed_px: int = 0
    visible: bool = True
    order: int = 100
    item: str = ""


@dataclass(frozen=True)
class PanelSpec(Spec):
    """A table or form as a model without Qt; the factory is called with a `PluginContext`."""


@dataclass(frozen=True)
class VenueSpec(Spec):
    """An accepter of orders for its `venues`; the factory is called with a `PluginContext`."""

    venues: tuple[str, ...] = ()


@dataclass(frozen=True)
class TransportSpec(Spec):
    """A carrier of streams for URLs of its `schemes`; the factory is called with a `PluginContext`."""

    schemes: tuple[str, ...] = ()


@dataclass(frozen=True)
class RouteSpec(Spec):
    """An HTTP route at `path`; the factory is the handler."""

    path: str = ""


@dataclass(frozen=True)
class CommandSpec(Spec):
    """Commands under `flowdeck <id>`; the factory is a `typer.Typer`."""


@dataclass(frozen=True)
class HealthCheckSpec(Spec):
    """A check; the factory is called without arguments and returns one line, or raises with the remedy."""


@dataclass(frozen=True)
class SettingsSpec:
    """The plugin's settings.

    Attributes:
        model: Import string of one frozen pydantic model with `extra="forbid"`, its fields made by `setting`.
    """

    model: str
    extra: Mapping[str, Any] = field(default_factory=dict, hash=False)


def setting(
    default: Any,
    description: str,
    *,
    scope: Literal["engine", "view"] = "view",
    unit: str = "",
    **limits: Any,
) -> Any:
    """A described pydantic field of a settings model.

    Args:
        default: Its value until the user decides.
        description: One line of help.
        scope: Who owns and persists it: the engine, or the desktop (`view`).
        unit: Shown behind the figure.
        limits: Passed to `pydantic.Field`: `ge`, `le`, `gt`, `lt`, `multiple_of`, `max_length`, `title` and so on.
    """
    return Field(default, description=description, json_schema_extra={"scope": scope, "unit": unit}, **limits)
