"""The engine: sources, aggregators, stores and runs behind one verb, `open`. No Qt, no sockets."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from flowdeck.engine.info import HeldStream, RunInfo
from flowdeck.instruments import Instrument, InstrumentId
from flowdeck.specs import SourceStatus
from flowdeck.streams import StreamEvent, StreamKey, StreamRequest

if TYPE_CHECKING:
    from flowdeck.config import Config
    from flowdeck.plugins.manager import PluginManager

__all__ = ["Engine", "Runs", "Subscription"]

EventCallback = Callable[[str, dict[str, Any]], None]


class Subscription(Protocol):
    """One open request: iterate it for history, `EndOfHistory`, live batches and perhaps `EndOfStream`."""

    key: StreamKey
    """The canonical key: parameters at their default left out, root feed resolved."""

    @property
    def instrument(self) -> Instrument | None:
        """The instrument; None until the live source has stated it (event `instrument` follows)."""
        ...

    @property
    def credit(self) -> int:
        """Rows that it can still queue before its rule of overflow applies."""
        ...

    def cancel(self) -> None:
        """End it now; iteration stops without a further event."""
        ...

    def __aiter__(self) -> AsyncIterator[StreamEvent]: ...


class Runs(Protocol):
    """Replays of captures, each under its own run id."""

    def list(self) -> list[RunInfo]: ...
    def info(self, run: str) -> RunInfo: ...
    async def start(
        self, capture: Path, *, speed: float | None = 1.0, paused: bool = False, at: int | None = None
    ) -> RunInfo: ...
    async def play(self, run: str) -> RunInfo: ...
    async def pause(self, run: str) -> RunInfo: ...
    async def seek(self, run: str, ts: int) -> RunInfo: ...
    async def step(self, run: str, frames: int = 1) -> RunInfo: ...
    async def speed(self, run: str, speed: float | None) -> RunInfo: ...
    async def stop(self, run: str) -> None: ...
    async def finished(self, run: str) -> RunInfo: ...


class Engine:
    """The engine of one data folder, on one asyncio loop; every method is called on that loop's thread."""

    runs: Runs

    def __init__(self, config: Config, manager: PluginManager) -> None:
        self._config, self._manager = config, manager

    async def start(self) -> None:
        """Lock the data folder and start sources, stores and the watchdog."""
        raise NotImplementedError

    async def stop(self) -> None:
        """End every stream with `closed`, flush stores, close coverage, release the folder."""
        raise NotImplementedError

    def open(self, request: StreamRequest) -> Subscription:
        """Open a stream; StreamError when nothing here provides the key."""
        raise NotImplementedError

    def instrument(self, instrument: InstrumentId, run: str | None = None) -> Instrument | None: raise NotImplementedError
    def instruments(self) -> list[Instrument]: raise NotImplementedError
    def statuses(self) -> list[SourceStatus]: raise NotImplementedError
    def kick(self, source: str | None = None) -> None: raise NotImplementedError
    def coverage(self, key: StreamKey) -> tuple[tuple[int, int], ...]: raise NotImplementedError
    def metrics(self) -> dict[str, Any]: raise NotImplementedError
    async def describe(self) -> list[HeldStream]: raise NotImplementedError
    def on_event(self, callback: EventCallback) -> Callable[[], None]: raise NotImplementedError
