"""What a chart is told to show, and what its feed tells it."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

from flowdeck.canvas import FontSet, RasterCanvas
from flowdeck.chart.bars import newest_close, newest_open
from flowdeck.chart.composer import Composer
from flowdeck.chart.core import ChartCore
from flowdeck.chart.feed import FeedEvent
from flowdeck.chart.parts import LayerInfo, Redraw
from flowdeck.chart.subscriptions import ALL_TIME
from flowdeck.errors import ConfigError
from flowdeck.instruments import Instrument, InstrumentId
from flowdeck.specs import Placement, SourceStatus, Theme
from flowdeck.streams import EndOfStream
from flowdeck.timeframes import Timeframe

__all__ = ["Showing"]

_HOLD_S = 0.15
_LARGEST_GROUPING = 10**9


class Showing(ChartCore):
    """The part of the chart host that takes what is to be shown."""

    _hold_until = 0.0

    @property
    def instrument(self) -> Instrument | None:
        """The steps of price and size; None before the first stream was opened."""
        return self._steps

    @property
    def instrument_id(self) -> InstrumentId:
        """What is shown."""
        return self._id

    @property
    def run(self) -> str | None:
        """The run shown, None for live data."""
        return self._run

    @property
    def timeframe(self) -> Timeframe:
        """Length of a bar."""
        return self._window.timeframe

    @property
    def grouping(self) -> int:
        """Ticks per price row, as drawn."""
        return self._window.grouping

    @property
    def chosen_grouping(self) -> int | Literal["auto"]:
        """What was asked for with `set_grouping`."""
        return self._window.chosen_grouping

    @property
    def last_price(self) -> float | None:
        """Close of the newest bar."""
        return newest_close(self._bars())

    @property
    def rises(self) -> bool:
        """Whether the newest bar goes up, as the tag of the last price shows it."""
        last = self._scene.last if self._scene is not None else None
        return last is None or last.rises

    @property
    def newest_ns(self) -> int | None:
        """When the newest bar opened, ns UTC."""
        return newest_open(self._bars())

    @property
    def span(self) -> tuple[int, int]:
        """The window of time that is shown, ns UTC."""
        origin_ns, time = self._window.origin_ns or 0, self._window.time
        return origin_ns + int(time.x0), origin_ns + int(time.x1)

    def set_timeframe(self, timeframe: Timeframe) -> None:
        """Show bars of another length, as wide as before.

        Raises:
            TimeframeError: for bars that do not close by time.
        """
        if timeframe != self._window.timeframe:
            self._window.set_timeframe(timeframe)
            self._hold_until = self._clock() + _HOLD_S
            self._wishes.all_history = False
            self._wishes.soon(0.0)
            self._touch(Redraw.FULL)

    def set_instrument(self, instrument: InstrumentId, run: str | None = None) -> None:
        """Show another instrument, live or of a run, from the beginning: pinned, fitted, at the reference pitch."""
        if (instrument, run) == (self._id, self._run):
            return
        self._subscriptions.clear()
        self._deck.forget()
        self._window.forget()
        self._axis_px = 0.0
        self._arrange()
        self._id, self._run, self._steps = instrument, run, None
        self._status, self._head_ns, self._pin = None, None, None
        self._wishes.all_history = False
        self._wishes.soon(0.0)
        self._touch(Redraw.FULL)

    def set_run(self, run: str | None) -> None:
        """Show the same instrument in another run, or live."""
        self.set_instrument(self._id, run)

    def set_grouping(self, grouping: int | Literal["auto"]) -> None:
        """Fix the ticks per row, or let the zoom choose them.

        Raises:
            ConfigError: for anything but `auto` or a whole number of ticks from 1.
        """
        valid = grouping == "auto" or (isinstance(grouping, int) and 1 <= grouping <= _LARGEST_GROUPING)
        if not valid or isinstance(grouping, bool):
            raise ConfigError(f"grouping {grouping!r} is neither 'auto' nor a number of ticks from 1")
        self._window.chosen_grouping = grouping
        self._window.judge_rows_afresh = True
        self._touch(Redraw.FULL)

    def step_grouping(self, steps: int) -> None:
        """Make rows some steps of 1, 2, 5 coarser, or finer when negative."""
        self._window.step_grouping(steps)
        self._touch(Redraw.FULL)

    def set_theme(self, theme: Theme) -> None:
        """Other colours."""
        self._theme = theme
        self.refresh()

    def refresh(self) -> None:
        """Draw anew and ask layers anew what they read, as after a change of their settings."""
        self._wishes.soon(0.0)
        self._touch(Redraw.FULL)

    def set_fonts(self, fonts: FontSet) -> None:
        """Other families for words and figures."""
        self._fonts = fonts
        canvas = self._composer.canvas
        self._renew_canvas(canvas.width_px, canvas.height_px, canvas.scale)

    def resize(self, width_px: float, height_px: float, scale: float = 1.0) -> None:
        """Another size; the frames that follow have another buffer."""
        canvas = self._composer.canvas
        width_px, height_px = max(width_px, 1.0), max(height_px, 1.0)
        if (width_px, height_px, scale) != (canvas.width_px, canvas.height_px, canvas.scale):
            self._renew_canvas(width_px, height_px, scale)

    def show(self, start_ns: int, stop_ns: int) -> None:
        """Show this range of time, ns UTC, instead of the newest bars."""
        self._window.show(start_ns, stop_ns)
        self._touch(Redraw.FULL)

    def set_layer_visible(self, layer: str, visible: bool) -> None:
        """Show or hide a layer; an unknown id is ignored, for plugins come and go."""
        if layer in self._deck:
            self._deck.set_visible(layer, visible=visible)

    def layers(self) -> tuple[LayerInfo, ...]:
        """Every layer in painting order, with its cost."""
        placed = {band.id for band in self._layout.bands}
        return self._deck.infos(lambda slot: slot.spec.placement is Placement.PLOT or slot.id in placed)

    def receive(self, handle: int, event: FeedEvent) -> None:
        """Take an event of a stream that the chart opened; one of a closed stream is ignored."""
        news = self._subscriptions.receive(handle, event)
        if news is None:
            return
        if news.instrument is not None:
            self.set_steps(news.instrument)
        if news.changed is not None:
            self._deck.note(news.key, news.changed)
        if isinstance(event, EndOfStream):  # a stretch of history is here; more may have been wanted meanwhile
            self._wishes.soon(0.0)
        self._touch(Redraw.FULL)

    def set_steps(self, instrument: Instrument) -> None:
        """Learn the instrument's steps of price and size; a change of either makes all views anew."""
        if instrument.id != self._id or instrument == self._steps:
            return
        changed = self._steps is not None
        self._steps = instrument
        for key in self._subscriptions.open_keys() if changed else ():
            self._deck.note(key, ALL_TIME)
        self._wishes.soon(0.0)
        self._touch(Redraw.FULL)

    def reopen(self) -> None:
        """Open every stream anew, as after the feed came back or a plugin was enabled in the engine."""
        self._subscriptions.reopen()
        self._touch(Redraw.FULL)

    def set_status(self, status: SourceStatus | None) -> None:
        """What the source of the instrument says; None for data that has no live feed."""
        if status != self._status:
            same = status is not None and self._status is not None and status.state is self._status.state
            self._status = status
            self._touch(Redraw.OVERLAY if same else Redraw.FULL)

    def set_replay(self, head_ns: int | None) -> None:
        """Where the replay stands, ns UTC; None draws no mark."""
        if head_ns != self._head_ns:
            self._head_ns = head_ns
            if self._scene is not None:
                self._scene = replace(self._scene, head_ns=head_ns)
            self._touch(Redraw.OVERLAY)

    def close(self) -> None:
        """Close every stream and let go of the layers."""
        self._subscriptions.clear()
        self._deck.close()

    def _renew_canvas(self, width_px: float, height_px: float, scale: float) -> None:
        self._composer = Composer(RasterCanvas(width_px, height_px, scale, self._fonts))
        self._arrange()
