"""What the engine must know of bars: where they begin and end, and which of them touch a gap."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import numpy.typing as npt

from flowdeck.engine.intervals import FOREVER, Intervals
from flowdeck.kinds import BarFlags
from flowdeck.streams import Rows, StreamKey
from flowdeck.timeframes import DAY_NS, Timeframe

__all__ = ["bar_ceil", "bar_floor", "marked_incomplete"]

_EDGE = 2**62  # beyond any time of a market; arithmetic on such bounds could overflow


def bar_floor(key: StreamKey, ts: int) -> int:
    """Open of the bar of `key` that holds `ts` (ns UTC); of the day for bars that restart with it; else `ts`."""
    timeframe = _timeframe(key)
    if timeframe is None or abs(ts) >= _EDGE:
        return ts
    return timeframe.open_ns(timeframe.index(ts)) if timeframe.is_time else ts - ts % DAY_NS


def bar_ceil(key: StreamKey, ts: int) -> int:
    """The first time from `ts` on (ns UTC) at which a bar of `key` opens."""
    opened, timeframe = bar_floor(key, ts), _timeframe(key)
    if opened == ts or timeframe is None:
        return ts
    return timeframe.close_ns(timeframe.index(ts)) if timeframe.is_time else opened + DAY_NS


def marked_incomplete(key: StreamKey, rows: Rows, gaps: Intervals) -> Rows:
    """The rows with INCOMPLETE set exactly on the bars that touch a gap: the same array when nothing changes.

    Args:
        key: The stream; only `bars` carry the flag.
        rows: Rows of its kind, ascending in `ts`.
        gaps: Ascending half-open intervals of ns UTC.
    """
    if key.kind != "bars" or not len(rows):
        return rows
    marks = rows["flags"] & np.uint8(BarFlags.INCOMPLETE)
    if (not gaps or gaps[-1][1] <= rows["ts"][0]) and not marks.any():
        return rows
    touched = _touched(rows["ts"], _ends(key, rows["ts"]), gaps)
    flags = rows["flags"] & ~np.uint8(BarFlags.INCOMPLETE) | touched * np.uint8(BarFlags.INCOMPLETE)
    if np.array_equal(flags, rows["flags"]):
        return rows
    marked = rows.copy()
    marked["flags"] = flags
    return marked


def _touched(opens: npt.NDArray[np.int64], ends: npt.NDArray[np.int64], gaps: Intervals) -> npt.NDArray[np.bool_]:
    touched = np.zeros(len(opens), np.bool_)
    first = int(opens[0])
    for start, stop in reversed(gaps):
        if stop <= first:
            break
        touched |= (opens < stop) & (ends > start)
    return touched


def _ends(key: StreamKey, opens: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    timeframe = _timeframe(key)
    if timeframe is not None and timeframe.is_time:
        day = opens - opens % DAY_NS + DAY_NS if timeframe.bars_per_day is not None else FOREVER[1]
        return np.minimum(opens + timeframe.duration_ns, day)
    return np.append(opens[1:], FOREVER[1])


@lru_cache(maxsize=256)
def _timeframe(key: StreamKey) -> Timeframe | None:
    text = key.param("timeframe")
    return None if text is None else Timeframe.parse(text)
