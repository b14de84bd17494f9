"""Which aggregators and stores are wired for which open streams."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from flowdeck.engine.bus import Bus, EndReason, Stream
from flowdeck.engine.keys import Resolved, Resolver
from flowdeck.engine.stage import Stage, Workshop
from flowdeck.instruments import Instrument, InstrumentId
from flowdeck.streams import StreamKey

__all__ = ["GRACE_TICKS", "Pipeline", "RootFeeds"]

GRACE_TICKS = 30
"""Sweeps, one a second, that an unread stream survives: a chart that switches back finds it as it was."""

Drop = Callable[[Stage, EndReason, str], None]
StageId = tuple[str, InstrumentId, str | None]


class RootFeeds(Protocol):
    """What fills root streams."""

    def begin(self, stream: Stream) -> None:
        """A root stream was opened: see to it that it is filled, and make it ready once its memory answers."""
        ...

    def end(self, stream: Stream) -> None:
        """A root stream was closed."""
        ...


class Pipeline:
    """Opens and closes streams, and wires what lies between them."""

    def __init__(self, bus: Bus, resolver: Resolver, feeds: RootFeeds, workshop: Callable[[Drop], Workshop]) -> None:
        self._bus, self._resolver, self._feeds = bus, resolver, feeds
        self._workshop = workshop(self._drop)
        self._stages: dict[StageId, Stage] = {}

    def open(self, key: StreamKey) -> Stream:
        """The stream of a key, wired.

        Raises:
            StreamError: when nothing here provides it.
        """
        return self._ensure(self._resolver.resolve(key))

    def _ensure(self, resolved: Resolved) -> Stream:
        stream = self._bus.get(resolved.key)
        if stream is not None:
            stream.idle_ticks = 0
            return stream
        kind = self._workshop.manager.kinds[resolved.key.kind]
        if resolved.aggregator is None:
            return self._begin_root(Stream(resolved.key, kind, resolved.plugin, ready=False))
        inputs = [self._ensure(self._resolver.resolve(key)) for key in resolved.inputs]
        stream = Stream(resolved.key, kind, resolved.plugin, ready=False)
        stream.inputs = tuple(inputs)
        self._bus.add(stream)
        self._stage(resolved).want(resolved, inputs)
        return stream

    def _begin_root(self, stream: Stream) -> Stream:
        stream.on_coverage = self._coverage_changed
        self._bus.add(stream)
        self._feeds.begin(stream)
        return stream

    def _stage(self, resolved: Resolved) -> Stage:
        assert resolved.aggregator is not None
        name = (resolved.aggregator.spec.id, resolved.key.instrument, resolved.key.run)
        if name not in self._stages:
            self._stages[name] = Stage(self._workshop, resolved)
        return self._stages[name]

    def providers_changed(self) -> None:
        """Keys may resolve differently from now on."""
        self._resolver.forget()

    def stages(self) -> list[Stage]:
        """The aggregators at work."""
        return list(self._stages.values())

    def sweep(self) -> None:
        """Close derived and live streams that nobody read for a while; called once a second."""
        for stream in self._bus:
            stream.idle_ticks = 0 if stream.readers else stream.idle_ticks + 1
            if stream.idle_ticks > GRACE_TICKS and (stream.inputs or stream.key.run is None):
                self.close(stream, "closed")

    def close(self, stream: Stream, reason: EndReason, detail: str = "") -> None:
        """Close one stream, and before it what is derived from it."""
        for stage in self.stages():
            if stage.reads(stream):
                self._drop(stage, reason, detail)
        self._bus.remove(stream.key, reason, detail)
        for name, stage in tuple(self._stages.items()):
            stage.unwant(stream.key)
            if not stage.wanted:
                self._stages.pop(name, None)
        if not stream.inputs:
            self._feeds.end(stream)

    def drop_plugin(self, plugin: str, reason: EndReason, detail: str) -> None:
        """Close everything that a plugin provides."""
        self._resolver.forget()
        for stream in self._bus:
            if stream.plugin == plugin:
                self.close(stream, reason, detail)

    def drop_run(self, run: str, reason: EndReason, detail: str = "") -> None:
        """Close everything of a run."""
        self._resolver.forget()
        for stream in self._bus.of_run(run):
            self.close(stream, reason, detail)

    def instrument_changed(self, instrument: Instrument, run: str | None, moved: bool) -> None:
        """Build what waited for an instrument; begin a new epoch where its steps moved."""
        for stage in self.stages():
            if (stage.instrument, stage.run) == (instrument.id, run):
                if moved:
                    stage.restart(f"{instrument.id} trades in other steps now")
                else:
                    stage.work()

    def _coverage_changed(self, stream: Stream, since: int) -> None:
        for stage in self.stages():
            if stage.depends_on(stream):
                stage.refresh_flags(since)

    def _drop(self, stage: Stage, reason: EndReason, detail: str) -> None:
        """An input of a stage is over: so is all that it derives."""
        for key in tuple(stage.wanted):
            stream = self._bus.get(key)
            if stream is not None:
                self.close(stream, reason, detail)
