"""Draws 4,800 figures in 2,400 cells at 1920 by 1080, panned and zoomed every frame, offscreen.

The chart in its real window against two ways of Qt's own, in turns of ten frames; then the real window with an engine
of its own, while a capture is replayed into it as fast as can be, and how long events wait for the GUI thread.

    python -m benchmarks.render [--frames 300] [--samples 10000] [--capture FILE]
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from benchmarks.rendering.capture import capture_for

if TYPE_CHECKING:
    from PySide6.QtWidgets import QApplication

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("QT_LOGGING_RULES", "default.warning=false")  # the platform has no size hints, and says so

Times = npt.NDArray[np.float64]

_TURN = 10


def interleaved(
    moves: Mapping[str, Callable[[int], None]], turn: Callable[[], object], frames: int
) -> dict[str, Times]:
    """Milliseconds of each frame of each way, in turns of a few frames; the first turn of each is left out.

    A single frame would find the caches full of another way's pixels, which nobody's second frame does.
    """
    times: dict[str, list[float]] = {name: [] for name in moves}
    for first in range(0, frames, _TURN):
        for name, move in moves.items():
            for step in range(first, first + _TURN):
                start = perf_counter()
                move(step)
                turn()
                times[name].append((perf_counter() - start) * 1e3)
                turn()  # what a view box does a second time is not counted against anybody
    return {name: np.array(taken[_TURN:]) for name, taken in times.items()}


def draw(application: QApplication, frames: int) -> dict[str, float]:
    """The figures of drawing."""
    from benchmarks.rendering.peers import Peer, PicturePerCandle, TextPerCell
    from benchmarks.rendering.window import ChartWindow

    from flowdeck.config import load_config

    window = ChartWindow(application, load_config())
    window.settle(application)
    text, picture = Peer(TextPerCell()), Peer(PicturePerCandle())
    moves = {"window": window.move, "drawText": text.move, "QPicture": picture.move}
    times = interleaved(moves, application.processEvents, frames)
    for shown in (window, text, picture):
        shown.close()
    medians = {name: float(np.median(taken)) for name, taken in times.items()}
    for name, taken in times.items():
        print(f"{name:9} median {medians[name]:6.2f} ms  p99 {np.percentile(taken, 99):6.2f} ms")
    return {
        "median_ms": round(medians["window"], 2),
        "p99_ms": round(float(np.percentile(times["window"], 99)), 2),
        "vs_drawtext": round(medians["drawText"] / medians["window"], 1),
        "vs_qpicture": round(medians["QPicture"] / medians["window"], 1),
    }


def wait(application: QApplication, capture: Path, samples: int) -> dict[str, float]:
    """How long events wait for the GUI thread during a replay."""
    from benchmarks.rendering.waits import waits_of_replay

    from flowdeck.config import load_config

    waits = waits_of_replay(application, load_config(), capture, samples)
    middle, high = np.percentile(waits, [50.0, 99.9])
    print(f"{capture.name} at speed max: {len(waits)} events wait {middle:.2f} ms, p99.9 {high:.1f} ms")
    return {"gui_wait_p999_ms": round(float(high), 1)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--frames", type=int, default=300, help="frames of each way")
    parser.add_argument("--samples", type=int, default=10_000, help="events sent to the GUI thread")
    parser.add_argument("--capture", type=Path, help="what to replay")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        os.environ["FLOWDECK_CONFIG"], os.environ["FLOWDECK_DATA_DIR"] = str(folder / "c.toml"), str(folder / "data")
        from PySide6.QtWidgets import QApplication

        application = QApplication([])
        figures = draw(application, options.frames)
        figures |= wait(application, capture_for(options.capture, folder), options.samples)
        print(json.dumps(figures))


if __name__ == "__main__":
    main()
