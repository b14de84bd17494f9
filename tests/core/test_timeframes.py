"""Bars by the clock: every time has one bar, and a bar knows its ends."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowdeck.errors import TimeframeError
from flowdeck.timeframes import CHART_TIMEFRAMES, DAY_NS, SECOND_NS, Timeframe

timeframes = st.builds(lambda n, u: Timeframe.parse(f"{n}{u}"), st.integers(1, 90), st.sampled_from("smhd"))
times = st.integers(0, 2 * 10**18)


def ns(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) * SECOND_NS


@given(timeframes, times)
def test_every_time_lies_inside_its_own_bar(timeframe: Timeframe, ts: int) -> None:
    index = timeframe.index(ts)
    assert timeframe.open_ns(index) <= ts < timeframe.close_ns(index)
    assert timeframe.index(timeframe.open_ns(index)) == index
    assert timeframe.index(timeframe.close_ns(index) - 1) == index
    assert timeframe.index(timeframe.close_ns(index)) > index


@given(timeframes, timeframes, times)
def test_a_bar_that_divides_another_never_straddles_its_edge(fine: Timeframe, coarse: Timeframe, ts: int) -> None:
    if fine.divides(coarse):
        bar = fine.index(ts)
        assert coarse.index(fine.open_ns(bar)) == coarse.index(fine.close_ns(bar) - 1)


@given(timeframes, times)
def test_bars_restart_at_midnight_unless_they_last_days(timeframe: Timeframe, ts: int) -> None:
    midnight = ts // DAY_NS * DAY_NS
    if timeframe.duration_ns < DAY_NS:
        assert timeframe.open_ns(timeframe.index(midnight)) == midnight


def test_seven_minutes_restart_at_midnight_with_a_short_last_bar() -> None:
    timeframe, last = Timeframe.parse("7m"), ns("2024-08-08T23:59:00")
    index = timeframe.index(last)
    assert timeframe.open_ns(index) == ns("2024-08-08T23:55:00")
    assert timeframe.close_ns(index) == ns("2024-08-09")
    assert timeframe.index(ns("2024-08-09")) == ((ns("2024-08-09") // DAY_NS) << 24)


def test_a_week_opens_on_monday() -> None:
    timeframe = Timeframe.parse("7d")
    assert timeframe.open_ns(timeframe.index(ns("2024-08-08T12:00:00"))) == ns("2024-08-05")


def test_time_bars_that_divide_a_day_are_indexed_from_the_epoch() -> None:
    assert Timeframe.parse("15s").index(ns("2024-08-08T23:54:15")) == ns("2024-08-08T23:54:15") // (15 * SECOND_NS)


def test_the_chart_offers_the_usual_ones() -> None:
    assert [str(timeframe) for timeframe in CHART_TIMEFRAMES] == ["15s", "1m", "5m", "15m", "1h", "4h", "1d"]


@pytest.mark.parametrize("text", ["500t", "100v", "20r"])
def test_bars_by_trading_are_in_the_grammar_but_have_no_duration(text: str) -> None:
    assert str(Timeframe.parse(text)) == text
    with pytest.raises(TimeframeError, match="no fixed duration"):
        _ = Timeframe.parse(text).duration_ns


@pytest.mark.parametrize("text", ["", "m", "0m", "01m", "-1m", "1.5m", "1w", "1M", "15", "1m1", "400d", "9999999999s"])
def test_what_is_no_timeframe_is_refused_with_its_text(text: str) -> None:
    with pytest.raises(TimeframeError, match="timeframe '"):
        Timeframe.parse(text)
