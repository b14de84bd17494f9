"""The roles that touch streams away from the screen: sources, aggregators, stores."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, Protocol, Self

from pydantic import BaseModel

from flowdeck.instruments import Instrument, InstrumentId
from flowdeck.kinds import Kinds
from flowdeck.specs.plugin import Clock, Logger, PluginContext
from flowdeck.streams import Batch, Rows, StreamKey, StreamRequest

__all__ = [
    "Aggregator",
    "AggregatorContext",
    "Coverage",
    "FeedState",
    "FrameParser",
    "KeySet",
    "Publish",
    "Retention",
    "Source",
    "SourceContext",
    "SourceStatus",
    "Store",
    "StoreContext",
    "Usage",
]

Publish = Callable[[Batch], None]
"""Hands a batch to the bus, which numbers it. A source calls it from the event loop's thread; it never blocks."""


class FeedState(StrEnum):
    """What a source says of one of its feeds."""

    CONNECTING = "connecting"
    LIVE = "live"
    STALE = "stale"
    DISCONNECTED = "disconnected"


@dataclass(frozen=True)
class SourceStatus:
    """One feed of a source, as the status bar and `flowdeck data list` show it.

    Attributes:
        source: Id of the source's spec.
        venue: Venue of the feed.
        state: What it does.
        reason: Why, one line; empty when live.
        since: Since when, ns UTC.
        retry_at: When the next try is due, ns UTC; 0 when none is.
        latency_ns: Receipt minus exchange time of the newest frame; negative where the clocks differ.
    """

    source: str
    venue: str
    state: FeedState
    reason: str = ""
    since: int = 0
    retry_at: int = 0
    latency_ns: int = 0


class KeySet(Protocol):
    """The root streams that somebody reads now."""

    def current(self) -> frozenset[StreamKey]:
        """The keys wanted now, of this source's venues."""
        ...

    async def changed(self) -> frozenset[StreamKey]:
        """Wait until the keys differ from the last answer of `current` or `changed`, and return them."""
        ...


class SourceContext(PluginContext, Protocol):
    """A source's hands."""

    def status(self, status: SourceStatus) -> None:
        """Tell users what a feed does."""
        ...

    def instrument(self, instrument: Instrument) -> None:
        """State an instrument, or its change: a change of a step starts a new epoch of its derived streams."""
        ...

    def kick(self) -> AsyncIterator[None]:
        """Yields whenever a user asks to try again now (`run` may wait on it between tries)."""
        ...


class Source(Protocol):
    """Produces root streams."""

    def instruments(self) -> AsyncIterator[Instrument]:
        """Every instrument of its venues that can be opened."""
        ...

    async def run(self, keys: KeySet, publish: Publish, context: SourceContext) -> None:
        """Publish the wanted keys until cancelled; raising restarts it with backoff."""
        ...


class FrameParser(Protocol):
    """Turns recorded or received frames of one source into rows. Stateful; one instance a connection or capture."""

    skipped: Counter[str]
    """Frames that were good but not used, by reason (unknown stream, unused field value)."""

    @classmethod
    def recognises(cls, frame: bytes) -> str | None:
        """The venue that a frame comes from, or None when it is not this source's."""
        ...

    def __init__(self, venue: str, wanted: frozenset[str] | None = None, run: str | None = None) -> None:
        """Parse for `venue`, only the kinds in `wanted` (None: all), into keys of `run`."""
        ...

    def adopt(self, scout: Self) -> None:
        """Take over what another parser learned from a capture's opening frames, before the first is fed here.

        That is what must not change between rows: which feed of trades is used, and steps inferred from prices.
        """
        ...

    def feed(self, recv_ts: int, frame: bytes) -> None:
        """Parse one frame, stamped `recv_ts` (ns UTC).

        Raises:
            FrameError: when the frame is damaged or holds an impossible value; nothing of it is kept.
            HeldFrame: when only later frames can tell, and when one that was held turns out damaged.
        """
        ...

    def control(self, recv_ts: int, record: dict[str, Any]) -> None:
        """Take a capture's control record (what stands under `flowdeck`): disconnects, REST replies.

        The reader adds `{"event": "end"}` behind the last line: what is held back is to be decided now.
        """
        ...

    def drain(self) -> Iterable[tuple[StreamKey, Rows]]:
        """The rows collected since the last call, per key in the order of first receipt; clears them."""
        ...

    def instruments(self) -> Sequence[Instrument]:
        """The instruments seen so far: stated by exchangeInfo, else provisional, inferred from prices."""
        ...


class AggregatorContext(Protocol):
    """What one aggregator instance works for."""

    @property
    def instrument(self) -> Instrument: ...

    @property
    def run(self) -> str | None: ...

    @property
    def clock(self) -> Clock:
        """The clock of the run, or the live one."""
        ...

    @property
    def settings(self) -> BaseModel | None:
        """The plugin's settings as they stand now."""
        ...

    @property
    def kinds(self) -> Kinds: ...

    @property
    def log(self) -> Logger: ...


class Aggregator(Protocol):
    """Derives a stream from streams: one instance per instrument and run; one pass over the input serves all params.

    The engine may build further instances to work out history; instances share nothing.
    """

    def add(self, params: BaseModel) -> None:
        """Begin to derive for these parameters, from the next batch on."""
        ...

    def remove(self, params: BaseModel) -> None:
        """Stop deriving for these parameters and forget their state."""
        ...

    def process(self, batch: Batch) -> Iterable[Batch]:
        """Take one input batch; yield what changed, one batch a key (upsert rows absolute), seq 0."""
        ...

    def current(self, params: BaseModel) -> Batch:
        """The open state for these parameters: the rows of the bars that may still change."""
        ...

    def derives_from(self, params: BaseModel) -> BaseModel | None:
        """Finer parameters that these can be rolled up from exactly, or None.

        Where a store holds the finer stream, history is made by handing its batches (this aggregator's own kind,
        finer key, closed bars, oldest first) to `process` of an instance of its own.
        """
        ...


@dataclass(frozen=True)
class Coverage:
    """What a store can vouch for: per key, half-open intervals of `ts` that are on disk."""

    intervals: dict[StreamKey, tuple[tuple[int, int], ...]]


@dataclass(frozen=True)
class Usage:
    """What a store holds.

    Attributes:
        size_bytes: Bytes on disk, or in memory for a store without files.
        rows: Rows held.
        oldest: `ts` of the oldest row, ns UTC; 0 when empty.
        newest: `ts` of the newest row, ns UTC; 0 when empty.
        path: Where it lies; empty for memory.
    """

    size_bytes: int = 0
    rows: int = 0
    oldest: int = 0
    newest: int = 0
    path: str = ""


@dataclass(frozen=True)
class Retention:
    """How much a store keeps; None is without limit. The newest is always kept."""

    days: float | None = None
    size_bytes: int | None = None


class StoreContext(PluginContext, Protocol):
    """A store's hands."""

    @property
    def data(self) -> Path:
        """The data folder, locked by this process."""
        ...

    def instrument(self, instrument: InstrumentId) -> Instrument:
        """The instrument whose steps a new segment pins."""
        ...


class Store(Protocol):
    """Remembers a stream and answers for its past. All methods run on the store's writer thread, `read` may not."""

    def append(self, batch: Batch) -> None:
        """Take a live batch."""
        ...

    def flush(self) -> Coverage:
        """Make everything appended so far durable, and say what is covered."""
        ...

    def read(self, request: StreamRequest) -> Iterator[Batch]:
        """History in the request's order, each batch with `covered`; nothing for what is not held. Any thread."""
        ...

    def usage(self) -> Usage:
        """What is held."""
        ...

    def prune(self, policy: Retention) -> Usage:
        """Delete the oldest beyond the policy; what is held afterwards."""
        ...

    def delete_run(self, run: str) -> Usage:
        """Delete everything of a run; what is held afterwards."""
        ...
