"""One live source at work: what it is asked for, what it says, how it is restarted."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

from flowdeck.captures import CaptureRecorder, Recordable
from flowdeck.engine.contexts import SourceHands
from flowdeck.engine.supervisor import Death, Supervised, Supervisor
from flowdeck.errors import FlowdeckError, StreamError
from flowdeck.instruments import Instrument
from flowdeck.plugins.faults import describe
from flowdeck.plugins.info import Registered
from flowdeck.plugins.manager import PluginManager
from flowdeck.specs import FeedState, PluginContext, Publish, Source, SourceSpec, SourceStatus
from flowdeck.streams import Batch, StreamKey
from flowdeck.timeframes import SECOND_NS

__all__ = ["LiveSource", "SourceReports", "WantedKeys"]

_DEATHS = 5
"""So often running may a source die of what no network explains before its plugin is faulted."""

_EXPECTED = (FlowdeckError, OSError, EOFError, asyncio.CancelledError)


class WantedKeys:
    """A `KeySet`."""

    def __init__(self) -> None:
        self._keys: frozenset[StreamKey] = frozenset()
        self._told: frozenset[StreamKey] = frozenset()
        self._changed = asyncio.Event()

    def current(self) -> frozenset[StreamKey]:
        """The keys wanted now."""
        self._told = self._keys
        return self._keys

    async def changed(self) -> frozenset[StreamKey]:
        """Wait until the keys differ from the last answer."""
        while self._keys == self._told:
            self._changed.clear()
            await self._changed.wait()
        return self.current()

    def set(self, keys: frozenset[StreamKey]) -> None:
        """Want these from now on."""
        self._keys = keys
        self._changed.set()


@dataclass(frozen=True)
class SourceReports:
    """Whom a source's words reach."""

    publish: Publish
    instrument: Callable[[Instrument], None]
    status: Callable[[SourceStatus], None]
    death: Callable[[str, Death], None]
    """The plugin, and what became of its task."""


@dataclass
class LiveSource:
    """A source between its factory and the bus.

    Attributes:
        registered: Its declaration, and whose it is.
        keys: What it is asked for.
        statuses: What it last said of each venue.
    """

    registered: Registered[SourceSpec]
    source: Source
    manager: PluginManager
    reports: SourceReports
    keys: WantedKeys = field(default_factory=WantedKeys)
    statuses: dict[str, SourceStatus] = field(default_factory=dict)
    _kicked: set[asyncio.Event] = field(default_factory=set)
    _tasks: list[Supervised] = field(default_factory=list)
    _hands: SourceHands | None = None
    _restart: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def plugin(self) -> str:
        """The plugin that it belongs to."""
        return self.registered.plugin

    def provides(self, key: StreamKey) -> bool:
        """Whether a key's kind and venue are its own; a source without venues serves all of them."""
        spec = self.registered.spec
        return key.kind in spec.provides and (not spec.venues or key.instrument.venue in spec.venues)

    def start(self, supervisor: Supervisor, context: PluginContext) -> None:
        """Begin to run, and list the instruments."""
        self._hands = SourceHands(context, self._status, self.reports.instrument, self._kicks)
        name = f"source {self.registered.spec.id}"
        self._tasks = [
            supervisor.start(name, self._run, self._died),
            supervisor.start(f"{name} instruments", self._list_instruments, self._died, once=True),
        ]

    def record(self, folder: Path) -> None:
        """Write captures of what it receives from now on, if it can be recorded; it starts anew for that."""
        if not isinstance(self.source, Recordable):
            return
        spec = self.registered.spec.id
        with self.manager.guard(self.plugin, "source"):
            self.source.record(lambda venue: CaptureRecorder(folder, spec, venue, ts=time.time_ns()))
        self._restart.set()

    async def stop(self) -> None:
        """Cancel it and wait until it is gone."""
        await asyncio.gather(*(task.stop() for task in self._tasks))

    def kick(self) -> None:
        """A user asks to try again now."""
        for task in self._tasks:
            task.kick()
        for event in self._kicked:
            event.set()

    async def _run(self) -> None:
        """Run the source, again from the start whenever it is to be recorded."""
        assert self._hands is not None
        while True:
            self._restart.clear()
            running = asyncio.create_task(_contained(self.source.run(self.keys, self._publish, self._hands)))
            restart = asyncio.create_task(self._restart.wait())
            try:
                await asyncio.wait({running, restart}, return_when=asyncio.FIRST_COMPLETED)
                if running.done():
                    running.result()
                    return
            finally:
                running.cancel()
                restart.cancel()
                await asyncio.wait({running, restart})

    async def _list_instruments(self) -> None:
        await _contained(self._state_instruments())

    async def _state_instruments(self) -> None:
        async for instrument in self.source.instruments():
            if not isinstance(instrument, Instrument):
                raise TypeError(f"instruments() yielded {instrument!r}, not an Instrument")
            self.reports.instrument(instrument)

    def _publish(self, batch: Batch) -> None:
        with self.manager.guard(self.plugin, "source"):
            if batch.key.run is not None:
                raise StreamError(f"{batch.key}: a live source may not publish into a run")
            if not self.provides(batch.key):
                raise StreamError(f"source {self.registered.spec.id} does not declare {batch.key}: kind or venue")
            self.reports.publish(batch)
            self._tasks[0].steady()

    async def _kicks(self) -> AsyncIterator[None]:
        event = asyncio.Event()
        self._kicked.add(event)
        try:
            while True:
                await event.wait()
                event.clear()
                yield
        finally:
            self._kicked.discard(event)

    def _status(self, status: SourceStatus) -> None:
        self.statuses[status.venue] = status
        self.reports.status(status)

    def _died(self, death: Death) -> bool:
        self.reports.death(self.plugin, death)
        if death.error is not None and not isinstance(death.error, _EXPECTED) and death.deaths >= _DEATHS:
            self.manager.fault(self.plugin, "source", death.error)
            return False
        self._say_disconnected(death)
        return True

    def _say_disconnected(self, death: Death) -> None:
        reason = describe(death.error)[0] if death.error is not None else "it ended by itself"
        now = time.time_ns()
        said = SourceStatus(self.registered.spec.id, "", FeedState.DISCONNECTED, reason, now)
        for venue in self.registered.spec.venues or tuple(self.statuses):
            self._status(replace(said, venue=venue, retry_at=now + int(death.retry_s * SECOND_NS)))


async def _contained(work: Awaitable[None]) -> None:
    """Await a source's own work. A task that raises SystemExit would end the loop, and the engine with it."""
    try:
        await work
    except SystemExit as error:
        raise RuntimeError(f"it tried to end the process (code {error.code!r})") from error
