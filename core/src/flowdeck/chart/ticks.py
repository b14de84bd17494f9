"""Where axes carry labels, and what these say."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache
from math import ceil, floor, log10
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from flowdeck.timeframes import DAY_NS, SECOND_NS, Timeframe

__all__ = ["TimeTick", "clock", "day_name", "figure", "time_ticks", "value_step", "value_ticks"]

_MINUTE: Final = 60 * SECOND_NS
_HOUR: Final = 3_600 * SECOND_NS
_STEPS_NS: Final = (
    *(n * SECOND_NS for n in (1, 2, 5, 10, 15, 30)),
    *(n * _MINUTE for n in (1, 2, 5, 10, 15, 30)),
    *(n * _HOUR for n in (1, 2, 4, 6, 12)),
    *(n * DAY_NS for n in (1, 2, 7, 14)),
)
_MONTHS: Final = (1, 3, 6, 12, 60, 120, 600, 1_200)
_MONTH_NS: Final = 30 * DAY_NS
_SHORT_MONTH: Final = 0.85  # of the mean one, with what long bars shift
_END_NS: Final = 2**63 - 1
_NAMES: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
"""Not strftime's: those depend on the locale, which a toolkit may set."""


class TimeTick(NamedTuple):
    """A label of the time axis.

    Attributes:
        open_ns: When the bar that it names opens, ns UTC.
        middle_ns: The middle of that bar.
        text: What it says.
        major: Whether a larger unit of time begins with it.
    """

    open_ns: int
    middle_ns: int
    text: str
    major: bool


def figure(value: float, decimals: int, *, signed: bool = False) -> str:
    """A figure with commas between thousands and U+2212 for minus; zero has no sign."""
    text = f"{abs(value):,.{decimals}f}"
    if not text.strip("0.,"):
        return text
    return ("\u2212" if value < 0 else "+" if signed else "") + text


def clock(ts: int, *, seconds: bool = True, date: bool = False) -> str:
    """A time (ns UTC) as `23:58:30` or `8 Aug 23:58:30`."""
    moment = datetime.fromtimestamp(ts // SECOND_NS, UTC)
    text = moment.strftime("%H:%M:%S" if seconds else "%H:%M")
    return f"{day_name(ts)} {text}" if date else text


def day_name(ts: int) -> str:
    """The day of a time (ns UTC) as `8 Aug`."""
    moment = datetime.fromtimestamp(ts // SECOND_NS, UTC)
    return f"{moment.day} {_NAMES[moment.month - 1]}"


def value_step(per_px: float, gap_px: float, unit: float = 0.0) -> float:
    """The smallest of 1, 2, 5 times a power of ten whose labels stand `gap_px` apart, in whole `unit`s if given."""
    wanted = max(per_px * gap_px, unit, 1e-12)
    scale = unit or 1.0
    power = 10.0 ** floor(log10(wanted / scale))
    step = next(n for n in (1.0, 2.0, 5.0, 10.0) if n * power * scale >= wanted * (1 - 1e-9))
    return step * power * scale


def value_ticks(y0: float, y1: float, step: float) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.bool_]]:
    """Multiples of `step` within [y0, y1], and which of them are multiples of the next larger round step."""
    index = np.arange(ceil(y0 / step - 1e-9), floor(y1 / step + 1e-9) + 1, dtype=np.int64)
    leading = step / 10.0 ** floor(log10(step) + 1e-9)
    larger = 2 if round(leading) == 5 else 5
    values: npt.NDArray[np.float64] = index.astype(np.float64) * step
    major: npt.NDArray[np.bool_] = index % larger == 0
    return values, major


def time_ticks(timeframe: Timeframe, start_ns: int, stop_ns: int, ns_per_px: float, gap_px: float) -> list[TimeTick]:
    """Labels of bars that are at least partly in [start, stop), at least `gap_px` apart."""
    smallest, bar = ns_per_px * gap_px, timeframe.duration_ns
    start_ns, stop_ns = max(start_ns - bar + 1, 0), min(stop_ns, _END_NS)
    if smallest > _STEPS_NS[-1]:
        return _months(timeframe, start_ns, stop_ns, smallest)
    regular = timeframe.bars_per_day is None and bar <= DAY_NS
    step = next((step for step in _STEPS_NS if step >= smallest and step % bar == 0), None) if regular else None
    if step is None:
        return _counted(timeframe, start_ns, stop_ns, smallest)
    return [_tick(timeframe, ts, step) for ts in range(-(-start_ns // step) * step, stop_ns, step)]


def _counted(timeframe: Timeframe, start_ns: int, stop_ns: int, smallest: float) -> list[TimeTick]:
    """Every n-th bar, counted from the day's first where bars restart with the day."""
    ladder = (n * 10**power for power in range(9) for n in (1, 2, 5))
    every = next(n for n in ladder if n * timeframe.duration_ns >= smallest)
    step = min(every * timeframe.duration_ns, _STEPS_NS[-1])
    ticks, index = [], timeframe.index(start_ns)
    while (opened := timeframe.open_ns(index)) < stop_ns:
        within = index & 0xFFFFFF if timeframe.bars_per_day is not None else index
        if opened >= start_ns and within % every == 0:
            ticks.append(_tick(timeframe, opened, step))
        index = timeframe.index(timeframe.close_ns(index))
    return _apart(ticks, smallest)


def _apart(ticks: list[TimeTick], smallest: float) -> list[TimeTick]:
    """Of labels that stand too close (the last of a day and the first of the next) the later one."""
    following = [*(tick.open_ns for tick in ticks[1:]), None]
    return [
        tick for tick, after in zip(ticks, following, strict=True) if after is None or after - tick.open_ns >= smallest
    ]


@lru_cache(maxsize=4096)
def _tick(timeframe: Timeframe, ts: int, step: int) -> TimeTick:
    """The label of the bar that opens at `ts`, among labels `step` apart."""
    words, major = _words(ts, step)
    return TimeTick(ts, (ts + timeframe.close_ns(timeframe.index(ts))) // 2, words, major)


def _words(ts: int, step: int) -> tuple[str, bool]:
    moment = datetime.fromtimestamp(ts // SECOND_NS, UTC)
    if ts % DAY_NS == 0:
        if step >= DAY_NS and moment.day == 1:
            return (_NAMES[moment.month - 1] if moment.month > 1 else str(moment.year)), True
        return day_name(ts), step < DAY_NS
    if step < _MINUTE:
        return f"{moment:%H:%M:%S}", ts % _MINUTE == 0
    return f"{moment:%H:%M}", step < _HOUR and ts % _HOUR == 0


def _months(timeframe: Timeframe, start_ns: int, stop_ns: int, smallest: float) -> list[TimeTick]:
    """The bar that holds the first day of a month, every so many months."""
    every = next((n for n in _MONTHS if n * _MONTH_NS >= smallest), _MONTHS[-1])
    moment = datetime.fromtimestamp(start_ns // SECOND_NS, UTC)
    month = moment.year * 12 + moment.month - 1
    month -= month % every
    ticks = []
    while (first := _month_ns(month)) < stop_ns:
        index = timeframe.index(first)
        opened = timeframe.open_ns(index)
        if opened >= start_ns:
            words = str(month // 12) if month % 12 == 0 else _NAMES[month % 12]
            ticks.append(TimeTick(opened, (opened + timeframe.close_ns(index)) // 2, words, month % 12 == 0))
        month += every
    return _apart(ticks, smallest * _SHORT_MONTH)


def _month_ns(month: int) -> int:
    return int(datetime(month // 12, month % 12 + 1, 1, tzinfo=UTC).timestamp()) * SECOND_NS
