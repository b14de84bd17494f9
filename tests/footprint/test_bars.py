"""Bars against naive twins."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flowdeck.kinds import BarFlags
from flowdeck.streams import Batch
from flowdeck.testing.samples import sample_trades
from flowdeck.timeframes import DAY_NS, SECOND_NS, Timeframe
from flowdeck_footprint.settings import BarsParams

START = 1_699_920_000 * SECOND_NS
FIELDS = ("ts", "open", "high", "low", "close", "buy_lots", "sell_lots", "trades", "delta_min", "delta_max")


@st.composite
def histories(draw: st.DrawFn) -> list[tuple[int, int, int, int]]:
    """(time, tick, lots, side) of trades, some of them late."""
    now, trades = START, []
    for _ in range(draw(st.integers(1, 50))):
        now += draw(st.sampled_from([0, 1, SECOND_NS, 40 * SECOND_NS, 4_000 * SECOND_NS, DAY_NS]))
        behind = draw(st.sampled_from([0, 0, 0, SECOND_NS, 90 * SECOND_NS, 2 * DAY_NS]))
        tick = draw(st.integers(599_000, 601_000))
        trades.append((now - behind, tick, draw(st.integers(1, 10**7)), draw(st.sampled_from([-1, 1]))))
    return trades


def _bars(series: Any) -> dict[int, dict[str, Any]]:
    return {int(row["index"]): {name: row[name].item() for name in FIELDS} for row in series.rows()}


@settings(max_examples=150, deadline=None)
@given(
    histories(),
    st.lists(st.integers(0, 50), max_size=6),
    st.sampled_from(["15s", "1m", "7s", "50s", "5h", "1d", "3d", "7d"]),
)
def test_any_cut_of_any_history_equals_the_naive_bars(
    kit: Any, history: list[tuple[int, int, int, int]], at: list[int], timeframe: str
) -> None:
    trades = kit.trades(*zip(*history, strict=True))
    for key, series in kit.run(kit.bars(timeframe, "1h"), kit.cut(trades, at)).items():
        assert _bars(series) == kit.naive_bars(trades, key.timeframe)
        assert series.column("flags").tolist() == [0] * (len(series) - 1) + [BarFlags.LIVE]


@settings(max_examples=60, deadline=None)
@given(histories(), st.sampled_from(["15s", "1m"]), st.sampled_from(["1h", "4h", "1d", "7d"]))
def test_rolling_up_equals_making_the_bars_of_the_trades(
    kit: Any, history: list[tuple[int, int, int, int]], fine: str, coarse: str
) -> None:
    trades = kit.trades(*zip(*sorted(history, key=lambda trade: trade[0]), strict=True))
    finer = kit.run(kit.bars(fine), kit.cut(trades))
    rolled = kit.run(kit.bars(coarse), [Batch(key, series.rows()) for key, series in finer.items()])
    (series,) = rolled.values()
    assert _bars(series) == kit.naive_bars(trades, Timeframe.parse(coarse))


def test_a_bar_stops_being_live_when_the_next_one_opens(kit: Any) -> None:
    aggregator = kit.bars("1m")
    ticks = [600_000, 600_010]
    first, second = kit.cut(kit.trades([START, START + 60 * SECOND_NS], ticks, [1, 1], [1, 1]), [1])
    assert [batch.rows["flags"].tolist() for batch in aggregator.process(first)] == [[BarFlags.LIVE]]
    (changed,) = aggregator.process(second)
    assert changed.rows["flags"].tolist() == [0, BarFlags.LIVE]
    assert changed.rows["close"].tolist() == [60_000.0, 60_001.0]


def test_weeks_open_on_monday_and_odd_minutes_restart_at_midnight(kit: Any) -> None:
    midnight = 1_700_006_400 * SECOND_NS  # Wednesday 2023-11-15
    trades = kit.trades([midnight - 1, midnight], [600_000, 600_001], [1, 1], [1, 1])
    held = {key.param("timeframe"): series for key, series in kit.run(kit.bars("7d", "7m"), kit.cut(trades)).items()}
    assert held["7d"].column("ts").tolist() == [1_699_833_600 * SECOND_NS]
    assert held["7m"].column("ts").tolist() == [midnight - 5 * 60 * SECOND_NS, midnight]


def test_bars_and_footprint_hold_the_same_volume(kit: Any) -> None:
    trades = kit.cut(sample_trades(9_000), range(0, 9_000, 100))
    bars = next(iter(kit.run(kit.bars("1m"), trades).values()))
    cells = next(iter(kit.run(kit.footprints(("1m", 10)), trades).values()))
    assert bars.column("buy_lots").sum() == cells.column("ask_lots").sum()
    assert bars.column("sell_lots").sum() == cells.column("bid_lots").sum()
    assert bars.column("trades").sum() == cells.column("bid_trades").sum() + cells.column("ask_trades").sum()


@pytest.mark.parametrize("text", ["500t", "100v", "20r", "0m", "1w", "367d", ""])
def test_timeframes_that_are_not_offered_are_refused_with_what_is_allowed(text: str) -> None:
    with pytest.raises(ValueError, match=r"15s, 1m|longer than 366 days"):
        BarsParams(timeframe=text)


def test_it_derives_from_stored_minutes_hours_and_days(kit: Any) -> None:
    finer = {
        text: kit.bars().derives_from(BarsParams(timeframe=text)) for text in ("7d", "4h", "1h", "5m", "1m", "15s")
    }
    assert {text: params and params.timeframe for text, params in finer.items()} == {
        "7d": "1d",
        "4h": "1h",
        "1h": "1m",
        "5m": "1m",
        "1m": None,
        "15s": None,
    }
