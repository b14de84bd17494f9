"""Colours of cells: tints by volume, and figures that stay legible on each of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
import numpy.typing as npt

from flowdeck.specs import Theme

__all__ = ["LEVELS", "MIN_CONTRAST", "Side", "contrast", "fade", "levels_of", "mix", "side_of"]

Words = npt.NDArray[np.uint32]

LEVELS: Final = 256
"""Steps of tint from no volume to the largest."""
MIN_CONTRAST: Final = 4.5
"""WCAG 2.1, 1.4.3: the least contrast of text."""

_STRONG_FROM = 0.36
_BLACK, _WHITE = 0xFF000000, 0xFFFFFFFF


@dataclass(frozen=True, eq=False)
class Side:
    """Colours of one side's cells by level of volume, uint32, shape (LEVELS,).

    Attributes:
        fill: The cell.
        ink: Its figure: stronger text on stronger cells.
        zero: Its figure where it rounds to 0.
    """

    fill: Words
    ink: Words
    zero: Words


def levels_of(values: npt.NDArray[np.float64], largest: float) -> npt.NDArray[np.intp]:
    """Level of each value by the curve sqrt(value / largest), 0 to LEVELS - 1, shape as given."""
    share = np.abs(values) / largest if largest > 0.0 else np.zeros_like(values)
    levels: npt.NDArray[np.intp] = np.rint(np.sqrt(np.minimum(share, 1.0)) * (LEVELS - 1)).astype(np.intp)
    return levels


def side_of(theme: Theme, token: str, strength: float) -> Side:
    """Colours of the side whose full colour is `token`, at most `strength` of it in the tint."""
    texts = tuple(theme[f"text.{weight}"] for weight in ("primary", "secondary", "tertiary"))
    return _side(theme["chart.cell_base"], theme[token], texts, strength)


@lru_cache(maxsize=16)
def _side(base: int, full: int, texts: tuple[int, int, int], strength: float) -> Side:
    primary, secondary, tertiary = texts
    shares = np.arange(LEVELS) / (LEVELS - 1)
    fill = [mix(base, full, share * strength) for share in shares]
    ink = [
        _legible(colour, (primary,) if share >= _STRONG_FROM else (secondary, primary))
        for colour, share in zip(fill, shares, strict=True)
    ]
    zero = [_legible(colour, (tertiary, secondary, primary)) for colour in fill]
    return Side(*(np.array(colours, np.uint32) for colours in (fill, ink, zero)))


def _legible(under: int, wanted: Sequence[int]) -> int:
    """The first wanted colour with enough contrast, else black or white."""
    found = next((text for text in wanted if contrast(text, under) >= MIN_CONTRAST), None)
    return max((_BLACK, _WHITE), key=lambda text: contrast(text, under)) if found is None else found


def mix(under: int, over: int, share: float) -> int:
    """The opaque colour with `share` of `over` in it."""
    channels = 0xFF
    for shift in (16, 8, 0):
        low, high = under >> shift & 0xFF, over >> shift & 0xFF
        channels = channels << 8 | round(low + (high - low) * share)
    return channels


def fade(colour: int, opacity: float) -> int:
    """The colour at an opacity."""
    return round(opacity * 255) << 24 | colour & 0xFFFFFF


def contrast(one: int, other: int) -> float:
    """Contrast ratio of two opaque colours, 1 to 21 (WCAG 2.1, relative luminance)."""
    low, high = sorted((_luminance(one), _luminance(other)))
    return (high + 0.05) / (low + 0.05)


def _luminance(colour: int) -> float:
    weights = ((16, 0.2126), (8, 0.7152), (0, 0.0722))
    return sum(weight * _linear((colour >> shift & 0xFF) / 255) for shift, weight in weights)


def _linear(channel: float) -> float:
    return channel / 12.92 if channel <= 0.04045 else float(((channel + 0.055) / 1.055) ** 2.4)
