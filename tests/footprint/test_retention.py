"""What is held, what is forgotten, and that nothing is forgotten silently."""

from __future__ import annotations

from typing import Any

import numpy as np
from structlog.testing import capture_logs

from flowdeck.testing import SAMPLE_INSTRUMENT
from flowdeck.testing.samples import naive_footprint
from flowdeck.timeframes import SECOND_NS
from flowdeck_footprint.settings import BarsParams, FootprintParams

START = 1_699_920_000 * SECOND_NS
MINUTE = 60 * SECOND_NS


def _long_history(kit: Any, minutes: int, a_minute: int = 20, spread: int = 2_000) -> Any:
    random = np.random.default_rng(3)
    count = minutes * a_minute
    ts = START + np.arange(count) * (MINUTE // a_minute)
    ticks = 600_000 + random.integers(-spread, spread, count)
    return kit.trades(ts, ticks, random.integers(1, 500, count), random.choice([-1, 1], count))


def test_a_late_trade_corrects_the_bar_of_its_time(kit: Any) -> None:
    trades = _long_history(kit, 30)
    late = trades[:1].copy()
    cells, bars = kit.footprints(("1m", 1), ("15m", 10)), kit.bars("1m", "15m")
    kit.run(cells, kit.cut(trades))
    kit.run(bars, kit.cut(trades))
    rows = {batch.key.timeframe: batch.rows for batch in cells.process(kit.cut(late)[0])}
    assert {int(row["ts"][0]) for row in rows.values()} == {START}
    assert all(int(row["bid_trades"][0] + row["ask_trades"][0]) >= 2 for row in rows.values())
    changed = bars.process(kit.cut(late)[0])
    assert [int(batch.rows["ts"][0]) for batch in changed] == [START, START]
    assert not any(batch.rows["flags"][0] for batch in changed)
    assert cells.late == bars.late == 0


def test_memory_stays_in_its_budget_and_later_corrections_beyond_it_are_reported(kit: Any) -> None:
    trades = _long_history(kit, 6_000)
    aggregator = kit.footprints(("1m", 1), ("1h", 1), late_trades_mb=4)
    held = kit.run(aggregator, kit.cut(trades, range(0, len(trades), 1_000)))
    for key, series in held.items():
        assert kit.cells(series.rows()) == naive_footprint(trades, SAMPLE_INSTRUMENT, key.timeframe)
    assert aggregator._state._pages.nbytes <= 4_000_000
    before = {key: series.rows().tobytes() for key, series in held.items()}
    with capture_logs() as logs:
        for _ in range(10):
            assert aggregator.process(kit.cut(trades[:3])[0]) == []
    assert aggregator.late == 30
    assert {key: series.rows().tobytes() for key, series in held.items()} == before
    assert [entry["late"] for entry in logs] == [3, 9, 21]
    assert logs[0]["oldest_late_ts"] == START
    assert logs[0]["held_from_ts"] > START
    newest = aggregator.current(FootprintParams(timeframe="1m", grouping=1))
    assert newest.rows["ts"].min() >= logs[0]["held_from_ts"] - 3_600 * SECOND_NS


def test_what_is_forgotten_is_forgotten_for_every_timeframe_alike(kit: Any) -> None:
    """A trade that one timeframe takes and another refuses would break the sums between them."""
    trades = _long_history(kit, 6_000)
    aggregator = kit.footprints(("1m", 1), ("1h", 1), late_trades_mb=4)
    held = kit.run(aggregator, kit.cut(trades, range(0, len(trades), 1_000)))
    kit_late = trades[::500].copy()
    for changed in aggregator.process(kit.cut(kit_late)[0]):
        held[changed.key].apply(changed)
    assert 0 < aggregator.late < len(kit_late)
    sums = {int(series.column("bid_lots").sum() + series.column("ask_lots").sum()) for series in held.values()}
    assert len(sums) == 1


def test_an_open_bar_is_never_forgotten_whatever_it_needs(kit: Any) -> None:
    trades = _long_history(kit, 300, a_minute=40, spread=400_000)
    aggregator = kit.footprints(("1d", 1), late_trades_mb=1)
    held = kit.run(aggregator, kit.cut(trades, range(0, len(trades), 700)))
    (series,) = held.values()
    assert kit.cells(series.rows()) == naive_footprint(trades, SAMPLE_INSTRUMENT, series.key.timeframe)
    assert aggregator.late == 0


def test_a_trade_from_the_far_future_does_not_push_the_present_out(kit: Any) -> None:
    trades = _long_history(kit, 3_000)
    trades["ts"][100] = START + 10**18
    cells, bars = kit.footprints(("1m", 1), late_trades_mb=2), kit.bars("1m", late_trades_mb=1)
    held = kit.run(cells, kit.cut(trades, range(0, len(trades), 500)))
    lots = np.rint(trades["qty"] / 0.001).sum()
    (series,) = held.values()
    assert series.column("bid_lots").sum() + series.column("ask_lots").sum() == lots
    (series,) = kit.run(bars, kit.cut(trades, range(0, len(trades), 500))).values()
    assert series.column("buy_lots").sum() + series.column("sell_lots").sum() == lots
    assert cells.late == bars.late == 0


def test_bars_beyond_the_budget_are_forgotten_and_reported(kit: Any) -> None:
    trades = _long_history(kit, 9_000, a_minute=2)
    aggregator = kit.bars("1m", "1h", late_trades_mb=1)
    held = kit.run(aggregator, kit.cut(trades, range(0, len(trades), 100)))
    assert {len(series) for series in held.values()} == {9_000, 150}
    assert aggregator._state._bars.nbytes <= 1_000_000
    with capture_logs() as logs:
        assert aggregator.process(kit.cut(trades[:1])[0]) == []
    assert [entry["late"] for entry in logs] == [1]
    assert len(aggregator.current(BarsParams(timeframe="1m")).rows) < 9_000
