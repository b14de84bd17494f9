"""A capture to replay: the real one where there is one, else one that is made up."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np

from flowdeck.testing.captures import CaptureBuilder

__all__ = ["capture_for"]

_REAL = "binance/usdm_btcusdt_20240808.gz"
_TRADES = 100_000


def capture_for(chosen: Path | None, folder: Path) -> Path:
    """The chosen file, else the real one below FLOWDECK_DATA, else one written to the folder."""
    if chosen is not None:
        return chosen
    data = os.environ.get("FLOWDECK_DATA", Path(__file__).parents[2].parent / "shared" / "data")
    real = Path(data) / _REAL
    return real if real.is_file() else _made_up(folder / "made-up.gz")


def _made_up(path: Path) -> Path:
    random = np.random.default_rng(1)
    builder = CaptureBuilder("usdm")
    prices = 600_000 + np.cumsum(random.integers(-3, 4, _TRADES))
    for tick, size in zip(prices.tolist(), random.exponential(0.3, _TRADES).tolist(), strict=True):
        builder.trade(f"{tick // 10}.{tick % 10}", f"{size + 0.001:.3f}", side=1 if size < 0.2 else -1)
    return builder.write(path)
