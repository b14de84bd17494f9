"""Binance's times: milliseconds, or microseconds where the client asked for them."""

from __future__ import annotations

from flowdeck.errors import FrameError

__all__ = ["to_ns"]

_MS = 10**12, 9 * 10**12  # 2001 to 2255
_US = 10**15, 9 * 10**15


def to_ns(time: int) -> int:
    """A time of a payload in ns UTC, its unit told by magnitude.

    Raises:
        FrameError: when it is a time in neither unit.
    """
    if _MS[0] <= time < _MS[1]:
        return time * 1_000_000
    if _US[0] <= time < _US[1]:
        return time * 1_000
    raise FrameError(f"time {time} is neither ms nor µs of this age")
