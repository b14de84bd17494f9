"""Small, seeded streams of every core kind, and plain-Python twins of bars and footprint to hold kernels against."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

import numpy as np

from flowdeck.instruments import Instrument, InstrumentId
from flowdeck.kinds import ASK, BID, CORE_KINDS, DepthFlags, Kinds
from flowdeck.streams import Batch, Rows, StreamKey
from flowdeck.timeframes import SECOND_NS, Timeframe

__all__ = [
    "SAMPLE_INSTRUMENT",
    "SAMPLE_START",
    "naive_bars",
    "naive_footprint",
    "sample_bars",
    "sample_batches",
    "sample_footprint",
    "sample_trades",
]

SAMPLE_INSTRUMENT = Instrument(InstrumentId("sample", "BTCUSDT"), Decimal("0.1"), Decimal("0.001"), "BTC", "USDT")
SAMPLE_START = 1_700_000_040 * SECOND_NS
"""Start of every sample, ns UTC: the open of a minute."""

_KINDS = Kinds(CORE_KINDS)


def sample_trades(count: int = 2_000, seconds: float = 600, seed: int = 1) -> Rows:
    """Rows of `trades` on a random walk around 60,000, shape (count,), times and ids growing."""
    random = np.random.default_rng(seed)
    ts = SAMPLE_START + np.sort(random.integers(0, round(seconds * SECOND_NS), count))
    ticks = 600_000 + np.cumsum(random.integers(-3, 4, count))
    return _KINDS["trades"].rows(
        {
            "ts": ts,
            "price": SAMPLE_INSTRUMENT.prices(ticks),
            "qty": SAMPLE_INSTRUMENT.quantities(random.geometric(0.01, count)),
            "side": random.choice([-1, 1], count),
            "id": np.arange(1, count + 1),
            "count": random.integers(1, 4, count),
            "recv_ts": ts + 5_000_000,
        }
    )


def naive_footprint(
    trades: Rows, instrument: Instrument, timeframe: Timeframe, grouping: int = 1
) -> dict[tuple[int, int], tuple[int, int, int, int]]:
    """The twin of the footprint: (bar index, row) to bid lots, ask lots, bid trades, ask trades."""
    cells: dict[tuple[int, int], list[int]] = {}
    for trade in trades:
        row = round(Decimal(repr(float(trade["price"]))) / instrument.tick_size) // grouping
        cell = cells.setdefault((timeframe.index(int(trade["ts"])), row), [0, 0, 0, 0])
        side = 1 if trade["side"] > 0 else 0
        cell[side] += round(Decimal(repr(float(trade["qty"]))) / instrument.lot_size)
        cell[2 + side] += int(trade["count"])
    return {place: (cell[0], cell[1], cell[2], cell[3]) for place, cell in cells.items()}


def naive_bars(trades: Rows, instrument: Instrument, timeframe: Timeframe) -> dict[int, dict[str, float]]:
    """The twin of the bars: bar index to its fields, volumes and deltas in lots. Deltas start each bar at 0."""
    bars: dict[int, dict[str, float]] = {}
    for trade in trades:
        price, index = float(trade["price"]), timeframe.index(int(trade["ts"]))
        lots = round(Decimal(repr(float(trade["qty"]))) / instrument.lot_size)
        start = {"open": price, "high": price, "low": price, "ts": timeframe.open_ns(index)}
        start |= dict.fromkeys(("buy_lots", "sell_lots", "trades", "delta_min", "delta_max"), 0)
        bar = bars.setdefault(index, start)
        bar["high"], bar["low"], bar["close"] = max(bar["high"], price), min(bar["low"], price), price
        bar["buy_lots" if trade["side"] > 0 else "sell_lots"] += lots
        bar["trades"] += int(trade["count"])
        delta = bar["buy_lots"] - bar["sell_lots"]
        bar["delta_min"], bar["delta_max"] = min(bar["delta_min"], delta), max(bar["delta_max"], delta)
    return bars


def sample_footprint(trades: Rows, timeframe: Timeframe, grouping: int = 1) -> Rows:
    """Rows of `footprint` for sample trades, sorted by bar and row."""
    cells = sorted(naive_footprint(trades, SAMPLE_INSTRUMENT, timeframe, grouping).items())
    flat = np.array([(*place, *cell) for place, cell in cells], np.int64).reshape(-1, 6)
    names = ("index", "row", "bid_lots", "ask_lots", "bid_trades", "ask_trades")
    rows = _KINDS["footprint"].rows(dict(zip(names, flat.T, strict=True)))
    rows["ts"] = [timeframe.open_ns(int(index)) for index in rows["index"]]
    return rows


def sample_bars(trades: Rows, timeframe: Timeframe) -> Rows:
    """Rows of `bars` for sample trades, sorted by bar."""
    bars = sorted(naive_bars(trades, SAMPLE_INSTRUMENT, timeframe).items())
    rows = _KINDS["bars"].empty(len(bars))
    for row, (index, fields) in zip(rows, bars, strict=True):
        row["index"] = index
        for name, value in fields.items():
            row[name] = value
    return rows


def sample_batches(key: StreamKey, size: int = 97) -> list[Batch]:
    """The sample of a core kind as batches of `size` rows under `key`; nothing for a kind without a sample."""
    rows = _sample_rows(key)
    return [Batch(key, rows[i : i + size].copy(), recv_ts=SAMPLE_START) for i in range(0, len(rows), size)]


def _sample_rows(key: StreamKey) -> Rows:
    trades = sample_trades()
    if key.kind == "trades":
        return trades
    if key.kind == "bars":
        return sample_bars(trades, key.timeframe)
    if key.kind == "footprint":
        return sample_footprint(trades, key.timeframe, key.grouping)
    if key.kind in {"depth", "book"}:
        return _ladder(key.kind, trades)
    columns = _market_columns(trades).get(key.kind)
    return _KINDS[key.kind].rows(columns) if columns else np.empty(0, [("ts", "i8")])


def _ladder(kind: str, trades: Rows, levels: Sequence[int] = range(1, 21)) -> Rows:
    ticks = np.array([*(600_000 - level for level in levels), *(600_000 + level for level in levels)])
    rows = _KINDS[kind].rows({"price": SAMPLE_INSTRUMENT.prices(ticks), "qty": 1.0 + np.abs(ticks - 600_000)})
    rows["ts"], rows["side"] = trades["ts"][0], np.where(ticks < 600_000, BID, ASK)
    if kind == "depth":
        rows["flags"][0], rows["flags"][-1] = DepthFlags.SNAPSHOT, DepthFlags.LAST
    return rows


def _market_columns(trades: Rows) -> dict[str, dict[str, object]]:
    ts, price, qty = trades["ts"], trades["price"], trades["qty"]
    tick = float(SAMPLE_INSTRUMENT.tick_size)
    return {
        "quotes": {"ts": ts, "bid": price - tick, "bid_qty": qty, "ask": price, "ask_qty": qty},
        "liquidations": {"ts": ts[::50], "price": price[::50], "qty": qty[::50], "side": trades["side"][::50]},
        "mark": {"ts": ts[::20], "mark_price": price[::20], "index_price": price[::20]},
        "open_interest": {"ts": ts[::100], "qty": qty[::100] + 1_000},
    }
