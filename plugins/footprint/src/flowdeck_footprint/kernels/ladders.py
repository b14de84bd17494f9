"""From the traded rows of bars to all their rows: what nobody traded inside of a bar's range is a row of zeros."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from flowdeck.compiling import helper, kernel, types

__all__ = ["bars_of", "fill_ladders"]

Ints = npt.NDArray[np.int64]

_IN = types.Array(types.int64, 1, "A", readonly=True)
_OUT = types.Array(types.int64, 1, "C")
_GRID = types.Array(types.int64, 2, "C")


@helper
def _shown(low: int, high: int, row_from: int, row_to: int) -> int:
    return max(0, min(high + 1, row_to) - max(low, row_from))


@kernel(types.int64(_IN, _IN, types.int64, types.int64, _OUT, _OUT))
def bars_of(index: Ints, rows: Ints, row_from: int, row_to: int, bounds: Ints, offsets: Ints) -> int:
    """Where each bar's traded rows begin and how many rows of its range are shown. Cost: one pass.

    Args:
        index: Bar index of each traded row, growing, int64, shape (n,).
        rows: The rows, growing within a bar, int64, shape (n,).
        row_from: Lowest row shown.
        row_to: The row after the highest shown.
        bounds: Filled with where bars begin, and where the last one ends, shape (n + 1,).
        offsets: Filled with where the shown rows of each bar begin, and where the last ones end, shape (n + 1,).

    Returns:
        The number of bars.
    """
    bars, shown, n = 0, 0, min(len(index), len(rows))
    bounds[0] = offsets[0] = 0
    for at in range(n):
        if at + 1 == n or index[at + 1] != index[at]:
            shown += _shown(rows[bounds[bars]], rows[at], row_from, row_to)
            bars += 1
            bounds[bars], offsets[bars] = at + 1, shown
    return bars


@kernel(types.void(_IN, _IN, _IN, types.int64, types.int64, _IN, _IN, _GRID))
def fill_ladders(
    rows: Ints, bid: Ints, ask: Ints, row_from: int, row_to: int, bounds: Ints, offsets: Ints, out: Ints
) -> None:
    """All shown rows of every bar.

    Args:
        rows: The traded rows, as in `bars_of`.
        bid: Their lots sold, int64, shape (n,).
        ask: Their lots bought, int64, shape (n,).
        row_from: Lowest row shown.
        row_to: The row after the highest shown.
        bounds: Of `bars_of`, shape (bars + 1,).
        offsets: Of `bars_of`, shape (bars + 1,).
        out: Filled with bar, row, bid and ask of each shown row, int64, shape (4, offsets[-1]).
    """
    for bar in range(len(bounds) - 1):
        first = max(rows[bounds[bar]], row_from)
        for at in range(offsets[bar], offsets[bar + 1]):
            out[0, at], out[1, at] = bar, first + at - offsets[bar]
            out[2, at] = out[3, at] = 0
        for at in range(bounds[bar], bounds[bar + 1]):
            place = offsets[bar] + rows[at] - first
            if row_from <= rows[at] < row_to and offsets[bar] <= place < offsets[bar + 1]:
                out[2, place], out[3, place] = bid[at], ask[at]
