"""Bars: open, high, low, close, volume of each side and the extremes of delta, for every timeframe in one pass.

Trades of one run of time in which no bar ends are summed into one record, which is then merged into the bar of each
slot. A trade that comes late joins the bar of its time; open and close go by time (of trades at the same time the
first received opens and the last received closes), the running delta by receipt.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt
from numba import from_dtype

from flowdeck.compiling import helper, kernel, rows_type, types
from flowdeck.kinds import CORE_KINDS, BarFlags
from flowdeck.streams import Rows
from flowdeck_footprint.kernels.head import (
    BEGIN,
    COUNT,
    DAMAGED,
    END,
    INDEX,
    LARGEST_STEP,
    LOW,
    NEWEST,
    REFUSED,
    ROWS,
    START,
    STOP,
    USED,
    enter,
    refused,
)

__all__ = ["BAR", "merge_bars", "merge_trades"]

Ints = npt.NDArray[np.int64]

_PRICES = ("open", "high", "low", "close")
_COUNTS = ("buy_lots", "sell_lots", "trades", "delta_min", "delta_max", "first_ts", "last_ts", "changed")
BAR: Final = np.dtype(
    [(name, np.float64 if name in _PRICES else np.int64) for name in ("index", "start", "stop", *_PRICES, *_COUNTS)]
)
"""A bar as it is held, and a run of trades on its way into bars."""

_LIVE = int(BarFlags.LIVE)
_DTYPES = {kind.name: kind.dtype for kind in CORE_KINDS}
_TRADES = rows_type(_DTYPES["trades"])
_FINER = rows_type(_DTYPES["bars"])
_OUT = rows_type(_DTYPES["bars"], writable=True)
_HEAD = types.Array(types.int64, 2, "C")
_HELD = types.Array(from_dtype(BAR), 2, "C")
_RUN = rows_type(BAR, writable=True)


@helper
def _fold(
    trades: Rows, first: int, begin: int, end: int, tick_size: float, lot_size: float, run: Rows, head: Ints
) -> int:
    """Sum trades into `run[0]` until one lies outside of [begin, end); that one's position."""
    high, low, opened, closed = -np.inf, np.inf, 0.0, 0.0
    buy = sell = count = fills = 0
    first_ts, last_ts = end, begin
    delta_min, delta_max = 2**62, -(2**62)
    at = first
    while at < len(trades):
        trade = trades[at]
        ts, price = trade.ts, trade.price
        if ts < begin or ts >= end:
            break
        at += 1
        steps, lots = price / tick_size, trade.qty / lot_size
        if not (0.0 <= steps < LARGEST_STEP and 0.0 <= lots < LARGEST_STEP):
            head[0, DAMAGED] += 1
            head[0, REFUSED] += 1
            continue
        if ts < first_ts:
            first_ts, opened = ts, price
        if ts >= last_ts:
            last_ts, closed = ts, price
        high, low = max(high, price), min(low, price)
        if trade.side > 0:
            buy += int(np.rint(lots))
        else:
            sell += int(np.rint(lots))
        delta_min, delta_max = min(delta_min, buy - sell), max(delta_max, buy - sell)
        fills += trade.count
        count += 1
    head[0, NEWEST] = trades[at - 1].ts
    run[0].open, run[0].high, run[0].low, run[0].close = opened, high, low, closed
    run[0].buy_lots, run[0].sell_lots, run[0].trades = buy, sell, fills
    run[0].delta_min, run[0].delta_max = delta_min, delta_max
    run[0].first_ts, run[0].last_ts, run[0].changed = first_ts, last_ts, count
    return at


@helper
def _place(head: Ints, s: int, bars: Rows) -> int:
    """Position of the bar in which slot `s` stands, made when there is none."""
    index, held = head[s, INDEX], bars[s - 1]
    at = int(head[s, COUNT])
    while at > 0 and held[at - 1].index > index:
        at -= 1
    if at > 0 and held[at - 1].index == index:
        return at - 1
    for k in range(head[s, COUNT], at, -1):
        held[k] = held[k - 1]
    if at == head[s, COUNT] and at > 0:  # the bar before is no longer live
        _mark(head, s, bars, at - 1)
    head[s, COUNT] += 1
    bar = held[at]
    bar.index, bar.start, bar.stop = index, head[s, START], head[s, STOP]
    bar.high, bar.low, bar.first_ts, bar.last_ts = -np.inf, np.inf, head[s, STOP], head[s, START]
    bar.buy_lots = bar.sell_lots = bar.trades = bar.delta_min = bar.delta_max = bar.changed = 0
    return at


@helper
def _mark(head: Ints, s: int, bars: Rows, at: int) -> None:
    if bars[s - 1, at].changed == 0:
        bars[s - 1, at].changed = 1
        head[0, ROWS] += 1
    head[s, LOW] = min(head[s, LOW], at)


@helper
def _merge(head: Ints, bars: Rows, run: Rows) -> None:
    """Add the run to the bar of every slot."""
    part = run[0]
    for s in range(1, len(head)):
        at = _place(head, s, bars)
        bar = bars[s - 1, at]
        if part.first_ts < bar.first_ts:
            bar.first_ts, bar.open = part.first_ts, part.open
        if part.last_ts >= bar.last_ts:
            bar.last_ts, bar.close = part.last_ts, part.close
        bar.high, bar.low = max(bar.high, part.high), min(bar.low, part.low)
        delta = bar.buy_lots - bar.sell_lots
        bar.delta_min = min(bar.delta_min, delta + part.delta_min)
        bar.delta_max = max(bar.delta_max, delta + part.delta_max)
        bar.buy_lots += part.buy_lots
        bar.sell_lots += part.sell_lots
        bar.trades += part.trades
        _mark(head, s, bars, at)


@helper
def _has_room(head: Ints, bars: Rows, out: Rows) -> bool:
    """Whether bars and output are sure to suffice for one more run of time."""
    for s in range(1, len(head)):
        if head[s, COUNT] >= bars.shape[1]:
            return False
    return bool(len(out) - head[0, USED] - head[0, ROWS] >= 2 * (len(head) - 1))


@helper
def _write(head: Ints, bars: Rows, out: Rows) -> None:
    """Write the changed bars of each slot in order, note in END where they end, and mark them as told."""
    used = head[0, BEGIN] = head[0, USED]
    for s in range(1, len(head)):
        newest = head[s, COUNT] - 1
        for at in range(head[s, LOW], newest + 1):
            bar = bars[s - 1, at]
            if bar.changed:
                row = out[used]
                row.index, row.ts, row.flags = bar.index, bar.start, _LIVE if at == newest else 0
                row.open, row.high, row.low, row.close = bar.open, bar.high, bar.low, bar.close
                row.buy_lots, row.sell_lots, row.trades = bar.buy_lots, bar.sell_lots, bar.trades
                row.delta_min, row.delta_max = bar.delta_min, bar.delta_max
                bar.changed = 0
                used += 1
        head[s, LOW], head[s, END] = newest + 1, used
    head[0, USED], head[0, ROWS] = used, 0


@kernel(types.int64(_TRADES, types.int64, types.float64, types.float64, _HEAD, _HELD, _RUN, _OUT))
def merge_trades(
    trades: Rows, first: int, tick_size: float, lot_size: float, head: Ints, bars: Rows, run: Rows, out: Rows
) -> int:
    """Add trades from position `first` on, and write the bars that changed: by slot, in order of index.

    Args:
        trades: Rows of `trades`.
        first: Where to begin.
        tick_size: Price of a tick.
        lot_size: Base units of a lot.
        head: See `head`.
        bars: The bars held of each slot in order of index, COUNT of them, BAR, shape (slots, capacity).
        run: Scratch, BAR, shape (1,).
        out: Rows of `bars`, written from USED on.

    Returns:
        Position of the first trade not taken, short of the end when `bars` or `out` might not suffice for more;
        inverted (~position) when a trade was refused.
    """
    at, refused_before = first, head[0, REFUSED]
    while at < len(trades) and _has_room(head, bars, out):
        ts = trades[at].ts
        if refused(head, ts):
            at += 1
            continue
        begin, end = enter(head, ts)
        at = _fold(trades, at, begin, end, tick_size, lot_size, run, head)
        if run[0].changed:
            _merge(head, bars, run)
    _write(head, bars, out)
    return at if head[0, REFUSED] == refused_before else ~at


@kernel(types.int64(_FINER, types.int64, _HEAD, _HELD, _RUN, _OUT))
def merge_bars(finer: Rows, first: int, head: Ints, bars: Rows, run: Rows, out: Rows) -> int:
    """Roll up: as `merge_trades`, from finer bars in order of time, each given once."""
    at, refused_before = first, head[0, REFUSED]
    while at < len(finer) and _has_room(head, bars, out):
        bar, part = finer[at], run[0]
        at += 1
        if refused(head, bar.ts):
            continue
        enter(head, bar.ts)
        part.open, part.high, part.low, part.close = bar.open, bar.high, bar.low, bar.close
        part.buy_lots, part.sell_lots, part.trades = bar.buy_lots, bar.sell_lots, bar.trades
        part.delta_min, part.delta_max = bar.delta_min, bar.delta_max
        part.first_ts = part.last_ts = head[0, NEWEST] = bar.ts
        _merge(head, bars, run)
    _write(head, bars, out)
    return at if head[0, REFUSED] == refused_before else ~at
