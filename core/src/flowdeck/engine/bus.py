"""The bus: numbers batches and hands them to whoever reads their key, at the cost of one dictionary lookup."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from typing import Literal, Protocol

from flowdeck.engine.intervals import Intervals, intersect, merge_intervals
from flowdeck.engine.memory import Memory, Tape, chunk_of, memory_of
from flowdeck.engine.track import Track
from flowdeck.kinds import KindSpec
from flowdeck.streams import Batch, StreamKey

__all__ = ["Bus", "EndReason", "Reader", "Stream"]

EndReason = Literal["closed", "epoch", "run", "fault"]


class Reader(Protocol):
    """Reads one stream: a subscription, an aggregator or a store."""

    def begin(self, stream: Stream) -> None:
        """The stream's memory answers now; every later batch is pushed."""
        ...

    def push(self, batch: Batch) -> None:
        """Take a numbered batch; never blocks."""
        ...

    def end(self, reason: EndReason, detail: str) -> None:
        """The stream is over for this reader."""
        ...


class Stream:
    """One open stream: its numbers, its memory, its readers.

    Attributes:
        key: Canonical key.
        kind: What its rows are.
        plugin: The plugin that provides it.
        epoch: Grows when what was sent must be discarded.
        seq: Number of the last batch of this epoch; 0 before the first.
        ready: Whether its memory answers; a derived stream is not until it was worked out once.
        idle_ticks: Sweeps that found it without a reader.
        inputs: Streams that it is derived from; empty for a root stream.
        track: Coverage of a root stream.
        turned: Set when it becomes ready or ends; who waits for that clears it first.
        on_coverage: Called when a gap began or ended in a root stream, with the time (ns UTC) from which on what is
            complete may have changed.
        batches: Batches published, over all epochs.
        rows: Rows published, over all epochs.
    """

    def __init__(self, key: StreamKey, kind: KindSpec, plugin: str, *, ready: bool = True) -> None:
        self.key, self.kind, self.plugin, self.ready = key, kind, plugin, ready
        self.epoch = self.seq = self.batches = self.rows = 0
        self.idle_ticks = 0
        self.inputs: tuple[Stream, ...] = ()
        self.track = Track()
        self.memory: Memory = memory_of(key, kind)
        self.on_coverage: Callable[[Stream, int], None] = _nobody_cares
        self._readers: list[Reader] = []
        self._waiting: list[Reader] = []
        self.turned = asyncio.Event()

    @property
    def readers(self) -> tuple[Reader, ...]:
        """Who reads it, or waits to."""
        return (*self._readers, *self._waiting)

    @property
    def covered(self) -> Intervals:
        """What is complete, half-open intervals of ns UTC: of a derived stream, where all its inputs are."""
        if self.inputs:
            return intersect(stream.covered for stream in self.inputs)
        return self.track.intervals

    @property
    def gaps(self) -> Intervals:
        """What is known to be missing, the time before the first row included."""
        if self.inputs:
            return merge_intervals([gap for stream in self.inputs for gap in stream.gaps])
        return self.track.gaps

    def publish(self, batch: Batch) -> Batch:
        """Number, remember and hand on a batch.

        Raises:
            StreamError: when the rows are not of the kind's dtype; nothing is published then.
        """
        self.kind.check(batch)
        self.seq += 1
        self.batches += 1
        self.rows += len(batch)
        # not `stamped`: dataclasses.replace takes 10 µs, and there are thousands of these a second
        batch = Batch(self.key, batch.rows, self.seq, self.epoch, batch.recv_ts, batch.covered, batch.texts)
        self._remember(batch)
        for reader in tuple(self._readers):
            reader.push(batch)
        return batch

    def _remember(self, batch: Batch) -> None:
        if self.inputs or not len(batch):
            self.memory.take(batch)
            return
        chunk = chunk_of(batch.rows, self.kind.time, batch.recv_ts, batch.texts)
        if isinstance(self.memory, Tape):
            self.memory.append(chunk)
        else:
            self.memory.take(batch)
        resumed = self.track.note(chunk)
        if resumed is not None:
            self.on_coverage(self, resumed)

    def down(self) -> None:
        """The feed of this root stream is interrupted."""
        since = self.track.down()
        if since is not None:
            self.on_coverage(self, since)

    def join(self, reader: Reader) -> None:
        """Begin a reader and attach it, now or once the stream is ready."""
        self.idle_ticks = 0
        if self.ready:
            reader.begin(self)
            self._readers.append(reader)
        else:
            self._waiting.append(reader)

    def become_ready(self) -> None:
        """The memory answers from now on: begin whoever waits."""
        self.ready = True
        self.turned.set()
        waiting, self._waiting = self._waiting, []
        for reader in waiting:
            self.join(reader)

    @property
    def building(self) -> bool:
        """Whether it is being worked out from inputs that are ready."""
        return not self.ready and bool(self.inputs) and all(stream.ready for stream in self.inputs)

    async def settled(self) -> bool:
        """Wait until it is ready or over; whether it is ready."""
        if not self.ready:
            self.turned.clear()
            await self.turned.wait()
        return self.ready

    def attach(self, reader: Reader) -> None:
        """Hand every later batch to a reader."""
        self._readers.append(reader)
        self.idle_ticks = 0

    def detach(self, reader: Reader) -> None:
        """Hand it nothing more; one that does not read is ignored."""
        for readers in (self._readers, self._waiting):
            if reader in readers:
                readers.remove(reader)

    def end(self, reason: EndReason, detail: str = "") -> None:
        """Tell every reader that it is over."""
        readers, self._readers, self._waiting = self.readers, [], []
        self.turned.set()
        for reader in readers:
            reader.end(reason, detail)

    def new_epoch(self, detail: str = "", *, keep: bool = False) -> None:
        """Discard what was sent: readers are told to reopen, numbers begin anew; with `keep` memory stays true."""
        self.epoch += 1
        self.seq = 0
        if not keep:
            self.memory.clear()
            self.track.clear()
        self.end("epoch", detail)


def _nobody_cares(_stream: Stream, _ts: int) -> None:
    return


class Bus:
    """All open streams, by canonical key."""

    def __init__(self) -> None:
        self._streams: dict[StreamKey, Stream] = {}
        self.unread = 0

    def publish(self, batch: Batch) -> Stream | None:
        """Route a batch; one of a stream that nobody opened is counted in `unread` and dropped.

        Raises:
            StreamError: as `Stream.publish`.
        """
        stream = self._streams.get(batch.key)
        if stream is None:
            self.unread += 1
            return None
        stream.publish(batch)
        return stream

    def add(self, stream: Stream) -> Stream:
        """Open a stream; the one that is open already wins."""
        return self._streams.setdefault(stream.key, stream)

    def get(self, key: StreamKey) -> Stream | None:
        """The open stream of a key."""
        return self._streams.get(key)

    def remove(self, key: StreamKey, reason: EndReason, detail: str = "") -> Stream | None:
        """Close a stream: its readers are told why."""
        stream = self._streams.pop(key, None)
        if stream is not None:
            stream.end(reason, detail)
        return stream

    def of_run(self, run: str | None) -> list[Stream]:
        """The open streams of a run, or of live data."""
        return [stream for stream in self._streams.values() if stream.key.run == run]

    def __iter__(self) -> Iterator[Stream]:
        return iter(tuple(self._streams.values()))

    def __len__(self) -> int:
        return len(self._streams)
