"""A plugin as other processes load it: trades of `probe:COIN`, twenty every ten milliseconds, ids without a hole."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncIterator, Callable, Iterable
from decimal import Decimal

import numpy as np

from flowdeck.captures import Tap
from flowdeck.hookspecs import hookimpl
from flowdeck.instruments import Instrument, InstrumentId
from flowdeck.kinds import CORE_KINDS
from flowdeck.specs import FeedState, KeySet, PluginContext, Publish, SourceContext, SourceSpec, SourceStatus
from flowdeck.streams import Batch, StreamKey

COIN = Instrument(InstrumentId("probe", "COIN"), Decimal("0.1"), Decimal("0.001"))
TRADES = next(kind for kind in CORE_KINDS if kind.name == "trades")
BATCH = 20


@hookimpl
def register_sources() -> Iterable[SourceSpec]:
    """The one source."""
    yield SourceSpec("probe", "Probe", "probe_plugin:Probe", provides=("trades",), venues=("probe",))


class Probe:
    """The source; `PROBE_STUBBORN` makes it ignore its end."""

    def __init__(self, context: PluginContext) -> None:
        self._taps: Callable[[str], Tap] = lambda _: Tap()

    def record(self, tap: Callable[[str], Tap]) -> None:
        """Tell the tap of everything."""
        self._taps = tap

    async def instruments(self) -> AsyncIterator[Instrument]:
        """Just the coin."""
        yield COIN

    async def run(self, keys: KeySet, publish: Publish, context: SourceContext) -> None:
        """Count up as long as it lives."""
        while not keys.current():
            await keys.changed()
        context.instrument(COIN)
        context.status(SourceStatus("probe", "probe", FeedState.LIVE, since=time.time_ns()))
        tap = self._taps("probe")
        try:
            await self._count(publish, tap)
        except asyncio.CancelledError:
            if os.environ.get("PROBE_STUBBORN"):
                await asyncio.sleep(3600)
            raise
        finally:
            tap.close()

    async def _count(self, publish: Publish, tap: Tap) -> None:
        first = 0
        while True:
            now = time.time_ns()
            tap.frame(now, b'{"first":%d}' % first)
            publish(trades(first, now))
            first += BATCH
            await asyncio.sleep(0.01)


def trades(first: int, now: int) -> Batch:
    """A batch of trades from the id `first`."""
    ids = np.arange(first, first + BATCH)
    columns = {
        "ts": now + ids % BATCH,
        "price": 100 + (ids % 50) / 10,
        "qty": (1 + ids % 7) / 1000,
        "id": ids,
        "recv_ts": np.full(BATCH, now),
        "count": np.ones(BATCH, np.int32),
        "side": np.where(ids % 2, 1, -1),
    }
    return Batch(StreamKey.of("trades", COIN.id), TRADES.rows(columns), recv_ts=now)
