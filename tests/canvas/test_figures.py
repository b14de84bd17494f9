"""Numbers are written as Python writes them, and drawn glyph by glyph as FreeType does."""

from __future__ import annotations

from math import inf, nan

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flowdeck.canvas import RasterCanvas
from flowdeck.canvas.kernels.digits import CODES, GLYPHS, write_number
from flowdeck.canvas.text import FIGURES
from flowdeck.specs import Anchor, Font

MINUS = "\u2212"

lenient = settings(deadline=None, max_examples=300)  # the first call compiles


def written(value: float, decimals: int = 0, *, signed: bool = False, grouped: bool = False) -> str:
    """What the kernel writes."""
    codes = np.zeros(CODES, np.int64)
    start = write_number(codes, value, decimals, signed, grouped)
    return "".join(GLYPHS[code] for code in codes[start:])


def formatted(value: float, decimals: int = 0, *, signed: bool = False, grouped: bool = False) -> str:
    """What Python writes, with a typographic minus and no sign for zero."""
    text = f"{value:{'+' if signed else ''}{',' if grouped else ''}.{decimals}f}"
    if not text.strip("+-0.,"):
        text = text.lstrip("+-")
    return text.replace("-", MINUS)


@lenient
@given(st.floats(-8.9e18, 8.9e18), st.integers(0, 15), st.booleans(), st.booleans())
def test_any_number_is_written_as_python_writes_it(value: float, decimals: int, signed: bool, grouped: bool) -> None:
    options = {"signed": signed, "grouped": grouped}
    assert written(value, decimals, **options) == formatted(value, decimals, **options)


@lenient
@given(st.integers(-(10**7), 10**7), st.integers(1, 7), st.integers(0, 6))
def test_ties_of_decimal_figures_round_as_in_python(units: int, digits: int, decimals: int) -> None:
    value = units / 10**digits
    assert written(value, decimals) == formatted(value, decimals)


@pytest.mark.parametrize(
    ("value", "decimals", "text"),
    [
        (0.5, 0, "0"),
        (1.5, 0, "2"),
        (2.5, 0, "2"),
        (0.125, 2, "0.12"),
        (-0.04, 1, "0.0"),
        (9.995, 2, "9.99"),
        (-1e-300, 3, "0.000"),
    ],
)
def test_halves_go_to_even_and_zero_has_no_sign(value: float, decimals: int, text: str) -> None:
    assert written(value, decimals) == text


@lenient
@given(st.floats(9.0e18, 1.7e308))
def test_what_has_too_many_digits_is_right_to_three(value: float) -> None:
    text = written(-value, 4)
    assert text[0] == MINUS
    assert float(text[1:]) == pytest.approx(value, rel=0.0051)
    assert 1.0 <= float(text[1:].split("e")[0]) < 10.0


def test_infinity_is_written_as_such() -> None:
    assert written(inf, signed=True) == "+\u221e"
    assert written(-inf) == MINUS + "\u221e"


def test_codes_and_atlas_agree_on_the_glyphs() -> None:
    assert GLYPHS == FIGURES


@pytest.mark.parametrize("scale", [1.0, 1.25, 1.5, 2.0])
@pytest.mark.parametrize("bold", [False, True])
def test_figures_equal_freetype_glyph_by_glyph(naive: type, scale: float, bold: bool) -> None:
    canvas = RasterCanvas(120, 60, scale)
    canvas.clear(0x10151D)
    canvas.pane(4, 4, 100, 50, 0.0, 10.0, 0.0, 5.0)
    twin = naive(canvas)
    values = np.array([12.4, -113.06, 1009.0, nan, 0.04, 61659.8])
    x, y = np.array([4.0, 9.7, 5.3, 5.0, 0.2, 10.9]), np.array([0.1, 1.13, 2.0, 2.5, 3.05, 4.9])
    colours = np.array([0xFFE8ECF2, 0xFFFF8089, 0x804FD9B6, 0xFFFFFFFF, 0xFF08110F, 0xFFF0C559], np.uint32)
    decimals = np.array([1, 1, 0, 0, 1, 2], np.int8)
    for *at, value, places, colour in zip(x, y, values, decimals, colours, strict=True):
        if value == value:  # noqa: PLR0124  a NaN draws nothing
            text = formatted(value, places, grouped=True)
            twin.figure(*at, text, int(colour), Anchor.RIGHT, bold=bold)
    canvas.numbers(x, y, values, colours, Anchor.RIGHT, decimals, bold=bold, grouped=True)
    np.testing.assert_array_equal(canvas.buffer, twin.buffer)


@pytest.mark.parametrize("anchor", list(Anchor))
def test_a_figure_and_the_same_label_are_the_same_pixels(canvas: RasterCanvas, anchor: Anchor) -> None:
    x, y = np.array([1000.3]), np.array([15.07])
    before = canvas.buffer.copy()
    canvas.numbers(x, y, np.array([-1234.5]), 0xFFFFFFFF, anchor, 1, grouped=True, size_px=13.0)
    numbers = canvas.buffer.copy()
    canvas.buffer[:] = before
    canvas.labels(x, y, [f"{MINUS}1,234.5"], 0xFFFFFFFF, anchor, font=Font.FIGURES, size_px=13.0)
    np.testing.assert_array_equal(canvas.buffer, numbers)


def test_the_last_digits_of_a_column_stand_in_one_line() -> None:
    canvas = RasterCanvas(80, 100)
    canvas.numbers(
        np.full(5, 60.3), np.linspace(10.0, 90.0, 5), np.array([7.0, 17.0, 107.0, -7.0, 100007.0]), 0xFFFFFFFF
    )
    last = [canvas.buffer[i * 20 : i * 20 + 20, 53:60] for i in range(5)]
    for digit in last[1:]:
        np.testing.assert_array_equal(digit, last[0])


def test_rows_of_figures_look_equal_when_the_chart_has_moved_by_part_of_a_pixel() -> None:
    pictures = []
    for shift in (0.0, 0.2, 0.4):
        canvas = RasterCanvas(80, 40)
        canvas.numbers(np.array([60.0 + shift]), np.array([20.0 + shift]), np.array([123.4]), 0xFFFFFFFF, decimals=1)
        pictures.append(canvas.buffer)
    np.testing.assert_array_equal(pictures[0], pictures[1])
    np.testing.assert_array_equal(pictures[0], pictures[2])
