"""An engine inside this process for one capture, and reading its streams to the end."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from flowdeck.cli import _app
from flowdeck.engine import Engine, RunInfo, Subscription
from flowdeck.errors import EngineError, InstrumentError
from flowdeck.instruments import Instrument, InstrumentId
from flowdeck.streams import Batch, EndOfHistory, EndOfStream, StreamKey, StreamRequest

__all__ = ["EpochOver", "choose_instrument", "offline_engine", "read_to_end", "run_instruments"]

_NEVER_NS = 2**62


class EpochOver(Exception):  # noqa: N818 - steps were refined, which is nobody's mistake
    """What was read so far does not hold any more: read again from the beginning."""


@asynccontextmanager
async def offline_engine() -> AsyncIterator[Engine]:
    """An engine with a data folder of its own that goes with it: nothing is kept, and nobody is in the way."""
    with TemporaryDirectory(prefix="flowdeck-") as folder:
        config = _app.config({"engine.data": Path(folder)})
        manager = _app.manager(config, "headless")
        engine = Engine(config, manager)
        try:
            await engine.start()
            gc.freeze()  # what is loaded by now stays: walking all of it takes 60 ms in each full collection
            yield engine
        finally:
            gc.unfreeze()
            await engine.stop()
            manager.close()


def run_instruments(info: RunInfo) -> list[Instrument]:
    """The instruments of a run, in the order in which its capture shows them."""
    return [Instrument.from_dict(dict(instrument)) for instrument in info.instruments]


def choose_instrument(info: RunInfo, wanted: InstrumentId | None) -> Instrument:
    """The instrument that was asked for, or the capture's first.

    Raises:
        InstrumentError: when the capture does not hold it; the text names those that it holds.
    """
    found = run_instruments(info)
    chosen = next((instrument for instrument in found if wanted in {None, instrument.id}), None)
    if chosen is None:
        held = ", ".join(str(instrument.id) for instrument in found) or "none"
        raise InstrumentError(f"{info.title} does not hold {wanted or 'an instrument'}; it holds {held}")
    return chosen


async def read_to_end(engine: Engine, subscription: Subscription) -> AsyncIterator[Batch]:
    """Read a stream of a run, opened while the run was paused or later, up to its last batch.

    Raises:
        EpochOver: when what was yielded does not hold any more.
        EngineError: when the run or the stream fails.
    """
    seq = -1
    last = asyncio.ensure_future(_last_seq(engine, subscription.key))
    # once the end is known the reader may wait for a batch that never comes
    last.add_done_callback(lambda done: subscription.cancel() if _is_over(done, seq) else None)
    try:
        async for event in subscription:
            if isinstance(event, EndOfStream):
                raise _over(event)
            if isinstance(event, Batch):
                yield event
            if seq >= 0 or isinstance(event, EndOfHistory):  # all of history carries the number of its end
                seq = event.seq
            if _is_over(last, seq):
                break
        last.result()
    finally:
        subscription.cancel()
        last.cancel()
        await asyncio.gather(last, return_exceptions=True)


def _is_over(last: asyncio.Future[int], seq: int) -> bool:
    """Whether the last batch is read, or will never be known."""
    return last.done() and (last.cancelled() or last.exception() is not None or seq >= last.result())


async def _last_seq(engine: Engine, key: StreamKey) -> int:
    """The number of a stream's last batch, once its run stands at the end of its capture."""
    assert key.run is not None
    info = await engine.runs.finished(key.run)
    if info.reason:
        raise EngineError(f"{info.title}: {info.reason}")
    async for event in engine.open(StreamRequest(key, start=_NEVER_NS, live=False)):
        if isinstance(event, EndOfStream):
            raise _over(event)
        if isinstance(event, EndOfHistory):
            return event.seq
    raise EngineError(f"{key}: the stream ended early")


def _over(end: EndOfStream) -> Exception:
    if end.reason == "epoch":
        return EpochOver(end.detail)
    return EngineError(f"{end.key}: {end.reason} {end.detail}".rstrip())
