"""One picture of a chart: an engine in this process or elsewhere, a chart host, and the streams between them."""

from __future__ import annotations

import asyncio
import contextlib
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol

import typer

from flowdeck.cli._arguments import When
from flowdeck.errors import CaptureError, EngineError, FlowdeckError, StreamError
from flowdeck.instruments import Instrument, InstrumentId
from flowdeck.streams import Batch, EndOfStream, StreamEvent, StreamKey, StreamRequest
from flowdeck.timeframes import Timeframe

if TYPE_CHECKING:
    from flowdeck.canvas import FontSet
    from flowdeck.chart.host import ChartHost
    from flowdeck.config import Config
    from flowdeck.engine import RunInfo
    from flowdeck.plugins.manager import PluginManager
    from flowdeck.specs import Theme

__all__ = ["Drawn", "Plan", "draw"]

_PATIENCE_S = 15.0
"""How long nothing may arrive while history is on its way."""


@dataclass(frozen=True)
class Plan:
    """What to draw. Without `start` and `stop` the newest bars are shown."""

    capture: Path | None
    attach: str
    run: str | None
    token: str | None
    instrument: InstrumentId | None
    start: When | None
    stop: When | None
    out: Path
    size: tuple[int, int]
    scale: float
    text_scale: float
    layers: tuple[str, ...] | None
    timeframe: Timeframe
    grouping: int | Literal["auto"]
    theme: Theme
    fonts: FontSet


@dataclass(frozen=True)
class Drawn:
    """What was drawn, for the report. `data_span` is from the first bar's open to the newest's, ns UTC."""

    @property
    def is_empty(self) -> bool:
        """Whether no bar lies in the picture."""
        if self.data_span is None:
            return True
        first, newest = self.data_span
        return newest + self.timeframe.duration_ns <= self.start_ns or first >= self.stop_ns

    instrument: Instrument
    timeframe: Timeframe
    grouping: int
    start_ns: int
    stop_ns: int
    data_span: tuple[int, int] | None
    problems: tuple[str, ...]
    problem_count: int


class _Stream(Protocol):
    key: StreamKey

    @property
    def instrument(self) -> Instrument | None: ...
    def __aiter__(self) -> AsyncIterator[StreamEvent]: ...


class _TaskFeed:
    """A feed whose every stream is read by a task of this loop."""

    def __init__(self, opener: Callable[[StreamRequest], Awaitable[_Stream]]) -> None:
        self._opener = opener
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self._handles = 0
        self.events: asyncio.Queue[tuple[int, Any]] = asyncio.Queue()
        self.bars: tuple[int, int] | None = None  # first and last open of the bars that came

    def open(self, request: StreamRequest) -> int:
        """See `Feed.open`."""
        self._handles += 1
        self._tasks[self._handles] = asyncio.create_task(self._read(self._handles, request))
        return self._handles

    def close(self, handle: int) -> None:
        """See `Feed.close`."""
        if (task := self._tasks.pop(handle, None)) is not None:
            task.cancel()

    async def stop(self) -> None:
        """End every reader."""
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _read(self, handle: int, request: StreamRequest) -> None:
        from flowdeck.chart.feed import Opened

        try:
            stream = await self._opener(request)
        except FlowdeckError as error:
            self.events.put_nowait((handle, EndOfStream(request.key, "fault", 0, str(error))))
            return
        self.events.put_nowait((handle, Opened(stream.key, stream.instrument)))
        async for event in stream:
            if isinstance(event, Batch) and event.key.kind == "bars" and len(event.rows):
                ends = (int(event.rows["ts"].min()), int(event.rows["ts"].max()), *(self.bars or ()))
                self.bars = min(ends), max(ends)
            self.events.put_nowait((handle, event))


def draw(plan: Plan, config: Config, manager: PluginManager) -> Drawn:
    """Draw the plan's chart into its file.

    Raises:
        FlowdeckError: when there is nothing to draw, the engine cannot be reached or the file cannot be written.
    """
    from flowdeck.canvas import warm

    warm()  # the kernels load while the capture is read
    return asyncio.run(_capture(plan, config, manager) if plan.capture is not None else _attached(plan, manager))


async def _capture(plan: Plan, config: Config, manager: PluginManager) -> Drawn:
    """A capture is replayed at full speed into an engine of its own, in a data folder that is thrown away."""
    from flowdeck.engine import Engine

    assert plan.capture is not None
    with tempfile.TemporaryDirectory(prefix="flowdeck-") as folder:
        own = config.model_copy(update={"engine": config.engine.model_copy(update={"data": Path(folder)})})
        engine = Engine(own, manager)
        await engine.start()
        try:
            run = await engine.runs.start(plan.capture, speed=None)
            done = await engine.runs.finished(run.id)
            instrument = _chosen(plan, done)

            async def opener(request: StreamRequest) -> _Stream:
                return engine.open(request)

            async with _feed(opener) as feed:
                drawn = await _picture(plan, manager, feed, instrument, done.id)
        finally:
            await engine.stop()
    return Drawn(*drawn, done.problems, done.problem_count)


async def _attached(plan: Plan, manager: PluginManager) -> Drawn:
    from flowdeck.wire.client import Client

    if plan.instrument is None:
        raise EngineError("say which instrument with --instrument VENUE:SYMBOL")
    async with Client(plan.attach, plan.token) as client, _feed(client.open) as feed:
        return Drawn(*await _picture(plan, manager, feed, plan.instrument, plan.run), (), 0)


@asynccontextmanager
async def _feed(opener: Callable[[StreamRequest], Awaitable[Any]]) -> AsyncIterator[_TaskFeed]:
    feed = _TaskFeed(opener)
    try:
        yield feed
    finally:
        await feed.stop()


def _chosen(plan: Plan, run: RunInfo) -> InstrumentId:
    """The instrument that was asked for, or the first that the capture holds."""
    if run.state == "failed":
        raise CaptureError(run.reason or f"{plan.capture}: cannot be read")
    held = [InstrumentId(str(each["venue"]), str(each["symbol"])) for each in run.instruments]
    if not held:
        raise CaptureError(f"{plan.capture}: holds no trades that a plugin knows how to read")
    if plan.instrument is not None and plan.instrument not in held:
        names = ", ".join(str(each) for each in held)
        raise CaptureError(f"{plan.capture}: holds no {plan.instrument}, but {names}")
    return plan.instrument or held[0]


async def _picture(
    plan: Plan, manager: PluginManager, feed: _TaskFeed, instrument: InstrumentId, run: str | None
) -> tuple[Instrument, Timeframe, int, int, int, tuple[int, int] | None]:
    host = _host(plan, manager, feed, instrument, run)
    with contextlib.closing(host):
        host.set_grouping(plan.grouping)
        await _settle(host, feed)
        if host.last_price is None or host.instrument is None:
            raise StreamError(f"{instrument}: {_why(host)}")
        if plan.start is not None or plan.stop is not None:
            _move(host, plan)
            await _settle(host, feed)
        host.fit(x=False)
        await _settle(host, feed)
        host.png(plan.out)
        return host.instrument, host.timeframe, host.grouping, *host.span, feed.bars


def _host(plan: Plan, manager: PluginManager, feed: _TaskFeed, instrument: InstrumentId, run: str | None) -> ChartHost:
    from flowdeck.chart.host import ChartHost

    return ChartHost(
        manager,
        plan.theme,
        width_px=plan.size[0] / plan.text_scale,
        height_px=plan.size[1] / plan.text_scale,
        scale=plan.scale * plan.text_scale,
        instrument=instrument,
        timeframe=plan.timeframe,
        run=run,
        fonts=plan.fonts,
        feed=feed,
        layers=plan.layers,
        still=True,
        debounce_s=0.0,
    )


async def _settle(host: ChartHost, feed: _TaskFeed) -> None:
    """Draw and deliver until nothing is missing.

    Raises:
        EngineError: when nothing comes although something is due.
    """
    while True:
        host.frame(time.time_ns())
        if host.settled:
            return
        try:
            handle, event = await asyncio.wait_for(feed.events.get(), _PATIENCE_S if host.waiting else 0.01)
        except TimeoutError:
            if host.waiting:
                quiet = f"the engine sent nothing for {_PATIENCE_S:.0f} s"
                raise EngineError(f"{host.instrument_id}: {quiet}; has it a feed or a store of this?") from None
            continue
        host.receive(handle, event)
        while not feed.events.empty():
            host.receive(*feed.events.get_nowait())


def _move(host: ChartHost, plan: Plan) -> None:
    """Show what --from and --to say; the one that is missing follows from the bars' usual width."""
    first, last = host.span
    newest = host.newest_ns or last
    start = plan.start(newest) if plan.start is not None else None
    stop = plan.stop(newest) if plan.stop is not None else None
    if start is None and stop is not None:
        start = stop - (last - first)
    if start is not None and stop is not None and start >= stop:
        raise typer.BadParameter("must be later than --from", param_hint="--to")
    if start is not None:
        host.show(start, stop if stop is not None else max(last, start + plan.timeframe.duration_ns))


def _why(host: ChartHost) -> str:
    banners = host.banners()
    return banners[0].note or banners[0].text if banners else "there is nothing to draw"
