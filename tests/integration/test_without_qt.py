"""The engine in an environment of its own that has no Qt at all."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from flowdeck.streams import Batch, EndOfStream, StreamKey, StreamRequest
from flowdeck.testing.captures import CaptureBuilder
from flowdeck.wire.client import Client

ROOT = Path(__file__).parents[2]
MEMBERS = ("flowdeck", "flowdeck-binance", "flowdeck-footprint")


def find_uv() -> str | None:
    """The uv that runs this test, the one of `./run`, or one on the path."""
    own = ROOT / ".cache" / "uv" / "bin" / "uv"
    return os.environ.get("UV") or (str(own) if own.is_file() else shutil.which("uv"))


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Python of a fresh environment with the core and its plugins, without the extra `desktop`."""
    folder = tmp_path_factory.mktemp("bare") / "env"
    if uv := find_uv():
        packages = [word for member in MEMBERS for word in ("--package", member)]
        environment = {**os.environ, "UV_PROJECT_ENVIRONMENT": str(folder)}
        environment.pop("VIRTUAL_ENV", None)
        command = [uv, "sync", "--quiet", "--frozen", "--no-dev", "--python", sys.executable, *packages]
        run(command, environment)
    else:
        run([sys.executable, "-m", "venv", str(folder)], dict(os.environ))
        members = [str(ROOT / "core"), str(ROOT / "plugins" / "binance"), str(ROOT / "plugins" / "footprint")]
        run([str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet", *members], dict(os.environ))
    return folder / "bin" / "python"


def run(command: list[str], environment: dict[str, str]) -> None:
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_there_is_no_qt(bare: Path) -> None:
    for module in ("PySide6", "pyqtgraph", "shiboken6"):
        found = subprocess.run([bare, "-c", f"import {module}"], capture_output=True, text=True, check=False)
        assert f"No module named '{module}'" in found.stderr


async def test_serve_answers_replays_and_derives(bare: Path, processes: Any) -> None:
    builder = CaptureBuilder("usdm")
    for i in range(100):
        builder.trade(f"{100 + i % 5}.0", "0.5").advance(1.0)
    capture = builder.write(processes.folder / "small.gz")
    served = await processes.start("serve", "--port", "0", "--json", python=bare)
    status = await served.status()
    async with Client(status["url"], await served.token(status)) as client:
        plugins = {info["name"]: info["state"] for info in (await client.request("plugin.list"))["plugins"]}
        assert plugins == {"binance": "active", "footprint": "active", "probe": "active"}
        run_id = (await client.request("run.start", capture=str(capture), paused=True))["run"]["id"]
        key = StreamKey.parse(f"bars/binance-usdm/BTCUSDT?timeframe=1m&run={run_id}")
        bars = await client.open(StreamRequest(key))
        await client.request("run.speed", run=run_id, speed="max")
        await client.request("run.play", run=run_id)
        assert await count_trades(bars, 100) == 100
    assert await served.end() == 0


async def count_trades(bars: Any, wanted: int) -> int:
    """Trades in all bars, once there are as many as wanted."""
    trades: dict[int, int] = {}
    async with asyncio.timeout(60):
        async for event in bars:
            assert not isinstance(event, EndOfStream), event
            if isinstance(event, Batch):
                trades.update(zip(event.rows["index"].tolist(), event.rows["trades"].tolist(), strict=True))
            if sum(trades.values()) >= wanted:
                break
    return sum(trades.values())
