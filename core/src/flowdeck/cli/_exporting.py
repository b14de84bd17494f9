"""Reading a stream and writing it as a table."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple, Protocol

import numpy as np
import typer

from flowdeck.captures import span
from flowdeck.cli import _app
from flowdeck.cli._arguments import When
from flowdeck.cli._offline import EpochOver, choose_instrument, offline_engine, read_to_end
from flowdeck.cli._tables import TableWriter, regroup, table, trades_off_tick, writing
from flowdeck.engine import Engine
from flowdeck.errors import EngineError, InstrumentError
from flowdeck.instruments import Instrument, InstrumentId
from flowdeck.kinds import CORE_KINDS, Kinds
from flowdeck.series import Series
from flowdeck.streams import Batch, EndOfStream, Rows, StreamKey, StreamRequest
from flowdeck.timeframes import Timeframe
from flowdeck.wire.client import Client, RemoteSubscription
from flowdeck.wire.port import url_of

__all__ = ["Exported", "Order", "export_attached", "export_capture"]

_KINDS = Kinds(CORE_KINDS)
_CHUNK_ROWS = 200_000
_PROVISIONAL_DECIMALS = 8  # of a Parquet file of trades, whose schema must hold finer steps that show later


class Range(NamedTuple):
    """From when until when, exclusive, ns UTC; None is without limit."""

    start: int | None
    stop: int | None


class Span:
    """The first and the last `ts` of all rows that were read, in the range or not."""

    def __init__(self) -> None:
        self.ends: tuple[int, int] | None = None

    def see(self, rows: Rows) -> None:
        """Take rows into account."""
        if len(rows):
            first, last = int(rows["ts"].min()), int(rows["ts"].max())
            self.ends = (first, last) if self.ends is None else (min(first, self.ends[0]), max(last, self.ends[1]))


@dataclass(frozen=True)
class Order:
    """What to write.

    Attributes:
        kind: `trades`, `bars` or `footprint`.
        out: The file.
        instrument: Of which instrument; None takes the capture's first, or the configured one.
        timeframe: Of bars and footprint.
        grouping: Of the footprint, ticks a row.
        tick_size: Of the footprint; None takes the instrument's.
        start: First `ts` wanted.
        stop: End of what is wanted, exclusive.
    """

    kind: str
    out: Path
    instrument: InstrumentId | None
    timeframe: Timeframe
    grouping: int
    tick_size: Decimal | None
    start: When | None
    stop: When | None

    @property
    def has_range(self) -> bool:
        """Whether less than everything is wanted."""
        return self.start is not None or self.stop is not None

    def range(self, newest: int) -> Range:
        """The range that is meant when the data end at `newest`, ns UTC."""
        start = self.start(newest) if self.start is not None else None
        stop = self.stop(newest) if self.stop is not None else None
        if start is not None and stop is not None and start >= stop:
            raise typer.BadParameter("must be later than --from", param_hint="--to")
        return Range(start, stop)

    def key_of(self, instrument: InstrumentId, run: str | None = None, *, ticks: bool = False) -> StreamKey:
        """The stream of an instrument, its rows of one tick each if `ticks`."""
        if self.kind == "trades":
            return StreamKey.of("trades", instrument, run=run)
        grouping = self.grouping if self.kind == "footprint" and self.grouping > 1 and not ticks else None
        return StreamKey.of(self.kind, instrument, run=run, timeframe=self.timeframe, grouping=grouping)

    def key(self, instrument: Instrument, run: str | None = None) -> StreamKey:
        """The stream to read: rows of one tick where they are to be made on another tick than the instrument's."""
        return self.key_of(instrument.id, run, ticks=self.moves(instrument))

    def moves(self, instrument: Instrument) -> bool:
        """Whether rows are made on another tick than the instrument's."""
        return self.tick_size not in {None, instrument.tick_size}


@dataclass(frozen=True)
class Exported:
    """What was written.

    Attributes:
        rows: Rows of the table.
        instrument: The steps that the stream was made with.
        skipped: Frames that were good but not used, by reason.
        problems: Damaged lines, the first of them.
        problem_count: All of them.
        off_tick: Trades whose price is no multiple of the tick size that was asked for, and went to the nearest.
        span: First and last `ts` of the data, in the range or not, ns UTC; None when there are none.
    """

    rows: int
    instrument: Instrument
    skipped: Mapping[str, int] = field(default_factory=dict)
    problems: tuple[str, ...] = ()
    problem_count: int = 0
    off_tick: int = 0
    span: tuple[int, int] | None = None


class _Sink(Protocol):
    off_tick: int
    span: Span

    def add(self, batch: Batch, instrument: Instrument) -> None: ...
    def finish(self, instrument: Instrument) -> None: ...


class _EventSink:
    """Writes events as they come."""

    off_tick = 0

    def __init__(self, order: Order, writer: TableWriter, wanted: Range) -> None:
        self._order, self._writer, self._wanted = order, writer, wanted
        self.span = Span()

    def add(self, batch: Batch, instrument: Instrument) -> None:
        self.span.see(batch.rows)
        self._write(_within(self._wanted, batch.rows), instrument)

    def finish(self, instrument: Instrument) -> None:
        if not self._writer.rows:
            self._write(_KINDS[self._order.kind].empty(), instrument)

    def _write(self, rows: Rows, instrument: Instrument) -> None:
        wide = instrument.provisional and self._order.out.suffix == ".parquet"
        self._writer.write(table(self._order.kind, rows, instrument, _PROVISIONAL_DECIMALS if wide else 0))


class _StateSink:
    """Keeps the latest of each row, and writes them in order at the end."""

    def __init__(self, order: Order, writer: TableWriter, key: StreamKey, wanted: Range) -> None:
        self._order, self._writer, self._wanted = order, writer, wanted
        self.span = Span()
        self._series = Series(key, _KINDS[order.kind])
        self.off_tick = 0

    def add(self, batch: Batch, instrument: Instrument) -> None:  # noqa: ARG002 - steps count at the end
        self._series.apply(batch)

    def finish(self, instrument: Instrument) -> None:
        rows = self._series.rows()
        self.span.see(rows)
        rows = _within(self._wanted, rows)
        if self._order.kind == "footprint" and self._order.tick_size is not None and self._order.moves(instrument):
            self.off_tick = trades_off_tick(rows, instrument, self._order.tick_size)
            rows = regroup(rows, instrument, self._order.tick_size, self._order.grouping)
        for begin in range(0, max(1, len(rows)), _CHUNK_ROWS):
            self._writer.write(table(self._order.kind, rows[begin : begin + _CHUNK_ROWS], instrument))


def _sink(order: Order, writer: TableWriter, key: StreamKey, wanted: Range) -> _Sink:
    return _EventSink(order, writer, wanted) if order.kind == "trades" else _StateSink(order, writer, key, wanted)


def _within(order: Range, rows: Rows) -> Rows:
    inside = np.ones(len(rows), bool)
    if order.start is not None:
        inside &= rows["ts"] >= order.start
    if order.stop is not None:
        inside &= rows["ts"] < order.stop
    return rows if inside.all() else rows[inside]


async def export_capture(order: Order, capture: Path) -> Exported:
    """Write a stream of a capture.

    Raises:
        FlowdeckError: when the capture cannot be read, does not hold the instrument, or the file cannot be written.
    """
    async with offline_engine() as engine:
        info = await engine.runs.start(capture, speed=None, paused=True)
        chosen = choose_instrument(info, order.instrument).id
        within = order.range((await asyncio.to_thread(span, capture))[1] if order.has_range else 0)
        with _app.progress(f"Reading {capture.name}"):
            while True:
                try:
                    rows, instrument, sink = await _export_run(engine, info.id, chosen, order, within)
                    break
                except EpochOver:  # a later price refined the steps: rows before it are made anew
                    continue
        info = engine.runs.info(info.id)
        damage = info.skipped, info.problems, info.problem_count
        return Exported(rows, instrument, *damage, sink.off_tick, sink.span.ends)


async def _export_run(
    engine: Engine, run: str, wanted: InstrumentId, order: Order, within: Range
) -> tuple[int, Instrument, _Sink]:
    def steps() -> Instrument:
        instrument = engine.instrument(wanted, run)
        assert instrument is not None
        return instrument

    key = order.key(steps(), run)
    with writing(order.out) as writer:
        sink = _sink(order, writer, key, within)
        subscription = engine.open(StreamRequest(key))
        if not engine.runs.info(run).frames:
            await engine.runs.play(run)  # once: at the end it would begin anew
        async for batch in read_to_end(engine, subscription):
            sink.add(batch, steps())
        sink.finish(steps())
    return writer.rows, steps(), sink


async def export_attached(order: Order, url: str | None) -> Exported:
    """Write what an engine knows of a stream; without a URL the engine on this machine.

    Raises:
        FlowdeckError: when the engine cannot be reached or does not provide the stream.
    """
    config = _app.config()
    wanted = order.instrument or InstrumentId.parse(config.chart.instrument)
    address = url or url_of(config.engine.host, config.engine.port, secure=config.engine.tls_cert is not None)
    within = order.range(time.time_ns())
    async with Client(address, _token(config.engine.data)) as client:
        remote = await _history(client, within, order.key_of(wanted))
        if remote.instrument is not None and order.moves(remote.instrument):
            await remote.cancel()
            remote = await _history(client, within, order.key(remote.instrument))
        instrument = remote.instrument
        if instrument is None:
            raise InstrumentError(f"{address}: nobody has stated {wanted} yet; try again once its feed is live")
        with writing(order.out) as writer:
            sink = _sink(order, writer, remote.key, within)
            async for event in remote:
                if isinstance(event, Batch):
                    sink.add(event, instrument)
                elif isinstance(event, EndOfStream) and event.reason != "done":
                    raise EngineError(f"{event.key}: {event.reason} {event.detail}".rstrip())
            sink.finish(instrument)
        if not writer.rows and within != Range(None, None):  # the engine sent the range only: what else is there?
            async for event in await _history(client, Range(None, None), remote.key):
                if isinstance(event, Batch):
                    sink.span.see(event.rows)
    return Exported(writer.rows, instrument, off_tick=sink.off_tick, span=sink.span.ends)


async def _history(client: Client, within: Range, key: StreamKey) -> RemoteSubscription:
    return await client.open(StreamRequest(key, *within, live=False))


def _token(folder: Path) -> str | None:
    path = folder / "token"
    return path.read_text("ascii").strip() if path.is_file() else None
