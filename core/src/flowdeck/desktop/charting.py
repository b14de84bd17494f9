"""The chart and what is chosen for it: instrument, timeframe, run, layers, price rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from PySide6.QtCore import QObject, Signal

from flowdeck.canvas import FontSet
from flowdeck.chart.feed import Feed, FeedEvent
from flowdeck.chart.host import ChartHost
from flowdeck.chart.parts import Banner, Frame, LayerInfo, Loading, Redraw
from flowdeck.chart.theme import text_scale
from flowdeck.desktop.appearance import chart_fonts
from flowdeck.desktop.chartpane import ChartPane
from flowdeck.desktop.chartview import ChartView
from flowdeck.desktop.look import Look
from flowdeck.desktop.plotitems import PlotItems
from flowdeck.errors import FlowdeckError
from flowdeck.instruments import Instrument, InstrumentId
from flowdeck.plugins.manager import PluginManager
from flowdeck.specs import SourceStatus
from flowdeck.timeframes import Timeframe

__all__ = ["Charting", "Choice"]


@dataclass(frozen=True)
class Choice:
    """What a chart is asked to show when it opens.

    Attributes:
        instrument: What is shown.
        timeframe: Length of a bar.
        layers: Ids of the layers shown; empty leaves it to each layer, and to `toggled`.
        grouping: Ticks per row.
        toggled: Layers that the user has shown (True) or hidden before.
    """

    instrument: InstrumentId
    timeframe: Timeframe
    layers: tuple[str, ...] = ()
    grouping: int | Literal["auto"] = "auto"
    toggled: Mapping[str, bool] = field(default_factory=dict, hash=False)


class Charting(QObject):
    """Builds the chart host when its kernels are there, and talks to it from then on.

    What is chosen before that is shown when it begins. `chosen` fires when instrument, run or timeframe change,
    `layers_chosen` when the user shows or hides a layer, `failed` carries one line for the user.
    """

    chosen = Signal()
    layers_chosen = Signal()
    frame_due = Signal()
    failed = Signal(str)

    def __init__(self, pane: ChartPane, look: Look, manager: PluginManager, feed: Feed, choice: Choice) -> None:
        super().__init__()
        self._pane, self._look, self._manager, self._feed = pane, look, manager, feed
        self._first = choice
        self.instrument, self.timeframe = choice.instrument, choice.timeframe
        self.toggled = dict(choice.toggled)
        self.run: str | None = None
        self.host: ChartHost | None = None
        self.view: ChartView | None = None
        self.items: PlotItems | None = None
        look.changed.connect(self._restyle)

    def begin(self) -> ChartView:
        """Build the chart. The kernels must be there, else this waits for their compilation."""
        self.host = host = ChartHost(
            self._manager,
            self._look.theme,
            width_px=max(self._pane.width(), 320),
            height_px=max(self._pane.height(), 240),
            scale=self._pane.devicePixelRatioF(),
            instrument=self.instrument,
            timeframe=self.timeframe,
            run=self.run,
            fonts=self._fonts(),
            feed=self._feed,
            layers=self._first.layers or None,
        )
        host.set_grouping(self._first.grouping)
        for layer, visible in ({} if self._first.layers else self.toggled).items():
            host.set_layer_visible(layer, visible)
        self.view = self._pane.show_chart(host)
        self.view.set_text_scale(self._text_scale())
        self.items = PlotItems(self.view, self._manager)
        self.view.changed.connect(self.frame_due)
        return self.view

    def receive(self, handle: int, event: FeedEvent) -> None:
        """A stream's event, from the mailbox."""
        if self.host is not None:
            self.host.receive(handle, event)

    @property
    def unfinished(self) -> bool:
        """Whether another frame is due without anybody asking: a debounced request, a picture that is behind."""
        return self.host is not None and self.host.dirty

    @property
    def grouping(self) -> int | Literal["auto"]:
        """Ticks per price row as chosen."""
        return self.host.chosen_grouping if self.host is not None else self._first.grouping

    def draw(self) -> Frame | None:
        """Make a frame if anything changed."""
        if self.view is None:
            return None
        frame = self.view.show_frame()
        if self.items is not None and frame.level is not Redraw.NONE:
            self.items.follow()
        return frame

    def close(self) -> None:
        """Let go of the chart's streams and of what draws on it."""
        if self.items is not None:
            self.items.close()
        if self.host is not None:
            self.host.close()

    def show_instrument(self, instrument: InstrumentId, run: str | None = None) -> None:
        """Show an instrument, live or of a run."""
        if (instrument, run) == (self.instrument, self.run):
            return
        self.instrument, self.run = instrument, run
        self._do(lambda host: host.set_instrument(instrument, run))
        self.chosen.emit()

    def show_timeframe(self, timeframe: Timeframe) -> None:
        """Show bars of this length."""
        if timeframe == self.timeframe or not self._do(lambda host: host.set_timeframe(timeframe)):
            return
        self.timeframe = timeframe
        self.chosen.emit()

    def show_layer(self, layer: str, *, visible: bool) -> None:
        """Show or hide a layer."""
        self._do(lambda host: host.set_layer_visible(layer, visible))
        self.toggled[layer] = visible
        self.layers_chosen.emit()

    def step_rows(self, steps: int) -> None:
        """Larger price rows, or smaller ones."""
        if self._do(lambda host: host.step_grouping(steps)):
            self.chosen.emit()

    def fit(self) -> None:
        """Fit both axes."""
        self._do(lambda host: host.fit())

    def to_live(self) -> None:
        """Back to the newest bar."""
        self._do(lambda host: host.to_live())

    def set_status(self, status: SourceStatus | None) -> None:
        """Tell the chart what its feed does."""
        self._do(lambda host: host.set_status(status))

    def set_replay(self, head_ns: int | None) -> None:
        """Tell the chart where the replay stands."""
        self._do(lambda host: host.set_replay(head_ns))

    def save_png(self, path: Path) -> None:
        """Write the picture as it stands."""
        self._do(lambda host: host.png(path))

    def reopen(self) -> None:
        """Open every stream anew: one was refused, or a plugin was enabled in the engine."""
        self._do(lambda host: host.reopen())

    def refresh(self) -> None:
        """Settings of a layer are others: ask it anew, draw it anew."""
        self._do(lambda host: host.refresh())

    def set_steps(self, instrument: Instrument, run: str | None) -> None:
        """The engine stated the steps of an instrument, of live data or of a run."""
        if run == self.run:
            self._do(lambda host: host.set_steps(instrument))

    def layers(self) -> tuple[LayerInfo, ...]:
        """The layers, with what they cost."""
        return self.host.layers() if self.host is not None else ()

    def banners(self) -> tuple[Banner, ...]:
        """What the chart has to say."""
        return self.host.banners() if self.host is not None else ()

    def loading(self) -> Loading | None:
        """History that is on its way."""
        return self.host.loading if self.host is not None else None

    def price(self) -> tuple[float | None, int, bool]:
        """The last price, how many decimals it has, and whether its bar goes up."""
        if self.host is None or self.host.instrument is None:
            return None, 0, True
        return self.host.last_price, self.host.instrument.price_decimals, self.host.rises

    def _do(self, call: Callable[[ChartHost], Any]) -> bool:
        """Do something to the chart, if there is one; what it refuses is said. Whether it was done."""
        try:
            if self.host is not None:
                call(self.host)
        except (FlowdeckError, OSError) as error:
            self.failed.emit(str(error))
            return False
        self.frame_due.emit()
        return True

    def _restyle(self) -> None:
        self._do(lambda host: host.set_theme(self._look.theme))
        self._do(lambda host: host.set_fonts(self._fonts()))
        if self.view is not None:
            self.view.set_text_scale(self._text_scale())

    def _text_scale(self) -> float:
        return text_scale(self._look.typography.body_px)

    def _fonts(self) -> FontSet:
        return chart_fonts(self._look.typography)
