"""Twenty million trades into the cells of six timeframes, beside pandas and polars; then live, a few trades at a time.

All start from the same trades (time, price, size, side) and end with the same tables, which are compared cell by cell.
pandas is asked once per timeframe, as one does; polars groups the trades by the minute and rolls that up, its best way.
All take turns, Flowdeck between any two, so that a machine that slows down slows all of them. Live batches go through
the same aggregator.

    python -m benchmarks.footprint [--trades 20000000] [--rounds 3]
"""

from __future__ import annotations

import argparse
import gc
import json
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median
from time import perf_counter, thread_time
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd
import polars as pl

from flowdeck.kinds import CORE_KINDS, Kinds
from flowdeck.streams import Batch, Rows, StreamKey
from flowdeck.testing import SAMPLE_INSTRUMENT, FakeAggregatorContext
from flowdeck.timeframes import SECOND_NS, Timeframe
from flowdeck_footprint.aggregator import FootprintAggregator
from flowdeck_footprint.settings import FootprintParams, FootprintSettings

Ints = npt.NDArray[np.int64]
Table = dict[str, npt.NDArray[Any]]

TIMEFRAMES: Final = ("1m", "5m", "15m", "1h", "4h", "1d")
TICK, LOT, GROUPING = 0.1, 0.001, 10
SUMS: Final = ("bid_lots", "ask_lots", "bid_trades", "ask_trades")
_BATCH = 65_536
_LIVE_SIZES = (10, 20, 50, 100)
_LIVE_TRADES = 200_000
_PARAMS = [FootprintParams(timeframe=text, grouping=GROUPING) for text in TIMEFRAMES]
_NS = {text: Timeframe.parse(text).duration_ns for text in TIMEFRAMES}


@dataclass(frozen=True)
class Market:
    """The same trades for everybody: as rows for Flowdeck, as columns for the others."""

    rows: Rows
    columns: Table


def market(count: int) -> Market:
    """BTCUSDT-like: some 25 trades a second, several to a millisecond, sizes over four decades, a drifting price."""
    random = np.random.default_rng(20240808)
    ts = 1_723_075_200 * SECOND_NS + np.cumsum(random.exponential(39.0, count)).astype(np.int64) * 1_000_000
    ticks = 600_000 + np.cumsum(random.choice([-2, -1, 0, 0, 0, 0, 0, 0, 1, 2], count))
    columns: Table = {
        "ts": ts,
        "price": SAMPLE_INSTRUMENT.prices(ticks),
        "qty": SAMPLE_INSTRUMENT.quantities(1 + random.lognormal(2.5, 1.8, count).astype(np.int64)),
        "side": random.choice(np.array([-1, 1], np.int8), count),
        "count": random.integers(1, 4, count, np.int32),
    }
    rows = Kinds(CORE_KINDS)["trades"].rows(columns)
    rows.setflags(write=False)
    return Market(rows, columns)


def batches(rows: Rows, size: int) -> list[Batch]:
    """The trades as a source or a store hands them out."""
    key = StreamKey.of("trades", SAMPLE_INSTRUMENT.id)
    return [Batch(key, rows[at : at + size]) for at in range(0, len(rows), size)]


def aggregator(late_trades_mb: int) -> FootprintAggregator:
    """The plugin's own, for all six timeframes."""
    made = FootprintAggregator(FakeAggregatorContext(settings=FootprintSettings(late_trades_mb=late_trades_mb)))
    for params in _PARAMS:
        made.add(params)
    return made


def by_flowdeck(given: list[Batch]) -> list[Table]:
    """Every batch through the aggregator, then the tables that it holds."""
    own = aggregator(late_trades_mb=4_096)
    for batch in given:
        own.process(batch)
    tables = [own.current(params).rows for params in _PARAMS]
    return [{name: table[name] for name in ("index", "row", *SUMS)} for table in tables]


def by_polars(columns: Table) -> list[Table]:
    """By the minute, and that rolled up."""
    frame = pl.LazyFrame(columns).select(
        "ts",
        (pl.col("price") / TICK).round().cast(pl.Int64).floordiv(GROUPING).alias("row"),
        (pl.col("qty") / LOT).round().cast(pl.Int64).alias("lots"),
        pl.col("count").cast(pl.Int64),
        (pl.col("side") > 0).alias("buy"),
    )
    buy, lots, count = pl.col("buy"), pl.col("lots"), pl.col("count")
    sums = {
        "bid_lots": lots.filter(~buy).sum(),
        "ask_lots": lots.filter(buy).sum(),
        "bid_trades": count.filter(~buy).sum(),
        "ask_trades": count.filter(buy).sum(),
    }
    minutes = frame.group_by(pl.col("ts").floordiv(_NS["1m"]).alias("index"), "row").agg(**sums).collect()
    tables = [minutes]
    for text in TIMEFRAMES[1:]:
        index = pl.col("index").floordiv(_NS[text] // _NS["1m"])
        tables.append(minutes.group_by(index.alias("index"), "row").agg(pl.col(name).sum() for name in SUMS))
    return [{name: table[name].to_numpy() for name in ("index", "row", *SUMS)} for table in tables]


def by_pandas(columns: Table) -> list[Table]:
    """Each timeframe asked of the trades by itself, as one does."""
    trades = pd.DataFrame(columns)
    return [_group_by(trades, _NS[text]) for text in TIMEFRAMES]


def _group_by(trades: pd.DataFrame, timeframe_ns: int) -> Table:
    frame = pd.DataFrame(
        {
            "index": trades["ts"] // timeframe_ns,
            "row": (trades["price"] / TICK).round().astype(np.int64) // GROUPING,
            "side": trades["side"],
            "lots": (trades["qty"] / LOT).round().astype(np.int64),
            "trades": trades["count"].astype(np.int64),
        }
    )
    sums = frame.groupby(["index", "row", "side"]).sum()
    cells = sums.unstack(fill_value=0)  # noqa: PD010  the groups are there, and each has one row
    table: Table = {name: cells.index.get_level_values(name).to_numpy() for name in ("index", "row")}
    for name, column in zip(SUMS, (("lots", -1), ("lots", 1), ("trades", -1), ("trades", 1)), strict=True):
        table[name] = np.asarray(cells[column])
    return table


def compare(ours: list[Table], theirs: list[Table]) -> None:
    """Raise unless both hold the same cells."""
    for text, one, other in zip(TIMEFRAMES, ours, theirs, strict=True):
        order = np.lexsort((other["row"], other["index"]))
        for name, column in one.items():
            np.testing.assert_array_equal(column, other[name][order], err_msg=f"{text} {name}")


def live(rows: Rows, size: int) -> float:
    """Nanoseconds of the processor a trade of batches of this size, all six timeframes changing with each."""
    own, given = aggregator(late_trades_mb=16), batches(rows[:_LIVE_TRADES], size)
    began = thread_time()
    for batch in given:
        own.process(batch)
    return (thread_time() - began) / _LIVE_TRADES * 1e9


def timed(work: Callable[[], list[Table]]) -> tuple[float, list[Table]]:
    """Seconds that it takes, and its tables."""
    gc.collect()
    began = perf_counter()
    tables = work()
    return perf_counter() - began, tables


def bulk(given: Market, rounds: int) -> dict[str, float]:
    """Medians of turns at the whole history."""
    own = batches(given.rows, _BATCH)
    ways = {
        "flowdeck": lambda: by_flowdeck(own),
        "polars": lambda: by_polars(given.columns),
        "pandas": lambda: by_pandas(given.columns),
    }
    seconds: dict[str, list[float]] = {way: [] for way in ways}
    for turn in range(rounds):
        tables = {}
        for way in ("flowdeck", "polars", "flowdeck", "pandas", "flowdeck"):
            took, tables[way] = timed(ways[way])
            seconds[way].append(took)
            print(f"round {turn + 1}  {way:9} {took:7.3f} s  {len(given.rows) / took / 1e6:7.1f} M trades/s")
        compare(tables["flowdeck"], tables["polars"])
        compare(tables["flowdeck"], tables["pandas"])
    typical = {way: median(values) for way, values in seconds.items()}
    return {
        "trades_per_s": round(len(given.rows) / typical["flowdeck"]),
        "vs_pandas": round(typical["pandas"] / typical["flowdeck"], 1),
        "vs_polars": round(typical["polars"] / typical["flowdeck"], 2),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trades", type=int, default=20_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    given = market(options.trades)
    by_flowdeck(batches(given.rows[:_BATCH], _BATCH))  # loads the kernels
    figures = bulk(given, options.rounds)
    turns = {size: [live(given.rows, size) for _ in range(5)] for size in _LIVE_SIZES}
    for size, values in turns.items():
        print(f"live, {size:3} trades a batch: {median(values):6.1f} ns a trade, best {min(values):6.1f}")
    print(json.dumps(figures | {"live_ns_per_trade": round(max(median(values) for values in turns.values()), 1)}))


if __name__ == "__main__":
    main()
