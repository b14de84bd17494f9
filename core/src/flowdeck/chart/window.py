"""What a chart shows: the window of time and price, the grouping of rows, the level of detail, as views."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from flowdeck.chart.layout import Band, Layout
from flowdeck.chart.lod import Detail, choose_grouping, next_grouping
from flowdeck.chart.scales import TimeScale, ValueScale
from flowdeck.chart.theme import sizes
from flowdeck.errors import TimeframeError
from flowdeck.instruments import Instrument
from flowdeck.specs import Lod, Placement, Theme, View
from flowdeck.timeframes import Timeframe

__all__ = ["Subject", "Window"]

_WIDEST_PITCH_PX = 160.0
_MARGINS_PX = {Lod.FULL: (44.0, 52.0), Lod.DELTA: (44.0, 36.0)}
"""Room above (legend) and below (figures under bars) the fitted prices."""
_MARGIN_PX = (44.0, 20.0)
_PANE_MARGIN_PX = (10.0, 10.0)
_CRISP_ROW_PX = 3.0
_LOWEST_ROW_PX = 9.0
"""Rows so low still carry figures for the few frames until coarser ones are here."""
_FEWEST_TICKS = 4


@dataclass(frozen=True)
class Subject:
    """What is shown, as far as pan and zoom do not change it.

    Attributes:
        instrument: Steps of price and size.
        run: The run, None for live data.
        theme: Colours.
        scale: Device pixels per px.
    """

    instrument: Instrument
    run: str | None
    theme: Theme
    scale: float

    @property
    def tick(self) -> float:
        """Smallest price step."""
        return float(self.instrument.tick_size)


class Window:
    """The scales of one chart, and the views that follow from them.

    Args:
        timeframe: Length of a bar.
        widen: Whether few bars are widened to fill the plot; in a living chart more will come.

    Attributes:
        origin_ns: Time at x = 0; None before the first bar was seen.
        time: The scale of time, for all panes.
        price: The scale of the plot and its strips.
        values: The scales of subpanes, by layer.
        grouping: Ticks per row, as drawn.
        coming: Ticks per row that will be drawn once their streams are here; None when the drawn ones are right.
        chosen_grouping: What the user asked for.
        fresh: Whether the first fit of time is due: nobody has moved the chart, and history was not complete.
        judge_rows_afresh: Whether the next choice of grouping owes nothing to the one in use.
        fitted: Whether prices were ever fitted; before that nothing can be shown.
    """

    def __init__(self, timeframe: Timeframe, *, widen: bool = False) -> None:
        self._widen = widen
        self.timeframe = _time_bars(timeframe)
        self.time = TimeScale(timeframe.duration_ns, sizes().bar_pitch, 1.0, margin_px=sizes().bar_margin)
        self.price = ValueScale()
        self.values: dict[str, ValueScale] = {}
        self.origin_ns: int | None = None
        self.grouping = 1
        self.coming: int | None = None
        self.chosen_grouping: int | Literal["auto"] = "auto"
        self.fresh = True
        self.fitted = False
        self.judge_rows_afresh = False
        self._exact: tuple[int, int] | None = None
        self._detail = Detail()

    def set_timeframe(self, timeframe: Timeframe) -> None:
        """Bars of another length, as wide as before; the right edge keeps its time.

        Raises:
            TimeframeError: for bars that do not close by time.
        """
        self.timeframe = _time_bars(timeframe)
        self.time.rebar(timeframe.duration_ns)
        if self.origin_ns is not None:
            self._move_origin(timeframe.open_ns(timeframe.index(self.origin_ns)))

    def forget(self) -> None:
        """Begin anew, as for another instrument: pinned, fitted, at the reference pitch."""
        time, price = self.time, self.price
        margin_px = sizes().bar_margin
        self.time = TimeScale(time.bar_ns, sizes().bar_pitch, time.width_px, time.reserved_px, margin_px=margin_px)
        self.price = ValueScale(height_px=price.height_px)
        self.values.clear()
        self.origin_ns, self.fresh, self.fitted, self._detail = None, True, False, Detail()
        self._exact = None

    def place(self, layout: Layout) -> None:
        """Another layout; bars and rows keep their sizes."""
        self.time.resize(layout.plot.width, layout.overlay_px)
        self._show_exactly()
        self.price.resize(layout.plot.height)
        for band in layout.of(Placement.SUBPANE):
            self.values.setdefault(band.id, ValueScale()).resize(band.rect.height)

    def see(self, newest_open_ns: int | None, last_price: float | None, tick: float) -> None:
        """Learn of the newest bar; the first one that is seen sets the origin."""
        if last_price is not None:
            self.price.smallest, self.price.limit = _FEWEST_TICKS * tick, 20.0 * max(abs(last_price), tick)
        if newest_open_ns is None:
            return
        if self.origin_ns is None:
            self.origin_ns = newest_open_ns
        index = self.timeframe.index(newest_open_ns)
        self.time.newest = float(self.timeframe.close_ns(index) - self.origin_ns)

    def show(self, start_ns: int, stop_ns: int) -> None:
        """Show this range of time, ns UTC."""
        if self.origin_ns is None:
            self.origin_ns = self.timeframe.open_ns(self.timeframe.index(start_ns))
        self.fresh, self._exact = False, (start_ns, stop_ns)
        self._show_exactly()

    def moved(self) -> None:
        """A hand was here: neither the first fit nor an exact range is due any longer."""
        self.fresh, self._exact = False, None

    def fit_time(self, bars: int) -> None:
        """Pin the newest bars at the reference pitch, or wider when there are only so few."""
        self._exact = None
        self.time.to_newest(sizes().bar_margin)
        widest = _WIDEST_PITCH_PX if self._widen else sizes().bar_pitch
        self.time.fit_pitch(bars, sizes().bar_pitch, widest)

    def fit_price(self, found: tuple[float, float] | None, subject: Subject, *, force: bool = False) -> bool:
        """Fit prices to what is shown, unless the user holds the scale or they sit well; whether anything moved."""
        price = self.price
        if found is None or not (price.auto or force):
            return False
        above, below = _MARGINS_PX.get(self._detail.pitch_level(self.time.pitch_px), _MARGIN_PX)
        if not force and price.comfortable(*found, above, below):
            return False
        price.auto = self.fitted = True
        price.fit(*found, above, below)
        self._align(subject)
        return True

    def fit_values(self, pane: str, found: tuple[float, float] | None, *, force: bool = False) -> bool:
        """Fit a pane's values to what is shown; whether anything moved."""
        scale = self.values.get(pane)
        if scale is None or found is None or not (scale.auto or force):
            return False
        before = scale.y0, scale.y1
        scale.auto, scale.smallest = True, max(abs(found[0]), abs(found[1]), 1e-9) * 1e-6
        scale.fit(*found, *_PANE_MARGIN_PX)
        return before != (scale.y0, scale.y1)

    def wanted_grouping(self, subject: Subject) -> int:
        """The grouping that the user or else the zoom asks for."""
        if self.chosen_grouping != "auto":
            return self.chosen_grouping
        known = None if self.fresh or self.judge_rows_afresh or not self.fitted else self.grouping
        return choose_grouping(subject.tick / self.price.per_px, self._pitch_level(), known)

    def settle_grouping(self, grouping: int) -> None:
        """Draw rows of this grouping from now on."""
        self.grouping, self.coming, self.judge_rows_afresh = grouping, None, False

    def step_grouping(self, steps: int) -> None:
        """Rows some steps of 1, 2, 5 coarser; they stay so until `auto` is chosen again."""
        self.chosen_grouping = next_grouping(self.grouping, steps)

    def view(self, subject: Subject, now_ns: int, grouping: int | None = None) -> View:
        """The plot, at the drawn grouping or another one (whose level of detail is then not remembered)."""
        view = View(
            instrument=subject.instrument,
            run=subject.run,
            timeframe=self.timeframe,
            grouping=grouping or self.grouping,
            origin_ns=self.origin_ns or 0,
            x0=self.time.x0,
            x1=self.time.x1,
            y0=self.price.y0,
            y1=self.price.y1,
            width_px=self.time.width_px,
            height_px=self.price.height_px,
            scale=subject.scale,
            lod=Lod.FULL,
            theme=subject.theme,
            now_ns=now_ns,
        )
        if grouping is not None:
            return replace(view, lod=Detail().level(view.pitch_px, view.row_px, grouping))
        return replace(view, lod=self._level(view))

    def band_view(self, band: Band, plot: View) -> View:
        """The view of a strip or pane beside the plot."""
        width, height = band.rect.width, band.rect.height
        sized = replace(plot, width_px=width, height_px=height)
        match band.placement:
            case Placement.OVERLAY | Placement.SIDE:
                return replace(sized, x0=0.0, x1=width, shown_ns=(plot.start_ns, plot.stop_ns))
            case Placement.TABLE:
                return replace(sized, y0=height, y1=0.0)
            case _:
                scale = self.values.setdefault(band.id, ValueScale(height_px=height))
                return replace(sized, y0=scale.y0, y1=scale.y1)

    def _level(self, view: View) -> Lod:
        """The level of the drawn rows, or of those that come in a moment: no drop to less for that."""
        if self.coming is None or view.row_px < _LOWEST_ROW_PX:
            return self._detail.level(view.pitch_px, view.row_px, view.grouping)
        return self._detail.level(view.pitch_px, view.row_px * self.coming / view.grouping, self.coming)

    def _show_exactly(self) -> None:
        """A range that was asked for stays exact while the layout changes."""
        if self._exact is not None and self.origin_ns is not None:
            start, stop = (float(ts - self.origin_ns) for ts in self._exact)
            self.time.show(start, stop)

    def _pitch_level(self) -> Lod:
        return self._detail.pitch_level(self.time.pitch_px)

    def _align(self, subject: Subject) -> None:
        """Rows of whole device pixels with their edges on whole ones, so that all cells are equally high."""
        row = self.wanted_grouping(subject) * subject.tick
        row_px = int(row / self.price.per_px * subject.scale)
        if row_px < _CRISP_ROW_PX:
            return
        pixel = row / row_px
        middle, height_px = (self.price.y0 + self.price.y1) / 2, self.price.height_px * subject.scale
        self.price.y1 = round((middle + height_px * pixel / 2) / pixel) * pixel
        self.price.y0 = self.price.y1 - height_px * pixel

    def _move_origin(self, origin_ns: int) -> None:
        shift = float((self.origin_ns or 0) - origin_ns)
        self.time.right += shift
        if self.time.newest is not None:
            self.time.newest += shift
        self.origin_ns = origin_ns


def _time_bars(timeframe: Timeframe) -> Timeframe:
    if not timeframe.is_time:
        raise TimeframeError(f"the chart draws time bars, such as 15s, 1m or 4h; {timeframe} bars do not close by time")
    return timeframe
