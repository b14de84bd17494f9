"""Stores at work: each on one writer thread behind a bounded queue, flushed every second, vouched for after that."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

from flowdeck.engine.bus import EndReason, Stream
from flowdeck.engine.contexts import StoreHands
from flowdeck.engine.coverage import CoverageLog
from flowdeck.engine.intervals import Intervals, complement, intersect, merge_intervals
from flowdeck.engine.memory import chunk_of
from flowdeck.engine.outbox import Outbox
from flowdeck.errors import PluginError, StreamError
from flowdeck.instruments import Instrument, InstrumentId
from flowdeck.kinds import CoverageReason
from flowdeck.plugins.info import Registered
from flowdeck.plugins.manager import PluginManager
from flowdeck.specs import Coverage, Store, StoreSpec, Usage
from flowdeck.streams import Batch, StreamKey, StreamRequest

__all__ = ["StoreFeed", "StoreWorker", "Stores"]

_QUEUE_ROWS = 1_000_000
T = TypeVar("T")


class StoreWorker:
    """One store and its thread.

    Attributes:
        lost: Batches that found the queue full; what they held is a gap.
    """

    def __init__(
        self, registered: Registered[StoreSpec], store: Store, manager: PluginManager, log: CoverageLog
    ) -> None:
        self.registered, self.store, self.lost = registered, store, 0
        self._manager, self._log = manager, log
        self._thread = ThreadPoolExecutor(1, thread_name_prefix=f"store {registered.spec.id}")
        self._feeds: dict[StreamKey, StoreFeed] = {}
        self._busy = asyncio.Lock()
        self._beating: asyncio.Task[None] | None = None

    @property
    def plugin(self) -> str:
        """The plugin that it belongs to."""
        return self.registered.plugin

    def feed(self, stream: Stream) -> None:
        """Write every later batch of a stream."""
        if stream.key not in self._feeds:
            feed = self._feeds[stream.key] = StoreFeed(self, stream)
            stream.attach(feed)

    def release(self, feed: StoreFeed) -> None:
        """A stream is over; what is queued of it is still written by the next flush."""
        self._log.close_open(feed.key, CoverageReason.CLOSED)

    def gap(self, key: StreamKey) -> None:
        """What the store holds of a stream ends here."""
        self._log.close_open(key, CoverageReason.GAP)

    async def call(self, method: Callable[[], T]) -> T | None:
        """Run something of the store on its thread; None when it raised, which faults the plugin."""
        with self._manager.guard(self.plugin, "store"):
            return await asyncio.get_running_loop().run_in_executor(self._thread, method)
        return None

    async def flush(self) -> None:
        """Write what is queued, flush, and only then let coverage vouch for it."""
        async with self._busy:
            await self._write()
            received = {key: feed.received for key, feed in self._feeds.items()}
            coverage = await self.call(lambda: _answer(self.store.flush(), Coverage, "flush"))
            if coverage is not None:
                vouched = {key: _within(held, received.get(key)) for key, held in coverage.intervals.items()}
                await asyncio.to_thread(self._log.extend, vouched)
        self._feeds = {key: feed for key, feed in self._feeds.items() if not feed.over}

    def beat(self) -> None:
        """Begin to flush, unless the last beat is not over yet; what the engine itself failed in then is raised now."""
        if self._beating is not None:
            if not self._beating.done():
                return
            self._beating.result()
        self._beating = asyncio.create_task(self.flush(), name=f"flush {self.registered.spec.id}")

    async def usage(self) -> Usage | None:
        """What it holds."""
        return await self.call(lambda: _answer(self.store.usage(), Usage, "usage"))

    async def close(self) -> None:
        """Flush and end the thread."""
        if self._beating is not None:
            await asyncio.wait({self._beating})
        if self._manager.active(self.plugin):
            await self.flush()
        self._thread.shutdown(wait=False)

    async def _write(self) -> None:
        queued = [batch for feed in self._feeds.values() for batch in feed.drain()]
        if queued:
            await self.call(lambda: self._append(queued))

    def _append(self, batches: list[Batch]) -> None:
        for batch in batches:
            self.store.append(batch)


class StoreFeed:
    """The queue of one stream on its way to a store; a `Reader`."""

    def __init__(self, worker: StoreWorker, stream: Stream) -> None:
        self.key, self.over = stream.key, False
        self._worker, self._stream = worker, stream
        self._queue = Outbox(stream.kind, _QUEUE_ROWS)
        self._lost: Intervals = ()

    @property
    def received(self) -> Intervals:
        """What came in without a gap and found room in the queue."""
        return intersect((self._stream.covered, complement(self._lost)))

    def begin(self, stream: Stream) -> None:
        """Nothing is asked of the past."""

    def push(self, batch: Batch) -> None:
        """Queue a batch; when the store cannot keep up, a gap says so."""
        if not self._queue.put(batch):
            lost = chunk_of(batch.rows, self._stream.kind.time)
            self._lost = merge_intervals((*self._lost, (lost.oldest, lost.newest + 1)))
            self._worker.lost += 1
            self._worker.gap(self.key)

    def end(self, reason: EndReason, detail: str) -> None:
        """The stream is over."""
        del reason, detail
        self.over = True
        self._worker.release(self)

    def drain(self) -> Iterator[Batch]:
        """What is queued, oldest first."""
        while (batch := self._queue.take()) is not None:
            yield batch


def _answer(answer: T, wanted: type, method: str) -> T:
    if not isinstance(answer, wanted):
        raise TypeError(f"{method}() answered {answer!r}, not {wanted.__name__}")
    return answer


def _within(stored: Intervals, received: Intervals | None) -> Intervals:
    """What is both on disk and was received without a gap."""
    return stored if received is None else intersect((stored, received))


class Stores:
    """The stores of the active plugins, by the kinds that they are preferred for."""

    def __init__(
        self,
        manager: PluginManager,
        preferred: dict[str, str],
        data: Path,
        log: CoverageLog,
        instruments: Callable[[InstrumentId], Instrument],
    ) -> None:
        self._manager, self._preferred, self._data, self.log = manager, preferred, data, log
        self._instruments = instruments
        self._workers: dict[str, StoreWorker] = {}

    def wire(self, plugin: str) -> None:
        """Make the stores of a plugin that is active."""
        for registered in self._manager.stores():
            if registered.plugin == plugin and registered.spec.id not in self._workers:
                hands = StoreHands(self._manager.context(plugin), self._data, self._instruments)
                try:
                    store: Store = self._manager.create(registered, hands)
                except PluginError:
                    return  # it is faulted already
                self._workers[registered.spec.id] = StoreWorker(registered, store, self._manager, self.log)

    def unwire(self, plugin: str) -> Callable[[], Coroutine[Any, Any, None]]:
        """Let go of a plugin's stores at once; the answer flushes and ends them."""
        gone = [worker for worker in self._workers.values() if worker.plugin == plugin]
        self._workers = {name: worker for name, worker in self._workers.items() if worker.plugin != plugin}

        async def close() -> None:
            await asyncio.gather(*(worker.close() for worker in gone))

        return close

    def preferred(self, kind: str) -> StoreWorker | None:
        """The store that answers for a kind: the configured one, else the first that can."""
        able = [worker for worker in self._workers.values() if kind in worker.registered.spec.requires]
        wish = self._preferred.get(kind)
        named = [w for w in able if wish in {w.registered.spec.id, f"{w.plugin}/{w.registered.spec.id}"}]
        return next(iter(named or able), None)

    def feed(self, stream: Stream) -> None:
        """Have a live stream written by the store of its kind, if there is one."""
        worker = self.preferred(stream.key.kind) if stream.key.run is None else None
        if worker is not None:
            worker.feed(stream)

    def read(self, request: StreamRequest) -> Iterator[Batch]:
        """What the preferred store holds, in the request's order; any thread. A store that raises ends the answer."""
        worker = self.preferred(request.key.kind)
        if worker is None:
            return
        batches: Iterator[Batch] = iter(())
        with self._manager.guard(worker.plugin, "store"):
            batches = iter(worker.store.read(request))
        while True:
            batch: Batch | None = None
            with self._manager.guard(worker.plugin, "store"):
                batch = self._checked(next(batches, None), request.key)
            if batch is None:
                return
            yield batch

    def beat(self) -> None:
        """Have each flush: the heartbeat of coverage. A slow one holds up no other."""
        for worker in tuple(self._workers.values()):
            worker.beat()

    async def flush(self, kinds: Collection[str] | None = None) -> None:
        """Write and flush those that answer for these kinds, or all; wait until they did."""
        workers = self.workers() if kinds is None else [self.preferred(kind) for kind in kinds]
        await asyncio.gather(*(worker.flush() for worker in {id(one): one for one in workers}.values() if worker))

    def _checked(self, batch: Batch | None, key: StreamKey) -> Batch | None:
        """What a store read, unless it is not what was asked for."""
        if batch is None:
            return None
        if _answer(batch, Batch, "read").key != key:
            raise StreamError(f"read() of {key} answered {batch.key}")
        self._manager.kinds[key.kind].check(batch)
        return batch

    async def delete_run(self, run: str) -> None:
        """Delete what any store holds of a run."""
        for worker in tuple(self._workers.values()):
            store = worker.store
            await worker.call(lambda store=store: store.delete_run(run))  # type: ignore[misc]
        await asyncio.to_thread(self.log.delete_run, run)

    def workers(self) -> list[StoreWorker]:
        """All of them."""
        return list(self._workers.values())

    async def close(self) -> None:
        """Flush and end them all."""
        await asyncio.gather(*(worker.close() for worker in self._workers.values()))
        self._workers = {}
