"""What the engine tells whoever listens: status, plugin, run, instrument, metrics, fault, clock."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

__all__ = ["EventCallback", "Events"]

EventCallback = Callable[[str, dict[str, Any]], None]
"""Called on the loop's thread with the event's name and a payload fit for JSON; it must not block or raise."""


class Events:
    """Listeners of one engine."""

    def __init__(self) -> None:
        self._callbacks: list[EventCallback] = []

    def on(self, callback: EventCallback) -> Callable[[], None]:
        """Listen; the answer ends it."""
        self._callbacks.append(callback)

        def off() -> None:
            if callback in self._callbacks:
                self._callbacks.remove(callback)

        return off

    def emit(self, name: str, payload: dict[str, Any]) -> None:
        """Tell everybody."""
        for callback in tuple(self._callbacks):
            callback(name, payload)
