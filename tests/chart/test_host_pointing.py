"""Crosshair and readout: where they snap, what they say, where they stand."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flowdeck.chart.card import card_size, joined, place_card
from flowdeck.chart.parts import Rect, ZoneKind
from flowdeck.specs import Readout
from flowdeck.testing.canvas import RecordingCanvas

ROOM = Rect(0, 0, 1000, 600)


def cursor(stage: Any, x: float, y: float, *, snap: bool = True) -> Any:
    stage.host.hover(x, y, snap=snap)
    stage.frame()
    return stage.host._cursor


def test_the_crosshair_snaps_to_the_middle_of_bar_and_row_and_names_the_bar_s_start(settled: Any) -> None:
    view = settled.plot()
    found = cursor(settled, 433, 251)
    bar = (view.x0 + 433 * view.x_per_px) // view.timeframe.duration_ns
    middle = ((bar + 0.5) * view.timeframe.duration_ns - view.x0) / view.x_per_px
    assert found.line_x == pytest.approx(middle)
    assert found.time == "8 Aug 23:58:45"
    assert (found.bar[0] + found.bar[1]) / 2 == pytest.approx(middle)
    assert abs(found.line_y - 251) <= view.row_px / 2


def test_the_price_tag_names_a_price_that_can_be_traded(settled: Any) -> None:
    settled.host.set_grouping(1)
    settled.host.zoom(1.0, 30.0, (100, 200))
    settled.settle()
    view = settled.plot()
    found = cursor(settled, 433, 251)
    price = view.y1 - 251 * view.y_per_px
    assert float(found.value.replace(",", "")) == pytest.approx(np.floor(price * 10 + 1e-9) / 10, abs=0.051)


def test_released_the_crosshair_is_exactly_where_the_pointer_is(settled: Any) -> None:
    found = cursor(settled, 433.0, 251.0, snap=False)
    assert (found.line_x, found.line_y) == (433.0, 251.0)
    view = settled.plot()
    assert found.value == f"{view.y1 - 251 * view.y_per_px:,.1f}"


@pytest.mark.parametrize(
    ("x", "y", "kind", "timed", "valued"),
    [
        (300, 200, ZoneKind.PLOT, True, True),
        (1100, 200, ZoneKind.OVERLAY, False, True),
        (1250, 200, ZoneKind.SIDE, False, True),
        (300, 650, ZoneKind.TABLE, True, False),
        (300, 740, ZoneKind.SUBPANE, True, True),
        (300, 790, ZoneKind.TIME_AXIS, True, False),
        (1380, 200, ZoneKind.PRICE_AXIS, False, True),
    ],
)
def test_lines_and_tags_follow_the_zone(panes: Any, x: int, y: int, kind: ZoneKind, timed: bool, valued: bool) -> None:
    found = cursor(panes, x, y)
    assert found.zone.kind is kind
    assert (found.line_x is not None, found.line_y is not None) == (timed, valued)
    assert (bool(found.time), bool(found.value)) == (timed, valued)


def test_the_readout_is_the_layer_s_in_the_fixed_order(settled: Any) -> None:
    cursor(settled, 433, 251)
    readout = settled.host.readout()
    assert [label for label, _, _ in readout.lines] == ["Bid (sold)", "Delta"]


def test_only_layers_of_the_hovered_pane_are_asked(panes: Any) -> None:
    asked: list[str] = []
    for name, fake in panes.fakes.items():
        fake.does["inspect"] = lambda _at, name=name: asked.append(name)
    cursor(panes, 300, 740)
    assert set(asked) == {"delta"}


def test_a_pinned_readout_stays_with_its_point_while_the_pointer_moves_on(settled: Any) -> None:
    cursor(settled, 433, 251)
    settled.host.pin_readout()
    settled.frame()
    pinned = settled.host._explained
    cursor(settled, 100, 100)
    assert settled.host._explained.cell == pinned.cell
    settled.host.pan_px(80, 0)
    settled.host.drag_end()
    settled.frame()
    assert settled.host._explained.cell.left == pytest.approx(pinned.cell.left + 80)
    settled.host.unpin_readout()
    settled.frame()
    assert settled.host._explained.hover.x_px == 100


def test_a_pinned_readout_outlives_the_pointer_and_hides_out_of_sight(settled: Any) -> None:
    cursor(settled, 433, 251)
    settled.host.pin_readout()
    settled.host.leave()
    settled.frame()
    assert settled.host.readout() is not None
    settled.host.pan_px(5_000, 0)
    settled.frame()
    assert settled.host.readout() is None


def test_the_readout_stays_away_during_a_drag(settled: Any) -> None:
    cursor(settled, 433, 251)
    settled.host.pan_px(5, 0)
    settled.frame()
    assert settled.host.readout() is None
    assert settled.host._cursor is not None
    settled.host.drag_end()
    settled.frame()
    assert settled.host.readout() is not None


def test_without_a_pointer_there_is_nothing_to_pin(settled: Any) -> None:
    settled.host.pin_readout()
    settled.frame()
    assert settled.host.readout() is None


def test_the_legend_names_the_hovered_bar(settled: Any) -> None:
    newest = [piece.text for group in settled.host._scene.legend for piece in group]
    cursor(settled, 433, 251)
    hovered = [piece.text for group in settled.host._scene.legend for piece in group]
    assert newest[0] == hovered[0] == "BTCUSDT"
    assert newest != hovered
    settled.host.leave()
    settled.frame()
    assert [piece.text for group in settled.host._scene.legend for piece in group] == newest


def test_several_layers_share_one_card() -> None:
    first = Readout("12:00", "1m bar", (("Delta", "+1", "t"), ("Price row", "5", "t")), None)
    second = Readout("other", "", (("Resting size", "4 BTC", "t"), ("Ask (bought)", "2", "t")), (0, 1, 0, 1))
    both = joined([first, second])
    assert both is not None
    assert [label for label, _, _ in both.lines] == ["Price row", "Ask (bought)", "Delta", "Resting size"]
    assert (both.title, both.cell) == ("12:00", (0, 1, 0, 1))
    assert joined([]) is None


def test_the_card_stands_right_of_and_below_the_cursor_clear_of_the_bar() -> None:
    rect = place_card((200, 100), (300, 200), (270, 350), ROOM)
    assert (rect.left, rect.top) == (366, 216)


def test_the_card_flips_at_the_edges() -> None:
    rect = place_card((200, 100), (950, 580), (900, 980), ROOM)
    assert rect.right == 884
    assert rect.bottom == 564


@settings(deadline=None)
@given(st.floats(0, 1000), st.floats(0, 600), st.floats(0, 300), st.floats(50, 400), st.floats(40, 300))
def test_the_card_never_leaves_the_room_nor_covers_the_cursor(
    x: float, y: float, bar: float, width: float, height: float
) -> None:
    rect = place_card((width, height), (x, y), (x - bar / 2, x + bar / 2), ROOM)
    assert ROOM.left <= rect.left <= rect.right <= ROOM.right + 1
    assert ROOM.top <= rect.top <= rect.bottom <= ROOM.bottom + 1


def test_the_card_is_as_wide_as_its_longest_line() -> None:
    canvas = RecordingCanvas()
    short = card_size(canvas, Readout("12:00", "", (("Delta", "+1", "t"),)))
    wide = card_size(canvas, Readout("12:00", "", (("Delta", "1,234,567.8 BTC and more of it", "t"),)))
    assert short == (200.0, 63.0)
    assert wide[0] > 260


@pytest.mark.parametrize(("scale", "wide"), [(1.0, 1), (1.5, 2), (2.0, 2), (3.0, 3)])
def test_crosshair_lines_are_whole_device_pixels_wide(stage: Callable[..., Any], scale: float, wide: int) -> None:
    shown = stage(scale=scale)
    shown.settle()
    clean = shown.frame().buffer.copy()
    shown.host.hover(433, 251)
    shown.frame()
    row = int(50 * scale)
    changed = [
        (shown.host.frame(shown.now_ns).buffer[line] != clean[line]).sum()
        for line in range(row, row + 2 * round(4 * scale))
    ]
    assert set(changed) <= {0, wide}
    assert wide in changed


@pytest.mark.parametrize("strip", ["profile", "book"])
def test_a_strip_is_measured_in_pixels_and_knows_what_time_the_chart_shows(panes: Any, strip: str) -> None:
    view, plot = panes.fakes[strip].views[-1], panes.fakes["candles"].views[-1]
    assert (view.x0, view.x1) == (0.0, view.width_px)
    assert (view.start_ns, view.stop_ns) == (plot.start_ns, plot.stop_ns)


def test_a_tag_leaves_no_half_of_a_label_beside_it(settled: Any) -> None:
    """Where the crosshair's tags stand and as far as the labels reach that they touch, the axes are bare."""
    host, clean = settled.host, settled.frame().buffer.copy()
    plot, axis, foot = host._layout.plot, host._layout.price_axis, host._layout.time_axis
    ticks, times = host._scene.prices, host._scene.times
    ground = host._theme["bg.canvas"]
    last = host._scene.price_px(host.last_price)
    y = next(y for y in ticks.y.tolist() if 60 < y < plot.bottom - 60 and abs(y - last) > 60)
    host.hover(times.x[2] + 60, y + 13, snap=False)
    buffer = settled.frame().buffer
    upper = np.s_[round(y) - 6 : round(y) + 2, int(axis.left) + 2 :]
    assert (clean[upper] != ground).any(), "the label that is touched"
    assert (buffer[upper] == ground).all()
    left = np.s_[int(foot.top) + 2 : int(foot.bottom), round(times.x[2]) - 25 : round(times.x[2]) - 20]
    assert (clean[left] != ground).any(), "the time that is touched"
    assert (buffer[left] == ground).all()
    host.leave()
    np.testing.assert_array_equal(settled.frame().buffer, clean)


def test_a_tag_beside_that_of_the_last_price_leaves_it_whole(settled: Any) -> None:
    host, clean = settled.host, settled.frame().buffer.copy()
    axis, last = host._layout.price_axis, host._scene.price_px(host.last_price)
    for away in range(20, 34):
        host.hover(300, last + away, snap=False)
        buffer = settled.frame().buffer
        rows = np.s_[round(last) - 8 : round(last) + 8, int(axis.left) + 2 :]
        np.testing.assert_array_equal(buffer[rows], clean[rows])


def test_crosshair_lines_do_not_go_through_the_words_of_the_legend(settled: Any) -> None:
    host = settled.host
    host.hover(660, 20)
    settled.frame()
    row = round(host._cursor.line_y - 0.5)
    legend = host._composer._legend[0].rect
    assert legend.top < row < legend.bottom
    picture = host.frame(settled.now_ns).buffer.copy()
    host.hover(660, 300)
    settled.frame()
    words = np.s_[row, int(legend.left) + 1 : int(legend.right) - 1]
    np.testing.assert_array_equal(picture[words], host.frame(settled.now_ns).buffer[words])
    assert (
        picture[row, int(legend.right) + 4 :] != host.frame(settled.now_ns).buffer[row, int(legend.right) + 4 :]
    ).any()
