"""The state of one chart, and what every part of its host may do with it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from time import monotonic

from flowdeck.canvas import FontSet, RasterCanvas
from flowdeck.chart.axes import axis_px
from flowdeck.chart.bars import newest_close
from flowdeck.chart.composer import Composer
from flowdeck.chart.crosshair import Cursor, Hover
from flowdeck.chart.deck import Deck
from flowdeck.chart.director import Director
from flowdeck.chart.feed import Feed
from flowdeck.chart.layout import arrange
from flowdeck.chart.parts import Redraw
from flowdeck.chart.roster import Plugins
from flowdeck.chart.scene import Scene
from flowdeck.chart.subscriptions import Subscriptions
from flowdeck.chart.theme import sizes
from flowdeck.chart.ticks import figure
from flowdeck.chart.window import Subject, Window
from flowdeck.chart.wishes import Wishes
from flowdeck.instruments import Instrument, InstrumentId
from flowdeck.series import Series
from flowdeck.specs import SourceStatus, Theme
from flowdeck.streams import StreamKey
from flowdeck.timeframes import Timeframe

__all__ = ["ChartCore"]


class ChartCore:
    """One chart. All methods are called on one thread; none waits. Sizes and positions are px, y downwards.

    Args:
        plugins: Where layers come from, and who is told when one fails: the plugin manager.
        theme: Colours.
        width_px: Width of the chart, axes included.
        height_px: Height of the chart, axes included.
        scale: Device pixels per px.
        instrument: What is shown.
        timeframe: Length of a bar; the chart draws bars that close by time.
        run: The run shown, None for live data.
        fonts: Families for words and figures.
        feed: Where streams come from; it calls `receive`.
        layers: Ids of the layers to show; None shows those that want to be.
        still: Whether this is a picture and not a living chart, as in snapshots: banners are painted in, and few bars
            are widened to fill the plot.
        debounce_s: How long a change of the view rests before layers are asked for their streams again.
        clock: Seconds, monotonic.

    Raises:
        TimeframeError: for bars that do not close by time.
    """

    def __init__(
        self,
        plugins: Plugins,
        theme: Theme,
        *,
        width_px: float,
        height_px: float,
        scale: float = 1.0,
        instrument: InstrumentId,
        timeframe: Timeframe,
        run: str | None = None,
        fonts: FontSet | None = None,
        feed: Feed,
        layers: Iterable[str] | None = None,
        still: bool = False,
        debounce_s: float = 0.12,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._theme, self._fonts, self._id, self._run = theme, fonts, instrument, run
        self._still, self._clock = still, clock
        self._steps: Instrument | None = None
        self._status: SourceStatus | None = None
        self._head_ns: int | None = None
        self._now_ns = 0
        self._touched = Redraw.FULL
        self._hover: Hover | None = None
        self._dragging = False
        self._pin: tuple[int, float] | None = None
        self._cursor: Cursor | None = None
        self._explained: Cursor | None = None
        self._scene: Scene | None = None
        self._chosen_px: dict[str, float] = {}
        self._axis_px = 0.0
        self._composer = Composer(RasterCanvas(max(width_px, 1.0), max(height_px, 1.0), scale, fonts))
        self._layout = arrange(max(width_px, 1.0), max(height_px, 1.0), (), {})
        self._window = Window(timeframe, widen=still)
        self._subscriptions = Subscriptions(feed, plugins.kinds)
        self._deck = Deck(plugins, layers)
        self._wishes = Wishes(self._deck, self._subscriptions, self._window, debounce_s, clock)
        self._director = Director(self._deck, self._subscriptions, self._window, self._wishes)
        self._deck.on_change(self._layers_changed)
        self._layers_changed()

    @property
    def _subject(self) -> Subject | None:
        if self._steps is None:
            return None
        return Subject(self._steps, self._run, self._theme, self._composer.canvas.scale)

    @property
    def _bars_key(self) -> StreamKey:
        """The bars that the chart itself reads: last price, legend, the newest bar."""
        return StreamKey.of("bars", self._id, run=self._run, timeframe=self._window.timeframe)

    def _bars(self) -> Series | None:
        return self._subscriptions.series(self._bars_key)

    def _touch(self, level: Redraw) -> None:
        """Have the next frame composed to at least this level."""
        self._touched = max(self._touched, level)

    def _arrange(self) -> None:
        """Allot the space anew."""
        canvas = self._composer.canvas
        specs = [slot.spec for slot in self._deck if slot.shown]
        self._layout = arrange(canvas.width_px, canvas.height_px, specs, self._chosen_px, self._axis_px)
        self._window.place(self._layout)
        self._touch(Redraw.FULL)

    def _widen_axis(self) -> None:
        """Make room for prices with many digits. The axis never shrinks again: nothing may dance with the price."""
        price = newest_close(self._bars())
        if price is None or self._steps is None:
            return
        digits = "0" * len(figure(price, self._steps.price_decimals))
        wanted_px = axis_px(self._composer.canvas, digits)
        if wanted_px > max(self._axis_px, sizes().price_axis):
            self._axis_px = wanted_px
            self._arrange()

    def _layers_changed(self) -> None:
        """Layers came, went, failed, or were shown and hidden."""
        self._arrange()
        self._subscriptions.reopen(refused_only=True)
        self._wishes.soon(0.0)
