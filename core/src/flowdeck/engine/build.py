"""The making of an aggregator instance from history, on the history thread."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import chain

from flowdeck.engine.archive import Archive
from flowdeck.engine.bars import marked_incomplete
from flowdeck.engine.bus import Stream
from flowdeck.engine.deriver import Deriver
from flowdeck.engine.intervals import FOREVER, Intervals
from flowdeck.engine.keys import Resolved, Resolver
from flowdeck.engine.memory import Memory, memory_of
from flowdeck.engine.merge import in_time_order
from flowdeck.engine.pieces import Snapshot, history_batches
from flowdeck.plugins.manager import PluginManager
from flowdeck.specs import AggregatorContext
from flowdeck.streams import Batch, StreamKey

__all__ = ["Build", "Plan"]


@dataclass(frozen=True)
class Plan:
    """What to build from what.

    Attributes:
        wanted: The keys to derive.
        context: For the new instance.
        inputs: Memory of the inputs at one moment, with the time (ns UTC) before which stores are asked.
        floor: Where the inputs begin (ns UTC); nothing before it is derived.
        reach: Inputs before this time (ns UTC) are forgotten: bars that they belong to are incomplete.
        gaps: What the inputs are missing.
    """

    wanted: list[Resolved]
    context: AggregatorContext
    inputs: list[tuple[Snapshot, int]]
    floor: int
    reach: int
    gaps: Intervals

    @staticmethod
    def snapshot(stream: Stream, join: int) -> tuple[Snapshot, int]:
        """The memory of an input from `join` on."""
        chunks = stream.memory.chunks(join, FOREVER[1])
        return Snapshot(stream.key, stream.kind, chunks, (), stream.seq, stream.epoch), join


class Build:
    """An instance under construction.

    Attributes:
        plan: What is built.
        deriver: The instance.
        tables: What it derived so far, per key.
    """

    def __init__(self, manager: PluginManager, resolver: Resolver, archive: Archive, plan: Plan) -> None:
        self.plan, self._archive = plan, archive
        aggregator = plan.wanted[0].aggregator
        assert aggregator is not None
        params = {one.key: one.params for one in plan.wanted if one.params is not None}
        self.deriver = Deriver(manager, aggregator, params, resolver.canonical)
        self.tables: dict[StreamKey, Memory] = {key: memory_of(key, manager.kinds[key.kind]) for key in params}
        self._kinds = manager.kinds

    def derive(self) -> bool:
        """Make the instance and feed it the history of its inputs; False when it failed."""
        if not self.deriver.start(self.plan.context):
            return False
        return self.take(in_time_order([self._input(snapshot, join) for snapshot, join in self.plan.inputs]))

    def take(self, batches: Iterable[Batch]) -> bool:
        """Feed further input; False when the instance failed."""
        for batch in batches:
            for out in self.deriver.process(batch, timed=False):
                self._keep(out)
        return self.deriver.alive

    def _input(self, snapshot: Snapshot, join: int) -> Iterator[Batch]:
        older: Iterable[Batch] = ()
        if join > FOREVER[0]:
            older = self._archive.read(snapshot.key, self.plan.floor, join, "oldest")
        return chain(older, history_batches(snapshot, "oldest"))

    def _keep(self, out: Batch) -> None:
        kind = self._kinds[out.key.kind]
        rows = marked_incomplete(out.key, out.rows[out.rows[kind.time] >= self.plan.floor], self.plan.gaps)
        self.tables[out.key].take(replace(out, rows=rows))
