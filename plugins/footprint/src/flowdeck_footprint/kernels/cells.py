"""Volume at price: one pass over trades serves every timeframe and grouping, exactly.

Trades of one run of time in which no bar ends are summed in a window of ticks; what was summed is then added to the
bar of each slot, so that work beyond the window grows with the rows touched, not with the trades. The same road takes
three trades of a live batch and millions of history.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from flowdeck.compiling import helper, kernel, rows_type, types
from flowdeck.kinds import CORE_KINDS
from flowdeck.streams import Rows
from flowdeck_footprint.kernels.head import GROUPING, HIGHEST, LOWEST, PAGES, REFUSED, ROWS, USED, enter, refused
from flowdeck_footprint.kernels.pages import PAGE_ROWS, add_to_bar, write_changed
from flowdeck_footprint.kernels.window import WINDOW, base_tick, clear, fold_cells, fold_trades, regroup

__all__ = ["add_cells", "add_trades"]

Ints = npt.NDArray[np.int64]

_DTYPES = {kind.name: kind.dtype for kind in CORE_KINDS}
_TRADES = rows_type(_DTYPES["trades"])
_FINER = rows_type(_DTYPES["footprint"])
_GRID, _CUBE = (types.Array(types.int64, dimensions, "C") for dimensions in (2, 3))
_STATE = (_GRID, _GRID, _CUBE, _GRID)

_PAGES_A_WINDOW = WINDOW // PAGE_ROWS + 2


@helper
def _has_room(left: int, head: Ints, pages: Ints, out: Ints) -> bool:
    """Whether pages and output are sure to suffice for one more run of time."""
    spare_pages = len(pages) - int(head[0, PAGES])
    spare_rows = len(out) - int(head[0, USED]) - int(head[0, ROWS])
    slots = len(head) - 1
    return slots * min(left, _PAGES_A_WINDOW) <= spare_pages and slots * min(left, WINDOW) <= spare_rows


@helper
def _spread(base: int, head: Ints, pages: Ints, window: Ints, entries: Ints) -> None:
    """Add the window to the bar of every slot, and clear it."""
    lowest, highest = int(head[0, LOWEST]), int(head[0, HIGHEST])
    count = 0
    for s in range(1, len(head)):
        if s == 1 or head[s, GROUPING] != head[s - 1, GROUPING]:
            count = regroup(window, entries, base, lowest, highest, head[s, GROUPING])
        add_to_bar(entries, count, head, s, pages)
    clear(window, lowest, highest)


@kernel(types.int64(_TRADES, types.int64, types.float64, types.float64, *_STATE))
def add_trades(
    trades: Rows,
    first: int,
    tick_size: float,
    lot_size: float,
    head: Ints,
    pages: Ints,
    scratch: Ints,
    out: Ints,
) -> int:
    """Add trades from position `first` on, and write the cells that changed: by slot, in order of bar and row.

    Args:
        trades: Rows of `trades`.
        first: Where to begin.
        tick_size: Price of a tick.
        lot_size: Base units of a lot.
        head: See `head`; slots of one grouping stand side by side.
        pages: Pages in use and spare, shape (capacity, PAGE_FIELDS).
        scratch: Zeros, shape SCRATCH_SHAPE.
        out: Ints of `footprint` as int64, shape (n, 7), written from USED on.

    Returns:
        Position of the first trade not taken, short of the end when `pages` or `out` might not suffice for more;
        inverted (~position) when a trade was refused.
    """
    at, runs, refused_before = first, 0, head[0, REFUSED]
    window, entries = scratch[0], scratch[1]
    while at < len(trades) and _has_room(len(trades) - at, head, pages, out):
        ts = trades[at].ts
        if refused(head, ts):
            at += 1
            continue
        begin, end = enter(head, ts)
        base = base_tick(trades[at].price, tick_size)
        at = fold_trades(trades, at, begin, end, base, tick_size, lot_size, window, head)
        _spread(base, head, pages, window, entries)
        runs += 1
    write_changed(head, pages, out, runs)
    return at if head[0, REFUSED] == refused_before else ~at


@kernel(types.int64(_FINER, types.int64, types.int64, *_STATE))
def add_cells(
    finer: Rows,
    first: int,
    grouping: int,
    head: Ints,
    pages: Ints,
    scratch: Ints,
    out: Ints,
) -> int:
    """Roll up: as `add_trades`, from rows of a finer footprint of `grouping` ticks a row, each row given once."""
    at, runs, refused_before = first, 0, head[0, REFUSED]
    window, entries = scratch[0], scratch[1]
    while at < len(finer) and _has_room(len(finer) - at, head, pages, out):
        ts = finer[at].ts
        if refused(head, ts):
            at += 1
            continue
        begin, end = enter(head, ts)
        base = finer[at].row * grouping - WINDOW // 2
        at = fold_cells(finer, at, begin, end, base, grouping, window, head)
        _spread(base, head, pages, window, entries)
        runs += 1
    write_changed(head, pages, out, runs)
    return at if head[0, REFUSED] == refused_before else ~at
