"""Contexts for tests: what a role is given, without a host."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

import structlog
from pydantic import BaseModel

from flowdeck.instruments import Instrument, InstrumentId
from flowdeck.kinds import CORE_KINDS, Kinds
from flowdeck.specs import Logger, SourceStatus
from flowdeck.streams import Batch, StreamEvent, StreamKey, StreamRequest
from flowdeck.testing.clock import FakeClock
from flowdeck.testing.samples import SAMPLE_INSTRUMENT

__all__ = ["FakeAggregatorContext", "FakeContext", "FakeKeys", "FakeSourceContext", "FakeStoreContext"]


class FakeKeys:
    """A `specs.KeySet` under the test's control."""

    def __init__(self, *keys: StreamKey) -> None:
        self._keys = frozenset(keys)
        self._change = asyncio.Event()

    def current(self) -> frozenset[StreamKey]:
        """The keys as last set."""
        return self._keys

    def set(self, *keys: StreamKey) -> None:
        """Want these keys from now on."""
        self._keys = frozenset(keys)
        self._change.set()

    async def changed(self) -> frozenset[StreamKey]:
        """Wait for the next `set`."""
        await self._change.wait()
        self._change.clear()
        return self._keys


class FakeContext:
    """A `specs.PluginContext`: what layers, sources and panels are made with.

    Args:
        settings: The plugin's settings model.
        folder: Where the plugin may write.
        streams: What `open` yields, per key.
    """

    plugin = "under-test"
    side: Literal["engine", "desktop", "headless"] = "headless"

    def __init__(
        self,
        settings: BaseModel | None = None,
        folder: Path = Path(),
        streams: dict[StreamKey, list[Batch]] | None = None,
    ) -> None:
        self.settings = settings
        self.folder = folder
        self.clock = FakeClock()
        self.log: Logger = structlog.get_logger("under-test")
        self.tasks: list[asyncio.Task[None]] = []
        self._streams = streams or {}
        self._on_settings: list[Callable[[BaseModel], None]] = []
        self._on_dispose: list[Callable[[], object]] = []

    def on_settings(self, callback: Callable[[BaseModel], None]) -> None:
        """Remember the callback for `change_settings`."""
        self._on_settings.append(callback)

    def change_settings(self, settings: BaseModel) -> None:
        """Let the settings change as a user would."""
        self.settings = settings
        for callback in self._on_settings:
            callback(settings)

    def on_dispose(self, callback: Callable[[], object]) -> None:
        """Remember the callback for `dispose`."""
        self._on_dispose.append(callback)

    async def dispose(self) -> None:
        """Cancel the tasks and call back in reverse, as the host does."""
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)
        while self._on_dispose:
            self._on_dispose.pop()()

    def spawn(self, task: Coroutine[Any, Any, None], name: str) -> None:
        """Start the task; it is cancelled by `dispose`."""
        self.tasks.append(asyncio.ensure_future(task))
        self.tasks[-1].set_name(name)

    async def open(self, request: StreamRequest) -> AsyncIterator[StreamEvent]:
        """The batches given for the key."""
        for batch in self._streams.get(request.key, []):
            yield batch

    async def compute(self, kernel: Callable[..., Any], *arrays: Any) -> Any:
        """Run the kernel at once."""
        return kernel(*arrays)


class FakeSourceContext(FakeContext):
    """A `specs.SourceContext` that keeps what the source says in `statuses` and `instruments`."""

    def __init__(self, settings: BaseModel | None = None, folder: Path = Path()) -> None:
        super().__init__(settings, folder)
        self.statuses: list[SourceStatus] = []
        self.instruments: list[Instrument] = []
        self._kicks: asyncio.Queue[bool] = asyncio.Queue()

    def status(self, status: SourceStatus) -> None:
        """Keep it in `statuses`."""
        self.statuses.append(status)

    def instrument(self, instrument: Instrument) -> None:
        """Keep it in `instruments`."""
        self.instruments.append(instrument)

    def try_now(self) -> None:
        """Ask the source to try again at once, as a user would."""
        self._kicks.put_nowait(True)

    async def kick(self) -> AsyncIterator[None]:
        """Yields for each `try_now`."""
        while True:
            await self._kicks.get()
            yield


class FakeStoreContext(FakeContext):
    """A `specs.StoreContext` over one folder, in which every instrument has the sample's steps."""

    def __init__(self, folder: Path, settings: BaseModel | None = None) -> None:
        super().__init__(settings, folder)
        self.data = folder

    def instrument(self, instrument: InstrumentId) -> Instrument:
        """The sample's steps under this id."""
        return replace(SAMPLE_INSTRUMENT, id=instrument)


@dataclass(frozen=True)
class FakeAggregatorContext:
    """A `specs.AggregatorContext`."""

    instrument: Instrument = SAMPLE_INSTRUMENT
    run: str | None = None
    settings: BaseModel | None = None
    clock: FakeClock = field(default_factory=FakeClock)
    kinds: Kinds = field(default_factory=lambda: Kinds(CORE_KINDS))
    log: Logger = field(default_factory=lambda: structlog.get_logger("under-test"))
