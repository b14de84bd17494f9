"""FreeType glyphs as coverage, by way of Pillow.

Layout is Pillow's basic one: the shaping engine is there only where its library is installed, and then draws the
same string differently. Figures are hinted and advance by whole pixels, so that a digit looks the same in every
column. Words keep their true advances, placed on quarters of a pixel; only their heights are fitted to pixels.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import ImageFont

from flowdeck.canvas.fonts import Family

__all__ = ["PHASES", "Glyph", "Typeface"]

PHASES = 4
"""Positions within a pixel at which a glyph of a word may begin."""

_OVERSAMPLING = 8
_ABSENT = "\U0010ffff"
"""No font has a glyph for it: what it draws is the box for what is missing."""

Coverage = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class Glyph:
    """One drawn character.

    Attributes:
        coverage: uint8, shape (rows, columns).
        left: Column of its left edge, from the pen.
        top: Row of its upper edge, from the baseline, downwards.
        advance: How far the pen moves, device pixels.
    """

    coverage: Coverage
    left: int
    top: int
    advance: float


@dataclass(frozen=True)
class _Fit:
    """How heights of a face are fitted: from `own` to `pixels`, both upwards from the baseline, rising."""

    own: tuple[float, ...]
    pixels: tuple[float, ...]


class Typeface:
    """A family and its fallbacks at one size and weight."""

    def __init__(self, families: tuple[Family, ...], size: float, weight: int, *, optical: float, fitted: bool) -> None:
        """`size` is in device pixels, `optical` in px; `fitted` keeps true advances, else glyphs are hinted."""
        self._scale = _OVERSAMPLING if fitted else 1
        self._faces = [_open(family.file(weight), size * self._scale, weight, optical) for family in families]
        self._fits = [_fit(face, self._scale) for face in self._faces]
        self._missing = [_mask(face, _ABSENT) for face in self._faces]
        self._glyphs: dict[tuple[str, int], Glyph] = {}

    def glyph(self, character: str, phase: int = 0) -> Glyph:
        """A character whose pen stands `phase` quarters of a pixel right of a pixel's edge.

        One that no face has is drawn as the first face's box; control characters are spaces.
        """
        key = (character, phase)
        if key not in self._glyphs:
            self._glyphs[key] = self._draw(character, phase)
        return self._glyphs[key]

    def has(self, character: str) -> bool:
        """Whether any face has the character."""
        return self._find(character) is not None

    def _find(self, character: str) -> int | None:
        for place, face in enumerate(self._faces):
            if character == " " or _mask(face, character) != self._missing[place]:
                return place
        return None

    def _draw(self, character: str, phase: int) -> Glyph:
        shown = " " if unicodedata.category(character)[0] in "CZ" else character
        place = self._find(shown) or 0
        face = self._faces[place]
        coverage, left, top = _coverage(face, shown)
        if self._scale > 1:
            left += phase * self._scale // PHASES
            coverage, left, top = _shrink(coverage, left, top, self._fits[place], self._scale)
        return Glyph(coverage, left, top, face.getlength(shown) / self._scale)


def _open(path: Path, size: float, weight: int, optical: float) -> ImageFont.FreeTypeFont:
    face = ImageFont.truetype(path, size, layout_engine=ImageFont.Layout.BASIC)
    try:
        axes = face.get_variation_axes()
    except OSError:
        return face  # a static font
    wanted = {b"Weight": weight, b"Optical size": optical}
    face.set_variation_by_axes([_on_axis(axis, wanted) for axis in axes])
    return face


def _on_axis(axis: ImageFont.Axis, wanted: Mapping[bytes, float]) -> float:
    default = float(axis["default"] or 0.0)
    value = wanted.get(axis["name"] or b"", default)
    return min(max(value, float(axis["minimum"] or 0.0)), float(axis["maximum"] or 0.0))


def _mask(face: ImageFont.FreeTypeFont, text: str) -> tuple[tuple[int, int], bytes]:
    core, _ = face.getmask2(text, mode="L", anchor="ls")
    return core.size, bytes(core)


def _coverage(face: ImageFont.FreeTypeFont, character: str) -> tuple[Coverage, int, int]:
    """Coverage, left edge from the pen and upper edge from the baseline, in pixels of the face."""
    core, (left, top) = face.getmask2(character, mode="L", anchor="ls")
    width, height = core.size
    return np.frombuffer(bytes(core), np.uint8).reshape(height, width), int(left), int(top)


def _fit(face: ImageFont.FreeTypeFont, scale: int) -> _Fit:
    """Lower-case and capital letters end on whole pixels; what is below the baseline keeps its size."""
    letters = [-face.getbbox(letter, anchor="ls")[1] / scale for letter in "xH"]
    small, capital = max(letters[0], 0.5), max(letters[1], letters[0] + 0.5, 1.0)
    whole = max(round(small), 1)
    tall = max(round(capital), whole + 1)
    return _Fit((-1000.0, 0.0, small, capital, capital + 1000.0), (-1000.0, 0.0, whole, tall, tall + 1000.0))


def _shrink(coverage: Coverage, left: int, top: int, fit: _Fit, scale: int) -> tuple[Coverage, int, int]:
    """Average an oversampled glyph into device pixels, heights fitted."""
    rows, columns = coverage.shape
    if rows == 0 or columns == 0:
        return np.zeros((0, 0), np.uint8), 0, 0
    first, last = left // scale, -((left + columns) // -scale)
    wide = np.zeros((rows, (last - first) * scale))
    wide[:, left - first * scale : left - first * scale + columns] = coverage
    wide = wide.reshape(rows, last - first, scale).mean(axis=2)
    highest = -np.interp(-top / scale, fit.own, fit.pixels)
    lowest = -np.interp(-(top + rows) / scale, fit.own, fit.pixels)
    upper, lower = int(np.floor(highest)), int(np.ceil(lowest))
    edges = -np.interp(-np.arange(upper, lower + 1.0), fit.pixels, fit.own) * scale - top
    return _average_rows(wide, edges), first, upper


def _average_rows(wide: npt.NDArray[np.float64], edges: npt.NDArray[np.float64]) -> Coverage:
    """Mean of the rows between neighbouring edges; beyond the array everything is empty."""
    sums = np.vstack([np.zeros((1, wide.shape[1])), np.cumsum(wide, axis=0)])
    inside = np.clip(edges, 0.0, len(wide))
    whole = np.minimum(inside.astype(np.int64), len(wide) - 1)
    share = (inside - whole)[:, None]
    upto = sums[whole] * (1.0 - share) + sums[whole + 1] * share
    means = np.diff(upto, axis=0) / np.diff(edges)[:, None]
    coverage: Coverage = np.clip(np.rint(means), 0, 255).astype(np.uint8)
    return coverage
