"""What one pane shows, and in which colours."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum

import numpy as np
import numpy.typing as npt

from flowdeck.instruments import Instrument
from flowdeck.specs.canvas import Array
from flowdeck.streams import StreamKey
from flowdeck.timeframes import Timeframe

__all__ = ["Lod", "Theme", "View"]


class Lod(IntEnum):
    """Level of detail: the lower of what bar pitch and row height allow."""

    FULL = 0
    DELTA = 1
    PROFILE = 2
    CANDLE = 3
    LINE = 4


@dataclass(frozen=True)
class Theme:
    """Colours by token, 0xAARRGGBB: `theme["trade.buy"]`.

    Attributes:
        name: `dark` or `light`.
        colours: Token to colour, for example `bg.canvas`, `text.primary`, `trade.poc`, `ui.accent`, `chart.grid`.
        ramps: Name to its stops, from nothing to the upper cut-off.
    """

    name: str
    colours: Mapping[str, int] = field(hash=False)
    ramps: Mapping[str, tuple[int, ...]] = field(default_factory=dict, hash=False)

    def __getitem__(self, token: str) -> int:
        return self.colours[token]


@dataclass(frozen=True)
class View:
    """What one pane shows: x in ns relative to `origin_ns` (or bar index), y in price or value.

    In an overlay or side strip x is in px from the strip's left, so that only `start_ns`, `stop_ns` and y speak of the
    chart there. In a table y is in px from its top.

    Attributes:
        instrument: Steps of price and size.
        run: The run shown, None for live.
        timeframe: Of the bars.
        grouping: Ticks per price row, as chosen or as the zoom asks for.
        origin_ns: Time at x = 0, ns UTC; on the grid of the timeframe.
        x0: Left edge.
        x1: Right edge.
        y0: Bottom edge.
        y1: Top edge.
        width_px: Width of the pane, device-independent.
        height_px: Height of the pane, device-independent.
        scale: Device pixels per px.
        lod: Level of detail of bars.
        theme: Colours.
        now_ns: The clock of the run or of live data, ns UTC.
        shown_ns: What the chart shows, half-open ns UTC, where x is no time; None where x0 and x1 say it.
    """

    instrument: Instrument
    run: str | None
    timeframe: Timeframe
    grouping: int
    origin_ns: int
    x0: float
    x1: float
    y0: float
    y1: float
    width_px: float
    height_px: float
    scale: float
    lod: Lod
    theme: Theme
    now_ns: int
    shown_ns: tuple[int, int] | None = None

    @property
    def start_ns(self) -> int:
        """Time at the left edge of the chart, ns UTC; in strips too."""
        return self.origin_ns + int(self.x0) if self.shown_ns is None else self.shown_ns[0]

    @property
    def stop_ns(self) -> int:
        """Time at the right edge of the chart, ns UTC; in strips too."""
        return self.origin_ns + int(self.x1) if self.shown_ns is None else self.shown_ns[1]

    @property
    def x_per_px(self) -> float:
        """Units of x in a px."""
        return (self.x1 - self.x0) / max(self.width_px, 1.0)

    @property
    def y_per_px(self) -> float:
        """Units of y in a px."""
        return (self.y1 - self.y0) / max(self.height_px, 1.0)

    @property
    def pitch_px(self) -> float:
        """Width of a bar in px."""
        return self.timeframe.duration_ns / self.x_per_px

    @property
    def row_height(self) -> float:
        """Height of a price row in quote units."""
        return float(self.instrument.tick_size) * self.grouping

    @property
    def row_px(self) -> float:
        """Height of a price row in px."""
        return self.row_height / self.y_per_px

    def x_of(self, ts: npt.NDArray[np.int64]) -> Array:
        """The x of times (ns UTC), shape as given."""
        return (ts - self.origin_ns).astype(np.float64)

    def key(self, kind: str, **params: object) -> StreamKey:
        """The key of a kind for the instrument and run shown."""
        return StreamKey.of(kind, self.instrument.id, run=self.run, **params)
