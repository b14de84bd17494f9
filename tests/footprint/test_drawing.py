"""What is drawn at each level of detail."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from flowdeck.chart.theme import load_theme
from flowdeck.specs import Lod
from flowdeck.testing import SAMPLE_INSTRUMENT
from flowdeck_footprint.drawing.palette import MIN_CONTRAST, contrast
from flowdeck_footprint.settings import FigureUnit, RowFigure


def test_cells_lie_as_the_design_says_at_its_reference_pitch(easel: Any) -> None:
    """Per bar of 80: 2 gap, 11 spine, 2 gap, cells of 31 + 1 + 31, 2 gap; cells 19 high in rows of 20."""
    view = easel.view(Lod.FULL)
    _, bid, ask, *_ = easel.drawn(easel.layer(view), view).of("rects")
    assert easel.in_px(view, bid)[0] == (15.0, 46.0, 380.0, 399.0)
    assert easel.in_px(view, ask)[0] == (47.0, 78.0, 380.0, 399.0)
    assert easel.in_px(view, bid)[5] == (95.0, 126.0, 340.0, 359.0)


def test_every_row_of_a_bars_range_has_a_cell_and_untraded_ones_say_zero(easel: Any) -> None:
    view = easel.view(Lod.FULL)
    canvas = easel.drawn(easel.layer(view, show_delta=False, show_volume=False), view)
    _, bid, ask, *_ = canvas.of("rects")
    assert len(bid) == len(ask) == 5 + 2
    zeros, others = canvas.of("numbers")
    assert sorted(others["values"]) == pytest.approx([0.4, 0.9, 1.0, 1.0, 12.4, 140.0])
    assert len(zeros["values"]) == 14 - 6
    assert set(zeros["colour"]) == {view.theme["text.tertiary"]}
    assert set(easel.figures(canvas)) == {"0", "0.4", "0.9", "1.0", "12.4", "140"}


def test_figures_of_one_row_are_right_aligned_and_on_one_line(easel: Any) -> None:
    view = easel.view(Lod.FULL)
    canvas = easel.drawn(easel.layer(view, show_delta=False, show_volume=False), view)
    right_px = {round((x - view.x0) / view.x_per_px % 80.0, 3) for call in canvas.of("numbers") for x in call["x"]}
    assert len(right_px) == 2
    middle_px = {round((view.y1 - y) / view.y_per_px % 20.0, 3) for call in canvas.of("numbers") for y in call["y"]}
    assert middle_px == {9.5}


@pytest.mark.parametrize("lod", [Lod.FULL, Lod.DELTA])
@pytest.mark.parametrize("theme", ["dark", "light"])
@pytest.mark.parametrize("colours", ["standard", "colour_blind_safe"])
@pytest.mark.parametrize("tint_max", [0.0, 0.46, 0.6])
def test_every_figure_stands_out_from_its_cell(easel: Any, lod: Lod, theme: str, colours: str, tint_max: float) -> None:
    view = easel.view(lod, theme=load_theme(theme, colours))
    sizes = [0, 1, 20, 49, 51, 300, 900, 2_000, 5_000, 9_999, 20_000, 40_000, 90_000, 140_000]
    cells = [(bar, row, sizes[row], sizes[-1 - row] if bar else 0) for row in range(len(sizes)) for bar in (0, 1)]
    canvas = easel.drawn(easel.layer(view, cells, tint_max=tint_max, show_delta=False, show_volume=False), view)
    fills = {
        edges: fill
        for call in canvas.of("rects")[1 : 3 if lod is Lod.FULL else 2]
        for edges, fill in zip(easel.in_px(view, call), call["fill"], strict=True)
    }
    seen = 0
    for call in canvas.of("numbers"):
        for x, y, colour in zip(call["x"], call["y"], call["colour"], strict=True):
            at = (x - view.x0) / view.x_per_px, (view.y1 - y) / view.y_per_px
            (under,) = [fill for (x0, x1, y0, y1), fill in fills.items() if x0 < at[0] <= x1 and y0 < at[1] < y1]
            assert under >> 24 == 0xFF, "cells are opaque"
            assert contrast(colour, under) >= MIN_CONTRAST
            seen += 1
    assert seen == len(fills)


@pytest.mark.parametrize(("pitch", "lod"), [(68.0, Lod.FULL), (72.5, Lod.FULL), (160.0, Lod.FULL), (48.0, Lod.DELTA)])
def test_no_figure_is_wider_than_its_cell(easel: Any, pitch: float, lod: Lod) -> None:
    view = easel.view(lod, pitch)
    cells = [(0, row, 10**power, 999_499) for row, power in enumerate(range(6))]
    canvas = easel.drawn(easel.layer(view, cells, show_delta=False, show_volume=False), view)
    rects = [edges for call in canvas.of("rects")[1:] for edges in easel.in_px(view, call)]
    for call in canvas.of("numbers"):
        for x, value, decimals in zip(call["x"], call["values"], call["decimals"], strict=True):
            text = f"{value:{'+' if call['signed'] else ''}.{decimals}f}"
            right = (x - view.x0) / view.x_per_px
            left = right - canvas.text_width(text)
            assert any(x0 - 0.7 <= left and right <= x1 for x0, x1, *_ in rects), (text, left, right)
    assert easel.figures(canvas)


def test_the_point_of_control_is_framed_in_gold(easel: Any) -> None:
    view = easel.view(Lod.FULL)
    (frame,) = easel.drawn(easel.layer(view), view).of("segments")
    assert frame["colour"] == view.theme["trade.poc"]
    heights = sorted({round((view.y1 - y) / view.y_per_px, 3) for y in (*frame["y0"], *frame["y1"])})
    assert heights == [339.5, 359.5, 379.5]
    assert not easel.drawn(easel.layer(view, show_poc=False), view).of("segments")


def test_totals_stand_under_each_bar(easel: Any) -> None:
    view = easel.view(Lod.FULL)
    canvas = easel.drawn(easel.layer(view), view)
    assert canvas.texts() == ["Δ", "Δ", "Σ", "Σ"]
    *_, delta_zero, delta, volume = canvas.of("numbers")
    assert delta_zero["values"] == [0.0]
    assert delta_zero["colour"] == [view.theme["text.tertiary"]]
    assert delta["values"] == pytest.approx([13.3 - 140.42])
    assert delta["colour"] == [view.theme["trade.sell_text"]]
    assert delta["bold"]
    assert volume["values"] == pytest.approx([153.72, 2.0])
    below = [(view.y1 - y) / view.y_per_px for y in delta["y"]]
    assert all(400.0 < y < 420.0 for y in below)


def test_nothing_is_written_that_the_settings_switch_off(easel: Any) -> None:
    view = easel.view(Lod.FULL)
    off = {"show_delta": False, "show_volume": False, "show_poc": False, "show_candle": False}
    canvas = easel.drawn(easel.layer(view, **off), view)
    assert [call.name for call in canvas.calls] == ["rects", "rects", "rects", "numbers", "numbers"]


def test_small_cells_are_silent_when_asked_for(easel: Any) -> None:
    view = easel.view(Lod.FULL)
    canvas = easel.drawn(easel.layer(view, min_volume_base=0.9, show_delta=False, show_volume=False), view)
    assert sorted(easel.figures(canvas)) == ["0.9", "1.0", "1.0", "12.4", "140"]


@pytest.mark.parametrize(
    ("figure", "expected"),
    [
        (RowFigure.DELTA, ["-140", "+0.9", "+12.0", "0", "0", "0", "0"]),
        (RowFigure.VOLUME, ["140", "0.9", "12.8", "2.0", "0", "0", "0"]),
    ],
)
def test_one_figure_a_row_says_delta_or_volume(easel: Any, figure: RowFigure, expected: list[str]) -> None:
    view = easel.view(Lod.DELTA, 56.0)
    canvas = easel.drawn(easel.layer(view, row_figure=figure, show_delta=False), view)
    assert sorted(easel.figures(canvas)) == sorted(expected)


def test_tint_carries_the_sign_of_delta(easel: Any) -> None:
    view = easel.view(Lod.DELTA, 56.0)
    _, cells, *_ = easel.drawn(easel.layer(view), view).of("rects")
    strongest = cells["fill"][1]
    red, green = strongest >> 16 & 0xFF, strongest >> 8 & 0xFF
    assert red > green, "row 1 was sold"


def test_the_profile_grows_to_both_sides_of_the_spine(easel: Any) -> None:
    view = easel.view(Lod.PROFILE, 28.0, 10.0)
    _, bid, ask, _ = easel.drawn(easel.layer(view), view).of("rects")
    assert len(bid) == 4
    assert len(ask) == 3
    assert (
        {edges[1] for edges in easel.in_px(view, bid)[:3]}
        == {edges[0] for edges in easel.in_px(view, ask)[:2]}
        == {14.0}
    )
    widths = [edges[1] - edges[0] for edges in easel.in_px(view, bid)[:3]]
    assert widths[1] == 13.0
    assert widths[2] == 1.0
    (ticks,) = easel.drawn(easel.layer(view), view).of("segments")
    assert ticks["colour"] == view.theme["trade.poc"]
    assert not easel.drawn(easel.layer(view), view).of("numbers")


def test_a_candle_has_body_wick_and_from_6_px_a_tick(easel: Any) -> None:
    view = easel.view(Lod.CANDLE, 8.0, 2.0)
    wick, body = easel.drawn(easel.layer(view), view).of("rects")
    assert [edges[1] - edges[0] for edges in easel.in_px(view, wick)] == [1.0, 1.0]
    assert [edges[1] - edges[0] for edges in easel.in_px(view, body)] == [5.0, 5.0]
    assert body["fill"] == [view.theme["trade.buy"]] * 2
    assert easel.drawn(easel.layer(view), view).of("segments")
    narrow = easel.view(Lod.CANDLE, 5.0, 2.0)
    assert not easel.drawn(easel.layer(narrow), narrow).of("segments")
    assert [request.key.kind for request in easel.layer(narrow).requests(narrow)] == ["bars"]


def test_a_body_that_did_not_move_is_one_pixel_high(easel: Any) -> None:
    view = easel.view(Lod.CANDLE, 8.0, 20.0)
    _, body = easel.drawn(easel.layer(view, [(0, 3, 5, 5)]), view).of("rects")
    assert [edges[3] - edges[2] for edges in easel.in_px(view, body)] == [1.0]
    assert body["fill"] == [view.theme["trade.neutral"]]


def test_lines_merge_ranges_only_within_one_pixel(easel: Any) -> None:
    view = easel.view(Lod.LINE, 0.5, 2.0)
    canvas = easel.drawn(easel.layer(view, [(bar, bar % 3, 5, 5) for bar in range(100)]), view)
    (ranges,), (line,) = canvas.of("rects"), canvas.of("polyline")
    assert len(ranges) == len(line["x"]) == 50
    assert max(high - low for low, high in zip(ranges["y0"], ranges["y1"], strict=True)) == pytest.approx(2.0)


def test_large_figures_share_one_scale_that_the_totals_name(easel: Any) -> None:
    instrument = replace(SAMPLE_INSTRUMENT, lot_size=Decimal(1))
    view = replace(easel.view(Lod.FULL), instrument=instrument)
    canvas = easel.drawn(easel.layer(view), view)
    assert set(easel.figures(canvas)) >= {"0.4", "12.4", "140", "0.9", "1.0"}
    assert canvas.texts().count("k") == 4


@pytest.mark.parametrize(
    ("unit", "pitch", "written"),
    [
        (FigureUnit.BASE, 80.0, {"0.4", "12.4"}),
        (FigureUnit.NOTIONAL, 80.0, {"0.7"}),
        (FigureUnit.QUOTE, 80.0, {"0.7"}),
        (FigureUnit.QUOTE, 160.0, {"744006", "24000"}),
    ],
)
def test_figures_count_base_or_quote_units(easel: Any, unit: FigureUnit, pitch: float, written: set[str]) -> None:
    view = easel.view(Lod.FULL, pitch)
    canvas = easel.drawn(easel.layer(view, [(0, 0, 400, 12_400), *easel.cells[1:]], figure_unit=unit), view)
    assert written <= set(easel.figures(canvas))


def test_an_outlier_far_from_the_bar_costs_no_memory(easel: Any) -> None:
    view = easel.view(Lod.FULL)
    canvas = easel.drawn(easel.layer(view, [*easel.cells, (0, 10**12, 5, 5)]), view)
    assert len(canvas.of("rects")[1]) < 30
