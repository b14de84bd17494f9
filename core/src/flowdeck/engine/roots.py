"""Where root streams come from: live sources and runs, behind one face for keys and pipeline."""

from __future__ import annotations

from flowdeck.engine.bus import Bus, Stream
from flowdeck.engine.runs import Runs
from flowdeck.engine.sources import Sources
from flowdeck.engine.stores import Stores
from flowdeck.kinds import CoverageReason
from flowdeck.specs import FeedState, SourceStatus
from flowdeck.streams import StreamKey
from flowdeck.timeframes import SECOND_NS

__all__ = ["RootStreams"]

_SETTLING_NS = SECOND_NS
"""What happened longer ago than latency and this has arrived."""


class RootStreams:
    """Implements `Roots` for the resolver and `RootFeeds` for the pipeline."""

    def __init__(self, bus: Bus, sources: Sources, runs: Runs, stores: Stores) -> None:
        self._bus, self._sources, self._runs, self._stores = bus, sources, runs, stores

    def provider(self, key: StreamKey) -> str | None:
        """The plugin that provides a root stream, or None; StreamError for a run that there is not."""
        if key.run is not None:
            run = self._runs.of(key)
            return run.plugin if run.provides(key) and not run.suspended else None
        live = self._sources.provider(key)
        return live.plugin if live is not None else None

    def alias(self, key: StreamKey) -> StreamKey:
        """The key under which the provider publishes what is asked for."""
        return self._runs.of(key).alias(key) if key.run is not None else key

    def begin(self, stream: Stream) -> None:
        """A root stream was opened."""
        if stream.key.run is not None:
            self._runs.of(stream.key).replay.want(stream.key)
            return
        stream.become_ready()
        self._stores.feed(stream)
        self.roots_changed()

    def end(self, stream: Stream) -> None:
        """A root stream was closed."""
        if stream.key.run is None:
            self.roots_changed()
        else:
            self._runs.forget(stream.key)

    def roots_changed(self) -> None:
        """Ask each source for what is open now."""
        self._sources.want(stream.key for stream in self._bus.of_run(None) if not stream.inputs)

    def status_changed(self, status: SourceStatus) -> None:
        """A feed that is not live loses what its streams would have carried."""
        if status.state is FeedState.LIVE:
            return
        for stream in self._streams_of(status):
            stream.down()
            self._stores.log.close_open(stream.key, CoverageReason.GAP)

    def vouch(self, now_ns: int) -> None:
        """Extend the coverage of quiet streams whose feed is up; called once a second."""
        for status in self._sources.statuses():
            if status.state is FeedState.LIVE:
                for stream in self._streams_of(status):
                    stream.track.extend(now_ns - status.latency_ns - _SETTLING_NS)

    def _streams_of(self, status: SourceStatus) -> list[Stream]:
        return [
            stream
            for stream in self._bus.of_run(None)
            if not stream.inputs
            and stream.key.instrument.venue == status.venue
            and (live := self._sources.provider(stream.key)) is not None
            and live.registered.spec.id == status.source
        ]
