"""Footprint and bars of the real captures equal what polars makes of their raw JSON."""

from __future__ import annotations

import gzip
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from flowdeck.instruments import Instrument, InstrumentId
from flowdeck.kinds import CORE_KINDS, Kinds
from flowdeck.streams import Batch, Rows, StreamKey
from flowdeck.testing import FakeAggregatorContext
from flowdeck.timeframes import SECOND_NS, Timeframe
from flowdeck_footprint.aggregator import BarsAggregator, FootprintAggregator
from flowdeck_footprint.settings import BarsParams, FootprintParams

TIMEFRAMES = ("15s", "1m", "5m")
GROUPINGS = (1, 10, 500)


class Market:
    """A capture, read twice: as rows for the aggregators, and as exact integers for polars."""

    def __init__(self, path: Path, tick: str, lot: str) -> None:
        self.instrument = Instrument(InstrumentId("venue", "BTCUSDT"), Decimal(tick), Decimal(lot))
        self._records = [json.loads(line.split(b" ", 1)[1])["data"] for line in self._lines(path)]
        self.rows = self._rows()
        self.frame = pl.DataFrame(
            {
                "ts": [record["T"] * 1_000_000 for record in self._records],
                "tick": [int(Decimal(record["p"]) / Decimal(tick)) for record in self._records],
                "price": [float(record["p"]) for record in self._records],
                "lots": [int(Decimal(record["q"]) / Decimal(lot)) for record in self._records],
                "buy": [not record["m"] for record in self._records],
            }
        )

    @staticmethod
    def _lines(path: Path) -> list[bytes]:
        with gzip.open(path) as file:
            return [line for line in file if b'"e":"trade"' in line]

    def _rows(self) -> Rows:
        columns = {
            "ts": [record["T"] * 1_000_000 for record in self._records],
            "price": [float(record["p"]) for record in self._records],
            "qty": [float(record["q"]) for record in self._records],
            "side": [-1 if record["m"] else 1 for record in self._records],
            "count": [1] * len(self._records),
        }
        return Kinds(CORE_KINDS)["trades"].rows(columns)


@pytest.fixture(scope="module", params=["usdm", "spot"])
def market(request: pytest.FixtureRequest) -> Market:
    path = request.getfixturevalue(f"{request.param}_capture")
    return Market(path, "0.1", "0.001") if request.param == "usdm" else Market(path, "0.01", "0.00001")


def _batches(market: Market, size: int) -> list[Batch]:
    key = StreamKey.of("trades", market.instrument.id, feed="raw")
    return [Batch(key, market.rows[at : at + size].copy()) for at in range(0, len(market.rows), size)]


@pytest.mark.parametrize("size", [7, 4_096])
def test_every_cell_of_a_real_market_is_exact(kit: Any, market: Market, size: int) -> None:
    aggregator = FootprintAggregator(FakeAggregatorContext(instrument=market.instrument))
    for timeframe in TIMEFRAMES:
        for grouping in GROUPINGS:
            aggregator.add(FootprintParams(timeframe=timeframe, grouping=grouping))
    held = kit.run(aggregator, _batches(market, size))
    assert len(held) == len(TIMEFRAMES) * len(GROUPINGS)
    for key, series in held.items():
        index = pl.col("ts") // (int(key.timeframe.duration_ns))
        expected = (
            market.frame.group_by(index.alias("index"), (pl.col("tick") // key.grouping).alias("row"))
            .agg(
                bid=pl.col("lots").filter(~pl.col("buy")).sum(),
                ask=pl.col("lots").filter(pl.col("buy")).sum(),
                bid_trades=(~pl.col("buy")).sum(),
                ask_trades=pl.col("buy").sum(),
            )
            .sort("index", "row")
        )
        found = [row[:1] + row[2:] for row in series.rows().tolist()]
        assert found == [tuple(row) for row in expected.iter_rows()]


def test_every_bar_of_a_real_market_is_exact(kit: Any, market: Market) -> None:
    aggregator = BarsAggregator(FakeAggregatorContext(instrument=market.instrument))
    for timeframe in TIMEFRAMES:
        aggregator.add(BarsParams(timeframe=timeframe))
    for key, series in kit.run(aggregator, _batches(market, 100)).items():
        signed = pl.when(pl.col("buy")).then(pl.col("lots")).otherwise(-pl.col("lots"))
        expected = (
            market.frame.group_by((pl.col("ts") // key.timeframe.duration_ns).alias("index"), maintain_order=True)
            .agg(
                open=pl.col("price").first(),
                high=pl.col("price").max(),
                low=pl.col("price").min(),
                close=pl.col("price").last(),
                buy=pl.col("lots").filter(pl.col("buy")).sum(),
                sell=pl.col("lots").filter(~pl.col("buy")).sum(),
                trades=pl.len().cast(pl.Int64),
                low_delta=pl.min_horizontal(signed.cum_sum().min(), 0),
                high_delta=pl.max_horizontal(signed.cum_sum().max(), 0),
            )
            .sort("index")
        )
        found = [(row[0], *row[2:-1]) for row in series.rows().tolist()]
        assert found == [tuple(row) for row in expected.iter_rows()]


def test_the_capture_is_what_the_data_notes_say(market: Market) -> None:
    assert len(market.rows) in {21_313, 9_757}
    first = int(market.rows["ts"][0])
    assert Timeframe.parse("1m").open_ns(Timeframe.parse("1m").index(first)) == 1_723_161_240 * SECOND_NS
