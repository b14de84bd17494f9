"""Gathers a frame: tells layers what changed, fits the scales, forms the views and the chart's own marks."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite
from typing import Literal

from flowdeck.chart import bars
from flowdeck.chart.axes import TimeTicks, ValueTicks, price_ticks, value_axis_px
from flowdeck.chart.deck import Deck, Slot
from flowdeck.chart.layout import Layout
from flowdeck.chart.legend import Groups, pieces
from flowdeck.chart.scene import Scene
from flowdeck.chart.states import Gap
from flowdeck.chart.subscriptions import Subscriptions
from flowdeck.chart.window import Subject, Window
from flowdeck.chart.wishes import Wishes
from flowdeck.series import Series
from flowdeck.specs import FeedState, Layer, Placement, SourceStatus, Theme, View
from flowdeck.streams import StreamKey

__all__ = ["Cue", "Director"]

Range = tuple[float, float]

_MANY = 10**6


@dataclass(frozen=True)
class Cue:
    """What a frame is asked to show, as far as the window and the data do not say it.

    Attributes:
        theme: Colours.
        layout: Areas.
        scale: Device pixels per px.
        subject: The instrument and its run; None before the first stream was opened.
        bars: The bars that the chart itself reads.
        now_ns: The clock.
        status: What the feed's source says.
        head_ns: Where the replay stands.
        late: Whether history is late enough to be spoken of.
    """

    theme: Theme
    layout: Layout
    scale: float
    subject: Subject | None
    bars: StreamKey
    now_ns: int
    status: SourceStatus | None
    head_ns: int | None
    late: bool


class Director:
    """Works on the parts of one chart host.

    Attributes:
        fit_price: Fit prices at the next frame, whatever the user did.
        fit_time: Go to the newest bars at a readable pitch at the next frame.
        fit_pane: Fit the values of this pane at the next frame.
    """

    def __init__(self, deck: Deck, subscriptions: Subscriptions, window: Window, wishes: Wishes) -> None:
        self._deck = deck
        self._subscriptions = subscriptions
        self._window = window
        self._wishes = wishes
        self.fit_price = False
        self.fit_time = False
        self.fit_pane = ""
        self._legend_key: object = None
        self._legend: Groups = ()

    def scene(self, cue: Cue) -> Scene:
        """Everything that the frame shows, but legend and banners."""
        subject = cue.subject
        self._deck.update(self._subscriptions)
        series = self._subscriptions.series(cue.bars)
        fresh = self._window.fresh or not self._window.fitted
        if subject is None or not self._look(subject, series, cue.bars):
            return Scene(cue.theme, cue.layout, cue.scale, empty=self._why_empty(cue))
        view = self._settle(subject, cue, series, fresh=fresh)
        self._wishes.notice(view, cue.layout)
        views = {band.id: self._window.band_view(band, view) for band in cue.layout.bands}
        return Scene(
            theme=cue.theme,
            layout=cue.layout,
            scale=cue.scale,
            plot=view,
            views=views,
            titles={slot.id: slot.spec.title for slot in self._deck.shown()},
            prices=price_ticks(view, cue.layout.plot),
            values=self._values(cue.layout, views),
            times=TimeTicks.of(view, cue.layout.plot.left),
            last=bars.last_price(series, subject.instrument),
            gaps=self._gaps(cue, view),
            loading=bars.loading(series, view) if cue.late else None,
            head_ns=cue.head_ns,
            dim=_dim(cue.status),
        )

    def legend(self, view: View, series: Series | None, ts: int | None) -> Groups:
        """The groups of the legend line, for the bar that holds a time, or the newest in sight."""
        titles = tuple(slot.spec.title for slot in self._deck.shown() if slot.spec.placement is Placement.PLOT)
        ts = bars.newest_in_sight(series, view) if ts is None else ts
        bar = None if ts is None else bars.bar_figures(series, view.instrument, ts)
        key = (view.instrument, view.timeframe, view.grouping, view.lod, view.theme, titles, bar)
        if key != self._legend_key:
            self._legend_key, self._legend = key, pieces(view, titles, bar)
        return self._legend

    def _look(self, subject: Subject, series: Series | None, key: StreamKey) -> bool:
        """Learn of the newest bar; whether there is anything to show."""
        window = self._window
        last = bars.last_price(series, subject.instrument)
        newest = bars.newest_open(series)
        window.see(newest, last.price if last is not None else None, subject.tick)
        if window.origin_ns is None or not (window.fitted or newest is not None):
            return False
        if window.fresh or self.fit_time:
            self._fit_time(series, key)
        return True

    def _fit_time(self, series: Series | None, key: StreamKey) -> None:
        """Bars at the reference pitch; so few that they leave the window empty are widened, once all are here."""
        all_here = self._subscriptions.ready([key])
        self._window.fit_time(len(series) if series is not None and all_here else _MANY)
        self._window.fresh &= not all_here
        self.fit_time = False

    def _settle(self, subject: Subject, cue: Cue, series: Series | None, *, fresh: bool) -> View:
        """Fit the scales to what is in sight, and choose the grouping."""
        window = self._window
        view = window.view(subject, cue.now_ns)
        window.fit_price(self._in_sight(view, series), subject, force=self.fit_price or fresh)
        for band in cue.layout.of(Placement.SUBPANE):
            found = self._range(self._deck[band.id], window.band_view(band, view)) if band.id in self._deck else None
            window.fit_values(band.id, found, force=self.fit_pane == band.id)
        self.fit_price, self.fit_pane = False, ""
        self._wishes.regroup(subject, at_once=fresh)
        return window.view(subject, cue.now_ns)

    def _in_sight(self, view: View, series: Series | None) -> Range | None:
        """Lowest and highest price that matter, by the bars and by what layers of the plot say."""
        ranges = [bars.price_range(series, view)]
        ranges += [self._range(slot, view) for slot in self._deck.shown() if slot.spec.placement is Placement.PLOT]
        found = [each for each in ranges if each is not None]
        return (min(low for low, _ in found), max(high for _, high in found)) if found else None

    def _range(self, slot: Slot, view: View) -> Range | None:
        layer = slot.layer
        return None if layer is None else self._deck.call(slot, "value_range", lambda: _checked(layer, view))

    @staticmethod
    def _values(layout: Layout, views: dict[str, View]) -> dict[str, ValueTicks]:
        return {band.id: value_axis_px(views[band.id], band.rect) for band in layout.bands if band.axis is not None}

    def _gaps(self, cue: Cue, view: View) -> tuple[Gap, ...]:
        keys = {cue.bars, *(key for slot in self._deck.shown() for key in slot.keys)}
        found = bars.gaps((self._subscriptions.series(key) for key in sorted(keys)), view)
        status = cue.status
        if status is not None and status.state is FeedState.DISCONNECTED and 0 < status.since < cue.now_ns:
            found += (Gap("connection", status.since, cue.now_ns),)
        return found

    def _why_empty(self, cue: Cue) -> tuple[str, str]:
        name = str(cue.bars.instrument)
        refused = self._subscriptions.refusals().get(cue.bars)
        if refused:
            return f"No bars of {cue.bars.instrument.symbol} here", refused
        if cue.status is not None and cue.status.state is not FeedState.LIVE:
            return "No data yet", f"{name}: {cue.status.reason or cue.status.state.value}"
        if cue.subject is None or not self._subscriptions.ready([cue.bars]):
            return f"Opening {cue.bars.instrument.symbol}", name
        return "No data yet", f"{name}: waiting for the first trade"


def _dim(status: SourceStatus | None) -> Literal["", "stale", "disconnected"]:
    if status is not None and status.state is FeedState.STALE:
        return "stale"
    return "disconnected" if status is not None and status.state is FeedState.DISCONNECTED else ""


def _checked(layer: Layer, view: View) -> Range | None:
    found = layer.value_range(view)
    if found is None:
        return None
    low, high = float(found[0]), float(found[1])
    if not (isfinite(low) and isfinite(high) and low <= high):
        raise ValueError(f"value_range() answered {found!r}, which is not a range")
    return low, high
