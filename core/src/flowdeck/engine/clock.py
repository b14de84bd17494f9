"""Clocks: of live data, and of a run."""

from __future__ import annotations

import time
from collections.abc import Callable

from flowdeck.timeframes import SECOND_NS

__all__ = ["LiveClock", "RunClock"]


class LiveClock:
    """The wall clock, ns UTC."""

    speed = 1.0
    epoch = 0

    @property
    def now(self) -> int:
        """Wall time, ns UTC."""
        return time.time_ns()


class RunClock:
    """A run's clock: it stands until played, and at infinite speed it stands where the data does.

    Args:
        monotonic_ns: Wall time that only grows; tests bring their own.
    """

    def __init__(self, monotonic_ns: Callable[[], int] = time.monotonic_ns) -> None:
        self._monotonic_ns = monotonic_ns
        self._anchor = self._anchor_wall = 0
        self._rate = 1.0
        self._playing = False
        self.epoch = 0

    @property
    def now(self) -> int:
        """Time of the run, ns UTC."""
        if not self._playing or self._rate == float("inf"):
            return self._anchor
        return self._anchor + int((self._monotonic_ns() - self._anchor_wall) * self._rate)

    @property
    def speed(self) -> float:
        """Seconds of data per second: 0 while it stands, inf as fast as can be."""
        return self._rate if self._playing else 0.0

    @property
    def rate(self) -> float:
        """The speed that it has, or will have once played."""
        return self._rate

    @property
    def playing(self) -> bool:
        """Whether time passes."""
        return self._playing

    def set(self, now: int) -> None:
        """Stand at, or go on from, another time of the same epoch."""
        self._anchor, self._anchor_wall = now, self._monotonic_ns()

    def jump(self, now: int) -> None:
        """Go to another time, which starts a new epoch."""
        self.set(now)
        self.epoch += 1

    def play(self) -> None:
        """Let time pass."""
        self.set(self.now)
        self._playing = True

    def pause(self) -> None:
        """Stand still."""
        self.set(self.now)
        self._playing = False

    def set_rate(self, rate: float) -> None:
        """Change the speed from now on; inf is as fast as can be."""
        self.set(self.now)
        self._rate = rate

    def wall_s_until(self, ts: int) -> float:
        """Seconds of wall time until the clock shows `ts`; 0 when it does or is as fast as can be."""
        if self._rate == float("inf"):
            return 0.0
        return max(0, ts - self.now) / (self._rate * SECOND_NS)
