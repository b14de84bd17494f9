"""One run: a capture, its replay, and what its streams are called."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from flowdeck.captures import CaptureReader, open_capture
from flowdeck.engine.book import InstrumentBook
from flowdeck.engine.bus import Bus
from flowdeck.engine.clock import RunClock
from flowdeck.engine.events import Events
from flowdeck.engine.feed import CaptureFeed
from flowdeck.engine.info import RunInfo
from flowdeck.engine.pipeline import Pipeline
from flowdeck.engine.replay import Replay
from flowdeck.engine.subscription import Subscription
from flowdeck.engine.supervisor import Wait
from flowdeck.errors import CaptureError, StreamError
from flowdeck.instruments import Instrument
from flowdeck.kinds import Mode
from flowdeck.plugins.info import Registered
from flowdeck.plugins.manager import PluginManager
from flowdeck.specs import SourceSpec
from flowdeck.streams import Batch, StreamKey

__all__ = ["Probe", "Run", "RunShop", "probe"]

_PROBE_LINES = 5_000
T = TypeVar("T")


@dataclass(frozen=True)
class Probe:
    """What the opening frames of a capture tell.

    Attributes:
        registered: The source that reads it.
        venue: Where it was recorded.
        keys: Streams seen.
        instruments: Instruments seen.
        start_ns: Receipt of the first frame, ns UTC.
    """

    registered: Registered[SourceSpec]
    venue: str
    keys: frozenset[StreamKey]
    instruments: tuple[Instrument, ...]
    start_ns: int


def probe(path: Path, registered: Registered[SourceSpec], run: str) -> Probe | CaptureError:
    """Read the beginning of a capture with one source's parser; why that cannot read it, otherwise."""
    try:
        opened = open_capture(path, [registered], run=run)
        feed = CaptureFeed(opened, frozenset()).begin()
    except CaptureError as error:
        return error
    start_ns = feed.next_ts or 0
    slice_ = feed.advance(None, _PROBE_LINES)
    keys = frozenset(key for part in slice_.parts for key, _ in part.rows)
    return Probe(registered, opened.venue, keys, slice_.instruments, start_ns)


def check_file(path: Path) -> None:
    """Raise CaptureError for a file that no source could read."""
    CaptureReader(path)


@dataclass(frozen=True)
class RunShop:
    """What all runs share."""

    manager: PluginManager
    bus: Bus
    book: InstrumentBook
    events: Events
    pipeline: Callable[[], Pipeline]
    wait: Wait
    monotonic_ns: Callable[[], int]


class Run:
    """A replay with its place in the engine; the `ReplayHost` of its `replay`."""

    def __init__(self, run: str, path: Path, probed: Probe, shop: RunShop) -> None:
        self.id, self.plugin, self.suspended = run, probed.registered.plugin, False
        self._spec, self._venue, self._shop = probed.registered.spec, probed.venue, shop
        self._names: dict[tuple[str, object], StreamKey] = {}
        self._said: tuple[object, ...] = ()
        for key in probed.keys:
            self._names.setdefault((key.kind, key.instrument), key)

        def open_feed(wanted: frozenset[str]) -> CaptureFeed:
            return CaptureFeed(open_capture(path, [probed.registered], wanted=wanted, run=run), wanted)

        clock = RunClock(shop.monotonic_ns)
        self.replay = Replay(path, open_feed, self, clock, shop.wait, self._room, self._guarded, probed.instruments)
        self.replay.start_ns = probed.start_ns
        clock.set(probed.start_ns)
        self.stated(probed.instruments)

    @property
    def info(self) -> RunInfo:
        """It as users see it."""
        return self.replay.info(self.id)

    def provides(self, key: StreamKey) -> bool:
        """Whether a key's kind and venue are those of the capture."""
        return key.kind in self._spec.provides and key.instrument.venue == self._venue

    def alias(self, key: StreamKey) -> StreamKey:
        """The key under which the capture holds what is asked for.

        Raises:
            StreamError: when it holds the stream under other parameters.
        """
        known = self._names.get((key.kind, key.instrument))
        if known is None or known == key:
            return key
        if key.params:
            raise StreamError(f"{key}: run {self.id} holds {known}, leave the parameters out to get it")
        return known

    def publish(self, batch: Batch) -> None:
        """Hand a batch to the bus."""
        with self._shop.manager.guard(self.plugin, "parser"):
            self._shop.bus.publish(batch)

    def found(self, key: StreamKey) -> None:
        """The capture turns out to hold a stream under this key: what was opened under its plain name starts over."""
        if self._names.setdefault((key.kind, key.instrument), key) != key:
            return
        plain = self._shop.bus.get(StreamKey(key.kind, key.instrument, (), self.id))
        self._shop.pipeline().providers_changed()
        if plain is not None:
            self._shop.pipeline().close(plain, "epoch", f"the capture holds {key}")

    def lost(self, keys: Iterable[StreamKey]) -> None:
        """Frames are missing behind what was published of these streams."""
        for key in keys:
            stream = self._shop.bus.get(key)
            if stream is not None:
                stream.down()

    def stated(self, instruments: tuple[Instrument, ...]) -> None:
        """The instruments known by now."""
        for instrument in instruments:
            self._shop.book.state(instrument, self.id)

    def caught_up(self, keys: Iterable[StreamKey]) -> None:
        """All that was read so far of these streams is published."""
        for key in keys:
            stream = self._shop.bus.get(key)
            if stream is not None and not stream.ready:
                stream.become_ready()

    def discard(self, *, keep: bool) -> None:
        """A new epoch of all streams."""
        for stream in self._shop.bus.of_run(self.id):
            if not stream.inputs:
                stream.new_epoch("the run went to another time", keep=keep)

    def changed(self) -> None:
        """Tell of a new state, speed or epoch; counts alone are told once a second."""
        info = self.info
        said = (info.state, info.speed, info.epoch, info.reason, info.stop_ns, info.instruments)
        if said != self._said:
            self._said = said
            self.tell()

    def tell(self) -> None:
        """Tell of the run and its clock as they are now."""
        info = self.info
        self._shop.events.emit("run", info.to_dict())
        clock = self.replay.clock
        speed = None if clock.speed == float("inf") else clock.speed
        self._shop.events.emit("clock", {"run": self.id, "now": clock.now, "speed": speed, "epoch": clock.epoch})

    def _room(self) -> asyncio.Event | None:
        """What a run at full speed waits for: a reader that is full, or an aggregator that is still being made."""
        for stream in self._shop.bus.of_run(self.id):
            if stream.building and self._shop.book.get(stream.key.instrument, self.id) is not None:
                stream.turned.clear()
                return stream.turned
            if stream.kind.mode is Mode.APPEND:
                for reader in stream.readers:
                    if isinstance(reader, Subscription) and not reader.has_room.is_set():
                        return reader.has_room
        return None

    async def _guarded(self, work: Awaitable[T]) -> T | None:
        with self._shop.manager.guard(self.plugin, "parser"):
            return await work
        self.replay.fail(f"plugin {self.plugin} failed on the capture")
        return None
