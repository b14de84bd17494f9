"""The head of an aggregation: what kernel and caller tell each other, and which bar each slot stands in.

One int64 array, shape (1 + slots, HEAD_FIELDS). Row 0 is the control; each further row is a slot, which is one
parameter set. A slot remembers its bar, so that a trade costs two comparisons until one of the bars ends.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from flowdeck.compiling import helper
from flowdeck.timeframes import DAY_NS, Timeframe

__all__ = [
    "BEGIN",
    "COUNT",
    "DAMAGED",
    "DIRTY",
    "END",
    "GROUPING",
    "HASH",
    "HEAD_FIELDS",
    "HIGHEST",
    "HORIZON",
    "INDEX",
    "LARGEST_STEP",
    "LATE",
    "LATE_FROM",
    "LOW",
    "LOWEST",
    "NEWEST",
    "PAGES",
    "REFUSED",
    "ROWS",
    "START",
    "STOP",
    "USED",
    "empty_head",
    "enter",
    "refused",
]

Ints = npt.NDArray[np.int64]

HEAD_FIELDS: Final = 14

HORIZON, LATE, LATE_FROM, DAMAGED, NEWEST, USED, ROWS, BEGIN, DIRTY, PAGES, LOWEST, HIGHEST, REFUSED, HASH = range(14)
"""Of the control. HORIZON: trades before this time are refused, for their bars are forgotten. LATE, LATE_FROM: how
many were, and the time of the oldest. DAMAGED: trades with an impossible price, size or time. NEWEST: time of the last
trade taken. USED: rows written to the output. ROWS: cells or bars that changed in this call. BEGIN: rows written before
this call. DIRTY: pages that changed in this call. PAGES: pages in use. LOWEST, HIGHEST: ticks touched in the window.
REFUSED: LATE and DAMAGED together. HASH: mask of places in the hash table."""

DURATION, RESTARTS, ANCHOR, GROUPING, INDEX, START, STOP, END, COUNT, LOW = range(10)
"""Of a slot. The timeframe and its price row in ticks; index, open and close of the bar that it stands in; END: where
its rows end in the output (in the column of BEGIN, so that one read tells the caller all); COUNT: bars held; LOW:
the lowest position of a bar that changed in this call."""

LARGEST_STEP: Final = 2.0**53
"""Prices and sizes beyond this many steps are not exact; kernels refuse them."""

_FAR = 2**62


def empty_head(slots: Sequence[tuple[Timeframe, int]]) -> Ints:
    """A head for (timeframe, grouping) pairs that has seen nothing yet."""
    head = np.zeros((1 + len(slots), HEAD_FIELDS), np.int64)
    head[0, HORIZON] = head[0, NEWEST] = -_FAR
    for row, (timeframe, grouping) in zip(head[1:], slots, strict=True):
        restarts = timeframe.bars_per_day is not None
        row[:INDEX] = timeframe.duration_ns, restarts, timeframe.anchor_ns, grouping
    return head


@helper
def refused(head: Ints, ts: int) -> bool:
    """Whether a time is impossible or its bars are forgotten; counts it when so."""
    if 0 <= ts < _FAR and ts >= head[0, HORIZON]:
        return False
    head[0, REFUSED] += 1
    if ts < 0 or ts >= _FAR:
        head[0, DAMAGED] += 1
        return True
    if head[0, LATE] == 0 or ts < head[0, LATE_FROM]:
        head[0, LATE_FROM] = ts
    head[0, LATE] += 1
    return True


@helper
def enter(head: Ints, ts: int) -> tuple[int, int]:
    """Move every slot to its bar at `ts` (ns UTC); the half-open interval in which none of them changes bar."""
    begin, end = -_FAR, _FAR
    for s in range(1, len(head)):
        if ts < head[s, START] or ts >= head[s, STOP]:
            _move(head, s, ts)
        begin = max(begin, head[s, START])
        end = min(end, head[s, STOP])
    return begin, end


@helper
def _move(head: Ints, s: int, ts: int) -> None:
    """The twin of `Timeframe.index`, `open_ns` and `close_ns`."""
    duration = head[s, DURATION]
    if head[s, RESTARTS]:
        day = ts // DAY_NS
        within = (ts - day * DAY_NS) // duration
        head[s, INDEX] = (day << 24) + within
        head[s, START] = day * DAY_NS + within * duration
        head[s, STOP] = min(head[s, START] + duration, (day + 1) * DAY_NS)
    else:
        index = (ts - head[s, ANCHOR]) // duration
        head[s, INDEX] = index
        head[s, START] = index * duration + head[s, ANCHOR]
        head[s, STOP] = head[s, START] + duration
