"""What every part of the picture is drawn from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from flowdeck.specs import SeriesView, View
from flowdeck_footprint.drawing.figures import Scale
from flowdeck_footprint.drawing.grid import Bar, Grid
from flowdeck_footprint.drawing.ladders import Ladders
from flowdeck_footprint.settings import FigureUnit, FootprintSettings

__all__ = ["BarsInView", "Scene", "bars_in_view"]

Array = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class BarsInView:
    """Columns of the bars in view; times in ns UTC, prices in quote units, volumes in lots, each of shape (bars,)."""

    opens: Ints
    open: Array
    high: Array
    low: Array
    close: Array
    buy: Ints
    sell: Ints

    @property
    def rising(self) -> npt.NDArray[np.bool_]:
        """Which closed above their open."""
        return self.close > self.open

    @property
    def falling(self) -> npt.NDArray[np.bool_]:
        """Which closed below their open."""
        return self.close < self.open


def bars_in_view(series: SeriesView | None, start_ns: int, stop_ns: int) -> BarsInView:
    """The bars that open in [start_ns, stop_ns)."""
    names = ("ts", "open", "high", "low", "close", "buy_lots", "sell_lots")
    if series is None:
        nothing, none = np.empty(0), np.empty(0, np.int64)
        return BarsInView(none, nothing, nothing, nothing, nothing, none, none)
    part = series.span(start_ns, stop_ns)
    return BarsInView(*(series.column(name)[part] for name in names))  # type: ignore[arg-type]  # as the kind has them


@dataclass(frozen=True, eq=False)
class Scene:
    """One picture to be.

    Attributes:
        view: What the pane shows.
        settings: The plugin's.
        grouping: Ticks per row of the cells, which may still be those of the zoom before.
        grid: Where bars and rows lie.
        bar: The parts of a bar.
        bars: The bars in view.
        ladders: Their cells.
        scale: Of all figures.
    """

    view: View
    settings: FootprintSettings
    grouping: int
    grid: Grid
    bar: Bar
    bars: BarsInView
    ladders: Ladders
    scale: Scale

    def cell_amounts(self, lots: Ints) -> Array:
        """Lots of the shown rows in the unit of figures, before scaling; rows are valued at their middle price."""
        return self._amounts(lots, (self.ladders.row.astype(np.float64) + 0.5) * self.grid.row_height)

    def bar_amounts(self, lots: Ints) -> Array:
        """Lots of the bars in view in the unit of figures, before scaling; bars are valued at their middle price."""
        return self._amounts(lots, (self.bars.high + self.bars.low) / 2)

    def low_rows(self) -> Ints:
        """The lowest row of each bar in view."""
        return self.view.instrument.ticks(self.bars.low) // self.grouping

    def _amounts(self, lots: Ints, prices: Array) -> Array:
        base = self.view.instrument.quantities(lots)
        return base if self.settings.figure_unit is FigureUnit.BASE else base * prices
