"""`PluginContext` as the host gives it: whatever a plugin starts through it is disposed of in reverse."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Protocol

from pydantic import BaseModel

from flowdeck.config import Config, usable_folder
from flowdeck.errors import EngineError, StreamError
from flowdeck.plugins.faults import Guard
from flowdeck.plugins.settings import PluginSettings
from flowdeck.plugins.tasks import Job
from flowdeck.specs import Clock, Logger
from flowdeck.streams import StreamEvent, StreamRequest

__all__ = ["ManagedContext", "OpenStream", "Services", "Side", "WallClock"]

Side = Literal["engine", "desktop", "headless"]


class OpenStream(Protocol):
    """What the host's `open` answers: events, and a way to end them."""

    def __aiter__(self) -> AsyncIterator[StreamEvent]: ...
    def cancel(self) -> object: ...


class WallClock:
    """The clock of live data."""

    @property
    def now(self) -> int:
        """Wall time, ns UTC."""
        return time.time_ns()

    speed = 1.0
    epoch = 0


@dataclass(frozen=True)
class Services:
    """What the process around the plugins provides; what it does not, cannot be used.

    Attributes:
        loop: Runs the tasks of `spawn`; until there is one they wait.
        open: Answers `open`; raises StreamError when nothing provides the key.
        compute: Answers `compute`.
        clock: The live clock.
    """

    loop: asyncio.AbstractEventLoop | None = None
    open: Callable[[StreamRequest], OpenStream] | None = None
    compute: Callable[..., Awaitable[Any]] | None = None
    clock: Clock = field(default_factory=WallClock)


class ManagedContext:
    """A plugin's hands, from its activation until it is disposed of."""

    def __init__(
        self,
        plugin: str,
        side: Side,
        config: Config,
        settings: PluginSettings | None,
        guard: Callable[[str], Guard],
    ) -> None:
        self._plugin, self._side, self._config, self._settings, self._guard = plugin, side, config, settings, guard
        self._services = Services()
        self._disposers: dict[int, Callable[[], object]] = {}
        self._waiting: list[Job] = []
        self._listeners: list[Callable[[BaseModel], None]] = []
        self._numbers = itertools.count()
        self._log: Logger | None = None

    @property
    def plugin(self) -> str:
        """The plugin's name."""
        return self._plugin

    @property
    def side(self) -> Side:
        """The process that this is."""
        return self._side

    @property
    def settings(self) -> BaseModel | None:
        """The settings as they stand now."""
        return None if self._settings is None else self._settings.value

    @property
    def folder(self) -> Path:
        """A folder of the plugin's own in the data folder.

        Raises:
            ConfigError: when it cannot be made or written.
        """
        folder = self._config.engine.data / "plugins" / self._plugin
        return usable_folder(folder, f"folder of plugin {self._plugin}", "mend its owner or mode, or use --data-dir")

    @property
    def log(self) -> Logger:
        """A structured log that names the plugin."""
        if self._log is None:
            import structlog

            self._log = structlog.get_logger(plugin=self._plugin)
        return self._log

    @property
    def clock(self) -> Clock:
        """The live clock."""
        return self._services.clock

    def attach(self, services: Services) -> None:
        """Take what the process provides; tasks that waited for a loop start."""
        self._services = services
        if services.loop is not None:
            waiting, self._waiting = self._waiting, []
            for job in waiting:
                job.start(services.loop)

    def on_settings(self, callback: Callable[[BaseModel], None]) -> None:
        """Call back with the new settings after each change."""
        self._listeners.append(callback)

    def settings_changed(self, value: BaseModel) -> None:
        """Tell the plugin; one callback that raises faults it and ends the round."""
        with self._guard("settings"):
            for callback in tuple(self._listeners):
                callback(value)

    def on_dispose(self, callback: Callable[[], object]) -> None:
        """Call back when the plugin goes, last registered first."""
        self._hold(callback)

    def spawn(self, task: Coroutine[Any, Any, None], name: str) -> None:
        """Run a background task until it ends or the plugin goes."""
        number = next(self._numbers)
        job = Job(task, f"{self._plugin}: {name}", self._guard("task"), lambda: self._disposers.pop(number, None))
        self._disposers[number] = job.cancel
        if self._services.loop is None:
            self._waiting.append(job)
        else:
            job.start(self._services.loop)

    def open(self, request: StreamRequest) -> AsyncIterator[StreamEvent]:
        """Read a stream until it ends or the plugin goes.

        Raises:
            StreamError: when nothing here provides the key.
        """
        if self._services.open is None:
            raise StreamError(f"{request.key}: no streams can be opened in a {self._side} process")
        stream = self._services.open(request)
        return self._events(stream, self._hold(stream.cancel))

    async def _events(self, stream: OpenStream, number: int) -> AsyncIterator[StreamEvent]:
        try:
            async for event in stream:
                yield event
        finally:
            self._disposers.pop(number, None)
            stream.cancel()

    def compute(self, kernel: Callable[..., Any], *arrays: Any) -> Awaitable[Any]:
        """Run a nogil kernel on the worker.

        Raises:
            EngineError: when this process has no worker.
        """
        if self._services.compute is None:
            raise EngineError(f"nothing computes in a {self._side} process")
        return self._services.compute(kernel, *arrays)

    def dispose(self) -> None:
        """Undo everything that is still held, last first; what raises is reported and the rest goes on."""
        self._listeners.clear()
        self._waiting.clear()
        while (disposer := self._last()) is not None:
            with self._guard("dispose"):
                disposer()

    def _last(self) -> Callable[[], object] | None:
        try:
            return self._disposers.popitem()[1]
        except KeyError:
            return None

    def _hold(self, disposer: Callable[[], object]) -> int:
        number = next(self._numbers)
        self._disposers[number] = disposer
        return number
