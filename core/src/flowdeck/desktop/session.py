"""What the window knows of its engine: link, feeds, runs, plugins, instruments. Qt signals tell what changed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Protocol

from PySide6.QtCore import QObject, Signal

from flowdeck.chart.feed import FeedEvent
from flowdeck.desktop.linkstatus import LinkState, LinkStatus, Reply
from flowdeck.errors import InstrumentError
from flowdeck.instruments import Instrument, InstrumentId
from flowdeck.specs import FeedState, SourceStatus

__all__ = ["LinkRequests", "Session"]


class LinkRequests(Protocol):
    """What the session needs of the link: requests."""

    def request(self, name: str, done: Callable[[Reply], None] | None = None, **fields: Any) -> None: ...


class Session(QObject):
    """The listener of an `EngineLink`; lives on the GUI thread.

    Attributes:
        link: State of the link.
        statuses: What sources say of their feeds, by (source, venue).
        instruments: Instruments that can be opened, by id.
        runs: Runs of the engine, by id, as `RunInfo.to_dict` writes them.
        engine_plugins: Plugins of the engine, by name, as `PluginInfo.to_dict` writes them; None before it said.
        metrics: The newest metrics.
    """

    link_news = Signal(LinkStatus)
    feed_news = Signal()
    run_news = Signal(str)
    clock_news = Signal(str, object)
    plugin_news = Signal()
    instrument_news = Signal(object, object)
    """An instrument with its steps, and its run or None."""
    settings_news = Signal(str)
    metrics_news = Signal(dict)
    stream_news = Signal(int, object)

    def __init__(self) -> None:
        super().__init__()
        self.link = LinkStatus(LinkState.CONNECTING)
        self.statuses: dict[tuple[str, str], SourceStatus] = {}
        self.instruments: dict[InstrumentId, Instrument] = {}
        self.runs: dict[str, dict[str, Any]] = {}
        self.engine_plugins: dict[str, dict[str, Any]] | None = None
        self.settings: dict[str, dict[str, Any]] = {}
        self.metrics: dict[str, Any] = {}
        self._requests: LinkRequests | None = None

    def use(self, requests: LinkRequests) -> None:
        """Ask by way of this link from now on."""
        self._requests = requests

    def ask(self, name: str, done: Callable[[Reply], None] | None = None, **fields: Any) -> None:
        """Ask the engine; `done` gets its answer."""
        if self._requests is not None:
            self._requests.request(name, done, **fields)

    def link_changed(self, status: LinkStatus) -> None:
        """The link says what it does; a new connection is asked for everything it knows."""
        self.link = status
        if status.state is LinkState.CONNECTED:
            self._ask_all()
        else:
            self.statuses.clear()
        self.link_news.emit(status)

    def stream_event(self, handle: int, event: FeedEvent) -> None:
        """A stream's event, for the chart."""
        self.stream_news.emit(handle, event)

    def engine_event(self, name: str, payload: dict[str, Any]) -> None:
        """Something happened at the engine; events that are not known are for others."""
        takers: Mapping[str, Callable[[dict[str, Any]], None]] = {
            "status": self._take_status,
            "run": self._take_run,
            "clock": self._take_clock,
            "instrument": self._take_instrument,
            "metrics": self._take_metrics,
            "settings": self._take_settings,
            "plugin": lambda _: self.ask_plugins(),
            "fault": lambda _: self.ask_plugins(),
        }
        if name in takers:
            takers[name](payload)

    def status_of(self, venue: str) -> SourceStatus | None:
        """What is said of a venue's feed; the worst when several sources serve it."""
        order = [FeedState.LIVE, FeedState.CONNECTING, FeedState.STALE, FeedState.DISCONNECTED]
        found = [status for status in self.statuses.values() if status.venue == venue]
        return max(found, key=lambda status: order.index(status.state), default=None)

    def ask_plugins(self) -> None:
        """Have the engine list its plugins again."""
        self.ask("plugin.list", self._take_plugins)

    def _ask_all(self) -> None:
        self.ask("status", lambda reply: self._take_each(reply, "sources", self._take_status))
        self.ask("run.list", lambda reply: self._take_each(reply, "runs", self._take_run))
        self.ask("instrument.list", lambda reply: self._take_each(reply, "instruments", self._take_instrument))
        self.ask("settings.get", self._take_all_settings)
        self.ask_plugins()

    @staticmethod
    def _take_each(reply: Reply, name: str, take: Callable[[dict[str, Any]], None]) -> None:
        for item in reply.data.get(name, ()):
            take(item)

    def _take_status(self, payload: dict[str, Any]) -> None:
        fields = {**payload, "state": FeedState(payload["state"])}
        status = SourceStatus(**fields)
        key = status.source, status.venue
        self.statuses[key] = _still_lost(self.statuses[key], status) if key in self.statuses else status
        self.feed_news.emit()

    def _take_run(self, payload: dict[str, Any]) -> None:
        self.runs[payload["id"]] = payload
        for described in payload.get("instruments", ()):
            self._note_instrument(described, run=payload["id"])
        self.run_news.emit(payload["id"])

    def _take_clock(self, payload: dict[str, Any]) -> None:
        run = payload.get("run")
        if run in self.runs:
            self.runs[run]["now_ns"] = int(payload["now"])  # its speed is 0 while it pauses; that of the run stays
            self.clock_news.emit(run, self.runs[run])

    def _take_instrument(self, payload: dict[str, Any]) -> None:
        described = payload.get("instrument", payload)
        self._note_instrument(described, run=payload.get("run"))

    def _note_instrument(self, described: Mapping[str, Any], run: str | None) -> None:
        try:
            instrument = Instrument.from_dict(dict(described))
        except InstrumentError:
            return  # an engine of another version; the chart asks for steps with each stream
        if run is None:
            self.instruments[instrument.id] = instrument
        self.instrument_news.emit(instrument, run)

    def _take_metrics(self, payload: dict[str, Any]) -> None:
        self.metrics = payload
        self.metrics_news.emit(payload)

    def _take_plugins(self, reply: Reply) -> None:
        if reply.ok:
            self.engine_plugins = {info["name"]: info for info in reply.data.get("plugins", ())}
            self.plugin_news.emit()

    def _take_all_settings(self, reply: Reply) -> None:
        for plugin, fields in reply.data.get("settings", {}).items():
            self._take_settings({"plugin": plugin, **fields})

    def _take_settings(self, payload: dict[str, Any]) -> None:
        self.settings[payload["plugin"]] = payload
        self.settings_news.emit(payload["plugin"])


def _still_lost(before: SourceStatus, status: SourceStatus) -> SourceStatus:
    """A feed that is lost stays so while it is tried again and again, since it was lost first."""
    if before.state is not FeedState.DISCONNECTED:
        return status
    if status.state is FeedState.CONNECTING:
        return replace(before, reason="trying again", retry_at=0)
    return replace(status, since=before.since) if status.state is FeedState.DISCONNECTED else status
