"""What the window says of itself and its engine: status bar, banners, costs, prices."""

from __future__ import annotations

from dataclasses import replace
from time import time_ns
from typing import Any

from flowdeck.chart.parts import Banner, Redraw
from flowdeck.desktop import figures
from flowdeck.desktop.banner import NOTICE
from flowdeck.desktop.charting import Charting
from flowdeck.desktop.feedline import engine_status, feed_line, link_banner
from flowdeck.desktop.linkstatus import LinkStatus
from flowdeck.desktop.replaybar import speed_text
from flowdeck.desktop.replaying import Replaying
from flowdeck.desktop.session import Session
from flowdeck.desktop.window import MainWindow

__all__ = ["Board"]

_LAYERS_EVERY = 15
"""The layers panel follows every so many frames: costs are read by people."""


class Board:
    """Writes what is known into the parts of the window."""

    def __init__(self, window: MainWindow, charting: Charting, session: Session, replaying: Replaying) -> None:
        self._window, self._charting, self._session, self._replaying = window, charting, session, replaying
        self._notice: Banner | None = None
        self._drawn, self._drawn_before = 0, 0
        self._frame_ms = 0.0

    @property
    def drawn(self) -> int:
        """Frames that changed the picture, since the start."""
        return self._drawn

    def draw(self) -> None:
        """Make a frame if anything changed, and let the rest of the window follow it."""
        frame = self._charting.draw()
        view, host = self._charting.view, self._charting.host
        if frame is None or frame.level is Redraw.NONE or view is None or host is None:
            return
        self._drawn += 1
        self._frame_ms = view.frame_ms
        self._window.topbar.show_price(*self._charting.price())
        self._window.pane.show_pinned(pinned=host.pinned)
        self.show_banners()
        if self._drawn % _LAYERS_EVERY == 1:
            self.show_layers()

    def tick(self) -> None:
        """Once a second: clocks, countdowns, costs."""
        bar = self._window.statusbar
        bar.tick()
        bar.show_frames(self._drawn - self._drawn_before, self._frame_ms)
        self._drawn_before = self._drawn
        self.show_layers()
        self._show_feed_line()
        self.show_banners()

    def say(self, text: str) -> None:
        """One line for the user over the chart, until something else is said or it is dismissed."""
        self._notice = Banner("failed", "warning", text, plugin=NOTICE) if text else None
        self.show_banners()

    def show_layers(self) -> None:
        """List the layers in the dock."""
        layers = self._charting.layers()
        self._window.dock.show_layers(layers)
        self._window.statusbar.show_faults(sum(info.state == "faulted" for info in layers))

    def show_choice(self) -> None:
        """Name what is shown in the top bar."""
        instrument, timeframe = self._charting.instrument, self._charting.timeframe
        self._window.topbar.show_instrument(instrument)
        self._window.topbar.show_timeframe(timeframe)
        self._window.setWindowTitle(f"{instrument.symbol} {timeframe} · Flowdeck")

    def show_link(self, status: LinkStatus) -> None:
        """The link says what it does."""
        self._window.statusbar.show_engine(status.url)
        self._window.statusbar.show_rates(None, None)
        self.show_feed()

    def show_feed(self) -> None:
        """Tell chart and status bar what the feed does."""
        venue = self._charting.instrument.venue
        status = engine_status(self._session.link, venue)
        if status is None and self._charting.run is None:
            status = self._session.status_of(venue)
        self._charting.set_status(status)
        self._window.topbar.show_feed(status.state if status is not None else None)
        self._show_feed_line()
        self.show_banners()

    def show_replay(self) -> None:
        """The run that is shown, or none."""
        run = self._replaying.run
        self._window.replay.show_run(run)
        if run is None:
            self._window.topbar.show_live()
        else:
            self._window.topbar.show_replay(speed_text(run["speed"]))
        self.show_feed()

    def show_metrics(self, metrics: dict[str, Any]) -> None:
        """What the engine counts."""
        self._window.statusbar.show_rates(metrics.get("messages_per_s"), metrics.get("rows_per_s"))

    def show_banners(self) -> None:
        """Say the most pressing of what there is to say."""
        self._window.pane.show_banners(self.banners())

    def banners(self) -> list[Banner]:
        """What there is to say, the most pressing first."""
        name = self._replaying.opening
        opening = Banner("connecting", "info", f"Opening {name}") if name else None
        own = (link_banner(self._session.link, time_ns()), self._replaying.problem, self._notice, opening)
        return [banner for banner in own if banner is not None] + [
            self._named(each) for each in self._charting.banners()
        ]

    def _named(self, banner: Banner) -> Banner:
        """The chart knows a venue by its id; people know it by its name."""
        venue = self._charting.instrument.venue
        return replace(banner, text=banner.text.replace(venue, figures.venue_title(venue)))

    def _show_feed_line(self) -> None:
        session, venue = self._session, self._charting.instrument.venue
        status, run, loading = session.status_of(venue), self._replaying.run, self._charting.loading()
        line = feed_line(session.link, venue, status, run, loading, time_ns())
        self._window.statusbar.show_feed(line.state, line.text, line.figure)
