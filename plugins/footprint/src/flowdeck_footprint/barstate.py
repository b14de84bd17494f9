"""The bars held of every timeframe, and what is forgotten when there are too many."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from flowdeck.instruments import Instrument
from flowdeck.kinds import BarFlags, KindSpec
from flowdeck.streams import Rows
from flowdeck_footprint.kernels.bars import BAR, merge_bars, merge_trades
from flowdeck_footprint.kernels.head import COUNT, END, HORIZON, LOW, NEWEST, USED, empty_head
from flowdeck_footprint.output import Output
from flowdeck_footprint.settings import BarsParams

__all__ = ["BarState"]

_FIRST_BARS = 256


class BarState:
    """Bars of every slot, for an aggregator.

    Bars are held until they exceed `budget_bytes`; then the oldest closed quarter of a full slot goes, and trades from
    before the end of the last of those are refused and counted.

    Attributes:
        budget_bytes: Memory for bars.
        head: See `kernels.head`.
        sealed: The rows that kernels wrote, read-only.
    """

    def __init__(self, instrument: Instrument, kind: KindSpec, budget_bytes: int) -> None:
        self.budget_bytes = budget_bytes
        self._kind = kind
        self._steps = float(instrument.tick_size), float(instrument.lot_size)
        self._slots: tuple[BarsParams, ...] = ()
        self._run: Rows = np.zeros(1, BAR)
        self.head = empty_head(())
        self._bars: Rows = np.zeros((0, _FIRST_BARS), BAR)
        self._output = Output(kind.dtype, 0)
        self._wire()

    def assign(self, slots: Sequence[BarsParams]) -> None:
        """Hold these slots from now on; what is held of others is forgotten."""
        old, head, bars = self._slots, self.head, self._bars
        self._slots = tuple(slots)
        self.head = empty_head([(slot.bar, 1) for slot in slots])
        self.head[0] = head[0]
        self._bars = np.zeros((len(slots), bars.shape[1]), BAR)
        for s, slot in enumerate(slots):
            if slot in old:
                self._bars[s] = bars[old.index(slot)]
                self.head[s + 1] = head[old.index(slot) + 1]
        self._output = Output(self._kind.dtype, 2 * len(slots))
        self.head[0, USED] = 0
        self._wire()

    def add(self, trades: Rows, first: int) -> tuple[int, list[int]]:
        """Add trades from `first` on; what the kernel returns, and the bounds of the slots' rows in `sealed`."""
        done = merge_trades(trades, first, *self._arguments)
        return done, self._bounds.tolist()

    def roll_up(self, params: BarsParams, finer: Rows, first: int) -> tuple[int, list[int]]:
        """As `add`, from finer bars of these parameters, in order of time."""
        del params
        done = merge_bars(finer, first, *self._arguments[2:])
        return done, self._bounds.tolist()

    def make_room(self) -> None:
        """Let one more run of trades find output rows and bars: forget old bars beyond the budget, else grow."""
        self._output.renew()
        self.head[0, USED] = 0
        slots, capacity = self._bars.shape
        if self._is_full() and 2 * self._bars.nbytes > self.budget_bytes:
            for s in range(slots):
                self._forget(s)
        if self._is_full():
            grown = np.zeros((slots, 2 * capacity), BAR)
            grown[:, :capacity] = self._bars
            self._bars = grown
        self._wire()

    def rows(self, slot: BarsParams) -> Rows:
        """All bars held of a slot, in order of index."""
        s = self._slots.index(slot)
        held = self._bars[s, : self.head[s + 1, COUNT]]
        result = self._kind.empty(len(held))
        for name in self._kind.dtype.names or ():
            if name not in {"ts", "flags"}:
                result[name] = held[name]
        result["ts"] = held["start"]
        result["flags"][-1:] = BarFlags.LIVE
        return result

    def _wire(self) -> None:
        """Put together what each call needs, once, because a live batch takes only microseconds."""
        self.sealed = self._output.sealed
        self._arguments = *self._steps, self.head, self._bars, self._run, self._output.rows
        self._bounds = self.head[:, END]

    def _is_full(self) -> bool:
        return bool(self.head[1:, COUNT].max(initial=0) == self._bars.shape[1])

    def _forget(self, s: int) -> None:
        """Forget the oldest quarter of a full slot, as far as it is closed."""
        count, capacity = int(self.head[s + 1, COUNT]), self._bars.shape[1]
        stops = self._bars[s, : capacity // 4]["stop"]
        gone = int(np.searchsorted(stops, self.head[0, NEWEST], side="right")) if count == capacity else 0
        if gone:
            self.head[0, HORIZON] = max(int(self.head[0, HORIZON]), int(stops[gone - 1]))
            self._bars[s, : count - gone] = self._bars[s, gone:count].copy()
            self.head[s + 1, COUNT] = self.head[s + 1, LOW] = count - gone
