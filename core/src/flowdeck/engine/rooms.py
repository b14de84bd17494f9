"""What an engine consists of, put together."""

from __future__ import annotations

import time
from collections.abc import Callable, Coroutine
from dataclasses import asdict
from functools import partial
from typing import Any

from flowdeck.config import Config
from flowdeck.engine.archive import Archive
from flowdeck.engine.book import InstrumentBook
from flowdeck.engine.bus import Bus
from flowdeck.engine.clock import LiveClock
from flowdeck.engine.contexts import AggregatorHands
from flowdeck.engine.coverage import CoverageLog
from flowdeck.engine.events import Events
from flowdeck.engine.figures import check_figures
from flowdeck.engine.history import History
from flowdeck.engine.keys import Resolved, Resolver
from flowdeck.engine.livesource import SourceReports
from flowdeck.engine.lock import FolderLock
from flowdeck.engine.metrics import Gauged, Metrics
from flowdeck.engine.pipeline import Drop, Pipeline
from flowdeck.engine.roots import RootStreams
from flowdeck.engine.run import RunShop
from flowdeck.engine.runs import Runs
from flowdeck.engine.sources import Sources
from flowdeck.engine.stage import Workshop
from flowdeck.engine.stores import Stores
from flowdeck.engine.supervisor import Death, Supervisor, Wait
from flowdeck.engine.watchdog import Watchdog
from flowdeck.errors import InstrumentError
from flowdeck.instruments import Instrument, InstrumentId
from flowdeck.plugins.compute import Compute
from flowdeck.plugins.faults import describe
from flowdeck.plugins.manager import PluginManager
from flowdeck.specs import Clock, SourceStatus
from flowdeck.streams import Batch

__all__ = ["Rooms"]


class Rooms:
    """The parts of one engine, each knowing only what it needs."""

    def __init__(self, config: Config, manager: PluginManager, wait: Wait, monotonic_ns: Callable[[], int]) -> None:
        self.manager = manager
        self.clock, self.bus, self.events, self.log = LiveClock(), Bus(), Events(), CoverageLog()
        self.lock = FolderLock(config.engine.data)
        self.supervisor, self.compute, self.watchdog = Supervisor(wait=wait), Compute(), Watchdog()
        self.book = InstrumentBook(self._instrument_changed)
        self.stores = Stores(manager, dict(config.stores), config.engine.data, self.log, self._stated)
        reports = SourceReports(self._publish, self.book.state, self._status, self._report)
        self.sources = Sources(manager, self.supervisor, reports)
        shop = RunShop(manager, self.bus, self.book, self.events, lambda: self.pipeline, wait, monotonic_ns)
        self.runs = Runs(shop, self.supervisor, self.stores)
        self.roots = RootStreams(self.bus, self.sources, self.runs, self.stores)
        self.resolver = Resolver(manager, self.roots)
        self.history = History(Archive(manager, self.resolver, self.stores, self.context_for), self.stores)
        self.pipeline = Pipeline(self.bus, self.resolver, self.roots, self._workshop)
        self.metrics = Metrics(Gauged(self.bus, self.pipeline, self.runs, self.stores, self.watchdog))

    def context_for(self, resolved: Resolved) -> AggregatorHands | None:
        """The context of a new aggregator instance; None while its instrument is unknown."""
        run = resolved.key.run
        instrument = self.book.get(resolved.key.instrument, run)
        if instrument is None or not self.manager.active(resolved.plugin):
            return None
        clock: Clock = self.clock if run is None else self.runs.clock(run)
        log = self.manager.context(resolved.plugin).log
        return AggregatorHands(
            instrument, run, clock, self.manager.kinds, log, partial(self.manager.settings, resolved.plugin)
        )

    def task_died(self, death: Death) -> bool:
        """Report a task of the engine itself; it is started again."""
        self._report("", death)
        return True

    def _workshop(self, drop: Drop) -> Workshop:
        return Workshop(
            self.manager,
            self.bus,
            self.resolver,
            self.history,
            self.context_for,
            self._start_task,
            drop,
        )

    def _start_task(self, name: str, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        self.supervisor.start(name, work, self.task_died, once=True)

    def _publish(self, batch: Batch) -> None:
        check_figures(batch, self.book.get(batch.key.instrument))
        self.bus.publish(batch)

    def _stated(self, instrument: InstrumentId) -> Instrument:
        known = self.book.get(instrument)
        if known is None:
            raise InstrumentError(f"{instrument}: nobody has stated its steps yet")
        return known

    def _instrument_changed(self, instrument: Instrument, run: str | None, moved: bool) -> None:
        self.events.emit("instrument", {"instrument": instrument.to_dict(), "run": run})
        self.pipeline.instrument_changed(instrument, run, moved)

    def _status(self, status: SourceStatus) -> None:
        self.roots.status_changed(status)
        self.events.emit("status", {**asdict(status), "state": str(status.state)})

    def _report(self, plugin: str, death: Death) -> None:
        reason, trace = describe(death.error) if death.error is not None else ("it ended by itself", "")
        retry_at = time.time_ns() + int(death.retry_s * 1e9)
        report = {"plugin": plugin, "where": death.name, "reason": reason, "traceback": trace, "retry_at": retry_at}
        self.events.emit("fault", report)
