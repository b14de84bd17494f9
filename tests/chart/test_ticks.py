"""Where labels stand on axes and what they say."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flowdeck.chart.ticks import clock, figure, time_ticks, value_step, value_ticks
from flowdeck.timeframes import DAY_NS, SECOND_NS, Timeframe

EIGHTH = 1_723_075_200 * SECOND_NS  # 8 Aug 2024, 00:00 UTC
MINUTE = 60 * SECOND_NS


@pytest.mark.parametrize(
    ("value", "decimals", "signed", "text"),
    [
        (61_659.84, 1, False, "61,659.8"),
        (-1_234.5, 1, False, "\u22121,234.5"),
        (3.0, 0, True, "+3"),
        (-0.04, 1, True, "0.0"),
        (0.0, 0, True, "0"),
    ],
)
def test_figures_have_commas_a_true_minus_and_no_signed_zero(
    value: float, decimals: int, signed: bool, text: str
) -> None:
    assert figure(value, decimals, signed=signed) == text


@settings(deadline=None)
@given(st.floats(1e-6, 1e6), st.floats(20, 80))
def test_values_stand_at_least_the_gap_apart_and_not_five_times_it(per_px: float, gap: float) -> None:
    step = value_step(per_px, gap)
    assert gap * 0.999 <= step / per_px <= gap * 2.51


@settings(deadline=None)
@given(st.floats(1e-4, 1e3), st.sampled_from([0.1, 0.25, 0.5, 1e-5, 5.0]))
def test_price_steps_are_whole_ticks(per_px: float, tick: float) -> None:
    ticks = value_step(per_px, 36, tick) / tick
    assert ticks >= 0.999
    assert abs(ticks - round(ticks)) < 1e-6


def test_rounder_values_are_marked() -> None:
    values, major = value_ticks(61_590.0, 61_660.0, 10.0)
    assert values[major].tolist() == [61_600.0, 61_650.0]
    values, major = value_ticks(0.0, 2.0, 0.5)
    assert values[major].tolist() == [0.0, 1.0, 2.0]


def texts(timeframe: str, start: int, stop: int, ns_per_px: float) -> list[str]:
    return [tick.text for tick in time_ticks(Timeframe.parse(timeframe), start, stop, ns_per_px, 72)]


def test_seconds_are_shown_where_bars_need_them_and_minutes_are_bold() -> None:
    start = EIGHTH + 86_100 * SECOND_NS
    ticks = time_ticks(Timeframe.parse("15s"), start, start + 2 * MINUTE, 15 * SECOND_NS / 80, 72)
    assert [tick.text for tick in ticks][:3] == ["23:55:00", "23:55:15", "23:55:30"]
    assert [tick.text for tick in ticks if tick.major] == ["23:55:00", "23:56:00"]


def test_a_new_day_is_named_in_place_of_midnight() -> None:
    start = EIGHTH + 23 * 60 * MINUTE
    assert texts("5m", start + 1, start + 120 * MINUTE, 30 * MINUTE / 80) == ["23:00", "23:30", "9 Aug", "00:30"]


def test_days_name_months_and_years_as_they_begin() -> None:
    start = EIGHTH - 9 * DAY_NS
    found = texts("1d", start, start + 4 * DAY_NS, DAY_NS / 80)
    assert found == ["30 Jul", "31 Jul", "Aug", "2 Aug"]
    assert "2025" in texts("1d", EIGHTH, EIGHTH + 400 * DAY_NS, 30 * DAY_NS / 90)


def test_labels_of_bars_that_do_not_divide_a_day_name_bars() -> None:
    timeframe = Timeframe.parse("7m")
    ticks = time_ticks(timeframe, EIGHTH, EIGHTH + DAY_NS, 7 * MINUTE / 20, 72)
    assert all(timeframe.open_ns(timeframe.index(tick.open_ns)) == tick.open_ns for tick in ticks)


def test_the_label_of_a_bar_that_is_cut_by_the_left_edge_is_kept() -> None:
    ticks = time_ticks(Timeframe.parse("1m"), EIGHTH + 20 * SECOND_NS, EIGHTH + MINUTE, MINUTE / 80, 72)
    assert ticks[0].open_ns == EIGHTH
    assert ticks[0].middle_ns == EIGHTH + 30 * SECOND_NS


@settings(deadline=None)
@given(
    st.sampled_from(["1s", "15s", "1m", "7m", "4h", "5h", "1d", "2d", "7d", "30d"]),
    st.integers(0, 2_000_000_000),
    st.floats(0.1, 480),
)
def test_labels_name_bars_and_keep_their_distance(text: str, start_s: int, pitch: float) -> None:
    timeframe = Timeframe.parse(text)
    per_px = timeframe.duration_ns / pitch
    start = start_s * SECOND_NS
    ticks = time_ticks(timeframe, start, start + int(1_500 * per_px), per_px, 72)
    opens = np.array([tick.open_ns for tick in ticks])
    assert all(timeframe.open_ns(timeframe.index(int(ts))) == ts for ts in opens)
    if len(opens) > 1:
        assert np.diff(opens).min() >= 72 * per_px * 0.85  # months differ in length
        assert np.diff(opens).max() <= max(72 * per_px, timeframe.duration_ns) * 6


def test_clock_names_the_day_when_asked() -> None:
    assert clock(EIGHTH + 61 * SECOND_NS) == "00:01:01"
    assert clock(EIGHTH + 61 * SECOND_NS, seconds=False, date=True) == "8 Aug 00:01"
