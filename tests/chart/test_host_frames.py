"""The host: what it composes when, what it asks for, and that layers cannot hurt it."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from flowdeck.chart.parts import Redraw
from flowdeck.specs import LayerSpec, Lod, Placement, Plane, PluginState
from flowdeck.streams import EndOfStream, StreamRequest
from flowdeck.timeframes import Timeframe


def test_an_idle_chart_composes_nothing(settled: Any) -> None:
    assert not settled.host.dirty
    before = len(settled.layer.planes)
    assert settled.level() is Redraw.NONE
    assert len(settled.layer.planes) == before


def test_the_clock_alone_does_not_redraw(settled: Any) -> None:
    settled.now_ns += 10**10
    assert settled.level() is Redraw.NONE


def test_layers_are_drawn_plane_by_plane_in_their_order(stage: Callable[..., Any]) -> None:
    back, front = LayerSpec("zz", "Back", "fake:layer", order=1), LayerSpec("aa", "Front", "fake:layer", order=2)
    shown = stage(back, front)
    shown.settle()
    order: list[tuple[str, Plane]] = []
    for name, fake in shown.fakes.items():
        fake.does["draw"] = lambda _canvas, _view, plane, name=name: order.append((name, plane))
    shown.host.set_theme(shown.host._theme)
    shown.frame()
    assert order == [(name, plane) for plane in Plane for name in ("zz", "aa")]


def test_a_cursor_move_leaves_layers_alone_once_the_picture_is_ready_for_it(settled: Any) -> None:
    host = settled.host
    host.hover(300, 200)
    assert settled.level() is Redraw.FULL
    drawn = len(settled.layer.planes)
    for x in range(301, 320):
        host.hover(x, 200)
        assert settled.level() is Redraw.CURSOR
    assert len(settled.layer.planes) == drawn


def test_a_crosshair_that_left_leaves_no_trace(settled: Any) -> None:
    clean = settled.frame().buffer.copy()
    for x in range(100, 800, 50):
        settled.host.hover(x, 250)
        settled.frame()
    assert (settled.frame().buffer != clean).any()
    settled.host.leave()
    np.testing.assert_array_equal(settled.frame().buffer, clean)


def test_moving_the_crosshair_equals_drawing_it_afresh(settled: Any) -> None:
    for x, y in ((120, 100), (700, 400), (433, 251)):
        settled.host.hover(x, y)
        moved = settled.frame()
    assert moved.level is Redraw.CURSOR
    moved_picture = moved.buffer.copy()
    settled.host.set_theme(settled.host._theme)
    afresh = settled.frame()
    assert afresh.level is Redraw.FULL
    np.testing.assert_array_equal(moved_picture, afresh.buffer)


def test_crosshair_lines_run_under_what_layers_paint(settled: Any) -> None:
    host = settled.host
    clean = settled.frame().buffer.copy()
    host.hover(433, 251)
    settled.frame()
    picture = host.frame(settled.now_ns).buffer
    buy, sell = (np.uint32(host._theme[token]) for token in ("trade.buy", "trade.sell"))
    row = round(host._cursor.line_y - 0.5)
    candle = (clean[row] == buy) | (clean[row] == sell)
    assert candle.any()
    explained = host._explained.cell
    outside = np.ones(len(clean[row]), np.bool_)
    outside[int(explained.left) - 2 : int(explained.right) + 2] = False
    np.testing.assert_array_equal(picture[row][candle & outside], clean[row][candle & outside])
    assert (picture[row] != clean[row]).any()


def test_a_new_bar_in_a_stream_redraws_and_scrolls_with_the_pin(settled: Any) -> None:
    before = settled.plot()
    settled.live(settled.next_bars())
    assert settled.level() is Redraw.FULL
    assert settled.plot().x1 == before.x1 + Timeframe.parse("15s").duration_ns


def test_layers_are_told_what_changed_and_only_then(settled: Any) -> None:
    told = len(settled.layer.updates)
    settled.host.pan_px(5, 0)
    settled.frame()
    assert len(settled.layer.updates) == told
    rows = settled.next_bars()
    settled.live(rows)
    settled.frame()
    (changed,) = settled.layer.updates[told:]
    assert list(changed.values()) == [(int(rows["ts"][0]), int(rows["ts"][0]) + 1)]


def test_a_hidden_layer_is_neither_drawn_nor_told_and_catches_up_when_shown(settled: Any) -> None:
    settled.host.set_layer_visible("candles", False)
    settled.settle()
    drawn = len(settled.layer.planes)
    settled.live(settled.next_bars())
    settled.frame()
    assert len(settled.layer.planes) == drawn
    told = len(settled.layer.updates)
    settled.host.set_layer_visible("candles", True)
    settled.settle()
    assert len(settled.layer.planes) > drawn
    assert len(settled.layer.updates) > told


@pytest.mark.parametrize("entry", ["requests", "update", "draw", "value_range", "inspect"])
def test_a_layer_that_raises_faults_alone_and_its_picture_goes(stage: Callable[..., Any], entry: str) -> None:
    good, bad = LayerSpec("good", "Good", "fake:layer"), LayerSpec("bad", "Bad", "fake:layer", order=200)
    shown = stage(good, bad)
    shown.settle()
    shown.host.hover(300, 200)
    shown.frame()

    def fail(*_arguments: object) -> None:
        raise ZeroDivisionError("bars per nothing")

    shown.fakes["bad"].does[entry] = fail
    shown.live(shown.next_bars())
    shown.host.pan_px(900, 0)
    shown.host.drag_end()
    drawn = len(shown.fakes["good"].planes)
    for _ in range(3):
        shown.frame()
        shown.answer()
    states = {info.id: (info.state, info.reason) for info in shown.host.layers()}
    assert states == {"good": ("shown", ""), "bad": ("faulted", "bars per nothing")}
    assert [where for _, where, _ in shown.plugins.faults] == [entry]
    assert len(shown.fakes["good"].planes) > drawn
    assert [(b.kind, b.text) for b in shown.host.banners()] == [("faulted", "Bad stopped")]


def test_a_layer_that_fails_halfway_through_drawing_leaves_nothing_on_the_picture(stage: Callable[..., Any]) -> None:
    good, bad = LayerSpec("good", "Good", "fake:layer"), LayerSpec("bad", "Bad", "fake:layer", order=200)
    alone = stage(good)
    alone.settle()
    both = stage(good, bad)
    both.settle()

    def smear(canvas: Any, view: Any, plane: Plane) -> None:
        edges = np.array([view.x0]), np.array([view.x1]), np.array([view.y0]), np.array([view.y1])
        canvas.rects(*edges, 0xFFFF00FF)
        if plane is Plane.MARK:
            raise ValueError("no more")

    both.fakes["bad"].does["draw"] = smear
    both.host.set_layer_visible("good", True)
    both.settle()
    both.plugins.become("bad", PluginState.DISABLED)
    np.testing.assert_array_equal(both.frame().buffer, alone.host._composer.canvas.buffer)


def test_a_layer_that_raised_is_gone_even_if_nobody_is_told_of_it(settled: Any) -> None:
    def fail(*_arguments: object) -> None:
        raise ZeroDivisionError

    settled.plugins.become = lambda *_: None
    settled.layer.does["draw"] = fail
    settled.host.refresh()
    settled.frame()
    assert [info.state for info in settled.host.layers()] == ["faulted"]


@pytest.mark.parametrize(
    ("entry", "answer"),
    [
        ("value_range", (float("nan"), 1.0)),
        ("value_range", (2.0, 1.0)),
        ("inspect", "a string"),
    ],
)
def test_nonsense_from_a_layer_is_a_fault(settled: Any, entry: str, answer: object) -> None:
    settled.layer.does[entry] = lambda *_arguments: answer
    settled.host.hover(300, 200)
    settled.frame()
    assert [info.state for info in settled.host.layers()] == ["faulted"]


def test_requests_that_are_none_are_a_fault(settled: Any) -> None:
    settled.layer.requests = lambda _view: ["bars"]
    settled.host.pan_px(900, 0)
    settled.frame()
    settled.frame()
    assert [info.state for info in settled.host.layers()] == ["faulted"]


def test_a_retried_plugin_draws_again(settled: Any) -> None:
    settled.plugins.become("candles", PluginState.FAULTED, "it broke")
    settled.frame()
    assert settled.host.layers()[0].state == "faulted"
    settled.plugins.become("candles", PluginState.ACTIVE)
    drawn = len(settled.layer.planes)
    settled.settle()
    assert settled.host.layers()[0].state == "shown"
    assert len(settled.layer.planes) > drawn


def test_a_disabled_plugin_leaves_the_list(settled: Any) -> None:
    settled.plugins.become("candles", PluginState.DISABLED)
    settled.settle()
    assert settled.host.layers() == ()


def test_costs_are_kept_for_sixteen_frames_and_told_to_the_manager(settled: Any) -> None:
    for _ in range(20):
        settled.host.pan_px(1, 0)
        settled.frame()
    (info,) = settled.host.layers()
    assert len(info.samples) == 16
    assert info.cost_ms == pytest.approx(sum(info.samples) / 16)
    plugin, where, ms = settled.plugins.slowness[-1]
    assert (plugin, where, ms) == ("candles", "draw", info.samples[-1])


def test_requests_are_debounced(stage: Callable[..., Any]) -> None:
    shown = stage(debounce_s=0.1)
    for _ in range(6):
        shown.now_s += 0.2
        shown.frame()
        shown.answer()
    asked: list[object] = []
    shown.layer.does["requests"] = asked.append
    for _ in range(5):
        shown.host.pan_px(20, 0)
        shown.frame()
        shown.now_s += 0.01
    assert asked == []
    shown.now_s += 0.1
    assert shown.host.dirty, "somebody must call again although nothing moves"
    shown.frame()
    assert len(asked) == 1


def test_panning_back_asks_for_older_history_a_screen_ahead(settled: Any) -> None:
    settled.host.pan_px(6_000, 0)
    settled.settle()
    start = min(request.start for request in settled.feed.opened if request.start is not None)
    assert start <= settled.plot().start_ns - (settled.plot().stop_ns - settled.plot().start_ns)


def test_panning_on_while_history_is_read_reads_the_rest_afterwards(settled: Any) -> None:
    settled.host.pan_px(0, 50)  # prices are held, so that nothing but history moves the view
    settled.settle()
    settled.host.pan_px(90_000, 0)
    settled.frame()
    settled.frame()
    assert len(settled.feed.waiting) == 1
    settled.host.pan_px(300_000, 0)
    settled.frame()
    settled.frame()
    assert len(settled.feed.waiting) == 1
    settled.settle()
    start = min(request.start for request in settled.feed.opened if request.start is not None)
    assert start <= settled.plot().start_ns


def test_streams_of_another_timeframe_replace_the_old_ones(settled: Any) -> None:
    settled.host.set_timeframe(Timeframe.parse("1m"))
    settled.settle()
    assert {str(request.key.timeframe) for request in settled.feed.requests.values()} == {"1m"}


def test_the_old_picture_stays_while_another_timeframe_loads_but_not_for_long(settled: Any) -> None:
    settled.host.set_timeframe(Timeframe.parse("1m"))
    assert settled.level() is Redraw.NONE
    settled.now_s += 0.2
    assert settled.level() is Redraw.FULL


def test_another_instrument_begins_anew(settled: Any) -> None:
    eth = settled.host.instrument_id._replace(symbol="ETHUSDT")
    settled.host.pan_px(4_000, 0)
    settled.host.set_instrument(eth, "run-7")
    settled.frame()
    assert settled.host.instrument is None
    assert settled.host.pinned
    (request,) = settled.feed.requests.values()
    assert (request.key.instrument, request.key.run, request.start) == (eth, "run-7", None)
    settled.host.set_run(None)
    settled.frame()
    (request,) = settled.feed.requests.values()
    assert (request.key.instrument, request.key.run) == (eth, None)
    assert settled.host.run is None


def test_rows_keep_their_grouping_until_the_new_one_has_arrived(settled: Any) -> None:
    key = settled.plot().key

    def cells(view: Any) -> list[StreamRequest]:
        return [StreamRequest(key("bars", timeframe="15s", grouping=view.grouping), start=view.start_ns)]

    settled.layer.requests = cells
    settled.host.set_layer_visible("candles", True)
    settled.host.pan_px(1, 0)
    settled.settle()
    before = settled.host.grouping
    settled.host.zoom(1.0, 0.7)
    for _ in range(3):
        settled.frame()
    assert settled.host.grouping == before
    assert settled.host.dirty
    assert settled.plot().row_px < 13
    assert settled.plot().lod is Lod.FULL, "for the few frames figures may stand close"
    settled.answer()
    settled.settle()
    assert settled.host.grouping > before


def test_a_new_grouping_that_never_arrives_is_not_waited_for_long(settled: Any) -> None:
    key = settled.plot().key
    settled.layer.requests = lambda view: [StreamRequest(key("bars", timeframe="15s", grouping=view.grouping))]
    settled.host.pan_px(1, 0)
    settled.settle()
    before = settled.host.grouping
    settled.host.zoom(1.0, 0.25)
    settled.frame()
    settled.now_s += 1.1
    settled.frame()
    assert settled.host.grouping > before


def test_a_stream_that_cannot_be_read_is_said_with_its_reason(settled: Any) -> None:
    handle = max(settled.feed.requests)
    settled.host.set_layer_visible("candles", False)
    settled.frame()
    settled.host.receive(handle, EndOfStream(settled.feed.opened[handle - 1].key, "fault", 0, "its plugin failed"))
    settled.frame()
    assert [(b.kind, b.note) for b in settled.host.banners()] == [("failed", "its plugin failed")]


def test_a_pane_without_room_is_reported_as_collapsed(panes: Any) -> None:
    panes.host.resize(1_400, 420)
    panes.frame()
    states = {info.id: info.state for info in panes.host.layers()}
    assert states["delta"] == "collapsed"
    assert panes.host._layout.of(Placement.SUBPANE) == []


def test_resizing_gives_another_buffer_in_device_pixels(settled: Any) -> None:
    settled.host.resize(500, 400, 2.0)
    assert settled.frame().buffer.shape == (800, 1000)


def test_closing_closes_every_stream(settled: Any) -> None:
    settled.host.close()
    assert settled.feed.requests == {}


def test_a_layer_that_paints_by_itself_is_listed_but_not_made(stage: Callable[..., Any]) -> None:
    shown = stage(LayerSpec("candles", "Candles", "fake:layer"), LayerSpec("item", "Item", "", item="fake:item"))
    shown.settle()
    assert [info.state for info in shown.host.layers()] == ["shown", "shown"]
    assert shown.fakes["item"].planes == []


def test_the_grid_lies_over_what_layers_paint_on_the_backdrop(stage: Callable[..., Any]) -> None:
    def paint(canvas: Any, view: Any, plane: Plane) -> None:
        if plane is Plane.BACKDROP:
            edges = np.array([view.x0]), np.array([view.x1]), np.array([view.y0]), np.array([view.y1])
            canvas.rects(*edges, 0xFF203040)

    shown, plain = stage(), stage()
    plain.settle()
    shown.settle()
    shown.layer.does["draw"] = paint
    shown.host.refresh()
    picture = shown.frame().buffer.copy()
    shown.host.refresh()
    np.testing.assert_array_equal(shown.frame().buffer, picture)
    across = shown.host._scene.prices.y
    row = picture[int((across[2] + across[3]) / 2)]
    columns = np.rint(shown.host._scene.times.x - 0.5).astype(int)
    assert all(row[column] != 0xFF203040 for column in columns if 300 < column < 820)
    assert (row[300:820] == 0xFF203040).mean() > 0.7
    shown.layer.does.clear()
    for _ in range(2):
        shown.host.refresh()
        shown.frame()
    np.testing.assert_array_equal(shown.frame().buffer, plain.frame().buffer)
