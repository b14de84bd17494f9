"""Draws the volume-weighted average price of each UTC day."""

import numpy as np

from flowdeck.kinds import BarFlags
from flowdeck.specs import Plane
from flowdeck.streams import StreamRequest
from flowdeck.timeframes import DAY_NS


class __CLASS__Layer:
    def __init__(self, context):
        self._context = context
        self._key = self._bars = None

    def requests(self, view):
        self._key = view.key("bars", timeframe=view.timeframe)
        return [StreamRequest(self._key, start=_midnight(view.start_ns), order="newest")]

    def update(self, changes):
        self._bars = changes.series(self._key)

    def draw(self, canvas, view, plane):
        if plane is Plane.MARK and self._bars is not None:
            for ts, vwap in self._days(view):
                x = view.x_of(ts) + view.timeframe.duration_ns / 2
                canvas.polyline(x, vwap, view.theme["ui.accent"], self._context.settings.width_px)

    def value_range(self, view):
        return None

    def inspect(self, at):
        return None

    def _days(self, view):
        """Per UTC day in view, the times of its bars and the average up to each."""
        part = self._bars.span(_midnight(view.start_ns), view.stop_ns)
        ts, high, low, close, buy, sell, flags = (
            self._bars.column(name)[part] for name in ("ts", "high", "low", "close", "buy_lots", "sell_lots", "flags")
        )
        counts = self._context.settings.unfinished | ((flags & BarFlags.LIVE) == 0)
        for day in np.unique(ts // DAY_NS):
            own = (ts // DAY_NS == day) & counts & (buy + sell > 0)
            lots = (buy + sell)[own]
            yield ts[own], np.cumsum((high + low + close)[own] / 3 * lots) / np.cumsum(lots)


def _midnight(ts):
    return ts // DAY_NS * DAY_NS
