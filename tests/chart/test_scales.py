"""Scales: pinning, panning, zooming about an anchor, fitting."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flowdeck.chart.scales import PITCH_LIMITS_PX, TimeScale, ValueScale

BAR = 15_000_000_000


def time_scale(**changes: float | None) -> TimeScale:
    scale = TimeScale(BAR, 80.0, 800.0, margin_px=16.0)
    scale.newest = 0.0
    for name, value in changes.items():
        setattr(scale, name, value)
    return scale


def px(scale: TimeScale, x: float) -> float:
    return (x - scale.x0) / scale.per_px


def test_a_pinned_scale_follows_the_newest_bar() -> None:
    scale = time_scale()
    assert px(scale, 0.0) == pytest.approx(784.0)
    scale.newest = float(BAR)
    assert px(scale, BAR) == pytest.approx(784.0)


def test_an_overlay_strip_keeps_the_newest_bar_clear_of_it() -> None:
    scale = time_scale()
    scale.resize(800.0, 144.0)
    assert px(scale, 0.0) == pytest.approx(800.0 - 144.0 - 16.0)


def test_panning_back_unpins_and_the_window_then_stays() -> None:
    scale = time_scale()
    scale.pan(200.0)
    assert not scale.pinned
    before = scale.x0, scale.x1
    scale.newest = 5.0 * BAR
    assert (scale.x0, scale.x1) == before


def test_a_slip_of_the_hand_that_leaves_the_newest_bar_in_sight_keeps_the_pin() -> None:
    scale = time_scale()
    scale.pan(10.0)
    assert scale.pinned
    assert px(scale, 0.0) == pytest.approx(794.0)


def test_panning_the_newest_bar_back_into_sight_pins_again() -> None:
    scale = time_scale()
    scale.pan(200.0)
    scale.pan(-230.0)
    assert scale.pinned
    scale.newest = float(BAR)
    assert px(scale, BAR) == pytest.approx(784.0 - 30.0)


def test_the_newest_bars_cannot_be_pushed_out_at_the_left() -> None:
    scale = time_scale()
    scale.pan(-1e9)
    assert px(scale, 0.0) == pytest.approx(160.0)


@settings(deadline=None)
@given(st.floats(0.05, 20.0), st.floats(0.0, 800.0))
def test_zooming_unpinned_keeps_the_time_under_the_cursor(factor: float, at: float) -> None:
    scale = time_scale()
    scale.pan(3_000.0)
    under = scale.at(at)
    scale.zoom(factor, at)
    assert scale.at(at) == pytest.approx(under, abs=scale.per_px * 1e-6)


@settings(deadline=None)
@given(st.floats(0.05, 20.0), st.floats(0.0, 800.0))
def test_zooming_pinned_keeps_the_newest_bar_in_place(factor: float, at: float) -> None:
    scale = time_scale()
    scale.zoom(factor, at)
    assert px(scale, 0.0) == pytest.approx(784.0)


@settings(deadline=None)
@given(st.lists(st.floats(1e-3, 1e3), max_size=20))
def test_no_zoom_leaves_the_limits_of_bar_width(factors: list[float]) -> None:
    scale = time_scale()
    for factor in factors:
        scale.zoom(factor)
    assert PITCH_LIMITS_PX[0] <= scale.pitch_px <= PITCH_LIMITS_PX[1]


def test_another_timeframe_keeps_bar_width_and_right_edge() -> None:
    scale = time_scale()
    scale.pan(400.0)
    right = scale.x1
    scale.rebar(4 * BAR)
    assert scale.pitch_px == 80.0
    assert scale.x1 == right
    assert scale.x1 - scale.x0 == pytest.approx(10 * 4 * BAR)


def test_resizing_unpinned_keeps_bar_width_and_right_edge() -> None:
    scale = time_scale()
    scale.pan(400.0)
    right, per_px = scale.x1, scale.per_px
    scale.resize(400.0, 0.0)
    assert (scale.x1, scale.per_px) == (right, per_px)


def test_show_makes_the_window_exact() -> None:
    scale = time_scale()
    scale.show(-20.0 * BAR, -10.0 * BAR)
    assert [scale.x0, scale.x1] == pytest.approx([-20.0 * BAR, -10.0 * BAR])
    assert not scale.pinned


@pytest.mark.parametrize(("bars", "pitch"), [(500, 80.0), (7, 112.0), (1, 160.0), (0, 160.0)])
def test_few_bars_are_widened_to_fill_the_window_but_not_absurdly(bars: int, pitch: float) -> None:
    scale = time_scale()
    scale.fit_pitch(bars, 80.0, 160.0)
    assert scale.pitch_px == pitch


def test_a_fitted_range_lies_between_its_margins() -> None:
    scale = ValueScale(height_px=500.0)
    scale.fit(100.0, 200.0, 40.0, 60.0)
    assert scale.px(200.0) == pytest.approx(40.0)
    assert scale.px(100.0) == pytest.approx(440.0)


def test_margins_shrink_in_a_pane_too_low_for_them() -> None:
    scale = ValueScale(height_px=60.0)
    scale.fit(100.0, 200.0, 40.0, 60.0)
    assert scale.px(200.0) < scale.px(100.0) - 20.0


def test_a_range_of_one_value_gets_a_span() -> None:
    scale = ValueScale(height_px=500.0, smallest=0.4)
    scale.fit(100.0, 100.0, 40.0, 60.0)
    assert scale.y1 - scale.y0 > 0.4
    assert scale.y0 < 100.0 < scale.y1


def test_a_comfortable_range_is_left_alone_until_it_grows_or_shrinks_clearly() -> None:
    scale = ValueScale(height_px=500.0)
    scale.fit(100.0, 200.0, 40.0, 40.0)
    assert scale.comfortable(98.0, 202.0, 40.0, 40.0)
    assert not scale.comfortable(60.0, 202.0, 40.0, 40.0)
    assert not scale.comfortable(140.0, 160.0, 40.0, 40.0)


def test_moving_by_hand_stops_the_fitting() -> None:
    scale = ValueScale(0.0, 100.0, 500.0)
    scale.pan(50.0)
    assert not scale.auto
    assert [scale.y0, scale.y1] == pytest.approx([10.0, 110.0])


@settings(deadline=None)
@given(st.floats(0.02, 50.0), st.floats(0.0, 500.0))
def test_zooming_a_value_keeps_what_lies_under_the_cursor(factor: float, at: float) -> None:
    scale = ValueScale(0.0, 100.0, 500.0)
    under = scale.at(at)
    scale.zoom(factor, at)
    assert scale.at(at) == pytest.approx(under, abs=1e-6)


@settings(deadline=None)
@given(st.lists(st.tuples(st.sampled_from(["zoom", "pan"]), st.floats(1e-3, 1e3)), max_size=30))
def test_no_hand_takes_a_price_scale_beyond_its_limits(moves: list[tuple[str, float]]) -> None:
    scale = ValueScale(60_000.0, 61_000.0, 500.0, smallest=0.4, limit=1e6)
    for name, amount in moves:
        scale.zoom(amount) if name == "zoom" else scale.pan(amount * 1e4)
    assert -1e6 - 1 <= scale.y0 < scale.y1 <= 1e6 + 1
    assert scale.y1 - scale.y0 >= 0.4 * 0.999
