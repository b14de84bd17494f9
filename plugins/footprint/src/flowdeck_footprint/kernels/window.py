"""A window of ticks: where the trades of one run of time are summed before any bar sees them."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from flowdeck.compiling import helper
from flowdeck.streams import Rows
from flowdeck_footprint.kernels.head import DAMAGED, HIGHEST, LARGEST_STEP, LOWEST, NEWEST, REFUSED

__all__ = ["ROW", "SCRATCH_SHAPE", "WINDOW", "base_tick", "clear", "fold_cells", "fold_trades", "regroup"]

Ints = npt.NDArray[np.int64]

WINDOW: Final = 1024
SCRATCH_SHAPE: Final = (2, WINDOW, 5)
"""The window, and the entries: rows with the sums of their ticks."""

BID, ASK, BID_TRADES, ASK_TRADES, ROW = range(5)
"""Of a tick in the window: its sums. Of an entry: the same, and the row."""


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
    """Sum trades into the window until one lies outside of it or of [begin, end); that one's position.

    Ticks outside of [LOWEST, HIGHEST] stay zero. To note the range is cheaper than to note each tick: the branch at the
    first touch of a tick cannot be predicted.
    """
    lowest, highest = WINDOW, -1
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
            lowest, highest = min(lowest, tick), max(highest, tick)
            side = ASK if trade.side > 0 else BID
            window[tick, side] += int(np.rint(lots))
            window[tick, BID_TRADES + side] += trade.count
        else:
            head[0, DAMAGED] += 1
            head[0, REFUSED] += 1
        at += 1
    head[0, NEWEST] = trades[at - 1].ts
    head[0, LOWEST], head[0, HIGHEST] = lowest, highest
    return at


@helper
def fold_cells(
    finer: Rows, first: int, begin: int, end: int, base: int, grouping: int, window: Ints, head: Ints
) -> int:
    """As `fold_trades`, for footprint rows of `grouping` ticks, each at its lowest tick."""
    lowest, highest = WINDOW, -1
    at = first
    while at < len(finer):
        cell = finer[at]
        tick = cell.row * grouping - base
        if cell.ts < begin or cell.ts >= end or tick < 0 or tick >= WINDOW:
            break
        lowest, highest = min(lowest, tick), max(highest, tick)
        window[tick, BID] += cell.bid_lots
        window[tick, ASK] += cell.ask_lots
        window[tick, BID_TRADES] += cell.bid_trades
        window[tick, ASK_TRADES] += cell.ask_trades
        at += 1
    head[0, NEWEST] = finer[at - 1].ts
    head[0, LOWEST], head[0, HIGHEST] = lowest, highest
    return at


@helper
def regroup(window: Ints, entries: Ints, base: int, lowest: int, highest: int, grouping: int) -> int:
    """Sum the traded ticks into rows of `grouping` ticks, as entries in order; how many there are."""
    count = 0
    row_end = lowest  # the first tick beyond the last entry
    for tick in range(lowest, highest + 1):
        bid, ask, sold, bought = (
            window[tick, BID],
            window[tick, ASK],
            window[tick, BID_TRADES],
            window[tick, ASK_TRADES],
        )
        if (bid | ask | sold | bought) == 0:
            continue
        if tick >= row_end:
            row = (base + tick) // grouping
            row_end = (row + 1) * grouping - base
            entries[count, :ROW] = 0
            entries[count, ROW] = row
            count += 1
        entries[count - 1, BID] += bid
        entries[count - 1, ASK] += ask
        entries[count - 1, BID_TRADES] += sold
        entries[count - 1, ASK_TRADES] += bought
    return count


@helper
def clear(window: Ints, lowest: int, highest: int) -> None:
    """Zero the window again."""
    for tick in range(lowest, highest + 1):
        for field in range(ROW):
            window[tick, field] = 0
