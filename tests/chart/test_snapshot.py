"""`flowdeck snapshot` end to end: captures in, pictures out, and what cannot be drawn is said."""

import asyncio
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from queue import Queue
from threading import Event, Thread

import numpy as np
import pytest
from PIL import Image

from flowdeck.cli._drawing import Drawn, Plan
from flowdeck.cli.main import main
from flowdeck.config import load_config
from flowdeck.engine import Engine
from flowdeck.errors import StreamError
from flowdeck.plugins.info import Registered
from flowdeck.plugins.manager import PluginManager
from flowdeck.specs import LayerSpec
from flowdeck.testing.captures import CaptureBuilder
from flowdeck.wire.server import WireServer

GREEN, RED = (0x2F, 0xC6, 0xA0), (0xF2, 0x63, 0x6F)


def write_capture(path: Path, *, bad_line: bool = False) -> Path:
    """Four minutes of trades up and down again."""
    builder = CaptureBuilder("usdm").exchange_info("0.1", "0.001")
    for n in range(240):
        ticks = 600_000 + 7 * min(n, 240 - n) + (n * 13) % 11
        builder.agg_trade(f"{ticks / 10:.1f}", f"{0.05 + n % 7 / 10:.3f}", 1 if n % 3 else -1).advance(1.0)
        if bad_line and n == 100:
            builder.line("this is not JSON")
    return builder.write(path)


def picture(path: Path) -> np.ndarray:
    return np.asarray(Image.open(path).convert("RGB"))


def coloured(pixels: np.ndarray, colour: tuple[int, int, int]) -> int:
    return int((pixels == np.array(colour, np.uint8)).all(axis=2).sum())


def test_a_capture_becomes_a_picture_with_bars_and_axes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    capture, out = write_capture(tmp_path / "c.gz"), tmp_path / "chart.png"
    words = ["--capture", str(capture), "--out", str(out), "--timeframe", "15s", "--size", "900x500", "--json"]
    assert main(["snapshot", *words]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["instrument"], told["timeframe"], told["damaged_lines"]) == ("binance-usdm:BTCUSDT", "15s", 0)
    assert told["grouping"] > 1
    pixels = picture(out)
    assert pixels.shape == (500, 900, 3)
    assert coloured(pixels, GREEN) > 50, "rising bars"
    assert coloured(pixels, RED) > 50, "falling bars"
    assert len(np.unique(pixels[476:, :700].reshape(-1, 3), axis=0)) > 20, "times on the axis"
    assert len(np.unique(pixels[:470, 840:].reshape(-1, 3), axis=0)) > 20, "prices on the axis"


def test_theme_scale_and_range_are_obeyed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    capture, out = write_capture(tmp_path / "c.gz"), tmp_path / "chart.png"
    words = ["--capture", str(capture), "--out", str(out), "--timeframe", "15s", "--size", "600x400", "--json"]
    words += ["--theme", "light", "--scale", "2", "--from", "22:15:00", "--to", "22:16:00", "--grouping", "50"]
    assert main(["snapshot", *words]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["grouping"] == 50
    assert told["to_ns"] - told["from_ns"] == 60 * 10**9
    pixels = picture(out)
    assert pixels.shape == (800, 1200, 3)
    assert pixels[700, 600].min() > 200


def test_the_size_of_text_is_that_of_the_configuration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With 18 px for 12 the price axis is 102 px wide and the time axis 36 high; the picture is as large as before."""
    capture, out = write_capture(tmp_path / "c.gz"), tmp_path / "chart.png"
    monkeypatch.setenv("FLOWDECK_APPEARANCE__FONT_SIZE_PX", "18")
    assert main(["snapshot", "--capture", str(capture), "--out", str(out), "--size", "900x500"]) == 0
    pixels = picture(out)
    assert pixels.shape == (500, 900, 3)
    edge, ground = pixels[5, 900 - 102], pixels[5, 900 - 95]
    assert (edge != ground).any(), "the hairline beside the price axis"
    assert (pixels[500 - 36, 850] != pixels[500 - 33, 850]).any(), "the hairline over the time axis"


def test_a_layer_of_the_configuration_that_is_not_installed_is_said_and_the_rest_drawn(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    capture, out = write_capture(tmp_path / "c.gz"), tmp_path / "chart.png"
    monkeypatch.setenv("FLOWDECK_CHART__LAYERS", '["heatmap", "footprint"]')
    words = ["--capture", str(capture), "--out", str(out), "--timeframe", "15s", "--size", "900x500"]
    assert main(["snapshot", *words]) == 0
    assert "chart.layers names heatmap, which no active plugin provides" in capsys.readouterr().err
    assert coloured(picture(out), GREEN) > 50, "the footprint is drawn"


def test_a_layer_that_was_asked_for_by_hand_must_be_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    capture = write_capture(tmp_path / "c.gz")
    words = ["--capture", str(capture), "--out", str(tmp_path / "o.png"), "--layers", "heatmap,footprint"]
    assert main(["snapshot", *words]) == 2
    assert "no layer heatmap" in capsys.readouterr().err


def test_a_layer_may_be_called_as_its_project_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[object] = []

    def draw(plan: Plan, *_: object) -> Drawn:
        asked.append(plan.layers)
        raise StreamError("that is all to know")

    monkeypatch.setattr(
        "flowdeck.plugins.manager.PluginManager.layers",
        lambda _: [Registered("day_vwap", LayerSpec("day_vwap", "VWAP", "operator:not_"))],
    )
    monkeypatch.setattr("flowdeck.cli._drawing.draw", draw)
    words = ["--capture", str(write_capture(tmp_path / "c.gz")), "--out", str(tmp_path / "o.png")]
    main(["snapshot", *words, "--layers", "day-vwap"])
    assert asked == [("day_vwap",)]


def test_damaged_lines_are_named_and_the_rest_is_drawn(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    capture, out = write_capture(tmp_path / "c.gz", bad_line=True), tmp_path / "chart.png"
    assert main(["snapshot", "--capture", str(capture), "--out", str(out), "--size", "600x400"]) == 0
    assert "c.gz:" in capsys.readouterr().err
    assert out.is_file()


@pytest.mark.parametrize("content", [b"", b"not gzip at all"])
def test_a_capture_that_is_none_is_one_line_and_no_picture(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: bytes
) -> None:
    capture, out = tmp_path / "c.gz", tmp_path / "chart.png"
    capture.write_bytes(content)
    assert main(["snapshot", "--capture", str(capture), "--out", str(out)]) == 1
    said = capsys.readouterr().err.strip().splitlines()
    assert len(said) == 1
    assert "c.gz" in said[0]
    assert not out.exists()


def test_an_instrument_that_the_capture_does_not_hold_is_told_what_it_does(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    capture = write_capture(tmp_path / "c.gz")
    words = ["--capture", str(capture), "--out", str(tmp_path / "o.png"), "--instrument", "binance-usdm:ETHUSDT"]
    assert main(["snapshot", *words]) == 1
    assert "holds no binance-usdm:ETHUSDT, but binance-usdm:BTCUSDT" in capsys.readouterr().err


def test_no_engine_at_the_address_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["--attach", "ws://127.0.0.1:9", "--out", str(tmp_path / "o.png")]
    assert main(["snapshot", *words]) == 1
    assert "127.0.0.1:9" in capsys.readouterr().err


def test_qt_is_never_imported(tmp_path: Path) -> None:
    capture, out = write_capture(tmp_path / "c.gz"), tmp_path / "chart.png"
    words = ["snapshot", "--capture", str(capture), "--out", str(out), "--size", "400x300"]
    code = (
        "import sys; from flowdeck.cli.main import main; "
        f"code = main({words!r}); "
        "assert not any(name.startswith(('PySide6', 'pyqtgraph')) for name in sys.modules); sys.exit(code)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    assert out.is_file()


def test_the_real_capture_is_drawn(tmp_path: Path, usdm_capture: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "chart.png"
    words = ["--capture", str(usdm_capture), "--out", str(out), "--layers", "footprint", "--timeframe", "15s", "--json"]
    assert main(["snapshot", *words]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["grouping"] == 50
    pixels = picture(out)
    assert pixels.shape == (1080, 1920, 3)
    poc = coloured(pixels, (0xF0, 0xC5, 0x59))
    assert poc > 23 * 100, "every bar has the box of its point of control"


@pytest.fixture
def served(tmp_path: Path) -> Iterator[tuple[str, str]]:
    """An engine in another thread that replayed a capture: its URL and the run."""
    told: Queue[tuple[str, str]] = Queue()
    over = Event()
    thread = Thread(target=lambda: asyncio.run(_serve(write_capture(tmp_path / "c.gz"), told, over)))
    thread.start()
    try:
        yield told.get(timeout=60)
    finally:
        over.set()
        thread.join(60)


async def _serve(capture: Path, told: "Queue[tuple[str, str]]", over: Event) -> None:
    config = load_config(overrides={"engine.port": 0})
    manager = PluginManager(config, "engine")
    manager.load()
    engine = Engine(config, manager)
    await engine.start()
    server = WireServer(engine, manager, config)
    port = await server.start()
    run = await engine.runs.start(capture, speed=None)
    await engine.runs.finished(run.id)
    told.put((f"ws://127.0.0.1:{port}", run.id))
    await asyncio.get_running_loop().run_in_executor(None, over.wait)
    await server.stop()
    await engine.stop()
    manager.close()


def test_a_replay_of_a_running_engine_is_drawn_from_outside(tmp_path: Path, served: tuple[str, str]) -> None:
    out = tmp_path / "chart.png"
    url, run = served
    words = ["--attach", url, "--run", run, "--out", str(out), "--size", "600x400", "--timeframe", "15s"]
    assert main(["snapshot", *words]) == 0
    assert coloured(picture(out), RED) > 50


def test_an_engine_without_data_yet_says_so(
    tmp_path: Path, served: tuple[str, str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "chart.png"
    monkeypatch.setattr("flowdeck.cli._drawing._PATIENCE_S", 0.5)
    assert main(["snapshot", "--attach", served[0], "--out", str(out), "--size", "600x400"]) == 1
    said = [line for line in capsys.readouterr().err.splitlines() if line.startswith("flowdeck: ")]
    assert len(said) == 1  # the engine of this test logs to the same stream
    assert "binance-usdm:BTCUSDT: the engine sent nothing" in said[0]
    assert not out.exists()


def test_an_end_before_the_beginning_is_wrong_usage(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    capture, out = write_capture(tmp_path / "c.gz"), tmp_path / "chart.png"
    words = ["--capture", str(capture), "--out", str(out), "--from", "10:00", "--to", "09:00"]
    assert main(["snapshot", *words]) == 2
    assert "--to: must be later than --from" in capsys.readouterr().err
    assert not out.exists()


def test_a_range_without_data_is_said_and_nothing_of_other_bars_is_shown(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    capture, out = write_capture(tmp_path / "c.gz"), tmp_path / "chart.png"
    words = ["snapshot", "--capture", str(capture), "--out", str(out), "--size", "700x420", "--json"]
    assert main([*words, "--from", "2001-01-01", "--to", "2001-01-01T01:00"]) == 0
    said = capsys.readouterr()
    facts = json.loads(said.out)
    assert facts["empty"] is True
    assert facts["data_from_ns"] < facts["data_to_ns"]
    assert "--from and --to hold no bars; the data span 20" in said.err
    empty = picture(out)
    assert not coloured(empty[:40], GREEN)
    assert not coloured(empty[:40], RED)
    assert main(words) == 0
    said = capsys.readouterr()
    assert json.loads(said.out)["empty"] is False
    assert said.err == ""
