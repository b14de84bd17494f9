"""Figures of a running engine: a snapshot a second for screens, and a prometheus registry for everybody else."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from flowdeck.engine.bus import Bus
from flowdeck.engine.pipeline import Pipeline
from flowdeck.engine.runs import Runs
from flowdeck.engine.stores import Stores
from flowdeck.engine.subscription import Subscription
from flowdeck.engine.watchdog import Watchdog

__all__ = ["Gauged", "Metrics"]

_SHOWN_STALLS = 5


@dataclass(frozen=True)
class Gauged:
    """What is measured."""

    bus: Bus
    pipeline: Pipeline
    runs: Runs
    stores: Stores
    watchdog: Watchdog


class Metrics(Collector):
    """Counts are kept where they happen, as plain integers; this reads them.

    Attributes:
        registry: All of it, for prometheus.
    """

    def __init__(self, gauged: Gauged, now: Callable[[], float] = time.monotonic) -> None:
        self._of, self._now = gauged, now
        self._before = (now(), 0, 0)
        self._rates = (0.0, 0.0)
        self.registry = CollectorRegistry()
        self.registry.register(self)

    def sample(self) -> dict[str, Any]:
        """Work out the rates since the last call, and answer the snapshot."""
        now, messages, rows = self._now(), self._messages(), self._rows()
        passed = max(now - self._before[0], 1e-9)
        # a stream that was closed takes its counts along
        self._rates = (max(0, messages - self._before[1]) / passed, max(0, rows - self._before[2]) / passed)
        self._before = (now, messages, rows)
        return self.snapshot()

    def snapshot(self) -> dict[str, Any]:
        """The figures as of the last sample; fit for JSON and msgpack."""
        watchdog = self._of.watchdog
        return {
            "messages_per_s": round(self._rates[0], 1),
            "rows_per_s": round(self._rates[1], 1),
            "streams": len(self._of.bus),
            "readers": len(self._subscriptions()),
            "memory_bytes": self._memory(),
            "unread_batches": self._of.bus.unread,
            "queues": {str(one.key): one.waiting_rows for one in self._subscriptions() if one.waiting_rows},
            "stores": {
                worker.registered.spec.id: {"lost_batches": worker.lost} for worker in self._of.stores.workers()
            },
            "plugins": {name: {"process_s": round(spent, 6)} for name, spent in self._spent().items()},
            "loop": {
                "stalls": watchdog.stalls,
                "longest_ms": round(watchdog.longest_ms, 1),
                "recent": [stall.to_dict() for stall in list(watchdog.recent)[-_SHOWN_STALLS:]],
            },
        }

    def collect(self) -> Iterable[Metric]:
        """The same for prometheus."""
        yield _counter("flowdeck_rows", "Rows published.", self._rows())
        yield _counter("flowdeck_messages", "Batches of live root streams, and frames of runs.", self._messages())
        yield _counter("flowdeck_unread_batches", "Batches of streams that nobody opened.", self._of.bus.unread)
        yield _counter("flowdeck_loop_stalls", "Loop stalls over 20 ms.", self._of.watchdog.stalls)
        yield GaugeMetricFamily("flowdeck_streams", "Open streams.", value=len(self._of.bus))
        yield GaugeMetricFamily("flowdeck_readers", "Open subscriptions.", value=len(self._subscriptions()))
        yield GaugeMetricFamily("flowdeck_memory_bytes", "Bytes in memory of streams.", value=self._memory())
        spent = CounterMetricFamily("flowdeck_plugin_seconds", "Seconds spent in aggregators.", labels=["plugin"])
        for plugin, seconds in self._spent().items():
            spent.add_metric([plugin], seconds)
        yield spent

    def _messages(self) -> int:
        live = sum(stream.batches for stream in self._of.bus.of_run(None) if not stream.inputs)
        return live + self._of.runs.frames()

    def _rows(self) -> int:
        return sum(stream.rows for stream in self._of.bus)

    def _memory(self) -> int:
        return sum(stream.memory.nbytes for stream in self._of.bus)

    def _spent(self) -> dict[str, float]:
        spent: dict[str, float] = {}
        for stage in self._of.pipeline.stages():
            spent[stage.plugin] = spent.get(stage.plugin, 0.0) + stage.spent_s
        return spent

    def _subscriptions(self) -> list[Subscription]:
        return [reader for stream in self._of.bus for reader in stream.readers if isinstance(reader, Subscription)]


def _counter(name: str, text: str, value: float) -> Metric:
    return CounterMetricFamily(name, text, value=value)
