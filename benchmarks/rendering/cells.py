"""The picture that everybody draws: 30 bars of 80 rows, two four-digit figures on a tinted cell each."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

__all__ = ["BARS", "FIGURE_PX", "ROWS", "SIZE_PX", "TEXT", "Cells"]

BARS, ROWS = 30, 80
SIZE_PX = (1920, 1080)
FIGURE_PX = 11.0
TEXT = 0xFFE8ECF2

Column = npt.NDArray[np.float64]


def _figures(seed: int) -> Column:
    return np.random.default_rng(seed).integers(1000, 10000, BARS * ROWS).astype(np.float64)


def _tints() -> npt.NDArray[np.uint32]:
    """Opaque: cells hide what is behind their figures."""
    share = np.random.default_rng(3).uniform(0.1, 0.45, BARS * ROWS)
    side = np.where(np.random.default_rng(4).random(BARS * ROWS) < 0.5, 0x2FC6A0, 0xF2636F)
    channels = [np.rint((side >> shift & 255) * share + 16).astype(np.uint32) << shift for shift in (16, 8, 0)]
    return (0xFF000000 | channels[0] | channels[1] | channels[2]).astype(np.uint32)


@dataclass(frozen=True)
class Cells:
    """2,400 cells: bar and row of each, bid, ask, and the colour of its ground."""

    bar: Column = field(default_factory=lambda: np.repeat(np.arange(BARS, dtype=np.float64), ROWS))
    row: Column = field(default_factory=lambda: np.tile(np.arange(ROWS, dtype=np.float64), BARS))
    bid: Column = field(default_factory=lambda: _figures(1))
    ask: Column = field(default_factory=lambda: _figures(2))
    tint: npt.NDArray[np.uint32] = field(default_factory=_tints)
