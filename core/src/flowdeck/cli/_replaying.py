"""A capture through the whole engine, every stream of it read to the end."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from flowdeck.captures import span
from flowdeck.cli import _app
from flowdeck.cli._offline import EpochOver, offline_engine, read_to_end, run_instruments
from flowdeck.engine import Engine, RunInfo, Subscription
from flowdeck.errors import StreamError
from flowdeck.instruments import Instrument, InstrumentId
from flowdeck.streams import StreamKey, StreamRequest

__all__ = ["Played", "play", "read_all"]

_SHOW_S = 0.1
_ROOTS = ("trades", "depth", "quotes", "liquidations", "mark", "open_interest")
_DERIVED = {"bars": "1m", "footprint": "1m"}


@dataclass(frozen=True)
class Played:
    """What a replay came to.

    Attributes:
        info: The run as it ended.
        rows: Rows of each stream, runs left out of the keys.
        instruments: The instruments with the steps that held in the end.
        wall_s: How long it took.
    """

    info: RunInfo
    rows: dict[str, int]
    instruments: list[Instrument]
    wall_s: float

    def to_dict(self) -> dict[str, Any]:
        """A form fit for JSON."""
        info = self.info.to_dict()
        names = ("title", "frames", "start_ns", "stop_ns", "skipped", "problems", "problem_count", "reason")
        facts = {name: info[name] for name in names} | {"rows": self.rows, "instruments": list(info["instruments"])}
        return facts | {"wall_s": self.wall_s, "frames_per_s": self.info.frames / self.wall_s}


async def play(capture: Path, speed: float | None) -> Played:
    """Replay a capture headless, with a progress bar.

    Raises:
        FlowdeckError: when the capture cannot be read.
    """
    async with offline_engine() as engine:
        began = time.perf_counter()
        info = await engine.runs.start(capture, speed=speed, paused=True)
        counts: Counter[StreamKey] = Counter()
        with _app.progress(f"Replaying {info.title}", 1.0) as show:
            watch = asyncio.ensure_future(_watch(engine, info.id, capture, show))
            try:
                await read_all(engine, info.id, counts)
            finally:
                watch.cancel()
                await asyncio.gather(watch, return_exceptions=True)
        wall_s = time.perf_counter() - began
        info = engine.runs.info(info.id)
        held = {one.key: one.rows for one in await engine.describe() if one.key and one.key.kind in _DERIVED}
        rows = {str(replace(key, run=None)): held.get(key, count) for key, count in sorted(counts.items()) if count}
        return Played(info, rows, run_instruments(info), wall_s)


async def read_all(engine: Engine, run: str, counts: Counter[StreamKey]) -> None:
    """Read every stream of every instrument, those too that show up only late in the capture."""
    known: set[InstrumentId] = set()
    playing = False
    while True:
        new = [one.id for one in run_instruments(engine.runs.info(run)) if one.id not in known]
        known.update(new)
        opened = [subscription for one in new for subscription in _open_all(engine, run, one)]
        if not playing:  # once: at the end it would begin anew
            await engine.runs.play(run)
            playing = True
        await asyncio.gather(*(_count(engine, subscription, counts) for subscription in opened))
        await engine.runs.finished(run)
        if len(run_instruments(engine.runs.info(run))) == len(known):
            return


def _open_all(engine: Engine, run: str, instrument: InstrumentId) -> Iterator[Subscription]:
    """All that the capture's source and the aggregators at hand provide."""
    keys = [StreamKey.of(kind, instrument, run=run) for kind in _ROOTS]
    keys += [StreamKey.of(kind, instrument, run=run, timeframe=timeframe) for kind, timeframe in _DERIVED.items()]
    for key in keys:
        try:
            yield engine.open(StreamRequest(key))
        except StreamError:
            continue


async def _count(engine: Engine, subscription: Subscription, counts: Counter[StreamKey]) -> None:
    while True:
        try:
            async for batch in read_to_end(engine, subscription):
                counts[batch.key] += len(batch)
        except EpochOver:  # a later price refined the steps: what was counted is made anew
            counts.pop(subscription.key, None)
            subscription = engine.open(subscription.request)
        else:
            return


async def _watch(engine: Engine, run: str, capture: Path, show: Callable[[float], None]) -> None:
    """Show how far the run is."""
    start_ns, stop_ns = await asyncio.to_thread(span, capture)
    while True:
        now_ns = engine.runs.info(run).now_ns
        show((now_ns - start_ns) / max(1, stop_ns - start_ns))
        await asyncio.sleep(_SHOW_S)
