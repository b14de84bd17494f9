"""The footprint against naive twins: binning, regrouping, roll-up, late trades, any cut of the input."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flowdeck.errors import StreamError
from flowdeck.streams import Batch, Rows
from flowdeck.testing import SAMPLE_INSTRUMENT
from flowdeck.testing.samples import naive_footprint, sample_trades
from flowdeck.timeframes import DAY_NS, SECOND_NS, Timeframe
from flowdeck_footprint.settings import BarsParams, FootprintParams

START = 1_699_920_000 * SECOND_NS  # midnight UTC
TIMEFRAMES = ("15s", "1m", "7m", "1h", "7s", "50s", "5h", "1d", "3d", "7d")


@st.composite
def histories(draw: st.DrawFn) -> list[tuple[int, int, int, int]]:
    """(time, tick, lots, side) of trades: mostly in order, some late, prices that jump across windows and pages."""
    spread = draw(st.sampled_from([3, 200, 5_000, 10**9]))
    late = draw(st.booleans())
    now, tick, trades = START, 600_000, []
    for _ in range(draw(st.integers(1, 60))):
        now += draw(st.sampled_from([0, 1, 10**6, SECOND_NS, 40 * SECOND_NS, 4_000 * SECOND_NS, DAY_NS]))
        tick = max(0, tick + draw(st.integers(-spread, spread)))
        behind = draw(st.sampled_from([0, 0, 0, SECOND_NS, 90 * SECOND_NS, 2 * DAY_NS])) if late else 0
        trades.append((now - behind, tick, draw(st.integers(0, 10**7)), draw(st.sampled_from([-1, 1]))))
    return trades


@settings(max_examples=150, deadline=None)
@given(histories(), st.lists(st.integers(0, 60), max_size=6), st.sampled_from(TIMEFRAMES), st.integers(1, 2_000))
def test_any_cut_of_any_history_equals_the_naive_count(
    kit: Any, history: list[tuple[int, int, int, int]], at: list[int], timeframe: str, grouping: int
) -> None:
    trades = kit.trades(*zip(*history, strict=True))
    held = kit.run(kit.footprints((timeframe, grouping), ("1m", 1)), kit.cut(trades, at))
    for key, series in held.items():
        expected = naive_footprint(trades, SAMPLE_INSTRUMENT, key.timeframe, key.grouping)
        assert kit.cells(series.rows()) == expected
        opens = [key.timeframe.open_ns(int(index)) for index in series.column("index")]
        assert series.column("ts").tolist() == opens
    assert len(held) == len({(timeframe, grouping), ("1m", 1)})


@settings(max_examples=60, deadline=None)
@given(histories(), st.sampled_from(["15s", "1m", "1h"]), st.sampled_from(["1h", "4h", "1d", "7d"]), st.integers(1, 50))
def test_rolling_up_equals_counting_the_trades(
    kit: Any, history: list[tuple[int, int, int, int]], fine: str, coarse: str, ratio: int
) -> None:
    trades = kit.trades(*zip(*history, strict=True))
    finer = kit.run(kit.footprints((fine, 5)), kit.cut(trades))
    aggregator = kit.footprints((coarse, 5 * ratio))
    rolled = kit.run(aggregator, [Batch(key, series.rows()) for key, series in finer.items()])
    (key, series), *_ = rolled.items()
    assert kit.cells(series.rows()) == naive_footprint(trades, SAMPLE_INSTRUMENT, key.timeframe, key.grouping)


def test_coarser_volumes_equal_the_sums_of_the_finer_to_the_last_lot(kit: Any) -> None:
    trades = sample_trades(20_000, seconds=90_000)
    held = kit.run(
        kit.footprints(("15s", 1), ("1m", 1), ("1h", 7), ("1h", 70), ("7s", 3)), kit.cut(trades, range(0, 20_000, 333))
    )
    sums = {
        tuple(int(series.column(name).sum()) for name in ("bid_lots", "ask_lots", "bid_trades", "ask_trades"))
        for series in held.values()
    }
    assert len(held) == 5
    assert len(sums) == 1


def test_rows_come_in_order_of_bar_and_row_and_only_those_that_changed(kit: Any) -> None:
    aggregator = kit.footprints(("1m", 1))
    trades = kit.trades(
        [START + 70 * SECOND_NS, START + 1, START + 2, START + 3], [70, 900, 10, 900], [5, 6, 7, 8], [1, -1, 1, 1]
    )
    (first,) = aggregator.process(kit.cut(trades)[0])
    minute = Timeframe.parse("1m").index(START)
    assert first.rows["index"].tolist() == [minute, minute, minute + 1]
    assert first.rows["row"].tolist() == [10, 900, 70]
    (second,) = aggregator.process(kit.cut(trades[2:3])[0])
    assert [list(row)[2:] for row in second.rows.tolist()] == [[10, 0, 14, 0, 6]]


def test_what_was_handed_out_never_changes(kit: Any) -> None:
    aggregator, trades = kit.footprints(("1m", 1), ("1h", 10)), sample_trades(5_000)
    batches = [batch for part in kit.cut(trades, range(0, 5_000, 50)) for batch in aggregator.process(part)]
    copies = [batch.rows.tobytes() for batch in batches]
    for part in kit.cut(trades, range(0, 5_000, 50)):
        aggregator.process(part)
    assert [batch.rows.tobytes() for batch in batches] == copies
    assert not any(batch.rows.flags.writeable for batch in batches)


def test_an_empty_batch_and_one_without_parameters_yield_nothing(kit: Any) -> None:
    assert kit.footprints(("1m", 1)).process(kit.cut(sample_trades(5)[:0])[0]) == []
    assert kit.footprints().process(kit.cut(sample_trades(5))[0]) == []


def test_strided_rows_are_read_as_they_are(kit: Any) -> None:
    trades = sample_trades(1_000)
    strided = Batch(kit.cut(trades)[0].key, trades[::3])
    held = kit.run(kit.footprints(("1m", 1)), [strided])
    (series,) = held.values()
    assert kit.cells(series.rows()) == naive_footprint(trades[::3], SAMPLE_INSTRUMENT, Timeframe.parse("1m"))


def _damaged(trades: Rows) -> Rows:
    trades = trades.copy()
    trades["price"][10:16] = [np.nan, -5.0, 1e308, np.inf, -np.inf, 60_000.0]
    trades["qty"][15:18] = [np.nan, -1.0, 1e300]
    trades["ts"][18:20] = [-5, 2**62 + 5]
    return trades


@pytest.mark.parametrize("first", [0, 10, 18])
def test_impossible_trades_are_counted_and_left_out(kit: Any, first: int) -> None:
    trades = sample_trades(200)
    aggregator, bars = kit.footprints(("1m", 1)), kit.bars("1m")
    held = kit.run(aggregator, kit.cut(_damaged(trades)[first:]))
    kit.run(bars, kit.cut(_damaged(trades)[first:]))
    (series,) = held.values()
    good = np.concatenate((trades[:10], trades[20:]))[min(first, 10) :]
    assert kit.cells(series.rows()) == naive_footprint(good, SAMPLE_INSTRUMENT, Timeframe.parse("1m"))
    assert aggregator.damaged == bars.damaged == 20 - max(first, 10)


def test_removed_parameters_forget_and_the_others_go_on(kit: Any) -> None:
    trades = sample_trades(2_000)
    halves = kit.cut(trades, [1_000])
    aggregator = kit.footprints(("1m", 10), ("1m", 1))
    held = kit.run(aggregator, halves[:1])
    aggregator.remove(FootprintParams(timeframe="1m", grouping=1))
    aggregator.add(FootprintParams(timeframe="15s", grouping=5))
    later = kit.run(aggregator, halves[1:])
    assert {(key.param("timeframe"), key.grouping) for key in later} == {("1m", 10), ("15s", 5)}
    for key, series in later.items():
        part = trades if key.grouping == 10 else trades[1_000:]
        whole = held.get(key, series)
        if whole is not series:
            whole.apply(Batch(key, series.rows()))
        assert kit.cells(whole.rows()) == naive_footprint(part, SAMPLE_INSTRUMENT, key.timeframe, key.grouping)


def test_current_holds_every_row_that_may_still_change(kit: Any) -> None:
    aggregator = kit.footprints(("1m", 1), ("1h", 10))
    held = kit.run(aggregator, kit.cut(sample_trades(3_000), range(0, 3_000, 77)))
    for key, series in held.items():
        current = aggregator.current(FootprintParams(timeframe=key.param("timeframe"), grouping=key.grouping))
        assert current.key == key
        np.testing.assert_array_equal(current.rows, series.rows())


def test_parameters_of_another_kind_are_refused(kit: Any) -> None:
    with pytest.raises(StreamError, match="FootprintParams"):
        kit.footprints().add(BarsParams(timeframe="1m"))


def test_rows_that_do_not_divide_what_is_derived_are_refused(kit: Any) -> None:
    finer = kit.run(kit.footprints(("1m", 3)), kit.cut(sample_trades(50)))
    batches = [Batch(key, series.rows()) for key, series in finer.items()]
    with pytest.raises(StreamError, match="cannot be rolled up"):
        kit.run(kit.footprints(("1h", 10)), batches)
    with pytest.raises(StreamError, match="cannot be rolled up"):
        kit.run(kit.footprints(("90s", 3)), batches)


@pytest.mark.parametrize(
    ("timeframe", "grouping", "finer"),
    [
        ("1m", 10, ("1m", 1)),
        ("1h", 1, ("1m", 1)),
        ("1h", 10, ("1h", 1)),
        ("15m", 10, ("1m", 1)),
        ("7d", 1, ("1d", 1)),
        ("90s", 2, ("90s", 1)),
        ("90s", 1, None),
        ("15s", 1, None),
        ("1m", 1, None),
    ],
)
def test_it_derives_from_the_coarsest_stored_roll_up(
    kit: Any, timeframe: str, grouping: int, finer: tuple[str, int] | None
) -> None:
    found = kit.footprints().derives_from(FootprintParams(timeframe=timeframe, grouping=grouping))
    assert found == (FootprintParams(timeframe=finer[0], grouping=finer[1]) if finer else None)
