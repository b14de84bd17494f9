"""A chart without Qt: what it shows and where. Front ends feed it events and show its buffer."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from time import perf_counter

from flowdeck.chart.banners import fault_banner, refusal_banners, status_banner
from flowdeck.chart.bars import newest_open
from flowdeck.chart.crosshair import lines, locate
from flowdeck.chart.director import Cue
from flowdeck.chart.navigation import Navigation
from flowdeck.chart.parts import Banner, Frame, Loading, Redraw
from flowdeck.chart.pointer import draw_pointer
from flowdeck.chart.pointing import Pointing
from flowdeck.chart.scene import Scene
from flowdeck.chart.showing import Showing
from flowdeck.errors import EngineError

__all__ = ["ChartHost"]

_PATIENCE_S = 0.2
"""History that is here sooner is not spoken of: a skeleton that flashes helps nobody."""


class ChartHost(Showing, Navigation, Pointing):
    """One chart: `Showing` takes what is to be shown, `Navigation` and `Pointing` what hands do; this makes pictures.

    A front end calls `frame` whenever `dirty` says so, at most once a refresh of its screen.
    """

    _waiting_since: float | None = None
    _spoken_of = False
    _underlaid = False

    @property
    def dirty(self) -> bool:
        """Whether a call of `frame` has anything to do. An idle chart is not dirty."""
        soon_late = self._waiting_since is not None and not self._spoken_of
        return self._touched is not Redraw.NONE or self._wishes.pending or soon_late

    @property
    def settled(self) -> bool:
        """Whether everything that layers asked for has arrived, and nothing remains to be asked or drawn."""
        return not self.dirty and not self.waiting

    @property
    def waiting(self) -> bool:
        """Whether history is on its way."""
        return not self._subscriptions.ready(self._subscriptions.open_keys())

    @property
    def loading(self) -> Loading | None:
        """History on its way, once it is late enough to be spoken of."""
        return self._scene.loading if self._scene is not None else None

    def banners(self) -> tuple[Banner, ...]:
        """What has to be said, most important first."""
        status = status_banner(self._status, self._now_ns)
        failed = [(slot.spec.title, slot.plugin, slot.reason) for slot in self._deck.faulted()]
        fault = fault_banner(failed)
        refusals = self._subscriptions.refusals()
        if self._scene is not None and self._scene.empty is not None:
            refusals.pop(self._bars_key, None)
        return tuple(banner for banner in (status, fault, *refusal_banners(refusals)) if banner is not None)

    def frame(self, now_ns: int) -> Frame:
        """Compose what changed. `now_ns` is the clock of the run or of live data, ns UTC."""
        start = perf_counter()
        self._now_ns = now_ns
        self._wishes.ask_if_due(self._bars_key, self._subject, self._layout, now_ns)
        self._watch_history()
        if self._wishes.arrived() or self._deck.behind:
            self._touch(Redraw.FULL)
        level = self._touched
        if level is Redraw.NONE or self._holding():
            return self._done(start, Redraw.NONE)
        self._touched = Redraw.NONE
        only_cursor = level is Redraw.CURSOR and not self._underlaid and self._hover is not None
        if level is Redraw.FULL or only_cursor or self._scene is None:
            level = Redraw.FULL
            self._compose(whole=only_cursor)
        self._finish(level)
        return self._done(start, level)

    def png(self, path: Path) -> None:
        """Write the last frame.

        Raises:
            EngineError: when the file cannot be written.
        """
        try:
            self._composer.canvas.png(path)
        except OSError as error:
            raise EngineError(f"{path}: cannot be written ({error.strerror or error})") from error

    def _done(self, start: float, level: Redraw) -> Frame:
        layers_ms = self._deck.account(drawn=level is Redraw.FULL) if level else 0.0
        ms = (perf_counter() - start) * 1e3
        return Frame(self._composer.canvas.buffer, level, ms, max(0.0, ms - layers_ms))

    def _compose(self, *, whole: bool) -> None:
        """Paint everything anew. A layer that fails is gone, and the picture is begun again.

        With `whole` it is made ready for a crosshair anywhere, else only for the one where the pointer is now: that is
        cheaper, and while data streams in no picture lives long enough for a second one.
        """
        self._widen_axis()
        while True:
            scene = self._director.scene(self._cue())
            crosshair = () if self._hover is None else lines(scene, locate(scene, self._hover))
            if self._composer.full(scene, self._deck, None if whole else crosshair):
                break
        self._scene, self._underlaid = scene, whole
        self._subscriptions.trim()

    def _finish(self, level: Redraw) -> None:
        """Paint overlay and cursor over the picture."""
        scene = self._scene
        if scene is None:
            return
        hovered = self._hovered_ns()
        self._locate(scene)
        if self._hovered_ns() != hovered or level >= Redraw.OVERLAY:
            scene = self._scene = self._annotated(scene)
            self._composer.overlay(scene)
        draw_pointer(self._composer, scene, self._cursor, self._explained)
        if self._touched is Redraw.FULL:  # a layer failed while it explained a point
            self._finish_anew()

    def _finish_anew(self) -> None:
        self._touched = Redraw.NONE
        self._compose(whole=False)
        if self._scene is not None:
            self._composer.overlay(self._scene)

    def _annotated(self, scene: Scene) -> Scene:
        """The scene with the legend of the hovered bar, and banners as they read now."""
        banners = self.banners() if self._still else ()
        if scene.plot is None:
            return replace(scene, banners=banners)
        return replace(
            scene, banners=banners, legend=self._director.legend(scene.plot, self._bars(), self._hovered_ns())
        )

    def _hovered_ns(self) -> int | None:
        """The open of the hovered bar."""
        view, cursor = (self._scene.plot if self._scene is not None else None), self._cursor
        if view is None or cursor is None or cursor.bar is None or cursor.gap is not None:
            return None
        middle = (cursor.bar[0] + cursor.bar[1]) / 2 - self._layout.plot.left
        return view.timeframe.open_ns(view.timeframe.index(view.origin_ns + int(view.x0 + middle * view.x_per_px)))

    def _cue(self) -> Cue:
        canvas = self._composer.canvas
        return Cue(
            theme=self._theme,
            layout=self._layout,
            scale=canvas.scale,
            subject=self._subject,
            bars=self._bars_key,
            now_ns=self._now_ns,
            status=self._status,
            head_ns=self._head_ns,
            late=self._late(),
        )

    def _late(self) -> bool:
        return self._waiting_since is not None and self._clock() - self._waiting_since >= _PATIENCE_S

    def _watch_history(self) -> None:
        """Notice history that takes long, and ask for all of it when the newest stretch holds nothing."""
        if not self.waiting:
            self._waiting_since = None
            self._look_further_back()
        elif self._waiting_since is None:
            self._waiting_since = self._clock()
        if self._late() != self._spoken_of:
            self._spoken_of = self._late()
            self._touch(Redraw.FULL)

    def _look_further_back(self) -> None:
        series = self._bars()
        empty = series is not None and series.complete and newest_open(series) is None
        if empty and not self._wishes.all_history and self._run is None:
            self._wishes.all_history = True
            self._wishes.soon(0.0)

    def _holding(self) -> bool:
        """Whether the old picture stays a moment longer, because what replaces it is on its way."""
        waiting = self._waiting_since is not None or self._bars() is None
        return self._scene is not None and waiting and self._clock() < self._hold_until
