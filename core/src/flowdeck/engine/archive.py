"""The past beyond memory: from the preferred store, else a finer stored roll-up, else derived from stored inputs.

Everything here runs on the history thread.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Literal

from flowdeck.engine.bars import bar_ceil, bar_floor, marked_incomplete
from flowdeck.engine.deriver import Deriver
from flowdeck.engine.intervals import FOREVER, Interval, Intervals, clip, complement, intersect, merge_intervals
from flowdeck.engine.keys import Resolved, Resolver
from flowdeck.engine.memory import memory_of
from flowdeck.engine.merge import in_time_order
from flowdeck.engine.pieces import Snapshot, history_batches
from flowdeck.engine.stores import Stores
from flowdeck.plugins.manager import PluginManager
from flowdeck.specs import AggregatorContext
from flowdeck.streams import Batch, StreamKey, StreamRequest
from flowdeck.timeframes import DAY_NS

__all__ = ["Archive", "ContextFor"]

Order = Literal["oldest", "newest"]
ContextFor = Callable[[Resolved], AggregatorContext | None]
"""The context of a new aggregator instance; None while its instrument is unknown."""


class Archive:
    """Answers for closed time: what lies in [start, stop) and is not in memory."""

    def __init__(self, manager: PluginManager, resolver: Resolver, stores: Stores, context_for: ContextFor) -> None:
        self._manager, self._resolver, self._stores, self._context_for = manager, resolver, stores, context_for

    def knows(self, key: StreamKey) -> bool:
        """Whether any store may answer for a key, by itself or through what it is derived from."""
        if key.run is not None:
            return False
        if self._stores.preferred(key.kind) is not None:
            return True
        inputs = self._resolver.resolve(key).inputs
        return bool(inputs) and all(self.knows(one) for one in inputs)

    def kinds(self, key: StreamKey) -> frozenset[str]:
        """The kinds that a key's past may be read from: its own, and those that it is derived from."""
        inputs = self._resolver.resolve(key).inputs
        return frozenset({key.kind}).union(*(self.kinds(one) for one in inputs))

    def covered(self, key: StreamKey) -> Intervals:
        """What it can answer completely."""
        stored = self._stores.log.intervals(key) if self._stores.preferred(key.kind) else ()
        inputs = self._resolver.resolve(key).inputs
        derived = intersect(self.covered(one) for one in inputs)
        return merge_intervals((*stored, *derived))

    def read(self, key: StreamKey, start: int, stop: int, order: Order) -> Iterator[Batch]:
        """Batches of history, each with what it covers."""
        resolved = self._resolver.resolve(key)
        if resolved.aggregator is None:
            yield from self._stores.read(_request(key, start, stop, order))
            return
        parts = self._parts(resolved, start, stop)
        for held, (a, b) in parts if order == "oldest" else reversed(parts):
            if held:
                yield from self._stores.read(_request(key, a, b, order))
            else:
                yield from self._derive(resolved, a, b, order)

    def _parts(self, resolved: Resolved, start: int, stop: int) -> list[tuple[bool, Interval]]:
        """The interval cut into what the store of the kind itself holds, and the rest; ascending, on whole bars."""
        key = resolved.key
        known = self._stores.log.intervals(key) if self._stores.preferred(key.kind) else ()
        whole = tuple((bar_ceil(key, a), bar_floor(key, b)) for a, b in clip(known, start, stop))
        held = tuple(interval for interval in whole if interval[0] < interval[1])
        parts = [(True, interval) for interval in held]
        parts += [(False, interval) for interval in complement(held, (start, stop))]
        return sorted(parts, key=lambda part: part[1])

    def _derive(self, resolved: Resolved, start: int, stop: int, order: Order) -> Iterator[Batch]:
        windows = self._windows(resolved, start, stop)
        for window in windows if order == "oldest" else reversed(windows):
            yield from self._derive_window(resolved, window, order)

    def _windows(self, resolved: Resolved, start: int, stop: int) -> list[Interval]:
        """A day or a bar each, whichever is longer, where there are inputs at all; ascending."""
        key, windows = resolved.key, list[Interval]()
        known = clip(self.covered(key), start, stop)
        for a, b in merge_intervals([(bar_floor(key, a), bar_ceil(key, b)) for a, b in known]):
            at = a
            while at < b:
                end = min(b, max(bar_ceil(key, at + 1), bar_floor(key, at + DAY_NS)))
                windows.append((max(at, start), min(end, stop)))
                at = end
        return windows

    def _derive_window(self, resolved: Resolved, window: Interval, order: Order) -> Iterator[Batch]:
        deriver = self._deriver(resolved)
        if deriver is None:
            return
        start, stop = bar_floor(resolved.key, window[0]), window[1]
        kind = self._manager.kinds[resolved.key.kind]
        table = memory_of(resolved.key, kind)
        for batch in self._feed(resolved, deriver, start, stop):
            for out in deriver.process(batch, timed=False):
                table.take(out)
        covered = clip(self.covered(resolved.key), *window)
        for piece in history_batches(Snapshot(resolved.key, kind, table.chunks(*window), covered, 0, 0), order):
            rows = marked_incomplete(resolved.key, piece.rows, complement(self.covered(resolved.key)))
            yield Batch(piece.key, rows, recv_ts=piece.recv_ts, covered=piece.covered)

    def _deriver(self, resolved: Resolved) -> Deriver | None:
        context = self._context_for(resolved)
        if context is None or resolved.aggregator is None or resolved.params is None:
            return None
        params = {resolved.key: resolved.params}
        deriver = Deriver(self._manager, resolved.aggregator, params, self._resolver.canonical)
        return deriver if deriver.start(context) else None

    def _feed(self, resolved: Resolved, deriver: Deriver, start: int, stop: int) -> Iterable[Batch]:
        """A finer stored roll-up where one covers the interval, else the inputs."""
        finer = deriver.finer(resolved.key)
        if finer is not None and self._stores.preferred(finer.kind) is not None:
            held = self._stores.log.intervals(finer)
            if clip(held, start, stop) == ((start, stop),):
                return self._stores.read(_request(finer, start, stop, "oldest"))
        return in_time_order([self.read(one, start, stop, "oldest") for one in resolved.inputs])


def _request(key: StreamKey, start: int, stop: int, order: Order) -> StreamRequest:
    """What a store is asked; an end that reaches beyond all of time is left open."""
    low = start if start > FOREVER[0] else None
    high = stop if stop < FOREVER[1] else None
    return StreamRequest(key, low, high, live=False, order=order)
