"""What the chart itself reads from bars: the newest one, the last price, one bar's figures, gaps and progress."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from flowdeck.chart.legend import BarFigures
from flowdeck.chart.parts import Loading
from flowdeck.chart.states import Gap
from flowdeck.chart.tags import LastPrice
from flowdeck.instruments import Instrument
from flowdeck.series import Series
from flowdeck.specs import View

__all__ = [
    "bar_figures",
    "gaps",
    "last_price",
    "loading",
    "newest_close",
    "newest_in_sight",
    "newest_open",
    "price_range",
]

_FEED = {"bars": "trades", "footprint": "trades", "book": "depth", "liquidity": "depth"}
"""Which root stream is missing where a derived one has a gap."""


def newest_open(series: Series | None) -> int | None:
    """When the newest bar opened, ns UTC; None without bars."""
    return int(series.column("ts")[-1]) if series is not None and len(series) else None


def newest_close(series: Series | None) -> float | None:
    """The close of the newest bar; None without bars."""
    return float(series.column("close")[-1]) if series is not None and len(series) else None


def last_price(series: Series | None, instrument: Instrument) -> LastPrice | None:
    """The close of the newest bar; None without bars."""
    if series is None or not len(series):
        return None
    opened, close = float(series.column("open")[-1]), float(series.column("close")[-1])
    return LastPrice(close, close >= opened, instrument.price_decimals, int(series.column("ts")[-1]))


def bar_figures(series: Series | None, instrument: Instrument, ts: int | None) -> BarFigures | None:
    """The bar that holds a time (ns UTC), or the newest for None; None when there is no such bar."""
    if series is None or not len(series):
        return None
    times = series.column("ts")
    at = len(times) - 1 if ts is None else int(np.searchsorted(times, ts, side="right")) - 1
    if at < 0:
        return None
    lots = int(series.column("buy_lots")[at]) - int(series.column("sell_lots")[at])
    first, high, low, last = (float(series.column(name)[at]) for name in ("open", "high", "low", "close"))
    return BarFigures(first, high, low, last, float(instrument.quantities([lots])[0]))


def newest_in_sight(series: Series | None, view: View) -> int | None:
    """When the newest bar of the picture opened, ns UTC; None when it shows none."""
    if series is None:
        return None
    opens = series.column("ts")[series.span(view.start_ns - view.timeframe.duration_ns + 1, view.stop_ns)]
    return int(opens[-1]) if len(opens) else None


def price_range(series: Series | None, view: View) -> tuple[float, float] | None:
    """Lowest and highest price of the bars in sight; None without any."""
    if series is None:
        return None
    part = series.span(view.start_ns - view.timeframe.duration_ns + 1, view.stop_ns)
    low, high = series.column("low")[part], series.column("high")[part]
    return (float(low.min()), float(high.max())) if len(low) else None


def gaps(all_series: Iterable[Series | None], view: View) -> tuple[Gap, ...]:
    """Holes in what was covered, in sight, once for each kind of root stream."""
    found: dict[Gap, None] = {}
    for series in all_series:
        if series is None or not series.complete:
            continue
        what = _FEED.get(series.key.kind, series.key.kind)
        for before, after in zip(series.covered, series.covered[1:], strict=False):
            if before[1] < view.stop_ns and after[0] > view.start_ns:
                found[Gap(what, before[1], after[0])] = None
    return tuple(found)


def loading(series: Series | None, view: View) -> Loading | None:
    """How much of the window is still missing, judged by the bars, which arrive newest first; None when all is in."""
    stop = min(view.stop_ns, view.now_ns) if view.start_ns < view.now_ns else view.stop_ns
    begun = int(series.column("ts")[0]) if series is not None and len(series) else stop
    begun = min(max(begun, view.start_ns), stop)
    if begun == view.start_ns:
        return None
    share = (stop - begun) / max(1, stop - view.start_ns)
    return Loading(view.start_ns, begun, share)
