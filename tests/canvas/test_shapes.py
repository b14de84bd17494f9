"""Rectangles, lines, markers and heat against the naive twin, pixel by pixel."""

from __future__ import annotations

import numpy as np
import pytest

from flowdeck.canvas import RasterCanvas
from flowdeck.specs import Marker

SHADES = np.array([0xFFE8ECF2, 0x80F2636F, 0x012FC6A0, 0x00FFFFFF, 0xFE7EA2FF], np.uint32)


def scattered(seed: int, count: int, low: float = -1500.0, high: float = 3500.0) -> list[np.ndarray]:
    """Coordinates in and around the pane: x0, x1, y0, y1."""
    random = np.random.default_rng(seed)
    return [*random.uniform(low, high, (2, count)), *random.uniform(8.0, 22.0, (2, count))]


@pytest.mark.parametrize("seed", range(5))
def test_rectangles_equal_the_twin(canvas: RasterCanvas, naive: type, seed: int) -> None:
    twin = naive(canvas)
    x0, x1, y0, y1 = scattered(seed, 20)
    fill = np.resize(SHADES, 20)
    twin.rects(x0, x1, y0, y1, fill)
    canvas.rects(x0, x1, y0, y1, fill)
    np.testing.assert_array_equal(canvas.buffer, twin.buffer)


def test_neighbours_that_share_an_edge_neither_overlap_nor_gap(canvas: RasterCanvas) -> None:
    edges = np.linspace(-1000.0, 3000.0, 38)
    canvas.clear(0)
    canvas.rects(edges[:-1], edges[1:], np.full(37, 10.0), np.full(37, 20.0), 0x80FFFFFF)
    assert np.unique(canvas.buffer[4:54, 5:85]).tolist() == [0xFF808080]


@pytest.mark.parametrize(("left", "right", "pixel"), [(10.6, 10.9, 10), (10.2, 10.2, 10), (10.8, 11.3, 11)])
def test_the_thinnest_rectangle_is_the_pixel_in_which_its_middle_lies(
    canvas: RasterCanvas, left: float, right: float, pixel: int
) -> None:
    canvas.clear(0)
    canvas.pixels()
    canvas.rects(np.array([left]), np.array([right]), np.array([7.2]), np.array([7.2]), 0xFFFFFFFF)
    assert np.argwhere(canvas.buffer == 0xFFFFFFFF).tolist() == [[7, pixel]]


def test_the_noise_of_a_float_does_not_tip_a_half() -> None:
    pictures = []
    for noise in (-1e-9, 0.0, 1e-9):
        canvas = RasterCanvas(40, 40)
        canvas.rects(np.array([5.5 + noise]), np.array([20.5 - noise]), np.array([3.5 - noise]), np.array([9.5]), -1)
        canvas.numbers(np.array([30.5 + noise]), np.array([20.5 + noise]), np.array([42.0]), 0xFFFFFFFF)
        canvas.labels(np.array([5.5 + noise]), np.array([33.5 + noise]), ["Ask"], 0xFFFFFFFF)
        pictures.append(canvas.buffer)
    np.testing.assert_array_equal(pictures[0], pictures[1])
    np.testing.assert_array_equal(pictures[0], pictures[2])


@pytest.mark.parametrize("width", [1.0, 1.5, 3.0])
@pytest.mark.parametrize("dash", [0.0, 3.0])
def test_slanted_segments_equal_the_twin(canvas: RasterCanvas, naive: type, width: float, dash: float) -> None:
    twin = naive(canvas)
    x0, x1, y0, y1 = scattered(3, 12)
    colour = np.resize(SHADES, 12)
    for *ends, shade in zip(x0, y0, x1, y1, colour, strict=True):
        twin.segment(tuple(ends), int(shade), width, dash)
    canvas.segments(x0, y0, x1, y1, colour, width, dash_px=dash)
    np.testing.assert_array_equal(canvas.buffer, twin.buffer)


@pytest.mark.parametrize("width", [0.0, 1.0, 2.0, 4.0])
@pytest.mark.parametrize("dash", [0.0, 1.0, 4.0])
def test_lines_along_an_axis_equal_the_twin(canvas: RasterCanvas, naive: type, width: float, dash: float) -> None:
    twin = naive(canvas)
    a, b, c, d = scattered(4, 10)
    x0, x1 = np.where(np.arange(10) % 2, a, b), b
    y0, y1 = c, np.where(np.arange(10) % 2, c, d)
    for *ends, shade in zip(x0, y0, x1, y1, np.resize(SHADES, 10), strict=True):
        twin.segment(tuple(ends), int(shade), width, dash)
    canvas.segments(x0, y0, x1, y1, np.resize(SHADES, 10), width, dash_px=dash)
    np.testing.assert_array_equal(canvas.buffer, twin.buffer)


def test_a_hairline_is_one_sharp_pixel_wherever_it_lies(canvas: RasterCanvas) -> None:
    canvas.pixels()
    for offset in np.linspace(0.0, 1.0, 11):
        canvas.clear(0)
        canvas.segments(
            np.array([20.0 + offset]), np.array([-np.inf]), np.array([20.0 + offset]), np.array([np.inf]), -1
        )
        assert np.unique(canvas.buffer).tolist() == [0xFF000000, 0xFFFFFFFF]
        assert (canvas.buffer == 0xFFFFFFFF).sum() == 61


def test_a_polyline_paints_joints_once_and_breaks_at_a_nan(canvas: RasterCanvas, naive: type) -> None:
    twin = naive(canvas)
    x, _, y, _ = scattered(5, 30)
    y[[4, 11, 13]] = np.nan
    x[20] = np.inf
    twin.polyline(x, y, 0x907EA2FF, 2.5)
    canvas.polyline(x, y, 0x907EA2FF, 2.5)
    np.testing.assert_array_equal(canvas.buffer, twin.buffer)


def test_a_second_polyline_starts_from_a_clean_mask(canvas: RasterCanvas, naive: type) -> None:
    x, _, y, _ = scattered(6, 30)
    canvas.polyline(x, y, 0x907EA2FF, 3.0)
    twin = naive(canvas)
    twin.polyline(x[:2], y[:2], 0xFFFFFFFF, 1.0)
    canvas.polyline(x[:2], y[:2], 0xFFFFFFFF, 1.0)
    np.testing.assert_array_equal(canvas.buffer, twin.buffer)


@pytest.mark.parametrize("shape", list(Marker))
def test_markers_equal_the_twin(canvas: RasterCanvas, naive: type, shape: Marker) -> None:
    twin = naive(canvas)
    x, _, y, _ = scattered(7, 15)
    sizes = np.random.default_rng(8).uniform(0.5, 20.0, 15)
    for *at, colour in zip(x, y, sizes, np.resize(SHADES, 15), strict=True):
        twin.marker(*at, int(colour), shape)
    canvas.markers(x, y, sizes, np.resize(SHADES, 15), shape)
    np.testing.assert_array_equal(canvas.buffer, twin.buffer)


@pytest.mark.parametrize(
    "corners", [(-500.0, 2500.0, 12.0, 19.0), (2500.0, -500.0, 19.0, 12.0), (-9000.0, 9000.0, 0.0, 30.0)]
)
@pytest.mark.parametrize("opacity", [0xFF, 0x70, 0x00])
@pytest.mark.parametrize("shape", [(3, 4), (29, 61), (150, 400)])
def test_heat_equals_a_rectangle_per_cell(
    canvas: RasterCanvas, naive: type, corners: tuple[float, float, float, float], opacity: int, shape: tuple[int, int]
) -> None:
    twin = naive(canvas)
    random = np.random.default_rng(9)
    grid = random.integers(0, 65536, shape).astype(np.uint16)
    ramp = random.integers(0, 2**24, 65536, np.uint32) | np.uint32(0xFF000000)
    ramp[::3] = ramp[::3] & np.uint32(0xFFFFFF) | np.uint32(opacity << 24)
    twin.heat(corners, grid, ramp)
    canvas.heat(*corners, grid, ramp)
    np.testing.assert_array_equal(canvas.buffer, twin.buffer)


def test_heat_takes_a_ring_that_is_stored_by_column(canvas: RasterCanvas) -> None:
    grid = np.arange(48, dtype=np.uint16).reshape(6, 8)
    ramp = np.arange(65536, dtype=np.uint32) | np.uint32(0xFF000000)
    canvas.heat(-1000.0, 3000.0, 10.0, 20.0, grid, ramp)
    rows = canvas.buffer.copy()
    canvas.heat(-1000.0, 3000.0, 10.0, 20.0, np.asfortranarray(grid), ramp)
    np.testing.assert_array_equal(canvas.buffer, rows)


def test_wrong_lengths_are_named(canvas: RasterCanvas) -> None:
    two, three = np.zeros(2), np.zeros(3)
    with pytest.raises(ValueError, match="rects: y0 has 2 values where another argument has 3"):
        canvas.rects(three, three, two, three, 0)
    with pytest.raises(ValueError, match="segments: colour has 2 values for 3 places"):
        canvas.segments(three, three, three, three, np.zeros(2, np.uint32))
    with pytest.raises(ValueError, match="labels: 1 texts for 2 places"):
        canvas.labels(two, two, ["a"], 0)
    with pytest.raises(ValueError, match="ramp must hold 65536 colours"):
        canvas.heat(0.0, 1.0, 0.0, 1.0, np.zeros((1, 1), np.uint16), np.zeros(256, np.uint32))
