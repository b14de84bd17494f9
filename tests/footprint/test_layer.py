"""What the layer asks for, when it paints anew, its range, and what it says of a cell."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from flowdeck.specs import ChartPoint, Lod, View
from flowdeck.streams import Batch
from flowdeck.testing import FakeContext, sample_view
from flowdeck.timeframes import Timeframe
from flowdeck_footprint.drawing.picture import paint
from flowdeck_footprint.drawing.strokes import Strokes
from flowdeck_footprint.layer import FootprintLayer
from flowdeck_footprint.settings import FootprintSettings


@pytest.mark.parametrize("lod", Lod)
def test_it_asks_for_bars_and_for_cells_where_it_draws_them(easel: Any, lod: Lod) -> None:
    view = sample_view(lod)
    requests = FootprintLayer(FakeContext(settings=FootprintSettings())).requests(view)
    kinds = ["bars", "footprint"] if lod <= Lod.CANDLE else ["bars"]
    assert [request.key.kind for request in requests] == kinds
    for request in requests:
        assert request.order == "newest"
        assert request.live
        assert request.start is not None
        assert request.start < view.start_ns
        assert request.key.timeframe == view.timeframe
    if lod <= Lod.CANDLE:
        assert requests[1].key.grouping == view.grouping


def test_the_old_grouping_stays_until_the_new_one_has_rows(easel: Any) -> None:
    view = easel.view(Lod.FULL)
    layer = easel.layer(view)
    before = len(easel.drawn(layer, view).of("rects")[1])
    coarser = replace(view, grouping=20)
    footprint, bars = easel.rows()
    held = easel.give(layer, coarser, bars=bars)
    assert {key.grouping for key in held if key.kind == "footprint"} == {10, 20}
    old = next(key for key in held if key.kind == "footprint" and key.grouping == 10)
    held[old].apply(Batch(old, footprint))
    assert len(easel.drawn(layer, coarser).of("rects")[1]) == before
    readout = layer.inspect(ChartPoint(1e9, 60_000.5, coarser))
    assert readout is not None
    assert readout.lines[0][1] == "60,000.0 \N{EN DASH} 60,001.0"
    new = next(key for key in held if key.grouping == 20)
    regrouped = footprint[:2].copy()
    regrouped["row"] = [easel.row // 2, easel.row // 2 + 1]
    held[new].apply(Batch(new, regrouped))
    assert len(easel.drawn(layer, coarser).of("rects")[1]) == 2
    assert {request.key.grouping for request in layer.requests(coarser) if request.key.kind == "footprint"} == {20}


def test_a_picture_is_worked_out_once_while_neither_data_nor_view_changes(
    easel: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    view = easel.view(Lod.FULL)
    layer = easel.layer(view)
    count: list[View] = []

    def counted(view: View, *rest: Any) -> Strokes:
        count.append(view)
        return paint(view, *rest)

    monkeypatch.setattr("flowdeck_footprint.layer.paint", counted)
    for now in range(3):
        easel.drawn(layer, replace(view, now_ns=view.now_ns + now))
    assert len(count) == 1
    easel.drawn(layer, replace(view, x0=view.x0 - 1.0))
    assert len(count) == 2
    layer._on_settings(FootprintSettings(show_poc=False))
    assert not easel.drawn(layer, replace(view, x0=view.x0 - 1.0)).of("segments")


def test_settings_change_while_it_runs(easel: Any) -> None:
    context = FakeContext(settings=FootprintSettings())
    layer, view = FootprintLayer(context), easel.view(Lod.FULL)
    footprint, bars = easel.rows()
    easel.give(layer, view, footprint=footprint, bars=bars)
    assert easel.drawn(layer, view).of("segments")
    context.change_settings(FootprintSettings(show_poc=False))
    assert not easel.drawn(layer, view).of("segments")


def test_the_value_range_is_that_of_the_bars_in_view_in_whole_rows(easel: Any) -> None:
    view = easel.view(Lod.FULL)
    layer = easel.layer(view)
    assert layer.value_range(view) == (60_000.0, 60_005.0)
    assert layer.value_range(replace(view, x0=easel.bar * 1.5)) == (60_002.0, 60_004.0)
    assert layer.value_range(replace(view, lod=Lod.LINE)) == (60_000.0, 60_004.0)
    assert layer.value_range(replace(view, x0=easel.bar * 90.0, x1=easel.bar * 99.0)) is None


def test_a_readout_explains_the_cell_in_its_fixed_order(easel: Any) -> None:
    view = easel.view(Lod.FULL)
    readout = easel.layer(view).inspect(ChartPoint(easel.bar * 0.5, 60_000.5, view))
    assert readout is not None
    assert (readout.title, readout.note) == ("22:14:00 \N{EN DASH} 15", "15s bar")
    assert [(name, figure) for name, figure, _ in readout.lines] == [
        ("Price row", "60,000.0 \N{EN DASH} 60,001.0"),
        ("Bid (sold)", "0.4"),
        ("Ask (bought)", "12.4"),
        ("Delta", "+12.0"),
        ("Trades", "2"),
    ]
    assert readout.lines[3][2] == "trade.buy_text"
    assert readout.cell == (0.0, easel.bar, 60_000.0, 60_001.0)


def test_an_untraded_row_inside_the_range_reads_zero_and_one_outside_says_nothing(easel: Any) -> None:
    view = easel.view(Lod.FULL)
    layer = easel.layer(view)
    readout = layer.inspect(ChartPoint(easel.bar * 0.5, 60_002.5, view))
    assert readout is not None
    assert [figure for _, figure, _ in readout.lines[1:]] == ["0.0", "0.0", "0.0", "0"]
    assert layer.inspect(ChartPoint(easel.bar * 0.5, 60_005.5, view)) is None
    assert layer.inspect(ChartPoint(easel.bar * 2.5, 60_000.5, view)) is None
    assert layer.inspect(ChartPoint(-1.0, 60_000.5, view)) is None


def test_a_readout_of_a_candle_explains_the_bar(easel: Any) -> None:
    view = easel.view(Lod.CANDLE, 8.0)
    readout = easel.layer(view).inspect(ChartPoint(easel.bar * 0.5, 0.0, view))
    assert readout is not None
    names = ["Open", "High", "Low", "Close", "Bid (sold)", "Ask (bought)", "Delta", "Trades"]
    assert [name for name, *_ in readout.lines] == names
    assert readout.lines[6][1] == "\N{MINUS SIGN}127.12"


@pytest.mark.parametrize(
    ("timeframe", "opened", "title"),
    [
        ("1m", 0, "22:14 \N{EN DASH} 15"),
        ("90s", 0, "22:13:30 \N{EN DASH} 22:15:00"),
        ("4h", 0, "20:00 \N{EN DASH} 00:00"),
        ("1d", 0, "2023-11-14"),
    ],
)
def test_the_title_of_a_readout_is_the_time_of_the_bar(easel: Any, timeframe: str, opened: int, title: str) -> None:
    parsed = Timeframe.parse(timeframe)
    view = easel.view(Lod.LINE, timeframe=parsed)
    bars = easel.kinds["bars"].empty(1)
    bars["index"], bars["ts"] = parsed.index(easel.start), parsed.open_ns(parsed.index(easel.start))
    layer = FootprintLayer(FakeContext(settings=FootprintSettings()))
    easel.give(layer, view, bars=bars)
    readout = layer.inspect(ChartPoint(float(opened), 0.0, view))
    assert readout is not None
    assert readout.title == title
