"""Replays the USD-M capture headless, ten times over in one process: every stream parsed, bars and footprint derived.

The whole road is measured: gzip, lines, JSON, rows, bus, aggregators, and a reader of each stream that counts what
arrives. The peer, in turns with it, only decompresses and hands each line to the standard library's `json.loads`.
Then `flowdeck snapshot` draws the same capture; the first run warms caches, the median of the others counts.

    python -m benchmarks.replay [--passes 10] [--capture FILE]
"""

from __future__ import annotations

import argparse
import asyncio
import gzip
import json
import os
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path
from statistics import median
from time import perf_counter

import psutil

from flowdeck.cli._offline import offline_engine
from flowdeck.cli._replaying import read_all
from flowdeck.engine import Engine

_DATA = Path(os.environ.get("FLOWDECK_DATA", Path(__file__).parents[1].parent / "shared" / "data"))
_CAPTURE = _DATA / "binance" / "usdm_btcusdt_20240808.gz"
_SNAPSHOTS = 4


async def replay(engine: Engine, capture: Path) -> float:
    """Frames a second of one pass."""
    began = perf_counter()
    info = await engine.runs.start(capture, speed=None, paused=True)
    await read_all(engine, info.id, Counter())
    frames = engine.runs.info(info.id).frames / (perf_counter() - began)
    await engine.runs.stop(info.id)
    return frames


def peer(capture: Path) -> float:
    """Frames a second of `json.loads` alone."""
    began, frames = perf_counter(), 0
    with gzip.open(capture) as lines:
        for line in lines:
            json.loads(line.partition(b" ")[2])
            frames += 1
    return frames / (perf_counter() - began)


async def passes(capture: Path, count: int) -> dict[str, float]:
    """The figures of replaying."""
    process = psutil.Process()
    rates: list[float] = []
    peers: list[float] = []
    resident_mb: list[float] = []
    async with offline_engine() as engine:
        await replay(engine, capture)  # loads the kernels
        for number in range(count):
            rates.append(await replay(engine, capture))
            peers.append(peer(capture))
            resident_mb.append(process.memory_info().rss / 1e6)
            print(f"pass {number + 1:2}  {rates[-1]:9,.0f} frames/s  {resident_mb[-1]:6.0f} MB  json {peers[-1]:9,.0f}")
    print(f"memory from the third pass to the last: {resident_mb[-1] - resident_mb[min(2, count - 1)]:+.1f} MB")
    print(f"times json.loads: {median(rates) / median(peers):.2f}")
    return {"frames_per_s": round(median(rates)), "peak_mb": round(_peak_mb(process))}


def _peak_mb(process: psutil.Process) -> float:
    info = process.memory_info()
    if sys.platform == "win32":
        return float(info.peak_wset / 1e6)
    import resource

    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6


def snapshot(capture: Path) -> float:
    """Wall ms of a warm `flowdeck snapshot`."""
    times = []
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "flowdeck", "snapshot", "--capture", str(capture)]
        for _ in range(_SNAPSHOTS):
            began = perf_counter()
            subprocess.run([*command, "--out", str(Path(folder) / "chart.png")], check=True, stdout=subprocess.DEVNULL)
            times.append((perf_counter() - began) * 1e3)
    print("snapshot", "  ".join(f"{each:.0f} ms" for each in times))
    return round(median(times[1:]))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--passes", type=int, default=10)
    parser.add_argument("--capture", type=Path, default=_CAPTURE)
    arguments = parser.parse_args()
    if not arguments.capture.is_file():
        sys.exit(f"{arguments.capture}: no such capture; set FLOWDECK_DATA, or name one with --capture")
    figures = asyncio.run(passes(arguments.capture, arguments.passes))
    figures["chart_ms"] = snapshot(arguments.capture)
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
