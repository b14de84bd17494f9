"""Everything that one frame shows, gathered before anything is painted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from flowdeck.chart.axes import TimeTicks, ValueTicks
from flowdeck.chart.layout import Layout
from flowdeck.chart.legend import Groups
from flowdeck.chart.parts import Banner, Loading
from flowdeck.chart.states import Gap
from flowdeck.chart.tags import LastPrice
from flowdeck.specs import Theme, View

__all__ = ["Scene"]


@dataclass(frozen=True, eq=False)
class Scene:
    """One frame's content.

    Attributes:
        theme: Colours.
        layout: Areas.
        scale: Device pixels per px.
        plot: The plot's view; None before the instrument is known.
        views: The views of strips and panes, by layer.
        titles: What panes are called, by layer.
        prices: Ticks of the price axis.
        values: Ticks of the value axes, by layer.
        times: Ticks of the time axis.
        last: The newest price.
        gaps: Where streams are missing.
        loading: History on its way.
        head_ns: Where the replay stands, ns UTC.
        dim: Whether what is shown is no longer live.
        legend: Groups of the legend line.
        banners: Messages to paint; empty where a front end shows them.
        empty: Heading and note in place of a picture.
    """

    theme: Theme
    layout: Layout
    scale: float
    plot: View | None = None
    views: Mapping[str, View] = field(default_factory=dict)
    titles: Mapping[str, str] = field(default_factory=dict)
    prices: ValueTicks | None = None
    values: Mapping[str, ValueTicks] = field(default_factory=dict)
    times: TimeTicks | None = None
    last: LastPrice | None = None
    gaps: tuple[Gap, ...] = ()
    loading: Loading | None = None
    head_ns: int | None = None
    dim: Literal["", "stale", "disconnected"] = ""
    legend: Groups = ()
    banners: tuple[Banner, ...] = ()
    empty: tuple[str, str] | None = None

    @property
    def head_mark_ns(self) -> int | None:
        """Where the mark of the replay belongs, ns UTC: at the end of the bar that is being filled.

        A bar takes its whole width from its first trade on, and its trades may run ahead of the clock that receives
        them, so that a mark at the clock's own time would cut through figures.
        """
        if self.head_ns is None or self.plot is None:
            return self.head_ns
        timeframe, filled = self.plot.timeframe, self.last.opened_ns if self.last is not None else 0
        return timeframe.close_ns(timeframe.index(max(self.head_ns, filled)))

    def price_px(self, price: float) -> float:
        """Where a price lies, px from the top of the chart; infinity without a view."""
        if self.plot is None:
            return float("inf")
        return self.layout.plot.top + (self.plot.y1 - price) / self.plot.y_per_px
