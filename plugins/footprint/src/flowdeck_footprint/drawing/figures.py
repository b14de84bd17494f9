"""Figures of three significant characters: `0.4`, `12.4`, `140`; beyond that in thousands, millions, billions."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from flowdeck_footprint.settings import FigureUnit

__all__ = ["CHARACTER_PX", "ONE_DECIMAL_BELOW", "SUFFIXES", "ZERO_BELOW", "Scale", "decimals_of", "scale_of"]

Array = npt.NDArray[np.float64]

CHARACTER_PX: Final = 6.6
"""Advance of a figure of 11 px in the figures family."""
ZERO_BELOW: Final = 0.05
"""A value below this rounds to 0.0 and is written `0`."""
ONE_DECIMAL_BELOW: Final = 99.95
"""From here on a decimal would be a fourth character."""

SUFFIXES: Final = ("", "k", "M", "B", "T")
"""Letters of the powers of a thousand."""

_ROUNDS_TO_THOUSAND = 999.5


class Scale(NamedTuple):
    """What figures are divided by, and the letter that says so."""

    divisor: float
    suffix: str
    plain: bool = False
    """Whether figures are written in full, without decimals."""


def scale_of(largest: float, unit: FigureUnit, characters: int) -> Scale:
    """One scale for all figures of a picture, so that they compare at a glance.

    Args:
        largest: The largest figure, in the unit's own size.
        unit: What figures count. Quote values are written in full where they fit.
        characters: How many fit in a cell.
    """
    if unit is FigureUnit.QUOTE and largest < 10.0 ** min(characters, 15) - 0.5:
        return Scale(1.0, "", plain=True)
    power = 1 if unit is FigureUnit.NOTIONAL else 0
    while power < len(SUFFIXES) - 1 and largest / 1000.0**power >= _ROUNDS_TO_THOUSAND:
        power += 1
    return Scale(1000.0**power, SUFFIXES[power])


def decimals_of(values: Array, *, plain: bool = False) -> npt.NDArray[np.int8]:
    """Decimals that leave three significant characters, int8, shape as given."""
    if plain:
        return np.zeros(values.shape, np.int8)
    size = np.abs(values)
    return ((size >= ZERO_BELOW) & (size < ONE_DECIMAL_BELOW)).astype(np.int8)
