"""Real aggregators and the real layer over small input, what comes of it, and twins in plain Python."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from flowdeck.kinds import CORE_KINDS, Kinds
from flowdeck.series import Series
from flowdeck.specs import Lod, Plane, View
from flowdeck.streams import Batch, Rows, StreamKey
from flowdeck.testing import (
    SAMPLE_INSTRUMENT,
    FakeAggregatorContext,
    FakeChanges,
    FakeContext,
    RecordingCanvas,
    sample_view,
)
from flowdeck.timeframes import SECOND_NS, Timeframe
from flowdeck_footprint.aggregator import BarsAggregator, FootprintAggregator
from flowdeck_footprint.layer import FootprintLayer
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


Cell = tuple[int, int, int, int]
"""Bar, row above `Easel.row`, bid lots, ask lots."""


class Easel:
    """Bars of 15 s with rows of ten ticks, drawn on 400 by 400 px."""

    kinds = Kinds(CORE_KINDS)
    start = 1_700_000_040 * SECOND_NS
    bar = 15 * SECOND_NS
    row = 60_000
    cells: tuple[Cell, ...] = (
        (0, 0, 400, 12_400),
        (0, 1, 140_000, 0),
        (0, 4, 20, 900),
        (1, 2, 1_000, 1_000),
        (1, 3, 0, 0),
    )
    """Bar 0 has two rows that nobody traded, bar 1 one of no lots at its high."""

    def rows(self, cells: list[Cell] | None = None) -> tuple[Any, Any]:
        """Rows of `footprint` and of the `bars` around them; each bar opens at its low and closes at its high."""
        index = Timeframe.parse("15s").index(self.start)
        bar, row, bid, ask = (np.array(column) for column in zip(*sorted(cells or self.cells), strict=True))
        columns = {"index": index + bar, "ts": self.start + bar * self.bar, "row": self.row + row}
        columns |= {"bid_lots": bid, "ask_lots": ask, "bid_trades": bid > 0, "ask_trades": ask > 0}
        bars = self.kinds["bars"].empty(len(set(bar.tolist())))
        for out, which in zip(bars, sorted(set(bar.tolist())), strict=True):
            mine = bar == which
            edges = [(self.row + row[mine].min()) * 10, (self.row + row[mine].max()) * 10]
            low, high = SAMPLE_INSTRUMENT.prices(edges)
            out["index"], out["ts"] = index + which, self.start + which * self.bar
            out["open"], out["low"], out["high"], out["close"] = low, low, high, high
            out["sell_lots"], out["buy_lots"] = bid[mine].sum(), ask[mine].sum()
        return self.kinds["footprint"].rows(columns), bars

    def view(self, lod: Lod, pitch: float = 80.0, row_px: float = 20.0, **changes: Any) -> View:
        """A pane whose left edge is the open of the first bar and whose bottom is the lower edge of `row`."""
        size: dict[str, Any] = {
            "x0": 0.0,
            "x1": 400.0 / pitch * self.bar,
            "y0": 60_000.0,
            "y1": 60_000.0 + 400.0 / row_px,
        }
        return replace(sample_view(lod), origin_ns=self.start, width_px=400.0, height_px=400.0, **size, **changes)

    def layer(self, view: View, cells: list[Cell] | None = None, **settings: Any) -> FootprintLayer:
        """A layer that has received these cells."""
        layer = FootprintLayer(FakeContext(settings=FootprintSettings(**settings)))
        footprint, bars = self.rows(cells)
        self.give(layer, view, footprint=footprint, bars=bars)
        return layer

    def give(self, layer: FootprintLayer, view: View, **rows: Any) -> dict[StreamKey, Series]:
        """Answer what the layer asks for with these rows, those of `footprint` at the view's grouping alone."""
        held = {}
        for request in layer.requests(view):
            key = request.key
            series = held[key] = Series(key, self.kinds[key.kind])
            if key.kind in rows and (key.kind == "bars" or key.grouping == view.grouping):
                series.apply(Batch(key, rows[key.kind].copy()))
        layer.update(FakeChanges(held))
        return held

    @staticmethod
    def drawn(layer: FootprintLayer, view: View) -> RecordingCanvas:
        """What the layer draws on all planes."""
        canvas = RecordingCanvas()
        for plane in Plane:
            layer.draw(canvas, view, plane)
        return canvas

    @staticmethod
    def in_px(view: View, call: Any) -> list[tuple[float, float, float, float]]:
        """Rectangles of a call as left, right, top, bottom in px, rounded to a thousandth."""
        x = [[round((value - view.x0) / view.x_per_px, 3) for value in call[name]] for name in ("x0", "x1")]
        y = [[round((view.y1 - value) / view.y_per_px, 3) for value in call[name]] for name in ("y1", "y0")]
        return list(zip(*x, *y, strict=True))

    @staticmethod
    def figures(canvas: RecordingCanvas) -> list[str]:
        """Every figure as it is written."""
        return [
            f"{value:{'+' if call['signed'] else ''}.{decimals}f}"
            for call in canvas.of("numbers")
            for value, decimals in zip(call["values"], call["decimals"], strict=True)
            if not np.isnan(value)
        ]


@pytest.fixture(scope="session")
def kit() -> Kit:
    return Kit()


@pytest.fixture(scope="session")
def easel() -> Easel:
    return Easel()
