"""Sizes to values of a grid, and palettes over them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowdeck.canvas import RasterCanvas
from flowdeck.canvas.heat import Norm, quantise, ramp

STOPS = (0x090C11, 0x18396A, 0xD6E9F8)


def colour(size: float, table: np.ndarray) -> int:
    return int(table[quantise(np.array([size]))[0]])


@given(st.floats(1e-30, 1e30))
def test_a_quantised_size_is_right_to_a_hundredth(size: float) -> None:
    value = quantise(np.array([size]))[0]
    low = np.array([int(value) << 16], np.uint32).view(np.float32)[0]
    assert low <= np.float32(size) <= low * 1.0079


def test_larger_sizes_have_larger_values_and_nothing_is_nothing() -> None:
    sizes = np.array([-1.0, np.nan, 0.0, 0.001, 0.5, 1.0, 1e6, np.inf])
    assert quantise(sizes)[:3].tolist() == [0, 0, 0]
    assert (np.diff(quantise(sizes[2:]).astype(np.int64)) > 0).all()


@pytest.mark.parametrize(("norm", "middle"), [(Norm.LINEAR, 50.5), (Norm.SQRT, 30.25), (Norm.LOG, 10.0)])
def test_a_palette_runs_from_cut_off_to_cut_off(norm: Norm, middle: float) -> None:
    table = ramp(STOPS, 1.0, 100.0, norm)
    assert colour(0.98, table) >> 24 == 0
    assert colour(150.0, table) == 0xFF000000 | STOPS[2]
    for size, stop in ((1.0, STOPS[0]), (middle, STOPS[1]), (100.0, STOPS[2])):
        found = colour(size, table)
        assert found >> 24 == 0xFF
        for shift in (16, 8, 0):
            assert abs((found >> shift & 255) - (stop >> shift & 255)) <= 3


def test_opacity_is_the_alpha_of_what_is_drawn() -> None:
    table = ramp(STOPS, 1.0, 100.0, opacity=0.5)
    assert set((table >> 24).tolist()) == {0, 128}


@pytest.mark.parametrize(
    ("lower", "upper", "norm"),
    [(0.0, 1.0, Norm.LOG), (2.0, 1.0, Norm.LINEAR), (np.nan, 1.0, Norm.SQRT), (-1, 1, Norm.LOG)],
)
def test_cut_offs_that_make_no_palette_are_refused(lower: float, upper: float, norm: Norm) -> None:
    with pytest.raises(ValueError, match="no palette of 3 colours"):
        ramp(STOPS, lower, upper, norm)


def test_a_wall_is_bright_and_an_empty_price_leaves_the_chart_as_it_is() -> None:
    canvas = RasterCanvas(3, 1)
    canvas.clear(STOPS[0])
    canvas.heat(0.0, 3.0, 0.0, 1.0, quantise(np.array([[0.0, 5.0, 900.0]])), ramp(STOPS, 1.0, 100.0))
    assert canvas.buffer[0, 0] == 0xFF000000 | STOPS[0]
    assert canvas.buffer[0, 2] == 0xFF000000 | STOPS[2]
    assert canvas.buffer[0, 0] < canvas.buffer[0, 1] < canvas.buffer[0, 2]
