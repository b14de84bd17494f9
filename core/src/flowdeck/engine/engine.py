"""The engine: sources, aggregators, stores and runs behind one verb, `open`. No Qt, no sockets."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from prometheus_client import CollectorRegistry

from flowdeck.config import Config
from flowdeck.engine.events import EventCallback
from flowdeck.engine.info import HeldStream
from flowdeck.engine.intervals import Intervals, merge_intervals
from flowdeck.engine.lifecycle import Lifecycle
from flowdeck.engine.rooms import Rooms
from flowdeck.engine.runs import Runs
from flowdeck.engine.subscription import Subscription
from flowdeck.engine.supervisor import Wait, wait_at_most
from flowdeck.errors import EngineError
from flowdeck.instruments import Instrument, InstrumentId
from flowdeck.plugins.manager import PluginManager
from flowdeck.specs import SourceStatus
from flowdeck.streams import StreamKey, StreamRequest

__all__ = ["Engine"]


class Engine:
    """The engine of one data folder, on one asyncio loop; every method is called on that loop's thread.

    Args:
        config: Where data lies, how much memory it may take, which store is preferred for which kind.
        manager: The plugins, loaded for the engine's side.
        wait: Waits for an event, at most so many seconds; tests bring their own.
        monotonic_ns: What the clocks of runs go by; tests bring their own.
    """

    def __init__(
        self,
        config: Config,
        manager: PluginManager,
        *,
        wait: Wait = wait_at_most,
        monotonic_ns: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        self._rooms = Rooms(config, manager, wait, monotonic_ns)
        self._lifecycle = Lifecycle(config, manager, self._rooms, self.open)

    async def start(self) -> None:
        """Lock the data folder, wire the active plugins, begin to measure.

        Raises:
            EngineError: when another engine holds the folder; it says which.
            ConfigError: when the folder cannot be used.
        """
        await self._lifecycle.start()

    async def stop(self) -> None:
        """End every stream with `closed`, flush stores, close coverage, release the folder; harmless when stopped."""
        await self._lifecycle.stop()

    def open(self, request: StreamRequest) -> Subscription:
        """Open a stream.

        Raises:
            StreamError: when nothing here provides the key, or a parameter is unknown or out of range.
        """
        rooms = self._rooms
        stream = rooms.pipeline.open(request.key)
        book, key = rooms.book, stream.key
        return Subscription(stream, request, rooms.history.take, lambda: book.get(key.instrument, key.run))

    @property
    def runs(self) -> Runs:
        """Replays of captures."""
        return self._rooms.runs

    @property
    def registry(self) -> CollectorRegistry:
        """The figures of `metrics` for prometheus."""
        return self._rooms.metrics.registry

    def instrument(self, instrument: InstrumentId, run: str | None = None) -> Instrument | None:
        """An instrument, live or of a run; None when nobody has stated it."""
        return self._rooms.book.get(instrument, run)

    def instruments(self, run: str | None = None) -> list[Instrument]:
        """The live instruments, or those of a run, by id."""
        return self._rooms.book.all(run)

    def statuses(self) -> list[SourceStatus]:
        """What every source last said of each of its venues."""
        return self._rooms.sources.statuses()

    def kick(self, source: str | None = None) -> None:
        """Ask one source, or all of them, to try again now.

        Raises:
            EngineError: when there is no such source.
        """
        if not self._rooms.sources.kick(source) and source is not None:
            raise EngineError(f"there is no source {source!r}")

    def record(self, folder: Path) -> None:
        """Write captures of everything that recordable sources receive; sources that run already start anew."""
        self._rooms.sources.record(folder)

    def coverage(self, key: StreamKey) -> Intervals:
        """What is complete of a stream, in memory and in stores: half-open intervals of ns UTC.

        Raises:
            StreamError: when nothing here provides the key.
        """
        rooms = self._rooms
        canonical = rooms.resolver.canonical(key)
        stream = rooms.bus.get(canonical)
        stored = rooms.history.archive.covered(canonical) if canonical.run is None else ()
        return merge_intervals((*stored, *(stream.covered if stream is not None else ())))

    def metrics(self) -> dict[str, Any]:
        """Rates, queues, memory, loop stalls with their culprits: the figures of the last second."""
        return self._rooms.metrics.snapshot()

    async def describe(self) -> list[HeldStream]:
        """What is held: every stream in memory, and every store."""
        held = [
            HeldStream(
                stream.key,
                "memory",
                len(stream.memory),
                stream.memory.nbytes,
                stream.memory.oldest,
                stream.memory.newest,
                len(stream.readers),
                stream.covered,
            )
            for stream in self._rooms.bus
        ]
        workers = self._rooms.stores.workers()
        usages = await asyncio.gather(*(worker.usage() for worker in workers))
        for worker, usage in zip(workers, usages, strict=True):
            if usage is not None:
                where = worker.registered.spec.id
                held.append(HeldStream(None, where, usage.rows, usage.size_bytes, usage.oldest, usage.newest))
        return held

    def on_event(self, callback: EventCallback) -> Callable[[], None]:
        """Listen to status, plugin, fault, fatal, run, clock, instrument and metrics; the answer ends it."""
        return self._rooms.events.on(callback)
