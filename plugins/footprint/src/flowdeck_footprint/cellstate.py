"""The ladders of a footprint: what is held of which bar, and what is forgotten when memory runs short."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from flowdeck.instruments import Instrument
from flowdeck.kinds import KindSpec
from flowdeck.streams import Rows
from flowdeck_footprint.kernels.cells import add_cells, add_trades
from flowdeck_footprint.kernels.head import END, HASH, HORIZON, NEWEST, PAGES, USED, empty_head
from flowdeck_footprint.kernels.pages import (
    BAR,
    NUMBER,
    PAGE_FIELDS,
    PAGE_ROWS,
    PAGE_STOP,
    SLOT,
    find_pages,
    write_pages,
)
from flowdeck_footprint.kernels.window import SCRATCH_SHAPE, WINDOW
from flowdeck_footprint.output import Output
from flowdeck_footprint.settings import FootprintParams

__all__ = ["CellState"]

Ints = npt.NDArray[np.int64]

PAGE_BYTES: Final = 8 * PAGE_FIELDS
_FIRST_PAGES = 256


class CellState:
    """Cells of every slot, for an aggregator.

    Bars are held until their pages exceed `budget_bytes`; then the oldest closed ones go, until three quarters are
    left, and trades from before the end of the last of those are refused and counted. Open bars are never forgotten,
    whatever they need.

    Attributes:
        budget_bytes: Memory for closed bars.
        head: See `kernels.head`.
        sealed: The rows that kernels wrote, read-only.
    """

    def __init__(self, instrument: Instrument, kind: KindSpec, budget_bytes: int) -> None:
        self.budget_bytes = budget_bytes
        self._kind = kind
        self._steps = float(instrument.tick_size), float(instrument.lot_size)
        self._slots: tuple[FootprintParams, ...] = ()
        self._scratch = np.zeros(SCRATCH_SHAPE, np.int64)
        self.head = empty_head(())
        self._pages: Ints = np.zeros((_FIRST_PAGES, PAGE_FIELDS), np.int64)
        self.head[0, HASH] = find_pages(self._pages, 0)
        self._output = Output(kind.dtype, 0)
        self._wire()

    def assign(self, slots: Sequence[FootprintParams]) -> None:
        """Hold these slots from now on, those of one grouping side by side; what is held of others is forgotten."""
        old, control = self._slots, self.head[0].copy()
        self._slots = tuple(slots)
        self.head = empty_head([(slot.bar, slot.grouping) for slot in slots])
        self.head[0] = control
        self._output = Output(self._kind.dtype, len(slots) * WINDOW)
        self.head[0, USED] = 0
        place = np.array([0, *(self._slots.index(slot) + 1 if slot in self._slots else 0 for slot in old)])
        held = self._pages[: control[PAGES]]
        held[:, SLOT] = place[held[:, SLOT]]
        self._keep(held[:, SLOT] > 0, len(self._pages))
        self._wire()

    def add(self, trades: Rows, first: int) -> tuple[int, list[int]]:
        """Add trades from `first` on; what the kernel returns, and the bounds of the slots' rows in `sealed`."""
        done = add_trades(trades, first, *self._arguments)
        return done, self._bounds.tolist()

    def roll_up(self, params: FootprintParams, finer: Rows, first: int) -> tuple[int, list[int]]:
        """As `add`, from rows of a finer footprint of these parameters."""
        done = add_cells(finer, first, params.grouping, *self._arguments[2:])
        return done, self._bounds.tolist()

    def make_room(self) -> None:
        """Let one more run of trades find output rows and pages: forget old bars beyond the budget, else grow."""
        self._output.renew()
        self.head[0, USED] = 0
        within = self.budget_bytes // PAGE_BYTES
        if self._needed() > max(within, len(self._pages)):
            self._forget(int(self.head[0, PAGES]) - within * 3 // 4)
        needed = self._needed()
        if needed > len(self._pages):
            capacity = max(min(2 * needed, within), needed * 5 // 4 if needed > within else 0)
            self._keep(np.ones(int(self.head[0, PAGES]), np.bool_), capacity)
        self._wire()

    def rows(self, slot: FootprintParams) -> Rows:
        """All rows held of a slot, in order of bar and row."""
        pages = self._pages[: self.head[0, PAGES]]
        mine = np.flatnonzero(pages[:, SLOT] == self._slots.index(slot) + 1)
        mine = mine[np.lexsort((pages[mine, NUMBER], pages[mine, BAR]))]
        result = self._kind.empty(write_pages(self._pages, mine, _words(self._kind.empty())))
        write_pages(self._pages, mine, _words(result))
        return result

    def _wire(self) -> None:
        """Put together what each call needs, once, because a live batch takes only microseconds."""
        self._arguments = (*self._steps, self.head, self._pages, self._scratch, _words(self._output.rows))
        self.sealed = self._output.sealed
        self._bounds = self.head[:, END]

    def _needed(self) -> int:
        """Pages that suffice for one more run of trades."""
        return int(self.head[0, PAGES]) + len(self._slots) * (WINDOW // PAGE_ROWS + 2)

    def _forget(self, pages: int) -> None:
        """Forget the closed bars that end first, at least `pages` pages of them where there are as many."""
        stops = self._pages[: self.head[0, PAGES], PAGE_STOP]
        if pages <= 0:
            return
        until = min(int(np.partition(stops, pages - 1)[pages - 1]), int(self.head[0, NEWEST]))
        gone = stops <= until
        if gone.any():
            self.head[0, HORIZON] = max(int(self.head[0, HORIZON]), int(stops[gone].max()))
            self._keep(~gone, len(self._pages))

    def _keep(self, kept: npt.NDArray[np.bool_], capacity: int) -> None:
        """Close ranks over the pages kept, and find them again."""
        kept_pages = np.flatnonzero(kept)
        used = len(kept_pages)
        pages = np.empty((capacity, PAGE_FIELDS), np.int64)
        pages[:used] = self._pages[kept_pages]
        self._pages = pages
        self.head[0, HASH] = find_pages(pages, used)
        self.head[0, PAGES] = used


def _words(rows: Rows) -> Ints:
    """Rows of `footprint` as the int64 that they consist of, shape (n, 7)."""
    return rows.view(np.int64).reshape(len(rows), len(rows.dtype.names or ()))
