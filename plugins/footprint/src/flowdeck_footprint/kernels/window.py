"""A window of ticks: where the trades of one run of time are summed before any bar sees them."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from flowdeck.orderflow.compiling import helper
from flowdeck.streams import Rows
from flowdeck_footprint.kernels.head import DAMAGED, LARGEST_STEP, NEWEST, REFUSED, TOUCHED

__all__ = [
    "ROW",
    "SCRATCH_SHAPE",
    "WINDOW",
    "base_tick",
    "clear",
    "fold_cells",
    "fold_trades",
    "regroup",
    "sort_touched",
]

Ints = npt.NDArray[np.int64]

WINDOW: Final = 1024
SCRATCH_SHAPE: Final = (2, WINDOW, 6)
"""The window, and the entries: rows with the sums of their ticks."""

BID, ASK, BID_TRADES, ASK_TRADES, SEEN, TICKS = range(6)
"""Of a tick in the window: its sums, whether it was touched; TICKS is a column used as the list of those that were."""
ROW: Final = 4
"""Of an entry, behind its four sums."""

_FEW = 16  # ticks that are sorted faster than the window is scanned


@helper
def base_tick(price: float, tick_size: float) -> int:
    """First tick of a window with this price in its middle."""
    steps = price / tick_size
    return (int(np.rint(steps)) if 0.0 <= steps < LARGEST_STEP else 0) - WINDOW // 2


@helper
def fold_trades(
    trades: Rows,
    first: int,
    begin: int,
    end: int,
    base: int,
    tick_size: float,
    lot_size: float,
    window: Ints,
    head: Ints,
) -> int:
    """Sum trades into the window until one lies outside of it or of [begin, end); that one's position."""
    touched = 0
    at = first
    while at < len(trades):
        trade = trades[at]
        if trade.ts < begin or trade.ts >= end:
            break
        price, lots = trade.price / tick_size, trade.qty / lot_size
        if 0.0 <= price < LARGEST_STEP and 0.0 <= lots < LARGEST_STEP:
            tick = int(np.rint(price)) - base
            if tick < 0 or tick >= WINDOW:
                break
            if window[tick, SEEN] == 0:  # spelled out: a call of a helper here doubles the time
                window[tick, SEEN] = 1
                window[touched, TICKS] = tick
                touched += 1
            side = ASK if trade.side > 0 else BID
            window[tick, side] += int(np.rint(lots))
            window[tick, BID_TRADES + side] += trade.count
        else:
            head[0, DAMAGED] += 1
            head[0, REFUSED] += 1
        at += 1
    head[0, NEWEST] = trades[at - 1].ts
    head[0, TOUCHED] = touched
    return at


@helper
def fold_cells(
    finer: Rows, first: int, begin: int, end: int, base: int, grouping: int, window: Ints, head: Ints
) -> int:
    """As `fold_trades`, for footprint rows of `grouping` ticks, each at its lowest tick."""
    touched = 0
    at = first
    while at < len(finer):
        cell = finer[at]
        tick = cell.row * grouping - base
        if cell.ts < begin or cell.ts >= end or tick < 0 or tick >= WINDOW:
            break
        if window[tick, SEEN] == 0:
            window[tick, SEEN] = 1
            window[touched, TICKS] = tick
            touched += 1
        window[tick, BID] += cell.bid_lots
        window[tick, ASK] += cell.ask_lots
        window[tick, BID_TRADES] += cell.bid_trades
        window[tick, ASK_TRADES] += cell.ask_trades
        at += 1
    head[0, NEWEST] = finer[at - 1].ts
    head[0, TOUCHED] = touched
    return at


@helper
def sort_touched(window: Ints, touched: int) -> None:
    """Put the list of touched ticks in order."""
    if touched > _FEW:
        _list_seen(window)
        return
    for i in range(1, touched):
        tick = window[i, TICKS]
        at = i
        while at > 0 and window[at - 1, TICKS] > tick:
            window[at, TICKS] = window[at - 1, TICKS]
            at -= 1
        window[at, TICKS] = tick


@helper
def _list_seen(window: Ints) -> None:
    touched = 0
    for tick in range(WINDOW):
        if window[tick, SEEN]:
            window[touched, TICKS] = tick
            touched += 1


@helper
def regroup(scratch: Ints, base: int, touched: int, grouping: int) -> int:
    """Sum the touched ticks into rows of `grouping` ticks, as entries in order; how many there are."""
    window, entries = scratch[0], scratch[1]
    count = 0
    row_end = -base - 1  # ticks below this belong to the last entry
    for i in range(touched):
        tick = window[i, TICKS]
        if count == 0 or tick >= row_end:
            row = (base + tick) // grouping
            row_end = (row + 1) * grouping - base
            entries[count, :ROW] = 0
            entries[count, ROW] = row
            count += 1
        for field in range(4):
            entries[count - 1, field] += window[tick, field]
    return count


@helper
def clear(window: Ints, touched: int) -> None:
    """Zero what was touched."""
    for i in range(touched):
        tick = window[i, TICKS]
        for field in range(SEEN + 1):
            window[tick, field] = 0
