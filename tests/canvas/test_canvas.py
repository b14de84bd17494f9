"""The canvas as a whole: panes, scale, the protocol, what importing it costs."""

from __future__ import annotations

import inspect
import resource
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from flowdeck.canvas import RasterCanvas, warm
from flowdeck.specs import Canvas
from flowdeck.testing.canvas import RecordingCanvas

ALL = np.array([-np.inf]), np.array([np.inf])
PRIMITIVES = [name for name in vars(Canvas) if not name.startswith("_")]


def painted(canvas: RasterCanvas) -> tuple[int, int, int, int]:
    """Left, top, right, bottom of what an endless rectangle covers."""
    canvas.clear(0)
    canvas.rects(*ALL, *ALL, 0xFFFFFFFF)
    rows, columns = np.nonzero(canvas.buffer == 0xFFFFFFFF)
    return int(columns.min()), int(rows.min()), int(columns.max()) + 1, int(rows.max()) + 1


def test_a_pane_clips_and_gives_the_one_before_it_back() -> None:
    canvas = RasterCanvas(100, 60)
    canvas.pane(10, 5, 50, 40, 0.0, 1.0, 0.0, 1.0)
    with canvas.pane(70, 0, 90, 90, 0.0, 1.0, 0.0, 1.0):
        assert painted(canvas) == (70, 0, 100, 60)
    assert painted(canvas) == (10, 5, 60, 45)
    with pytest.raises(RuntimeError), canvas.pixels():
        raise RuntimeError
    assert painted(canvas) == (10, 5, 60, 45)


def test_edges_of_panes_snap_at_a_fractional_scale() -> None:
    canvas = RasterCanvas(101, 61, 1.5)
    assert canvas.buffer.shape == (92, 152)
    canvas.pane(11, 5, 30, 20, 0.0, 1.0, 0.0, 1.0)
    left = painted(canvas)
    canvas.pane(41, 5, 30, 20, 0.0, 1.0, 0.0, 1.0)
    assert left == (17, 8, 62, 38)
    assert painted(canvas)[0] == left[2]


@pytest.mark.parametrize(
    "pane",
    [
        (10, 10, 0, 20, 0.0, 1.0, 0.0, 1.0),
        (10, 10, -5, 20, 0.0, 1.0, 0.0, 1.0),
        (10, 10, 20, 20, 1.0, 1.0, 0.0, 1.0),
        (10, 10, 20, 20, 0.0, np.nan, 0.0, 1.0),
        (10, 10, 20, 20, 0.0, 1.0, -np.inf, np.inf),
        (200, 10, 20, 20, 0.0, 1.0, 0.0, 1.0),
        (np.nan, 10, np.nan, 20, 0.0, 1.0, 0.0, 1.0),
    ],
)
def test_a_pane_without_a_size_or_a_range_draws_nothing(pane: tuple[float, ...]) -> None:
    canvas = RasterCanvas(100, 60)
    canvas.pane(*pane)
    canvas.rects(*ALL, *ALL, 0xFFFFFFFF)
    canvas.numbers(np.zeros(1), np.zeros(1), np.ones(1), 0xFFFFFFFF)
    assert (canvas.buffer == 0xFF000000).all()


def test_y_grows_upwards_in_a_pane_and_downwards_in_pixels() -> None:
    canvas = RasterCanvas(40, 40)
    low = np.array([0.0]), np.array([10.0])
    canvas.pane(0, 0, 40, 40, 0.0, 40.0, 0.0, 40.0)
    canvas.rects(*low, *low, 0xFFFFFFFF)
    assert canvas.buffer[39, 0] == 0xFFFFFFFF
    canvas.pixels()
    canvas.rects(*low, *low, 0xFFFF0000)
    assert canvas.buffer[0, 0] == 0xFFFF0000


def test_columns_may_be_read_only_strided_or_fields_of_packed_records() -> None:
    packed = np.zeros(4, np.dtype([("flag", "i1"), ("x", "f8"), ("colour", "u4")]))
    packed["x"], packed["colour"] = [0.0, 10.0, 20.0, 30.0], 0xFFFFFFFF
    packed.flags.writeable = False
    canvas, plain = RasterCanvas(60, 60), RasterCanvas(60, 60)
    whole = np.arange(0.0, 40.0, 5.0)
    canvas.rects(packed["x"], whole[::2] + 4.0, packed["x"], packed["x"] + 4.0, packed["colour"])
    plain.rects(whole[::2].copy(), whole[::2] + 4.0, whole[::2].copy(), whole[::2] + 4.0, 0xFFFFFFFF)
    np.testing.assert_array_equal(canvas.buffer, plain.buffer)
    canvas.rects(np.zeros(0), np.zeros(0), np.zeros(0), np.zeros(0), np.zeros(0, np.uint32))
    np.testing.assert_array_equal(canvas.buffer, plain.buffer)


def test_a_png_holds_the_picture(tmp_path: Path) -> None:
    canvas = RasterCanvas(30, 20, 2.0)
    canvas.clear(0x112233)
    canvas.rects(np.array([3.0]), np.array([9.0]), np.array([2.0]), np.array([5.0]), 0xFFF0C559)
    canvas.png(tmp_path / "picture.png")
    rgb = np.asarray(Image.open(tmp_path / "picture.png")).astype(np.uint32)
    np.testing.assert_array_equal(0xFF000000 | rgb[..., 0] << 16 | rgb[..., 1] << 8 | rgb[..., 2], canvas.buffer)


@pytest.mark.parametrize("implementation", [RasterCanvas, RecordingCanvas])
@pytest.mark.parametrize("primitive", PRIMITIVES)
def test_both_canvases_take_the_arguments_of_the_protocol(implementation: type, primitive: str) -> None:
    wanted = inspect.signature(getattr(Canvas, primitive)).parameters
    assert inspect.signature(getattr(implementation, primitive)).parameters == wanted


def test_both_canvases_are_canvases_to_a_type_checker() -> None:
    canvases: list[Canvas] = [RasterCanvas(1, 1), RecordingCanvas()]
    assert len(canvases) == 2


def test_the_recording_canvas_keeps_what_was_drawn() -> None:
    canvas: Canvas = RecordingCanvas()
    canvas.labels(np.array([1.0]), np.array([2.0]), ["POC"], 0xFFF0C559)
    canvas.rects(np.zeros(3), np.ones(3), np.zeros(3), np.ones(3), 0xFF000000)
    assert isinstance(canvas, RecordingCanvas)
    assert canvas.texts() == ["POC"]
    assert [call.name for call in canvas.calls] == ["labels", "rects"]
    assert len(canvas.of("rects")[0]) == 3
    assert canvas.of("labels")[0]["x"] == [1.0]
    assert canvas.text_width("POC", size_px=10.0) == pytest.approx(18.0)
    canvas.clear()
    assert canvas.calls == []


def test_importing_the_canvas_loads_neither_numba_nor_qt() -> None:
    program = "import flowdeck.canvas, sys; print([m for m in ('numba', 'PySide6', 'pyqtgraph') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_warming_happens_once_and_on_a_thread() -> None:
    assert warm() is warm()
    assert warm().result(timeout=120) is None


def test_a_picture_that_cannot_be_finished_leaves_the_one_before(tmp_path: Path) -> None:
    out = tmp_path / "pictures" / "a.png"
    out.parent.mkdir()
    out.write_bytes(b"before")
    canvas = RasterCanvas(64, 64)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10, limits[1]))
    try:
        with pytest.raises(OSError, match="too large"):
            canvas.png(out)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert out.read_bytes() == b"before"
    assert list(out.parent.iterdir()) == [out]
