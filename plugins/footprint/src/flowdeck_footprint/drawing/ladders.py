"""The cells in view, dense: every row of every bar between its lowest and highest trade."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from flowdeck.orderflow import points_of_control
from flowdeck.specs import SeriesView
from flowdeck_footprint.kernels.ladders import bars_of, fill_ladders

__all__ = ["NO_LADDERS", "Ladders", "ladders_of"]

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Ladders:
    """Bars and their shown rows.

    Attributes:
        opens: Open of each bar, ns UTC, int64, shape (bars,).
        low: Lowest traded row of each, shown or not, int64, shape (bars,).
        high: Highest traded row of each, int64, shape (bars,).
        poc: Row of the point of control of each, int64, shape (bars,).
        bar: Which bar each shown row belongs to, int64, shape (rows,).
        row: Its number, int64, shape (rows,).
        bid: Its lots sold, int64, shape (rows,).
        ask: Its lots bought, int64, shape (rows,).
    """

    opens: Ints
    low: Ints
    high: Ints
    poc: Ints
    bar: Ints
    row: Ints
    bid: Ints
    ask: Ints

    @property
    def largest_side(self) -> int:
        """Lots of the largest side of a shown row."""
        return int(max(self.bid.max(initial=0), self.ask.max(initial=0)))


_NONE = np.empty(0, np.int64)
NO_LADDERS: Final = Ladders(_NONE, _NONE, _NONE, _NONE, _NONE, _NONE, _NONE, _NONE)
"""What is drawn before any cell came."""


def ladders_of(series: SeriesView, start_ns: int, stop_ns: int, rows: tuple[int, int]) -> Ladders:
    """The bars that open in [start_ns, stop_ns), and their rows in [rows[0], rows[1])."""
    part = series.span(start_ns, stop_ns)
    index, row, bid, ask, ts = (_ints(series, name)[part] for name in ("index", "row", "bid_lots", "ask_lots", "ts"))
    bounds, offsets = np.empty(len(row) + 1, np.int64), np.empty(len(row) + 1, np.int64)
    bars = bars_of(index, row, *rows, bounds, offsets)
    bounds, offsets = bounds[: bars + 1], offsets[: bars + 1]
    shown = np.empty((4, int(offsets[-1])), np.int64)
    fill_ladders(row, bid, ask, *rows, bounds, offsets, shown)
    poc = np.empty(bars, np.int64)
    points_of_control(bounds, row, bid + ask, poc)
    return Ladders(ts[bounds[:-1]], row[bounds[:-1]], row[bounds[1:] - 1], row[poc], *shown)


def _ints(series: SeriesView, name: str) -> Ints:
    column: Ints = series.column(name)  # type: ignore[assignment]  # all of these are int64 in the kind
    return column
