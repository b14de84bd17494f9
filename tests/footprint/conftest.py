"""Real aggregators over sample input, what readers hold of their output, and twins in plain Python."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from flowdeck.kinds import CORE_KINDS, Kinds
from flowdeck.series import Series
from flowdeck.streams import Batch, Rows, StreamKey
from flowdeck.testing import SAMPLE_INSTRUMENT, FakeAggregatorContext
from flowdeck.timeframes import Timeframe
from flowdeck_footprint.aggregator import BarsAggregator, FootprintAggregator
from flowdeck_footprint.settings import BarsParams, FootprintParams, FootprintSettings

_TRADES = StreamKey.of("trades", SAMPLE_INSTRUMENT.id)
_SUMS = ("bid_lots", "ask_lots", "bid_trades", "ask_trades")


class Kit:
    """What the tests of this folder share."""

    kinds = Kinds(CORE_KINDS)

    def trades(self, ts: Sequence[int], ticks: Sequence[int], lots: Sequence[int], sides: Sequence[int]) -> Rows:
        """Rows of `trades` of the sample instrument, of 1 to 3 fills each."""
        columns = {
            "ts": np.asarray(ts, np.int64),
            "price": SAMPLE_INSTRUMENT.prices(ticks),
            "qty": SAMPLE_INSTRUMENT.quantities(lots),
            "side": np.asarray(sides, np.int8),
            "id": np.arange(len(ts)),
            "count": 1 + np.arange(len(ts)) % 3,
        }
        return self.kinds["trades"].rows(columns)

    def cut(self, rows: Rows, at: Iterable[int] = ()) -> list[Batch]:
        """Batches that end at the given positions (modulo the number of rows)."""
        ends = [0, *sorted(place % (len(rows) + 1) for place in at), len(rows)]
        return [Batch(_TRADES, rows[a:b].copy()) for a, b in pairwise(ends)]

    def run(
        self, aggregator: BarsAggregator | FootprintAggregator, batches: Iterable[Batch]
    ) -> dict[StreamKey, Series]:
        """What readers hold after the aggregator has taken the batches."""
        held: dict[StreamKey, Series] = {}
        for batch in batches:
            for changed in aggregator.process(batch):
                held.setdefault(changed.key, Series(changed.key, self.kinds[changed.key.kind])).apply(changed)
        return held

    def footprints(self, *every: tuple[str, int], late_trades_mb: int = 16) -> FootprintAggregator:
        """The real aggregator for (timeframe, grouping) pairs."""
        settings = FootprintSettings(late_trades_mb=late_trades_mb)
        aggregator = FootprintAggregator(FakeAggregatorContext(settings=settings))
        for timeframe, grouping in every:
            aggregator.add(FootprintParams(timeframe=timeframe, grouping=grouping))
        return aggregator

    def bars(self, *timeframes: str, late_trades_mb: int = 16) -> BarsAggregator:
        """The real aggregator for timeframes."""
        aggregator = BarsAggregator(FakeAggregatorContext(settings=FootprintSettings(late_trades_mb=late_trades_mb)))
        for timeframe in timeframes:
            aggregator.add(BarsParams(timeframe=timeframe))
        return aggregator

    def cells(self, rows: Rows) -> dict[tuple[int, int], tuple[int, ...]]:
        """Rows of `footprint` as (index, row) to bid lots, ask lots, bid trades, ask trades."""
        return {(int(row["index"]), int(row["row"])): tuple(int(row[name]) for name in _SUMS) for row in rows}

    def naive_bars(self, trades: Rows, timeframe: Timeframe) -> dict[int, dict[str, Any]]:
        """The twin of the bars, late trades included: open and close by time, the running delta by receipt."""
        of: dict[int, list[Any]] = {}
        for trade in trades:
            of.setdefault(timeframe.index(int(trade["ts"])), []).append(trade)
        return {index: self._naive_bar(timeframe.open_ns(index), every) for index, every in of.items()}

    @staticmethod
    def _naive_bar(opened: int, trades: list[Any]) -> dict[str, Any]:
        prices = [float(trade["price"]) for trade in trades]
        times = [int(trade["ts"]) for trade in trades]
        lots = [round(float(trade["qty"]) / 0.001) * int(trade["side"]) for trade in trades]
        deltas = [0, *(sum(lots[: n + 1]) for n in range(len(lots)))]
        last = max(n for n, ts in enumerate(times) if ts == max(times))
        return {
            "ts": opened,
            "open": prices[times.index(min(times))],
            "high": max(prices),
            "low": min(prices),
            "close": prices[last],
            "buy_lots": sum(lot for lot in lots if lot > 0),
            "sell_lots": -sum(lot for lot in lots if lot < 0),
            "trades": sum(int(trade["count"]) for trade in trades),
            "delta_min": min(deltas),
            "delta_max": max(deltas),
        }


@pytest.fixture(scope="session")
def kit() -> Kit:
    return Kit()
