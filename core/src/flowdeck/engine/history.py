"""The past of a stream: memory at one moment, and behind it what stores can answer, on a thread of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from flowdeck.engine.archive import Archive
from flowdeck.engine.bus import Stream
from flowdeck.engine.intervals import FOREVER, Interval, Intervals, clip, merge_intervals
from flowdeck.engine.pieces import Snapshot, history_batches
from flowdeck.engine.stores import Stores
from flowdeck.streams import Batch, StreamKey, StreamRequest

__all__ = ["History", "Past", "join_time"]

T = TypeVar("T")


class Past:
    """The history that answers one request, taken at one moment and read batch by batch.

    Attributes:
        covered: What it vouches for; final once `next` answered None.
    """

    def __init__(self, history: History, request: StreamRequest, memory: Iterator[Batch], covered: Intervals) -> None:
        self._history, self._request, self.covered = history, request, covered
        self._memory = memory
        self._older: Interval | None = None
        self._archived: Iterator[Batch] | None = None
        self._stamp = (0, 0)

    def behind(self, older: Interval, seq: int, epoch: int) -> None:
        """Ask stores for this interval too; what they answer carries these numbers."""
        self._older, self._stamp = older, (seq, epoch)

    async def next(self) -> Batch | None:
        """The next batch in the request's order, or None."""
        if self._request.order == "oldest":
            return await self._next_archived() or self._next_held()
        return self._next_held() or await self._next_archived()

    def _next_held(self) -> Batch | None:
        return next(self._memory, None)

    async def _next_archived(self) -> Batch | None:
        if self._older is None:
            return None
        if self._archived is None:
            self._archived, covered = await self._history.archived(self._request, self._older)
            self.covered = merge_intervals((*self.covered, *covered))
        batch = await self._history.on_thread(lambda: next(self._archived or iter(()), None))
        if batch is None:
            self._older = None
            return None
        return batch.stamped(*self._stamp)


class History:
    """Answers for the past; its thread also builds the state of new aggregator instances."""

    def __init__(self, archive: Archive, stores: Stores) -> None:
        self.archive, self._stores = archive, stores
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="history")

    def take(self, stream: Stream, request: StreamRequest) -> Past:
        """The past of a stream up to its `seq`, as of now."""
        low = FOREVER[0] if request.start is None else request.start
        high = FOREVER[1] if request.stop is None else request.stop
        join = join_time(stream) if self.archive.knows(stream.key) else FOREVER[0]
        held = stream.memory.chunks(max(low, join), high)
        covered = clip(stream.covered, max(low, join, stream.memory.complete_from), high)
        snapshot = Snapshot(stream.key, stream.kind, held, covered, stream.seq, stream.epoch)
        past = Past(
            self, StreamRequest(stream.key, order=request.order), history_batches(snapshot, request.order), covered
        )
        if low < join:
            past.behind((low, min(join, high)), stream.seq, stream.epoch)
        return past

    async def archived(self, request: StreamRequest, older: Interval) -> tuple[Iterator[Batch], Intervals]:
        """What stores answer for an interval; everything published until now is flushed first."""
        await self.flush(request.key)

        def begin() -> tuple[Iterator[Batch], Intervals]:
            return self.archive.read(request.key, *older, request.order), clip(
                self.archive.covered(request.key), *older
            )

        return await self.on_thread(begin)

    async def flush(self, key: StreamKey) -> None:
        """Make everything that a key's past may be read from durable; stores of other kinds are not waited for."""
        await self._stores.flush(self.archive.kinds(key))

    async def on_thread(self, work: Callable[[], T]) -> T:
        """Run something on the history thread."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    def close(self) -> None:
        """End the thread once what runs is done."""
        self._thread.shutdown(wait=False, cancel_futures=True)


def join_time(stream: Stream) -> int:
    """From here on (ns UTC) memory holds every row; what lies before is asked of the stores."""
    if stream.memory.complete_from > FOREVER[0]:
        return stream.memory.complete_from
    return stream.memory.oldest if len(stream.memory) else FOREVER[1]
