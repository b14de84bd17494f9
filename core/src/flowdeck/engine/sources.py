"""All live sources: which of them provides a key, and which keys each is asked for."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterable
from pathlib import Path
from typing import Any

from flowdeck.engine.livesource import LiveSource, SourceReports
from flowdeck.engine.supervisor import Supervisor
from flowdeck.errors import PluginError
from flowdeck.plugins.info import Registered
from flowdeck.plugins.manager import PluginManager
from flowdeck.specs import PluginContext, Source, SourceSpec, SourceStatus
from flowdeck.streams import StreamKey

__all__ = ["Sources"]


class Sources:
    """The live sources of the active plugins, and those that the process itself adds."""

    def __init__(self, manager: PluginManager, supervisor: Supervisor, reports: SourceReports) -> None:
        self._manager, self._supervisor, self._reports = manager, supervisor, reports
        self._sources: dict[str, LiveSource] = {}
        self._folder: Path | None = None

    def wire(self, plugin: str) -> None:
        """Make and start the sources of a plugin that is active."""
        for registered in self._manager.sources():
            if registered.plugin == plugin and registered.spec.id not in self._sources:
                context = self._manager.context(plugin)
                try:
                    source: Source = self._manager.create(registered, context)
                except PluginError:
                    return  # it is faulted already
                self.add(registered, source, context)

    def add(self, registered: Registered[SourceSpec], source: Source, context: PluginContext) -> None:
        """Start a source."""
        live = LiveSource(registered, source, self._manager, self._reports)
        self._sources[registered.spec.id] = live
        if self._folder is not None:
            live.record(self._folder)
        live.start(self._supervisor, context)

    def unwire(self, plugin: str) -> Callable[[], Coroutine[Any, Any, None]]:
        """Let go of a plugin's sources at once; the answer stops them."""
        gone = [live for live in self._sources.values() if live.plugin == plugin]
        self._sources = {name: live for name, live in self._sources.items() if live.plugin != plugin}

        async def stop() -> None:
            await asyncio.gather(*(live.stop() for live in gone))

        return stop

    def provider(self, key: StreamKey) -> LiveSource | None:
        """The source of a live root key."""
        return next((live for live in self._sources.values() if live.provides(key)), None)

    def want(self, keys: Iterable[StreamKey]) -> None:
        """Ask each source for those of the open root keys that are its own."""
        wanted: dict[str, set[StreamKey]] = {name: set() for name in self._sources}
        for key in keys:
            live = self.provider(key)
            if live is not None:
                wanted[live.registered.spec.id].add(key)
        for name, live in self._sources.items():
            live.keys.set(frozenset(wanted[name]))

    def statuses(self) -> list[SourceStatus]:
        """What every source last said of each venue."""
        return [status for live in self._sources.values() for status in live.statuses.values()]

    def kick(self, source: str | None) -> bool:
        """Ask one source, or all, to try again now; False when there is no such source."""
        chosen = [live for name, live in self._sources.items() if source in {None, name}]
        for live in chosen:
            live.kick()
        return bool(chosen)

    def record(self, folder: Path) -> None:
        """Write captures of what every recordable source receives, also of those that are wired later."""
        self._folder = folder
        for live in self._sources.values():
            live.record(folder)

    async def stop(self) -> None:
        """Stop them all."""
        await asyncio.gather(*(live.stop() for live in self._sources.values()))
        self._sources = {}
