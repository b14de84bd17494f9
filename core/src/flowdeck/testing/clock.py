"""A clock that moves when told to."""

from __future__ import annotations

from flowdeck.timeframes import SECOND_NS

__all__ = ["FakeClock"]


class FakeClock:
    """A `specs.Clock` under the test's control.

    Args:
        now: Time at the start, ns UTC.
        speed: What it says of its speed.
    """

    def __init__(self, now: int = 1_700_000_000 * SECOND_NS, speed: float = 1.0) -> None:
        self.now = now
        self.speed = speed
        self.epoch = 0

    def advance(self, seconds: float) -> int:
        """Move on; the new time."""
        self.now += round(seconds * SECOND_NS)
        return self.now

    def seek(self, ts: int) -> None:
        """Jump to a time, which starts a new epoch."""
        self.now, self.epoch = ts, self.epoch + 1
