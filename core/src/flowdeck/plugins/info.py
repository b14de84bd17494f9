"""What is said of plugins to users, and what hands out their declarations."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from flowdeck.specs import PluginState, Spec

__all__ = ["PluginInfo", "Registered"]

SpecT = TypeVar("SpecT", bound=Spec)


@dataclass(frozen=True)
class Registered(Generic[SpecT]):
    """A spec and the plugin that declared it."""

    plugin: str
    spec: SpecT


@dataclass(frozen=True)
class PluginInfo:
    """What this process knows of one plugin.

    Attributes:
        name: Its entry point.
        title: Its name for users.
        summary: One line from its distribution.
        version: Of its distribution; empty when unknown.
        distribution: Name of its distribution; empty for one that was handed in.
        author: From the distribution.
        licence: From the distribution.
        state: What this process makes of it.
        reason: Why it is not active, one line; empty when it is.
        traceback: Of its failure; empty when it has none.
        required: Whether its failure ends the process.
        roles: Sorts of spec that it registered (`source`, `layer` and so on).
        requires: Kinds that its specs read.
        provides: Kinds that its specs produce.
        has_settings: Whether it has a settings model.
    """

    name: str
    title: str = ""
    summary: str = ""
    version: str = ""
    distribution: str = ""
    author: str = ""
    licence: str = ""
    state: PluginState = PluginState.DISCOVERED
    reason: str = ""
    traceback: str = ""
    required: bool = False
    roles: tuple[str, ...] = ()
    requires: tuple[str, ...] = ()
    provides: tuple[str, ...] = ()
    has_settings: bool = False

    def to_dict(self) -> dict[str, Any]:
        """A form fit for JSON and msgpack."""
        return {name: str(value) if isinstance(value, PluginState) else value for name, value in vars(self).items()}
