"""Sizes as grids and colours of `Canvas.heat`: the top 16 bits of a float32 name a size to three digits.

A palette, its norm, cut-offs and opacity then cost one table of 65,536 colours, whatever the grid.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from functools import cache

import numpy as np
import numpy.typing as npt

from flowdeck.specs import Array

__all__ = ["Norm", "quantise", "ramp"]

_COLOURS = 65536
_INFINITE = 0x7F80
_NEGATIVE = 0x8000


class Norm(StrEnum):
    """How sizes spread over a palette."""

    LINEAR = "linear"
    SQRT = "sqrt"
    LOG = "log"


def quantise(sizes: npt.NDArray[np.floating]) -> npt.NDArray[np.uint16]:
    """Sizes as values for a heat grid, shape as given, within 0.8 %; what is not above 0 becomes 0."""
    clean = np.where(sizes > 0, sizes, 0).astype(np.float32)
    grid: npt.NDArray[np.uint16] = (clean.view(np.uint32) >> 16).astype(np.uint16)
    return grid


def ramp(
    stops: Sequence[int], lower: float, upper: float, norm: Norm = Norm.LOG, opacity: float = 1.0
) -> npt.NDArray[np.uint32]:
    """The colour of every value of a quantised grid, shape (65536,), uint32 0xAARRGGBB.

    `stops` are evenly spaced from `lower` to `upper` after the norm; what is larger has the last colour, and what is
    smaller is not drawn.

    Raises:
        ValueError: unless 0 <= lower < upper (0 < lower for a logarithm) and there are two stops.
    """
    if not 0 <= lower < upper or (norm is Norm.LOG and lower == 0) or len(stops) < 2:
        raise ValueError(f"no palette of {len(stops)} colours runs from {lower} to {upper} by {norm}")
    sizes = _sizes()
    low, high = _spread(lower, norm), _spread(upper, norm)
    place = np.clip((_spread(sizes, norm) - low) / (high - low), 0.0, 1.0)
    colours = np.where(sizes >= lower, round(255 * min(max(opacity, 0.0), 1.0)) << 24, 0)
    for shift in (16, 8, 0):
        channel = [stop >> shift & 255 for stop in stops]
        colours |= np.rint(np.interp(place, np.linspace(0, 1, len(stops)), channel)).astype(np.int64) << shift
    table = np.zeros(_COLOURS, np.uint32)
    table[: len(colours)] = colours
    return table


@cache
def _sizes() -> Array:
    """The size that each value of a grid without a sign stands for: the middle of its range."""
    finite = (np.arange(_INFINITE, dtype=np.uint32) << 16 | 0x8000).view(np.float32)
    return np.concatenate([finite, np.full(_NEGATIVE - _INFINITE, finite[-1])]).astype(np.float64)


def _spread(size: npt.ArrayLike, norm: Norm) -> Array:
    array = np.asarray(size, np.float64)
    if norm is Norm.LINEAR:
        return array
    spread: Array = np.sqrt(array) if norm is Norm.SQRT else np.log(np.maximum(array, np.finfo(np.float64).tiny))
    return spread
