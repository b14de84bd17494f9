"""What sources, aggregators and stores are given: the plugin's context, and what only their role needs."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel

from flowdeck.instruments import Instrument, InstrumentId
from flowdeck.kinds import Kinds
from flowdeck.specs import Clock, Logger, PluginContext, SourceStatus
from flowdeck.streams import StreamEvent, StreamRequest

__all__ = ["AggregatorHands", "SourceHands", "StoreHands"]


class _Hands:
    """A plugin's own context, passed on."""

    def __init__(self, base: PluginContext) -> None:
        self._base = base

    @property
    def plugin(self) -> str:
        return self._base.plugin

    @property
    def side(self) -> Literal["engine", "desktop", "headless"]:
        return self._base.side

    @property
    def settings(self) -> BaseModel | None:
        return self._base.settings

    @property
    def folder(self) -> Path:
        return self._base.folder

    @property
    def log(self) -> Logger:
        return self._base.log

    @property
    def clock(self) -> Clock:
        return self._base.clock

    def on_settings(self, callback: Callable[[BaseModel], None]) -> None:
        self._base.on_settings(callback)

    def on_dispose(self, callback: Callable[[], object]) -> None:
        self._base.on_dispose(callback)

    def spawn(self, task: Coroutine[Any, Any, None], name: str) -> None:
        self._base.spawn(task, name)

    def open(self, request: StreamRequest) -> AsyncIterator[StreamEvent]:
        return self._base.open(request)

    def compute(self, kernel: Callable[..., Any], *arrays: Any) -> Awaitable[Any]:
        return self._base.compute(kernel, *arrays)


class SourceHands(_Hands):
    """A `SourceContext`."""

    def __init__(
        self,
        base: PluginContext,
        on_status: Callable[[SourceStatus], None],
        on_instrument: Callable[[Instrument], None],
        kicks: Callable[[], AsyncIterator[None]],
    ) -> None:
        super().__init__(base)
        self._on_status, self._on_instrument, self._kicks = on_status, on_instrument, kicks

    def status(self, status: SourceStatus) -> None:
        """Tell users what a feed does."""
        self._on_status(status)

    def instrument(self, instrument: Instrument) -> None:
        """State an instrument, or its change."""
        self._on_instrument(instrument)

    def kick(self) -> AsyncIterator[None]:
        """Yields whenever a user asks to try again now."""
        return self._kicks()


class StoreHands(_Hands):
    """A `StoreContext`."""

    def __init__(self, base: PluginContext, data: Path, instruments: Callable[[InstrumentId], Instrument]) -> None:
        super().__init__(base)
        self._data, self._instruments = data, instruments

    @property
    def data(self) -> Path:
        """The data folder, locked by this process."""
        return self._data

    def instrument(self, instrument: InstrumentId) -> Instrument:
        """The instrument whose steps a new segment pins; InstrumentError when nobody stated it."""
        return self._instruments(instrument)


@dataclass(frozen=True)
class AggregatorHands:
    """An `AggregatorContext`."""

    instrument: Instrument
    run: str | None
    clock: Clock
    kinds: Kinds
    log: Logger
    settings_of: Callable[[], BaseModel | None]

    @property
    def settings(self) -> BaseModel | None:
        """The plugin's settings as they stand now."""
        return self.settings_of()
