"""When layers are asked for their streams, and when rows may change their grouping without a blank frame."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final

from flowdeck.chart.deck import Deck, Slot
from flowdeck.chart.layout import Layout
from flowdeck.chart.subscriptions import Subscriptions
from flowdeck.chart.window import Subject, Window
from flowdeck.specs import Layer, View
from flowdeck.streams import StreamKey, StreamRequest

__all__ = ["Wishes"]

_REGROUP_PATIENCE_S: Final = 1.0
"""Rows keep their old grouping until the new one has arrived, but no longer than this."""
_FIRST_BARS: Final = 1_000
"""How many bars of live history are read before anybody scrolled back."""


class Wishes:
    """Asks, debounced, and has the answers opened.

    Args:
        deck: The layers.
        subscriptions: What is open.
        window: What is shown.
        debounce_s: How long a change of the view rests before layers are asked again.
        clock: Seconds, monotonic.
    """

    def __init__(
        self,
        deck: Deck,
        subscriptions: Subscriptions,
        window: Window,
        debounce_s: float,
        clock: Callable[[], float],
    ) -> None:
        self._deck = deck
        self._subscriptions = subscriptions
        self._window = window
        self._debounce_s = debounce_s
        self._clock = clock
        self._due: float | None = None
        self._asked: object = None
        self._regroup_by = 0.0
        self._target_keys: frozenset[StreamKey] = frozenset()
        self.all_history = False

    @property
    def pending(self) -> bool:
        """Whether something will have to be done although nothing else happens."""
        return self._due is not None or self._window.coming is not None

    def soon(self, delay_s: float | None = None) -> None:
        """Ask within the debounce time, or `delay_s`."""
        due = self._clock() + (self._debounce_s if delay_s is None else delay_s)
        self._due = due if self._due is None else min(self._due, due)

    def notice(self, view: View, layout: Layout) -> None:
        """Ask soon when the view is not what layers were last asked for."""
        if self._signature(view, layout) != self._asked:
            self.soon()

    def ask_if_due(self, bars: StreamKey, subject: Subject | None, layout: Layout, now_ns: int) -> None:
        """Ask when the time has come."""
        if self._due is None or self._clock() < self._due:
            return
        self._due = None
        requests = [StreamRequest(bars, start=self._bars_start(bars, now_ns), order="newest")]
        if subject is not None and self._window.fitted:
            view = self._window.view(subject, now_ns)
            requests.append(self._wide(StreamRequest(bars, start=view.start_ns, order="newest"), view))
            requests += self._ask(subject, view, layout, now_ns)
            self._asked = self._signature(view, layout)
        self._subscriptions.want(requests)

    def regroup(self, subject: Subject, *, at_once: bool) -> None:
        """Move towards the grouping that the zoom asks for: at once, or when its streams have arrived."""
        window, wanted = self._window, self._window.wanted_grouping(subject)
        if wanted == window.grouping:
            window.settle_grouping(wanted)
        elif at_once or (wanted == window.coming and self.arrived()):
            window.settle_grouping(wanted)
            self.soon(0.0)
        elif wanted != window.coming:
            window.coming, self._target_keys = wanted, frozenset()
            self._regroup_by = self._clock() + _REGROUP_PATIENCE_S
            self.soon(0.0)

    def arrived(self) -> bool:
        """Whether the streams of the grouping that is waited for are here, or have been waited for long enough."""
        if self._window.coming is None:
            return False
        here = self._due is None and self._subscriptions.ready(self._target_keys)
        return here or self._clock() >= self._regroup_by

    def _ask(self, subject: Subject, view: View, layout: Layout, now_ns: int) -> list[StreamRequest]:
        """What every shown layer reads for the drawn view, and for the one that rows are regrouped to."""
        views = [view]
        if self._window.coming is not None:
            views.append(self._window.view(subject, now_ns, self._window.coming))
        requests: list[StreamRequest] = []
        for slot in self._deck.shown():
            answers = [self._answers(slot, each, layout) for each in views]
            self._target_keys |= {request.key for request in answers[-1]}
            mine = [self._wide(request, view) for answer in answers for request in answer]
            self._deck.asked(slot, frozenset(request.key for request in mine))
            requests += mine
        return requests

    def _answers(self, slot: Slot, plot: View, layout: Layout) -> Sequence[StreamRequest]:
        layer, band = slot.layer, layout.band(slot.id)
        view = plot if band is None else self._window.band_view(band, plot)
        if layer is None:
            return ()
        return self._deck.call(slot, "requests", lambda: _checked(layer, view)) or ()

    def _bars_start(self, bars: StreamKey, now_ns: int) -> int | None:
        if bars.run is not None or self.all_history:
            return None
        return now_ns - _FIRST_BARS * self._window.timeframe.duration_ns

    @staticmethod
    def _wide(request: StreamRequest, view: View) -> StreamRequest:
        """The request from whole screens before the view on, so that panning back asks once a screen."""
        if request.start is None or not request.live:
            return request
        screen = max(1, view.stop_ns - view.start_ns)
        start = min(request.start, view.start_ns) - screen
        return replace(request, start=max(0, start // screen * screen))

    def _signature(self, view: View, layout: Layout) -> object:
        shown = tuple(slot.id for slot in self._deck.shown())
        plot = (view.x0, view.x1, view.y0, view.y1, view.lod, view.width_px, view.height_px, view.scale)
        return (
            plot,
            view.timeframe,
            view.grouping,
            self._window.coming,
            view.instrument,
            view.origin_ns,
            shown,
            layout.bands,
        )


def _checked(layer: Layer, view: View) -> list[StreamRequest]:
    requests = list(layer.requests(view))
    for request in requests:
        if not isinstance(request, StreamRequest):
            raise TypeError(f"requests() answered {request!r}, which is not a StreamRequest")
    return requests
