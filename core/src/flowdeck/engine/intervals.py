"""Arithmetic of half-open time intervals, as coverage and history need it."""

from __future__ import annotations

from collections.abc import Iterable

from flowdeck.series import merge_intervals

__all__ = ["FOREVER", "Interval", "Intervals", "clip", "complement", "intersect", "merge_intervals"]

Interval = tuple[int, int]
Intervals = tuple[Interval, ...]

FOREVER: Interval = (-(2**63), 2**63 - 1)
"""All of time, ns UTC."""


def clip(intervals: Iterable[Interval], start: int | None, stop: int | None) -> Intervals:
    """The parts of ascending intervals that lie in [start, stop); None is unbounded."""
    low = FOREVER[0] if start is None else start
    high = FOREVER[1] if stop is None else stop
    return tuple((max(a, low), min(b, high)) for a, b in intervals if max(a, low) < min(b, high))


def complement(intervals: Iterable[Interval], within: Interval = FOREVER) -> Intervals:
    """The gaps that ascending, disjoint intervals leave in `within`."""
    gaps, at = [], within[0]
    for start, stop in clip(intervals, *within):
        if start > at:
            gaps.append((at, start))
        at = stop
    return (*gaps, (at, within[1])) if at < within[1] else tuple(gaps)


def intersect(several: Iterable[Intervals]) -> Intervals:
    """What lies in every one of several ascending sets of intervals; nothing for none."""
    result: Intervals | None = None
    for intervals in several:
        if result is None:
            result = intervals
        else:
            result = tuple(part for start, stop in result for part in clip(intervals, start, stop))
    return result or ()
