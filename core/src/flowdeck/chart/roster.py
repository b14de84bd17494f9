"""What a chart needs of the plugin manager. The chart knows no plugin host, only this border."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol

from flowdeck.kinds import Kinds
from flowdeck.specs import LayerSpec, PluginState

__all__ = ["PluginNote", "Plugins", "RegisteredLayer"]


class RegisteredLayer(Protocol):
    """A layer as a plugin declared it."""

    @property
    def plugin(self) -> str: ...
    @property
    def spec(self) -> LayerSpec: ...


class PluginNote(Protocol):
    """What is known of a plugin."""

    @property
    def title(self) -> str: ...
    @property
    def state(self) -> PluginState: ...
    @property
    def reason(self) -> str: ...


class Plugins(Protocol):
    """The plugin manager, as far as a chart goes."""

    @property
    def kinds(self) -> Kinds: ...

    def layers(self) -> Sequence[RegisteredLayer]:
        """The layers of all active plugins."""
        ...

    def create(self, registered: Any, *args: Any) -> Any:
        """Build what a spec declares; raises PluginError after it faulted the plugin."""
        ...

    def context(self, plugin: str) -> Any:
        """The plugin's context, which layer factories are called with."""
        ...

    def info(self, name: str) -> PluginNote:
        """What is known of a plugin."""
        ...

    def guard(self, plugin: str, where: str) -> AbstractContextManager[Any]:
        """Swallows what is raised inside and faults the plugin."""
        ...

    def slow(self, plugin: str, where: str, elapsed_ms: float) -> None:
        """Told what each call took; faults the plugin when it is over budget for too long."""
        ...

    def on_change(self, callback: Callable[[str, PluginState], None]) -> Callable[[], None]:
        """Called when a plugin's state changes; the answer unsubscribes."""
        ...
