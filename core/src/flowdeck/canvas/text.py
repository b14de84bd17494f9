"""Texts as alphas: an atlas for figures, whole strings for labels. Kept by font, size and lightness of the colour."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, cached_property, lru_cache
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from flowdeck.canvas.arguments import device_px
from flowdeck.canvas.fonts import FontSet, families
from flowdeck.canvas.glyphs import PHASES, Glyph, Typeface
from flowdeck.specs import Font

__all__ = ["FIGURES", "Figures", "Text", "Typesetter", "level_of", "typesetter"]

FIGURES = "0123456789.,\u2212+e\u221e"
"""Glyphs of the atlas in the order of the codes of `kernels.digits`."""

_COMMA = FIGURES.index(",")
_GAMMAS = (1.0, 1.1, 1.2, 1.3)
"""Mixing in sRGB thins light text on dark ground. These make up for it, from dark to light colours."""
_SMALLEST = 4.0
_LARGEST = 400.0
_TEXTS_KEPT = 4096

Alphas = npt.NDArray[np.uint32]


@dataclass(frozen=True)
class Text:
    """A rendered string.

    Attributes:
        alphas: uint32, 0 to 256, shape (rows, columns).
        left: Column of its left edge, from the pen.
        top: Row of its upper edge, from the baseline, downwards.
        width: How far the pen moves, device pixels.
    """

    alphas: Alphas
    left: int
    top: int
    width: float


class Figures:
    """The atlas of figures in one style.

    Attributes:
        alphas: uint32, 0 to 256, shape (levels of lightness, glyphs, rows, columns), a multiple of 8 columns.
    """

    def __init__(self, placed: list[tuple[Glyph, int, int]], rise: int) -> None:
        """From each glyph with its shift and its advance; `rise` is the height of a digit."""
        tops = [glyph.top for glyph, _, _ in placed]
        bottoms = [glyph.top + len(glyph.coverage) for glyph, _, _ in placed]
        self._advances = [advance for _, _, advance in placed]
        self._rise, self._above = rise, -min(tops) - rise
        self._rows = max(bottoms) - min(tops)
        self._plain_rows = max(bottoms[:_COMMA] + bottoms[_COMMA + 1 :]) - min(tops)
        cells = np.zeros((len(placed), self._rows, -(max(self._advances) // -8) * 8), np.uint8)
        for cell, (glyph, shift, advance) in zip(cells, placed, strict=True):
            _stamp(cell[:, :advance], glyph, shift + glyph.left, glyph.top - min(tops))
        self.alphas = np.ascontiguousarray(_alphas()[:, cells])
        self._options: dict[tuple[int, bool, bool], npt.NDArray[np.int64]] = {}

    def options(self, anchor: int, *, signed: bool, grouped: bool) -> npt.NDArray[np.int64]:
        """What `kernels.draw_numbers` is told; anchor 0 left, 1 centre, 2 right. Only commas need every row."""
        key = (anchor, signed, grouped)
        if key not in self._options:
            rows = self._rows if grouped else self._plain_rows
            plan = [anchor, signed, grouped, rows, self._rise, self._above, *self._advances]
            self._options[key] = np.array(plan, np.int64)
        return self._options[key]


class Typesetter:
    """Sets texts in one style."""

    def __init__(self, fonts: FontSet, font: Font, size: float, optical: float, *, bold: bool) -> None:
        """`size` is in device pixels, `optical` in px."""
        self._font = font
        self._face = _typeface(fonts, font, size, optical, fonts.weight(font, bold=bold))
        digits = _typeface(fonts, Font.FIGURES, size, optical, fonts.weight(Font.FIGURES, bold=False))
        self.rise = -digits.glyph("0").top
        """Height of a digit of the figures family: what every text of this size is centred on."""
        self._layouts: dict[str, tuple[list[tuple[Glyph, int]], float]] = {}
        self._texts: dict[tuple[str, int], Text] = {}

    def text(self, text: str, level: int) -> Text:
        """A string, for colours of a lightness."""
        drawn = self._texts.get((text, level))
        if drawn is None:
            if len(self._texts) >= _TEXTS_KEPT:
                self._texts.clear()
            drawn = self._texts[text, level] = self._render(text, level)
        return drawn

    def width(self, text: str) -> float:
        """How far the pen moves, device pixels."""
        return self._layout(text)[1]

    @cached_property
    def figures(self) -> Figures:
        """The atlas of this style, which is one of the figures family."""
        return Figures([self._placed(character) for character in FIGURES], self.rise)

    @cached_property
    def _digit_advance(self) -> int:
        return max(round(self._face.glyph(digit).advance) for digit in "0123456789")

    def _render(self, text: str, level: int) -> Text:
        pieces, width = self._layout(text)
        inked = [(glyph, x) for glyph, x in pieces if glyph.coverage.size]
        if not inked:
            return Text(np.zeros((0, 0), np.uint32), 0, 0, width)
        left = min(x + glyph.left for glyph, x in inked)
        right = max(x + glyph.left + glyph.coverage.shape[1] for glyph, x in inked)
        top = min(glyph.top for glyph, _ in inked)
        bottom = max(glyph.top + len(glyph.coverage) for glyph, _ in inked)
        coverage = np.zeros((bottom - top, right - left), np.uint8)
        for glyph, x in inked:
            _stamp(coverage, glyph, x + glyph.left - left, glyph.top - top)
        return Text(np.ascontiguousarray(_alphas()[level][coverage]), left, top, width)

    def _layout(self, text: str) -> tuple[list[tuple[Glyph, int]], float]:
        """Glyphs with the pixel of their pen, and the width of the whole."""
        if text not in self._layouts:
            if len(self._layouts) >= _TEXTS_KEPT:
                self._layouts.clear()
            plain = self._font is Font.FIGURES
            self._layouts[text] = self._figure_layout(text) if plain else self._word_layout(text)
        return self._layouts[text]

    def _placed(self, character: str) -> tuple[Glyph, int, int]:
        """A glyph, its shift and its advance: digits are as wide as the widest, in its middle."""
        glyph = self._face.glyph(character)
        own = round(glyph.advance)
        if not (character.isascii() and character.isdigit()):
            return glyph, 0, max(own, 1)
        return glyph, (self._digit_advance - own) // 2, self._digit_advance

    def _figure_layout(self, text: str) -> tuple[list[tuple[Glyph, int]], float]:
        """Every advance is whole pixels."""
        pen, pieces = 0, []
        for glyph, shift, advance in map(self._placed, text):
            pieces.append((glyph, pen + shift))
            pen += advance
        return pieces, float(pen)

    def _word_layout(self, text: str) -> tuple[list[tuple[Glyph, int]], float]:
        """True advances, pens on quarters of a pixel."""
        ends = np.cumsum([0.0, *(self._face.glyph(character).advance for character in text)]).tolist()
        steps = [int(pen * PHASES + 0.5) for pen in ends]
        drawn = zip(text, pairwise(steps), strict=True)
        return [(self._face.glyph(c, step % PHASES), step // PHASES) for c, (step, _) in drawn], ends[-1]


def typesetter(fonts: FontSet, font: Font, size_px: float, scale: float, *, bold: bool) -> Typesetter:
    """The typesetter of a style, of any size: FreeType has its limits, and knows 64ths of a pixel."""
    size = round(max(device_px(size_px, scale, _LARGEST), _SMALLEST) * 64.0) / 64.0
    return _typesetter(fonts, font, size, scale, bold)


def level_of(colour: int) -> int:
    """How light a colour is, 0 to 3, as the kernels have it."""
    return (2 * (colour >> 16 & 255) + 5 * (colour >> 8 & 255) + (colour & 255)) >> 9


@lru_cache(maxsize=64)
def _typesetter(fonts: FontSet, font: Font, size: float, scale: float, bold: bool) -> Typesetter:
    return Typesetter(fonts, font, size, size / scale, bold=bold)


@lru_cache(maxsize=64)
def _typeface(fonts: FontSet, font: Font, size: float, optical: float, weight: int) -> Typeface:
    return Typeface(families(fonts, font), size, weight, optical=optical, fitted=font is Font.UI)


@cache
def _alphas() -> Alphas:
    """Coverage 0 to 255 to alpha 0 to 256, a row for each lightness."""
    coverage = np.arange(256) / 255.0
    return np.array([np.rint(256.0 * coverage ** (1.0 / gamma)) for gamma in _GAMMAS]).astype(np.uint32)


def _stamp(target: npt.NDArray[np.uint8], glyph: Glyph, left: int, top: int) -> None:
    """Lay a glyph over a target; what overlaps keeps the greater coverage, what sticks out is cut off."""
    rows, columns = glyph.coverage.shape
    first, last = max(left, 0), min(left + columns, target.shape[1])
    upper, lower = max(top, 0), min(top + rows, target.shape[0])
    if last > first and lower > upper:
        part = target[upper:lower, first:last]
        np.maximum(part, glyph.coverage[upper - top : lower - top, first - left : last - left], out=part)
