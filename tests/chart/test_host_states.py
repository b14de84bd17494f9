"""What a chart says of its data: gaps, loading, stale and lost feeds, replay, faults, emptiness."""

from collections.abc import Callable
from typing import Any, Literal

import numpy as np
import pytest

from flowdeck.chart.dimming import dim
from flowdeck.chart.parts import Redraw
from flowdeck.chart.patches import Underlay
from flowdeck.specs import FeedState, SourceStatus
from flowdeck.streams import Batch, EndOfHistory, EndOfStream

SECOND = 10**9


def status(stage: Any, state: FeedState, age_s: float = 4.2, retry_s: float = 0, reason: str = "") -> SourceStatus:
    now = stage.now_ns
    retry_at = now + int(retry_s * SECOND) if retry_s else 0
    return SourceStatus("binance", "Binance USD-M", state, reason, now - int(age_s * SECOND), retry_at)


def test_before_the_first_stream_stands_the_chart_says_what_it_opens(stage: Callable[..., Any]) -> None:
    shown = stage()
    shown.frame()
    assert shown.host._scene.empty == ("Opening BTCUSDT", "binance-usdm:BTCUSDT")


def test_no_data_yet_is_said_and_all_history_is_asked_for(stage: Callable[..., Any]) -> None:
    shown = stage(bars=0)
    shown.settle()
    assert shown.host._scene.empty == ("No data yet", "binance-usdm:BTCUSDT: waiting for the first trade")
    assert shown.feed.opened[-1].start is None


def test_an_engine_without_bars_is_named_as_such(stage: Callable[..., Any]) -> None:
    shown = stage()
    shown.frame()
    (handle,) = shown.feed.requests
    key = shown.feed.requests[handle].key
    shown.host.receive(handle, EndOfStream(key, "fault", 0, "nothing here provides bars"))
    shown.frame()
    assert shown.host._scene.empty == ("No bars of BTCUSDT here", "nothing here provides bars")
    assert shown.host.banners() == ()


def test_a_feed_that_is_not_live_explains_the_empty_chart(stage: Callable[..., Any]) -> None:
    shown = stage(bars=0)
    shown.settle()
    shown.host.set_status(status(shown, FeedState.DISCONNECTED, reason="blocked in your country"))
    shown.frame()
    assert shown.host._scene.empty == ("No data yet", "binance-usdm:BTCUSDT: blocked in your country")


def test_history_that_takes_long_shows_skeletons_and_how_far_it_is(stage: Callable[..., Any]) -> None:
    shown = stage()
    shown.frame()
    (handle,) = shown.feed.requests
    opened, batch, end = shown.feed.events(handle, 60)
    half = Batch(batch.key, batch.rows[-5:].copy(), 1)
    shown.host.receive(handle, opened)
    shown.host.receive(handle, half)
    shown.frame()
    early = shown.host.loading
    assert early is None, "not yet worth a word"
    shown.now_s += 0.3
    shown.frame()
    loading = shown.host.loading
    assert loading is not None
    assert 0.3 < loading.share < 0.7
    assert loading.stop_ns == int(half.rows["ts"][0])
    with_skeleton = shown.frame().buffer.copy()
    shown.host.receive(handle, batch)
    shown.host.receive(handle, end)
    shown.settle()
    assert shown.host.loading is None
    assert (shown.frame().buffer != with_skeleton).any()


def gap_stage(stage: Callable[..., Any]) -> tuple[Any, int, int]:
    shown = stage()
    shown.frame()
    (handle,) = shown.feed.requests
    opened, batch, end = shown.feed.events(handle, 60)
    ts = batch.rows["ts"]
    covered = ((int(ts[0]), int(ts[-6])), (int(ts[-4]), int(ts[-1]) + SECOND))
    for event in (opened, batch, EndOfHistory(end.key, 1, 0, covered)):
        shown.host.receive(handle, event)
    shown.settle()
    return shown, int(ts[-6]), int(ts[-4])


def test_a_gap_is_hatched_and_named_under_the_pointer(stage: Callable[..., Any]) -> None:
    shown, start, stop = gap_stage(stage)
    (gap,) = shown.host._scene.gaps
    assert (gap.what, gap.start_ns, gap.stop_ns) == ("trades", start, stop)
    assert gap.words == "No trades 23:58:30 \u2013 23:59:00"
    view = shown.plot()
    x = (start + SECOND - view.start_ns) / view.x_per_px
    shown.host.hover(x, 300)
    shown.frame()
    assert shown.host._cursor.gap == gap
    shown.host.hover(x - 200, 300)
    shown.frame()
    assert shown.host._cursor.gap is None


def test_a_gap_lies_under_the_bars(stage: Callable[..., Any]) -> None:
    shown, _, _ = gap_stage(stage)
    picture = shown.frame().buffer
    plain = stage()
    plain.settle()
    without = plain.frame().buffer
    differs = picture != without
    assert differs.any()
    candle = np.isin(without, [0xFF2FC6A0, 0xFFF2636F])
    candle &= np.isin(picture, [0xFF2FC6A0, 0xFFF2636F])
    assert candle.any()
    assert not (differs & candle).any()


@pytest.mark.parametrize("state", [FeedState.STALE, FeedState.DISCONNECTED])
def test_a_feed_that_is_not_live_dims_the_chart_and_a_live_one_brings_it_back(settled: Any, state: FeedState) -> None:
    live = settled.frame().buffer.copy()
    settled.host.set_status(status(settled, state))
    dim = settled.frame().buffer.copy()
    plot = settled.host._layout.plot
    inside = np.s_[40 : int(plot.height), : int(plot.width)]
    assert (dim[inside] & 0xFF).astype(int).max() < 200
    if state is FeedState.DISCONNECTED:
        channels = [(dim[inside] >> shift & 255).astype(int) for shift in (16, 8, 0)]
        coloured = np.abs(channels[0] - channels[1]) > 40
        assert coloured.mean() < 0.01, "only the line of the last price keeps its colour"
    settled.host.set_status(status(settled, FeedState.LIVE))
    np.testing.assert_array_equal(settled.frame().buffer, live)


@pytest.mark.parametrize(("state", "share"), [(FeedState.STALE, 0.5), (FeedState.DISCONNECTED, 0.55)])
def test_dimming_is_exact(stage: Callable[..., Any], state: FeedState, share: float) -> None:
    """Every pixel of the plot lies between the canvas and itself, or its brightness when the feed is lost."""
    shown = stage(bars=0)  # no marks over the plot but words
    shown.settle()
    host = shown.host
    rng = np.random.default_rng(5)
    buffer = rng.integers(0, 1 << 24, host._composer.canvas.buffer.shape, np.uint32) | np.uint32(0xFF000000)
    before, ground = buffer.copy(), host._theme["bg.canvas"]
    how: Literal["stale", "disconnected"] = "stale" if state is FeedState.STALE else "disconnected"
    dim(buffer, Underlay(), host._layout, 1.0, how, ground)
    plot = np.s_[: int(host._layout.plot.height), : int(host._layout.plot.width)]
    channels = {shift: (before[plot] >> shift & 255).astype(np.int64) for shift in (16, 8, 0)}
    if state is FeedState.DISCONNECTED:
        channels = dict.fromkeys(channels, (54 * channels[16] + 183 * channels[8] + 19 * channels[0]) >> 8)
    for shift, bright in channels.items():
        expected = np.rint(bright * share + (ground >> shift & 255) * (1 - share))
        np.testing.assert_array_equal(buffer[plot] >> shift & 255, expected)
    np.testing.assert_array_equal(
        buffer[:, int(host._layout.price_axis.left) :], before[:, int(host._layout.price_axis.left) :]
    )


def test_waiting_for_an_engine_that_says_nothing_is_no_work(stage: Callable[..., Any]) -> None:
    """Once the skeleton stands nothing is due until something comes."""
    shown = stage()
    shown.frame()
    (handle,) = shown.feed.requests
    opened, batch, end = shown.feed.events(handle, 60)
    shown.host.receive(handle, opened)
    for _ in range(5):
        shown.now_s += 0.1
        shown.frame()
    assert shown.host.waiting
    assert not shown.host.dirty
    shown.host.receive(handle, batch)
    shown.host.receive(handle, end)
    shown.settle()
    assert shown.host.last_price is not None


def test_a_dimmed_chart_keeps_its_crosshair(settled: Any) -> None:
    settled.host.set_status(status(settled, FeedState.STALE))
    clean = settled.frame().buffer.copy()
    settled.host.hover(433, 251)
    settled.frame()
    picture = settled.host.frame(settled.now_ns).buffer
    column = round(settled.host._cursor.line_x - 0.5)
    assert (picture[:60, column] != clean[:60, column]).sum() >= 20


def test_banners_say_what_is_wrong_since_when_and_what_can_be_done(settled: Any) -> None:
    settled.host.set_status(status(settled, FeedState.STALE))
    settled.frame()
    (stale,) = settled.host.banners()
    assert (stale.kind, stale.text, stale.figure) == ("stale", "Nothing from Binance USD-M for", "4.2 s")
    assert stale.note == "Last update 23:59:50 UTC"
    settled.host.set_status(status(settled, FeedState.DISCONNECTED, 3_725, 6, "connection reset"))
    settled.frame()
    (lost,) = settled.host.banners()
    assert (lost.kind, lost.figure, lost.note) == (
        "disconnected",
        "01:02:05",
        "connection reset \u00b7 next try in 6 s",
    )
    assert lost.actions == ("try_now", "capture")
    settled.host.set_status(status(settled, FeedState.CONNECTING, 0.5))
    settled.frame()
    assert [banner.kind for banner in settled.host.banners()] == ["connecting"]
    settled.host.set_status(None)
    settled.frame()
    assert settled.host.banners() == ()


def test_time_since_a_lost_feed_is_hatched(settled: Any) -> None:
    settled.host.set_status(status(settled, FeedState.DISCONNECTED, 20))
    settled.frame()
    (gap,) = settled.host._scene.gaps
    assert (gap.what, gap.stop_ns - gap.start_ns) == ("connection", 20 * SECOND)


def test_the_replay_s_head_moves_without_composing_anew(settled: Any) -> None:
    clean = settled.frame().buffer.copy()
    for seconds in (60, 45, 30):
        settled.host.set_replay(settled.now_ns - seconds * SECOND)
        assert settled.level() is Redraw.OVERLAY
    assert (settled.frame().buffer != clean).any()
    settled.host.set_replay(None)
    np.testing.assert_array_equal(settled.frame().buffer, clean)


def test_the_replay_s_head_stands_behind_the_bar_that_is_being_filled(settled: Any) -> None:
    for behind_s in (90, 0):
        settled.host.set_replay(settled.now_ns - behind_s * SECOND)
        settled.frame()
        scene = settled.host._scene
        timeframe = scene.plot.timeframe
        assert scene.head_mark_ns == timeframe.close_ns(timeframe.index(scene.last.opened_ns))


def test_banners_are_painted_only_where_nobody_else_shows_them(stage: Callable[..., Any]) -> None:
    pictures = []
    for paint in (False, True):
        shown = stage(still=paint)
        shown.settle()
        before = shown.frame().buffer.copy()
        shown.host.set_status(status(shown, FeedState.CONNECTING, 0.0))
        pictures.append((shown.frame().buffer != before).any())
    assert pictures == [False, True]


def test_the_last_price_out_of_sight_is_pointed_at(settled: Any) -> None:
    settled.host.pan_px(0, 3_000)
    settled.frame()
    assert settled.host._scene.price_px(settled.host.last_price) > settled.host._layout.price_axis.bottom
