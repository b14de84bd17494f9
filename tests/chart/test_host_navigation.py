"""Hands on a chart: pan, zoom, fit, axes, separators, and when the chart moves by itself."""

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flowdeck.chart.parts import Zone, ZoneKind
from flowdeck.errors import ConfigError, TimeframeError
from flowdeck.specs import Lod
from flowdeck.timeframes import Timeframe

BAR = Timeframe.parse("15s").duration_ns
TIME_AXIS = Zone(ZoneKind.TIME_AXIS)
PRICE_AXIS = Zone(ZoneKind.PRICE_AXIS)


def newest_px(stage: Any) -> float:
    """Room between the newest bar and the right edge of the plot."""
    view = stage.plot()
    return float((view.x1 - BAR) / view.x_per_px)


def moved(stage: Any) -> Any:
    stage.settle()
    return stage.plot()


def test_a_chart_opens_pinned_at_the_reference_pitch_with_all_prices_in_sight(settled: Any) -> None:
    view = settled.plot()
    assert settled.host.pinned
    assert view.pitch_px == pytest.approx(80.0)
    assert newest_px(settled) == pytest.approx(16.0)
    series = settled.layer.series
    seen = series.span(view.start_ns, view.stop_ns)
    assert view.y0 < series.column("low")[seen].min()
    assert view.y1 > series.column("high")[seen].max()


def test_the_price_axis_is_as_wide_as_its_figures(stage: Callable[..., Any], settled: Any) -> None:
    shown = stage()
    shown.frame()
    (handle,) = shown.feed.requests
    fine = replace(shown.feed.events(handle, 1)[0].instrument, tick_size=Decimal("0.00000001"))
    for event in shown.feed.events(handle, 60, fine):
        shown.host.receive(handle, event)
    shown.settle()
    assert settled.host._layout.price_axis.width == 68
    assert shown.host._layout.price_axis.width > 110
    assert shown.plot().width_px == shown.host._layout.plot.width


@pytest.mark.parametrize(("still", "pitch"), [(True, 136.0), (False, 80.0)])
def test_few_bars_are_widened_in_pictures_only(stage: Callable[..., Any], still: bool, pitch: float) -> None:
    few = stage(bars=6, still=still)
    few.settle()
    assert few.plot().pitch_px == pytest.approx(pitch)


def test_rows_are_whole_pixels_high_and_their_edges_lie_on_pixels(settled: Any) -> None:
    view = settled.plot()
    assert view.row_px == pytest.approx(round(view.row_px))
    edge = (view.y1 - (view.y1 // view.row_height) * view.row_height) / view.y_per_px
    assert edge == pytest.approx(round(edge), abs=1e-3)


def test_rows_carry_figures_at_the_pitch_that_shows_them(settled: Any) -> None:
    assert settled.plot().lod is Lod.FULL
    assert settled.plot().row_px >= 15 - 1e-6


def test_dragging_right_unpins_and_new_bars_no_longer_move_the_chart(settled: Any) -> None:
    settled.host.pan_px(300, 0)
    before = moved(settled)
    assert not settled.host.pinned
    settled.live(settled.next_bars())
    assert moved(settled).x1 == before.x1


def test_to_live_pins_the_newest_bar_again(settled: Any) -> None:
    settled.host.pan_px(3_000, 0)
    moved(settled)
    settled.host.to_live()
    moved(settled)
    assert settled.host.pinned
    assert newest_px(settled) == pytest.approx(16.0)


def test_to_live_fits_prices_again_when_the_last_one_is_out_of_sight(settled: Any) -> None:
    settled.host.pan_px(0, 5_000)
    assert moved(settled).y0 > 61_700
    settled.host.to_live()
    view = moved(settled)
    assert view.y0 < settled.host.last_price < view.y1


def test_prices_fit_by_themselves_until_the_hand_moves_them(settled: Any) -> None:
    rows = settled.next_bars()
    rows["high"] += 500.0
    settled.live(rows)
    fitted = moved(settled)
    assert fitted.y1 > rows["high"][0]
    settled.host.pan_px(0, 40)
    held = moved(settled)
    higher = settled.next_bars(2)[-1:]
    higher["high"] += 5_000.0
    settled.live(higher)
    assert moved(settled).y1 == held.y1


def test_a_drag_that_only_wanders_up_and_down_leaves_the_price_scale_fitting_itself(settled: Any) -> None:
    before = settled.plot()
    for dy in (3, 4, -5):
        settled.host.pan_px(40, dy)
    settled.host.drag_end()
    assert settled.host._window.price.auto
    settled.host.pan_px(0, 6)
    settled.host.pan_px(0, 8)
    assert not settled.host._window.price.auto
    assert before.y1 < moved(settled).y1


def test_the_wheel_widens_bars_about_the_newest_one_while_pinned(settled: Any) -> None:
    settled.host.zoom(1.25, 1.0, (100, 200))
    assert moved(settled).pitch_px == pytest.approx(100.0)
    assert newest_px(settled) == pytest.approx(16.0)
    assert settled.host.pinned


def test_the_wheel_widens_bars_about_the_cursor_once_unpinned(settled: Any) -> None:
    settled.host.pan_px(2_000, 0)
    before = moved(settled)
    under = before.x0 + 100 * before.x_per_px
    settled.host.zoom(0.5, 1.0, (100, 200))
    view = moved(settled)
    assert view.x0 + 100 * view.x_per_px == pytest.approx(under)


def test_the_wheel_on_prices_keeps_the_price_under_the_cursor(settled: Any) -> None:
    before = settled.plot()
    under = before.y1 - 200 * before.y_per_px
    settled.host.zoom(1.0, 2.0, (100, 200))
    view = moved(settled)
    assert view.y1 - 200 * view.y_per_px == pytest.approx(under)
    assert view.y1 - view.y0 == pytest.approx((before.y1 - before.y0) / 2)


@pytest.mark.parametrize("factor", [0.0, -3.0, float("nan"), float("inf")])
def test_an_absurd_factor_changes_nothing(settled: Any, factor: float) -> None:
    before = settled.plot()
    settled.host.zoom(factor, factor, (100, 200))
    settled.host.pan_px(float("nan"), float("inf"))
    view = moved(settled)
    assert (view.x0, view.x1, view.y0, view.y1) == (before.x0, before.x1, before.y0, before.y1)


def test_dragging_the_price_axis_up_stretches_about_the_middle(settled: Any) -> None:
    before = settled.plot()
    settled.host.drag_axis(PRICE_AXIS, -90)
    view = moved(settled)
    assert view.y1 - view.y0 < before.y1 - before.y0
    assert view.y0 + view.y1 == pytest.approx(before.y0 + before.y1)


def test_dragging_the_time_axis_right_widens_bars_about_the_middle_once_unpinned(settled: Any) -> None:
    settled.host.pan_px(2_000, 0)
    before = moved(settled)
    settled.host.drag_axis(TIME_AXIS, 90)
    view = moved(settled)
    assert view.pitch_px > before.pitch_px
    assert view.x0 + view.x1 == pytest.approx(before.x0 + before.x1)


def test_fit_brings_back_the_reference_pitch_the_pin_and_all_prices(settled: Any) -> None:
    before = settled.plot()
    settled.host.zoom(0.3, 3.0, (100, 200))
    settled.host.pan_px(900, 300)
    moved(settled)
    settled.host.fit()
    view = moved(settled)
    assert (view.x0, view.x1) == (before.x0, before.x1)
    assert (view.y0, view.y1) == pytest.approx((before.y0, before.y1))
    assert settled.host._window.price.auto


def test_fitting_one_axis_leaves_the_other(settled: Any) -> None:
    settled.host.pan_px(900, 300)
    before = moved(settled)
    settled.host.fit(x=False)
    view = moved(settled)
    assert (view.x0, view.x1) == (before.x0, before.x1)
    assert view.y0 != before.y0


def test_keys_pan_by_whole_bars_and_rows(settled: Any) -> None:
    before = settled.plot()
    settled.host.pan_steps(2, 0)
    assert moved(settled).x1 == pytest.approx(before.x1 - 2 * BAR)
    settled.host.pan_steps(0, 3)
    assert moved(settled).y1 == pytest.approx(before.y1 + 3 * before.row_height)


def test_show_shows_exactly_that_time_and_is_not_fitted_away(stage: Callable[..., Any]) -> None:
    shown = stage()
    start = 1_723_161_000 * 10**9
    shown.host.show(start, start + 20 * BAR)
    shown.settle()
    assert (shown.plot().start_ns, shown.plot().stop_ns) == (start, start + 20 * BAR)
    assert not shown.host.pinned


def test_another_timeframe_keeps_the_width_of_bars_and_the_pin(settled: Any) -> None:
    settled.host.set_timeframe(Timeframe.parse("1m"))
    view = moved(settled)
    assert view.pitch_px == pytest.approx(80.0)
    assert settled.host.pinned
    assert view.origin_ns % Timeframe.parse("1m").duration_ns == 0


def test_bars_that_do_not_close_by_time_are_refused_with_the_reason(settled: Any) -> None:
    with pytest.raises(TimeframeError, match="500t bars do not close by time"):
        settled.host.set_timeframe(Timeframe.parse("500t"))
    assert str(settled.host.timeframe) == "15s"


def test_rows_can_be_fixed_stepped_and_given_back_to_the_zoom(settled: Any) -> None:
    automatic = settled.host.grouping
    settled.host.set_grouping(500)
    moved(settled)
    assert settled.host.grouping == 500
    settled.host.step_grouping(-1)
    moved(settled)
    assert (settled.host.grouping, settled.host.chosen_grouping) == (200, 200)
    settled.host.set_grouping("auto")
    moved(settled)
    assert settled.host.grouping == automatic


@pytest.mark.parametrize("grouping", [0, -1, 2.5, True, "wide"])
def test_a_grouping_that_is_none_is_refused(settled: Any, grouping: Any) -> None:
    with pytest.raises(ConfigError, match="neither 'auto' nor"):
        settled.host.set_grouping(grouping)


def test_dragging_and_restoring_a_separator(panes: Any) -> None:
    host = panes.host
    before = host._layout.band("delta").rect
    grip = host.hit(300, before.top)
    assert (grip.kind, grip.id, grip.moves) == (ZoneKind.SEPARATOR, "delta", "y")
    host.drag_separator(grip, -50)
    assert host._layout.band("delta").rect.height == before.height + 50
    for _ in range(40):
        host.drag_separator(grip, 10)
    assert host._layout.band("delta").rect.height == 48
    host.restore_separator(grip)
    assert host._layout.band("delta").rect == before


def test_the_values_of_a_pane_fit_scale_and_fit_again(panes: Any) -> None:
    host, fake = panes.host, panes.fakes["delta"]
    fitted = fake.views[-1]
    assert fitted.y0 < -250 < 120 < fitted.y1
    host.drag_axis(Zone(ZoneKind.VALUE_AXIS, "delta"), 60)
    panes.settle()
    dragged = fake.views[-1]
    assert dragged.y1 - dragged.y0 > fitted.y1 - fitted.y0
    host.fit(x=False, pane="delta")
    panes.settle()
    assert (fake.views[-1].y0, fake.views[-1].y1) == (fitted.y0, fitted.y1)


def test_strips_share_the_price_scale_and_count_x_in_px(panes: Any) -> None:
    plot = panes.fakes["candles"].views[-1]
    for name, width in (("profile", pytest.approx(144, abs=20)), ("book", 172)):
        strip = panes.fakes[name].views[-1]
        assert (strip.y0, strip.y1, strip.height_px) == (plot.y0, plot.y1, plot.height_px)
        assert (strip.x0, strip.x1) == (0.0, strip.width_px)
        assert strip.width_px == width


def test_tables_share_time_and_count_y_in_px_from_the_top(panes: Any) -> None:
    plot, table = panes.fakes["candles"].views[-1], panes.fakes["stats"].views[-1]
    assert (table.x0, table.x1) == (plot.x0, plot.x1)
    assert (table.y0, table.y1) == (60.0, 0.0)


def test_the_newest_bar_ends_before_the_profile(panes: Any) -> None:
    plot, profile = panes.fakes["candles"].views[-1], panes.fakes["profile"].views[-1]
    assert (plot.x1 - BAR) / plot.x_per_px == pytest.approx(16.0 + profile.width_px)


actions = st.one_of(
    st.tuples(st.just("pan_px"), st.floats(-3e3, 3e3), st.floats(-3e3, 3e3)),
    st.tuples(st.just("zoom"), st.floats(1e-3, 1e3), st.floats(1e-3, 1e3)),
    st.tuples(st.just("fit")),
    st.tuples(st.just("to_live")),
    st.tuples(st.just("step_grouping"), st.integers(-3, 3)),
    st.tuples(st.just("resize"), st.floats(1, 2_000), st.floats(1, 1_500)),
    st.tuples(st.just("hover"), st.floats(-50, 2_000), st.floats(-50, 1_500)),
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(actions, max_size=12))
def test_no_sequence_of_hands_breaks_the_chart(stage: Callable[..., Any], sequence: list[tuple[Any, ...]]) -> None:
    shown = stage(width_px=400.0, height_px=300.0)
    shown.settle()
    for name, *arguments in sequence:
        getattr(shown.host, name)(*arguments)
        shown.frame()
        shown.answer()
    shown.settle()
    view = shown.plot()
    assert view.x0 < view.x1
    assert view.y0 < view.y1
    assert shown.plugins.faults == []
