"""An aggregator wired to open streams: one for each aggregator, instrument and run."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from functools import partial
from typing import Any

from flowdeck.engine.bars import bar_floor, marked_incomplete
from flowdeck.engine.build import Build, Plan
from flowdeck.engine.bus import Bus, EndReason, Stream
from flowdeck.engine.deriver import Deriver
from flowdeck.engine.history import History, join_time
from flowdeck.engine.intervals import FOREVER, Intervals, complement, intersect, merge_intervals
from flowdeck.engine.keys import Resolved, Resolver
from flowdeck.plugins.manager import PluginManager
from flowdeck.specs import AggregatorContext
from flowdeck.streams import Batch, StreamKey
from flowdeck.timeframes import SECOND_NS

__all__ = ["Group", "Stage", "Workshop"]

_SKEW_NS = 60 * SECOND_NS
_LONG_BACKLOG_ROWS = 50_000

StartTask = Callable[[str, Callable[[], Coroutine[Any, Any, None]]], None]


@dataclass(frozen=True)
class Workshop:
    """What all stages share."""

    manager: PluginManager
    bus: Bus
    resolver: Resolver
    history: History
    context_for: Callable[[Resolved], AggregatorContext | None]
    start_task: StartTask
    drop: Callable[[Stage, EndReason, str], None]


@dataclass
class Group:
    """One aggregator instance and the keys that are published from it.

    Attributes:
        vouches_from: Bars before this time (ns UTC) were closed when it was made; it does not know them.
        reach: Inputs before this time (ns UTC) were forgotten when it was made.
    """

    deriver: Deriver
    keys: set[StreamKey]
    vouches_from: int
    reach: int


class Stage:
    """Derives the wanted keys of one aggregator for one instrument and run; a `Reader` of its inputs.

    Keys that are added while live data flows are worked out from history on the history thread, up to a number S of
    each input; the batches after S wait and are processed at the swap. So nothing pauses, and the seam is exact.
    """

    def __init__(self, workshop: Workshop, resolved: Resolved) -> None:
        self.plugin, self.run, self.instrument = resolved.plugin, resolved.key.run, resolved.key.instrument
        self.wanted: dict[StreamKey, Resolved] = {}
        self._shop = workshop
        self._inputs: dict[StreamKey, Stream] = {}
        self._groups: list[Group] = []
        self._backlog: list[Batch] | None = None
        self._generation = 0
        self._working = False
        self._past: Intervals = ()
        self._gap_cache: tuple[tuple[Intervals, ...], Intervals] = ((), ())

    @property
    def spent_s(self) -> float:
        """Seconds spent in the aggregator on the loop's thread and in building it."""
        return sum(group.deriver.spent_s for group in self._groups)

    def reads(self, stream: Stream) -> bool:
        """Whether a stream is one of its inputs."""
        return self._inputs.get(stream.key) is stream

    def depends_on(self, root: Stream) -> bool:
        """Whether it reads a root stream, directly or through what it is derived from."""
        reading = list(self._inputs.values())
        while reading:
            stream = reading.pop()
            if stream is root:
                return True
            reading += stream.inputs
        return False

    def want(self, resolved: Resolved, inputs: list[Stream]) -> None:
        """Derive another key from now on; its stream becomes ready once its history is worked out."""
        self.wanted[resolved.key] = resolved
        for stream in inputs:
            self._inputs[stream.key] = stream
            if self not in stream.readers:
                stream.attach(self)
        self.work()

    def unwant(self, key: StreamKey) -> None:
        """Derive a key no more."""
        self.wanted.pop(key, None)
        for group in self._groups:
            if key in group.keys:
                group.keys.discard(key)
                group.deriver.remove(key)
        self._groups = [group for group in self._groups if group.keys]
        needed = {one for resolved in self.wanted.values() for one in resolved.inputs}
        for gone in set(self._inputs) - needed:
            self._inputs.pop(gone).detach(self)

    def close(self) -> None:
        """Let go of everything."""
        self._generation += 1
        for key in tuple(self.wanted):
            self.unwant(key)

    def work(self) -> None:
        """Build what is wanted and not ready, if that is not under way."""
        if not self._working and self._missing():
            self._working = True
            self._shop.start_task(f"derive {next(iter(self.wanted))}", self._work)

    def restart(self, detail: str) -> None:
        """Begin a new epoch of everything derived: its inputs or the instrument's steps changed."""
        self._generation += 1
        self._groups, self._past, self._gap_cache = [], (), ((), ())
        for key in self.wanted:
            stream = self._shop.bus.get(key)
            if stream is not None:
                stream.ready = False
                stream.new_epoch(detail)
        self.work()

    def begin(self, stream: Stream) -> None:
        """Nothing: the plan of a build takes the memory of its inputs."""

    def push(self, batch: Batch) -> None:
        """Derive from a batch, and keep it for the build under way."""
        if self._backlog is not None:
            self._backlog.append(batch)
        for group in tuple(self._groups):
            for out in group.deriver.process(batch):
                self._publish(group, out, batch.recv_ts)

    def end(self, reason: EndReason, detail: str) -> None:
        """An input is over: so is what was derived from it."""
        if reason != "epoch":
            self._shop.drop(self, reason, detail)
            return
        for stream in self._inputs.values():
            if self not in stream.readers:
                stream.attach(self)
        self.restart(detail)

    def refresh_flags(self, since: int) -> None:
        """A gap began, ended or healed: republish the bars whose INCOMPLETE changed with it."""
        for key in self.wanted:
            stream = self._shop.bus.get(key)
            if key.kind != "bars" or stream is None or not stream.ready:
                continue
            for chunk in stream.memory.chunks(bar_floor(key, since - 1), FOREVER[1]):
                marked = marked_incomplete(key, chunk.rows, self._gaps(stream.memory.complete_from))
                changed = marked["flags"] != chunk.rows["flags"]
                if changed.any():
                    stream.publish(Batch(key, marked[changed], recv_ts=chunk.recv_ts))

    def _missing(self) -> list[StreamKey]:
        streams = ((key, self._shop.bus.get(key)) for key in self.wanted)
        return [key for key, stream in streams if stream is not None and not stream.ready]

    async def _work(self) -> None:
        try:
            while self._missing() and await self._build():
                pass
        finally:
            self._working, self._backlog = False, None

    async def _build(self) -> bool:
        """One build; False when there is nothing to build on."""
        for key in tuple(self._inputs):
            await self._shop.history.flush(key)
        for stream in tuple(self._inputs.values()):
            if not await stream.settled():
                return False
        plan = self._plan()
        if plan is None:
            return False
        generation, self._backlog = self._generation, []
        build = Build(self._shop.manager, self._shop.resolver, self._shop.history.archive, plan)
        alive = await self._shop.history.on_thread(build.derive)
        while alive and generation == self._generation and sum(map(len, self._backlog)) > _LONG_BACKLOG_ROWS:
            taken, self._backlog = self._backlog, []
            alive = await self._shop.history.on_thread(partial(build.take, taken))
        if alive and generation == self._generation:
            self._swap(build)
        return alive

    def _plan(self) -> Plan | None:
        """What to build now, on the memory of the inputs as of now."""
        keys = self._missing()
        context = self._shop.context_for(self.wanted[keys[0]]) if keys else None
        if context is None:
            return None
        archive, inputs = self._shop.history.archive, list(self._inputs.values())
        archived = all(archive.knows(stream.key) for stream in inputs)
        reach = max((stream.memory.complete_from for stream in inputs), default=FOREVER[0])
        if archived or reach == FOREVER[0]:  # else what is published already cannot be worked out again
            keys = list(self.wanted)
        joins = [join_time(stream) if archived else FOREVER[0] for stream in inputs]
        self._past = intersect(archive.covered(stream.key) for stream in inputs) if archived else ()
        floor = self._floor(keys, max(joins)) if archived else FOREVER[0]
        self._gap_cache = ((), ())
        reach = FOREVER[0] if archived else reach
        snapshots = [Plan.snapshot(stream, join) for stream, join in zip(inputs, joins, strict=True)]
        return Plan([self.wanted[key] for key in keys], context, snapshots, floor, reach, self._gaps(reach))

    def _swap(self, build: Build) -> None:
        """Process what waited and publish from the new instance from now on."""
        build.take(self._backlog or [])
        self._backlog = None
        keys = {resolved.key for resolved in build.plan.wanted} & set(self.wanted)
        self._groups = [group for group in self._groups if not group.keys <= keys]
        self._groups.append(Group(build.deriver, keys, build.plan.floor, build.plan.reach))
        for key in keys:
            stream = self._shop.bus.get(key)
            if stream is not None and not stream.ready:
                stream.memory = build.tables[key]
                stream.memory.complete_from = build.plan.floor
                stream.become_ready()

    def _publish(self, group: Group, out: Batch, recv_ts: int) -> None:
        stream = self._shop.bus.get(out.key)
        if stream is None or not stream.ready or out.key not in group.keys:
            return
        rows = out.rows
        if group.vouches_from > FOREVER[0]:
            rows = rows[rows[stream.kind.time] >= group.vouches_from]
        rows = marked_incomplete(out.key, rows, self._gaps(group.reach))
        if rows is not out.rows or not out.recv_ts:
            out = Batch(out.key, rows, recv_ts=out.recv_ts or recv_ts, texts=out.texts)
        stream.publish(out)

    def _gaps(self, reach: int = FOREVER[0]) -> Intervals:
        """What the inputs are missing, everything before `reach` included."""
        known = tuple(stream.gaps for stream in self._inputs.values())
        if self._gap_cache[0] != known:
            gaps = merge_intervals([gap for gaps in known for gap in gaps])
            self._gap_cache = (known, intersect((gaps, complement(self._past))))
        gaps = self._gap_cache[1]
        return gaps if reach == FOREVER[0] else merge_intervals((*gaps, (FOREVER[0], reach)))

    def _floor(self, keys: list[StreamKey], join: int) -> int:
        """The open of the oldest bar that may still change: from there on stores and memory are read together."""
        newest = self._past[-1][1] if self._past else FOREVER[0]
        open_ts = join if join < FOREVER[1] else newest
        return min(bar_floor(key, open_ts - _SKEW_NS) for key in keys) if open_ts > FOREVER[0] else FOREVER[0]
