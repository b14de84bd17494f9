"""What the engine says of itself: runs, held streams. Plain values, fit for JSON and msgpack."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from flowdeck.streams import StreamKey

__all__ = ["HeldStream", "RunInfo", "RunState"]

RunState = Literal["loading", "playing", "paused", "finished", "failed"]


@dataclass(frozen=True)
class RunInfo:
    """One run as users see it.

    Attributes:
        id: What keys carry as `run`.
        title: Name of the capture.
        state: `loading` while it reads faster than its clock (start, seek, a kind that was opened later).
        start_ns: Receipt of the first frame, ns UTC; 0 until it is known.
        stop_ns: Receipt of the last frame, ns UTC; 0 until the capture was read to its end.
        now_ns: The run's clock, ns UTC.
        speed: Seconds of data per second; inf as fast as can be.
        epoch: Grows on every seek.
        instruments: Instruments seen so far, as `Instrument.to_dict` writes them.
        frames: Frames read since the start of the capture.
        skipped: Frames that were good but not used, by reason.
        problems: Damaged lines, each `file:line: reason`; the first thousand.
        problem_count: How many lines were damaged in all.
        reason: Why it failed; empty otherwise.
    """

    id: str
    title: str
    state: RunState
    start_ns: int = 0
    stop_ns: int = 0
    now_ns: int = 0
    speed: float = 1.0
    epoch: int = 0
    instruments: tuple[Mapping[str, Any], ...] = ()
    frames: int = 0
    skipped: Mapping[str, int] = field(default_factory=dict)
    problems: tuple[str, ...] = ()
    problem_count: int = 0
    reason: str = ""

    def to_dict(self) -> dict[str, Any]:
        """A form fit for JSON and msgpack; an infinite speed is written as None."""
        speed = None if self.speed == float("inf") else self.speed
        return {**asdict(self), "speed": speed}


@dataclass(frozen=True)
class HeldStream:
    """One stream that the engine holds, in memory or in a store: a line of `flowdeck data list`.

    Attributes:
        key: The stream.
        where: `memory`, or the id of the store.
        rows: Rows held.
        size_bytes: Bytes held.
        oldest: `ts` of the oldest row, ns UTC; 0 when empty.
        newest: `ts` of the newest row, ns UTC; 0 when empty.
        readers: Open subscriptions.
        covered: What is complete, half-open intervals of ns UTC.
    """

    key: StreamKey | None
    where: str
    rows: int
    size_bytes: int
    oldest: int = 0
    newest: int = 0
    readers: int = 0
    covered: tuple[tuple[int, int], ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """A form fit for JSON and msgpack."""
        return {**asdict(self), "key": str(self.key) if self.key else None, "covered": [list(i) for i in self.covered]}
