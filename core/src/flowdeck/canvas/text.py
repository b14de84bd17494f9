"""Texts as alphas: an atlas for figures, whole strings for labels. Kept by font, size and lightness of the colour."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from flowdeck.canvas.arguments import device_px
from flowdeck.canvas.fonts import FontSet, families
from flowdeck.canvas.glyphs import PHASES, Glyph, Typeface
from flowdeck.specs.drawing import Font

__all__ = ["FIGURES", "Figures", "Style", "Text", "figures", "level_of", "render", "rise"]

FIGURES = "0123456789.,\u2212+e\u221e"
"""Glyphs of the atlas in the order of the codes of `kernels.digits`."""

_COMMA = FIGURES.index(",")
_GAMMAS = (1.0, 1.1, 1.2, 1.3)
"""Mixing in sRGB thins light text on dark ground. These make up for it, from dark to light colours."""
_SMALLEST = 4.0
_LARGEST = 400.0

Alphas = npt.NDArray[np.uint32]


@dataclass(frozen=True)
class Style:
    """How a text is set: fonts and family, size in device pixels and in px, weight."""

    fonts: FontSet
    font: Font
    size: float
    optical: float
    bold: bool

    @classmethod
    def of(cls, fonts: FontSet, font: Font, size_px: float, scale: float, *, bold: bool) -> Style:
        """A style for any size_px: FreeType has its limits, and knows 64ths of a pixel."""
        size = round(max(device_px(size_px, scale, _LARGEST), _SMALLEST) * 64.0) / 64.0
        return cls(fonts, font, size, size / scale, bold)

    def typeface(self) -> Typeface:
        """The faces."""
        return _typeface(self.fonts, self.font, self.size, self.optical, self.fonts.weight(self.font, bold=self.bold))


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


@dataclass(frozen=True, eq=False)
class Figures:
    """The atlas of figures in one style.

    Attributes:
        alphas: uint32, 0 to 256, shape (levels of lightness, glyphs, rows, columns), a multiple of 8 columns.
        rise: Height of a digit, device pixels.
        above: Rows of the atlas above a digit.
        plain_rows: Rows that all glyphs but the comma need.
        advances: Of each glyph, device pixels; all digits have the same.
    """

    alphas: Alphas
    rise: int
    above: int
    plain_rows: int
    advances: tuple[int, ...]

    @lru_cache(maxsize=256)  # noqa: B019  atlases are kept anyhow, and their options are few
    def options(self, anchor: int, *, signed: bool, grouped: bool) -> npt.NDArray[np.int64]:
        """What `kernels.draw_numbers` is told; anchor 0 left, 1 centre, 2 right."""
        rows = self.alphas.shape[2] if grouped else self.plain_rows
        return np.array([anchor, signed, grouped, rows, self.rise, self.above, *self.advances], np.int64)


def level_of(colour: int) -> int:
    """How light a colour is, 0 to 3, as the kernels have it."""
    return (2 * (colour >> 16 & 255) + 5 * (colour >> 8 & 255) + (colour & 255)) >> 9


@lru_cache(maxsize=64)
def figures(style: Style) -> Figures:
    """The atlas of the figures family in a style."""
    placed = [_placed(style, character) for character in FIGURES]
    top = min(glyph.top for glyph, _, _ in placed)
    bottom = max(glyph.top + len(glyph.coverage) for glyph, _, _ in placed)
    advances = tuple(advance for _, _, advance in placed)
    cells = np.zeros((len(placed), bottom - top, -(max(advances) // -8) * 8), np.uint8)
    for cell, (glyph, shift, advance) in zip(cells, placed, strict=True):
        _stamp(cell[:, :advance], glyph, shift + glyph.left, glyph.top - top)
    height = rise(style)
    plain = max(glyph.top + len(glyph.coverage) for glyph, _, _ in placed if glyph is not placed[_COMMA][0]) - top
    return Figures(np.ascontiguousarray(_alphas()[:, cells]), height, -top - height, plain, advances)


@lru_cache(maxsize=4096)
def render(style: Style, text: str, level: int) -> Text:
    """A string in a style, for colours of a lightness."""
    pieces, width = _layout(style, text)
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


@lru_cache(maxsize=256)
def rise(style: Style) -> int:
    """Height of a digit of the figures family at the style's size: what every text is centred on."""
    regular = Style(style.fonts, Font.FIGURES, style.size, style.optical, bold=False)
    return -regular.typeface().glyph("0").top


@cache
def _alphas() -> Alphas:
    """Coverage 0 to 255 to alpha 0 to 256, a row for each lightness."""
    coverage = np.arange(256) / 255.0
    return np.array([np.rint(256.0 * coverage ** (1.0 / gamma)) for gamma in _GAMMAS]).astype(np.uint32)


@lru_cache(maxsize=64)
def _typeface(fonts: FontSet, font: Font, size: float, optical: float, weight: int) -> Typeface:
    return Typeface(families(fonts, font), size, weight, optical=optical, fitted=font is Font.UI)


@lru_cache(maxsize=64)
def _digit_advance(face: Typeface) -> int:
    return max(round(face.glyph(digit).advance) for digit in "0123456789")


def _placed(style: Style, character: str) -> tuple[Glyph, int, int]:
    """A glyph of the figures family, its shift and its advance: digits are as wide as the widest, in its middle."""
    face = style.typeface()
    glyph = face.glyph(character)
    own = round(glyph.advance)
    if not (character.isascii() and character.isdigit()):
        return glyph, 0, max(own, 1)
    advance = _digit_advance(face)
    return glyph, (advance - own) // 2, advance


def _layout(style: Style, text: str) -> tuple[list[tuple[Glyph, int]], float]:
    """Glyphs with the pixel of their pen, and the width of the whole."""
    if style.font is Font.FIGURES:
        placed = [_placed(style, character) for character in text]
        pens = np.concatenate([[0], np.cumsum([advance for _, _, advance in placed], dtype=np.int64)]).tolist()
        return [(glyph, pen + shift) for (glyph, shift, _), pen in zip(placed, pens[:-1], strict=True)], pens[-1]
    face = style.typeface()
    ends = np.cumsum([0.0, *(face.glyph(character).advance for character in text)]).tolist()
    steps = [int(pen * PHASES + 0.5) for pen in ends]
    pieces = [
        (face.glyph(c, step % PHASES), step // PHASES) for c, (step, _) in zip(text, pairwise(steps), strict=True)
    ]
    return pieces, ends[-1]


def _stamp(target: npt.NDArray[np.uint8], glyph: Glyph, left: int, top: int) -> None:
    """Lay a glyph over a target; what overlaps keeps the greater coverage, what sticks out is cut off."""
    rows, columns = glyph.coverage.shape
    first, last = max(left, 0), min(left + columns, target.shape[1])
    upper, lower = max(top, 0), min(top + rows, target.shape[0])
    if last > first and lower > upper:
        part = target[upper:lower, first:last]
        np.maximum(part, glyph.coverage[upper - top : lower - top, first - left : last - left], out=part)
