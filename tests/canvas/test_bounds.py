"""Whatever the arguments, nothing is written outside of the pane. Run again with numba's bounds checks on."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flowdeck.canvas import RasterCanvas
from flowdeck.canvas.kernels import fade
from flowdeck.specs import Anchor, Font, Marker

GUARD = 8
CHECKED = os.environ.get("NUMBA_BOUNDSCHECK") == "1"

# the first call compiles, and checked code is slow
fuzz = settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.too_slow])

anywhere = st.one_of(
    st.floats(allow_nan=True, allow_infinity=True),
    st.floats(-60.0, 120.0),
    st.sampled_from([0.0, -0.0, 0.5, 40.0, 1e9, -1e9, 1e18, 1e308, -1e308, 5e-324]),
)
sizes = st.one_of(st.floats(-3.0, 30.0), st.sampled_from([np.nan, np.inf, 0.0, 1e30, 5000.0]))
edges = st.one_of(st.integers(-20, 80), st.floats(-20.0, 80.0), st.sampled_from([np.nan, np.inf, 1e30, 0.0]))
colours = st.integers(0, 0xFFFFFFFF)


@st.composite
def panes(draw: st.DrawFn) -> tuple[RasterCanvas, np.ndarray, np.ndarray]:
    """A canvas in a pane, the block of memory around its buffer, and where nothing may change."""
    scale = draw(st.sampled_from([1.0, 1.5, 2.0]))
    canvas = RasterCanvas(draw(st.integers(0, 50)), draw(st.integers(0, 40)), scale)
    height, width = canvas.buffer.shape
    block = np.full((height + 2 * GUARD, width), 0xFF123456, np.uint32)
    canvas.buffer = block[GUARD : GUARD + height]
    if draw(st.booleans()):
        canvas.pane(*(draw(edges) for _ in range(4)), *(draw(anywhere) for _ in range(4)))
    left, top, right, bottom = (int(edge) for edge in canvas._pane[6:])
    outside = np.ones(block.shape, bool)
    outside[GUARD + top : GUARD + bottom, left:right] = False
    return canvas, block, outside


def column(count: int, values: st.SearchStrategy[float] = anywhere) -> st.SearchStrategy[np.ndarray]:
    return st.lists(values, min_size=count, max_size=count).map(lambda items: np.array(items, np.float64))


def four(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    return draw(column(3)), draw(column(3)), draw(column(3)), draw(column(3))


def rects(canvas: RasterCanvas, draw: st.DrawFn) -> None:
    x0, x1, y0, y1 = four(draw)
    canvas.rects(x0, x1, y0, y1, draw(colours))


def segments(canvas: RasterCanvas, draw: st.DrawFn) -> None:
    x0, y0, x1, y1 = four(draw)
    canvas.segments(x0, y0, x1, y1, draw(colours), draw(sizes), dash_px=draw(sizes))


def parallels(canvas: RasterCanvas, draw: st.DrawFn) -> None:
    x, y = draw(column(3)), draw(column(3))
    canvas.segments(x, y, x, draw(column(3)), draw(colours), draw(sizes), dash_px=draw(sizes))
    canvas.segments(x, y, draw(column(3)), y, draw(colours), draw(sizes), dash_px=draw(sizes))


def polyline(canvas: RasterCanvas, draw: st.DrawFn) -> None:
    canvas.polyline(draw(column(5)), draw(column(5)), draw(colours), draw(sizes))
    assert canvas._mask is not None
    assert not canvas._mask.any()


def markers(canvas: RasterCanvas, draw: st.DrawFn) -> None:
    shape = draw(st.sampled_from(Marker))
    canvas.markers(draw(column(3)), draw(column(3)), draw(column(3, sizes)), draw(colours), shape)


def numbers(canvas: RasterCanvas, draw: st.DrawFn) -> None:
    decimals = draw(st.one_of(st.integers(-300, 300), st.just(np.array([-128, 127, 3], np.int8))))
    x, y, values, _ = four(draw)
    canvas.numbers(
        x,
        y,
        values,
        draw(colours),
        draw(st.sampled_from(Anchor)),
        decimals,
        signed=draw(st.booleans()),
        bold=draw(st.booleans()),
        grouped=draw(st.booleans()),
        size_px=draw(sizes),
    )


def labels(canvas: RasterCanvas, draw: st.DrawFn) -> None:
    texts = ["", draw(st.text(max_size=8)), "j\u20bf\n"]
    at = draw(column(3)), draw(column(3))
    font, size = draw(st.sampled_from(Font)), draw(st.sampled_from([0.0, np.nan, 11.0, 13.0, 64.0]))
    canvas.labels(*at, texts, draw(colours), draw(st.sampled_from(Anchor)), font=font, size_px=size)


def heat(canvas: RasterCanvas, draw: st.DrawFn) -> None:
    shape = draw(st.tuples(st.integers(0, 9), st.integers(0, 9)))
    grid = np.random.default_rng(0).integers(0, 65536, shape).astype(np.uint16)
    x0, x1, y0, y1 = draw(anywhere), draw(anywhere), draw(anywhere), draw(anywhere)
    canvas.heat(x0, x1, y0, y1, grid, np.full(65536, draw(colours), np.uint32))


@pytest.mark.parametrize("primitive", [rects, segments, parallels, polyline, markers, numbers, labels, heat])
def test_nothing_outside_of_the_pane_changes(primitive: Callable[[RasterCanvas, Any], None]) -> None:
    @fuzz
    @given(panes(), st.data())
    def draw_anything(place: tuple[RasterCanvas, np.ndarray, np.ndarray], data: st.DataObject) -> None:
        canvas, block, outside = place
        primitive(canvas, data.draw)
        assert (block[outside] == 0xFF123456).all()
        assert (block >> 24 == 0xFF).all()

    draw_anything()


@fuzz
@given(st.tuples(*[st.integers(-60, 120)] * 4), st.booleans())
def test_fading_stays_within_its_area(area: tuple[int, int, int, int], grey: bool) -> None:
    top, bottom, left, right = area
    block = np.full((40 + 2 * GUARD, 50), 0xFF123456, np.uint32)
    expected = block.copy()
    expected[GUARD + max(top, 0) : GUARD + min(max(bottom, 0), 40), max(left, 0) : max(right, 0)] = 0xFFFFFFFF
    fade(block[GUARD : GUARD + 40], top, bottom, left, right, np.full((3, 256), 255, np.uint32), grey)
    assert (block == expected).all()


@pytest.mark.skipif(CHECKED, reason="this is the checked run")
def test_kernels_never_index_out_of_bounds(request: pytest.FixtureRequest) -> None:
    kept = request.config.cache.mkdir("numba-boundscheck")
    checked = {**os.environ, "NUMBA_BOUNDSCHECK": "1", "NUMBA_CACHE_DIR": str(kept)}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", __file__]
    done = subprocess.run(
        command, env=checked, capture_output=True, text=True, check=False, cwd=request.config.rootpath
    )
    assert done.returncode == 0, done.stdout[-4000:]
