"""What a plugin is given, and what is said of it when it fails."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, Literal, Protocol

from pydantic import BaseModel

from flowdeck.streams import StreamEvent, StreamRequest

__all__ = ["Clock", "Logger", "PluginContext", "PluginFault", "PluginState"]


class PluginState(StrEnum):
    """What a process makes of a plugin."""

    DISCOVERED = "discovered"
    DISABLED = "disabled"
    INCOMPATIBLE = "incompatible"
    FAILED = "failed"
    """It never became active: import, signature, registration or settings."""
    ACTIVE = "active"
    FAULTED = "faulted"
    """It was active and then raised, or was suspended for being slow."""


@dataclass(frozen=True)
class PluginFault:
    """One failure of one plugin.

    Attributes:
        plugin: The plugin's name (its entry point).
        where: The entry that failed: import, hook, settings, source, process, store, update, draw, inspect, task,
            slow and the like.
        reason: One line.
        traceback: The traceback as text; empty for a slow plugin.
        ts: When, ns UTC.
    """

    plugin: str
    where: str
    reason: str
    traceback: str
    ts: int


class Clock(Protocol):
    """The clock of live data or of a run."""

    @property
    def now(self) -> int:
        """Time of the run, ns UTC."""
        ...

    @property
    def speed(self) -> float:
        """Seconds of data per second of wall time: 1 live, 0 paused, inf as fast as can be."""
        ...

    @property
    def epoch(self) -> int:
        """Grows on every seek."""
        ...


class Logger(Protocol):
    """The part of structlog that plugins use: an event and its fields."""

    def debug(self, event: str, **fields: Any) -> None: ...
    def info(self, event: str, **fields: Any) -> None: ...
    def warning(self, event: str, **fields: Any) -> None: ...
    def error(self, event: str, **fields: Any) -> None: ...


class PluginContext(Protocol):
    """A plugin's hands. What is started through it is disposed of in reverse when the plugin goes."""

    @property
    def plugin(self) -> str:
        """The plugin's name."""
        ...

    @property
    def side(self) -> Literal["engine", "desktop", "headless"]:
        """The process that this is: an engine, a window, or a command without either."""
        ...

    @property
    def settings(self) -> BaseModel | None:
        """The settings as they stand now; None for a plugin without settings."""
        ...

    @property
    def folder(self) -> Path:
        """A folder of the plugin's own in the data folder, made on first use."""
        ...

    @property
    def log(self) -> Logger: ...

    @property
    def clock(self) -> Clock:
        """The live clock; studies in a run are handed that run's."""
        ...

    def on_settings(self, callback: Callable[[BaseModel], None]) -> None:
        """Call back with the new settings after each change; a callback that raises faults the plugin."""
        ...

    def on_dispose(self, callback: Callable[[], object]) -> None:
        """Call back when the plugin goes, last registered first."""
        ...

    def spawn(self, task: Coroutine[Any, Any, None], name: str) -> None:
        """Run a background task, cancelled on disposal. One that raises faults the plugin."""
        ...

    def open(self, request: StreamRequest) -> AsyncIterator[StreamEvent]:
        """Read a stream; closed on disposal.

        Raises:
            StreamError: when nothing here provides the key.
        """
        ...

    def compute(self, kernel: Callable[..., Any], *arrays: Any) -> Awaitable[Any]:
        """Run a nogil kernel on the worker. A newer call of the same kernel cancels one that has not started."""
        ...
