"""Timeframes: how long a bar lasts, by time, trades, volume or range.

Grammar: `15s`, `1m`, `4h`, `7d` are time bars; `500t` tick bars (trades), `100v` volume bars (base units),
`20r` range bars (ticks of price). The count is a positive integer without leading zeros.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Self

from flowdeck.errors import TimeframeError

__all__ = ["CHART_TIMEFRAMES", "DAY_NS", "SECOND_NS", "BarUnit", "Timeframe"]

SECOND_NS = 1_000_000_000
DAY_NS = 86_400 * SECOND_NS
_WEEK_NS = 7 * DAY_NS
_FIRST_MONDAY_NS = 4 * DAY_NS  # 1970-01-05


class BarUnit(StrEnum):
    """What fills a bar."""

    SECOND = "s"
    MINUTE = "m"
    HOUR = "h"
    DAY = "d"
    TRADES = "t"
    VOLUME = "v"
    RANGE = "r"


_UNIT_NS = {
    BarUnit.SECOND: SECOND_NS,
    BarUnit.MINUTE: 60 * SECOND_NS,
    BarUnit.HOUR: 3_600 * SECOND_NS,
    BarUnit.DAY: DAY_NS,
}
_TEXT = re.compile(r"([1-9][0-9]{0,8})([smhdtvr])")


@dataclass(frozen=True, order=True)
class Timeframe:
    """A count of one unit.

    Time bars open on UTC multiples; those that do not divide a day restart at 00:00 UTC; whole weeks open on Monday.
    """

    count: int
    unit: BarUnit

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `1m`, `500t` and the like.

        Raises:
            TimeframeError: when the text is outside the grammar, or a time bar is longer than 366 days.
        """
        match = _TEXT.fullmatch(text.strip())
        if match is None:
            raise TimeframeError(
                f"timeframe {text!r} is not a count and a unit, "
                "such as 15s, 1m, 4h, 1d, 500t (trades), 100v (volume), 20r (range)"
            )
        timeframe = cls(int(match[1]), BarUnit(match[2]))
        if timeframe.is_time and timeframe.duration_ns > 366 * DAY_NS:
            raise TimeframeError(f"timeframe {text!r} is longer than 366 days")
        return timeframe

    @property
    def is_time(self) -> bool:
        """Whether bars close by the clock rather than by what was traded."""
        return self.unit in _UNIT_NS

    @property
    def duration_ns(self) -> int:
        """Length of a time bar in ns.

        Raises:
            TimeframeError: for a bar that does not close by time.
        """
        if not self.is_time:
            raise TimeframeError(f"{self} bars have no fixed duration")
        return self.count * _UNIT_NS[self.unit]

    @property
    def bars_per_day(self) -> int | None:
        """Bars in a day where bars restart at 00:00 UTC because the duration does not divide a day, else None."""
        if self.duration_ns >= DAY_NS or DAY_NS % self.duration_ns == 0:
            return None
        return -(-DAY_NS // self.duration_ns)

    @property
    def anchor_ns(self) -> int:
        """Where multiples of the duration are counted from: the epoch, or its first Monday for whole weeks."""
        return _FIRST_MONDAY_NS if self.is_time and self.duration_ns % _WEEK_NS == 0 else 0

    def index(self, ts: int) -> int:
        """Index of the bar that holds the time `ts` (ns UTC)."""
        per_day, duration = self.bars_per_day, self.duration_ns
        if per_day is None:
            return (ts - self.anchor_ns) // duration
        day, within = divmod(ts, DAY_NS)
        return (day << 24) + within // duration

    def open_ns(self, index: int) -> int:
        """Open time (ns UTC) of the bar with this index; the inverse of `index`."""
        if self.bars_per_day is None:
            return index * self.duration_ns + self.anchor_ns
        return (index >> 24) * DAY_NS + (index & 0xFFFFFF) * self.duration_ns

    def close_ns(self, index: int) -> int:
        """Time at which the bar with this index ends (exclusive)."""
        opened = self.open_ns(index)
        if self.bars_per_day is None:
            return opened + self.duration_ns
        return min(opened + self.duration_ns, (index >> 24) * DAY_NS + DAY_NS)

    def divides(self, other: Timeframe) -> bool:
        """Whether every bar of `other` is a whole number of these bars, so that one rolls up into the other."""
        if not (self.is_time and other.is_time):
            return False
        if self == other:
            return True
        if self.bars_per_day is not None:
            return other.duration_ns % DAY_NS == 0
        if other.bars_per_day is not None or other.anchor_ns != self.anchor_ns:
            return DAY_NS % self.duration_ns == 0 and other.duration_ns % self.duration_ns == 0
        return other.duration_ns % self.duration_ns == 0

    def __str__(self) -> str:
        return f"{self.count}{self.unit}"


CHART_TIMEFRAMES = tuple(Timeframe.parse(text) for text in ("15s", "1m", "5m", "15m", "1h", "4h", "1d"))
"""What the chart's switch offers; any other timeframe is typed."""
