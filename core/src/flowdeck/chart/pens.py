"""Small drawing helpers for the chart's own marks: boxes, lines, words and figures, in px with y downwards."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from math import ceil, hypot

import numpy as np
import numpy.typing as npt

from flowdeck.chart.parts import Rect
from flowdeck.chart.theme import sizes
from flowdeck.specs import Anchor, Canvas, Font

__all__ = ["Line", "Text", "box", "faded", "lines_across", "lines_down", "outline", "rounded", "text", "texts", "write"]

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Text:
    """A piece of a line of text.

    Attributes:
        text: What it says.
        colour: 0xAARRGGBB.
        font: Words or figures.
        bold: Weight.
        gap_px: Room before it.
    """

    text: str
    colour: int
    font: Font = Font.UI
    bold: bool = False
    gap_px: float = 0.0

    def width(self, canvas: Canvas, size_px: float) -> float:
        """Width with the room before it, px."""
        return self.gap_px + canvas.text_width(self.text, self.font, size_px, bold=self.bold)


def faded(colour: int, share: float) -> int:
    """The colour with its opacity multiplied."""
    return round((colour >> 24) * share) << 24 | colour & 0xFFFFFF


def box(canvas: Canvas, rect: Rect, fill: int) -> None:
    """One filled rectangle."""
    canvas.rects(_one(rect.left), _one(rect.right), _one(rect.top), _one(rect.bottom), fill)


def lines_down(canvas: Canvas, x: Array | Sequence[float], rect: Rect, colour: npt.NDArray[np.uint32] | int) -> None:
    """Hairlines from top to bottom of an area, each 1 px wide around its x."""
    left = np.asarray(x, np.float64) - 0.5
    canvas.rects(left, left + 1.0, np.full(len(left), rect.top), np.full(len(left), rect.bottom), colour)


def lines_across(canvas: Canvas, y: Array | Sequence[float], rect: Rect, colour: npt.NDArray[np.uint32] | int) -> None:
    """Hairlines from left to right of an area, each 1 px high around its y."""
    top = np.asarray(y, np.float64) - 0.5
    canvas.rects(np.full(len(top), rect.left), np.full(len(top), rect.right), top, top + 1.0, colour)


def outline(canvas: Canvas, rect: Rect, colour: int, width_px: float = 1.0) -> None:
    """A frame just inside a rectangle."""
    a, b, c, d, w = rect.left, rect.right, rect.top, rect.bottom, width_px
    canvas.rects(
        np.array([a, a, a, b - w]),
        np.array([b, b, a + w, b]),
        np.array([c, d - w, c + w, c + w]),
        np.array([c + w, d, d - w, d - w]),
        colour,
    )


def rounded(canvas: Canvas, rect: Rect, radius_px: float, fill: int, scale: float = 1.0) -> None:
    """A filled rectangle with round, smooth corners."""
    n = max(0, ceil(min(radius_px, rect.width / 2, rect.height / 2) * scale))
    whole, pixel = n / scale, 1.0 / scale
    x, y, at_right, at_bottom, cover = _corners(n)
    left = rect.left + x * pixel + at_right * (rect.width - whole)
    top = rect.top + y * pixel + at_bottom * (rect.height - whole)
    body_left = (rect.left, rect.left + whole, rect.left + whole)
    body_right = (rect.right, rect.right - whole, rect.right - whole)
    body_top = (rect.top + whole, rect.top, rect.bottom - whole)
    body_bottom = (rect.bottom - whole, rect.top + whole, rect.bottom)
    alpha = np.concatenate((np.full(3, fill >> 24), np.rint(cover * (fill >> 24)))).astype(np.uint32)
    canvas.rects(
        np.concatenate((body_left, left)),
        np.concatenate((body_right, left + pixel)),
        np.concatenate((body_top, top)),
        np.concatenate((body_bottom, top + pixel)),
        (alpha << np.uint32(24)) | np.uint32(fill & 0xFFFFFF),
    )


def text(
    canvas: Canvas,
    x: float,
    y: float,
    words: str,
    colour: int,
    anchor: Anchor = Anchor.LEFT,
    *,
    font: Font = Font.UI,
    size_px: float | None = None,
    bold: bool = False,
) -> None:
    """One string, centred vertically at `y`."""
    size = size_px or sizes().small
    canvas.labels(_one(x), _one(y), [words], colour, anchor, font=font, size_px=size, bold=bold)


def texts(
    canvas: Canvas,
    x: Array,
    y: Array,
    words: Sequence[str],
    colour: int,
    anchor: Anchor,
    *,
    font: Font = Font.FIGURES,
    bold: bool = False,
) -> None:
    """Strings of one look."""
    if len(words):
        canvas.labels(x, y, words, colour, anchor, font=font, size_px=sizes().small, bold=bold)


def write(
    canvas: Canvas, x: float, y: float, pieces: Sequence[Text], *, size_px: float | None = None, right: bool = False
) -> float:
    """Pieces of text one after the other from `x` on, or with `right` up to it; the width written, px."""
    line = Line(canvas, size_px or sizes().small)
    width = line.add(x, y, pieces, right=right)
    line.draw()
    return width


class Line:
    """Pieces of text collected, then drawn in as few calls as their looks allow: a call costs more than a word.

    Args:
        canvas: Where to draw.
        size_px: Size of the text.
    """

    def __init__(self, canvas: Canvas, size_px: float) -> None:
        self._canvas = canvas
        self._size_px = size_px
        self._looks: dict[tuple[Font, bool], list[tuple[float, float, str, int]]] = {}

    def add(self, x: float, y: float, pieces: Sequence[Text], *, right: bool = False) -> float:
        """Lay out pieces from `x` on, or with `right` up to it; their width, px."""
        widths = [piece.width(self._canvas, self._size_px) for piece in pieces]
        at = x - sum(widths) if right else x
        for piece, width in zip(pieces, widths, strict=True):
            look = self._looks.setdefault((piece.font, piece.bold), [])
            look.append((at + piece.gap_px, y, piece.text, piece.colour))
            at += width
        return sum(widths)

    def draw(self) -> None:
        """Draw what was collected."""
        for (font, bold), placed in self._looks.items():
            x, y, words, colours = zip(*placed, strict=True)
            ink = np.array(colours, np.uint32)
            left, middle = np.array(x, np.float64), np.array(y, np.float64)
            self._canvas.labels(left, middle, words, ink, Anchor.LEFT, font=font, size_px=self._size_px, bold=bold)


def _one(value: float) -> Array:
    return np.array([value])


@cache
def _corners(n: int) -> tuple[Array, Array, Array, Array, Array]:
    """The pixels that four round corners of `n` pixels cover, at least a little.

    Places from the top left, whether on the right and on the bottom side (0 or 1), and shares covered.
    """
    share = np.array(
        [[min(1.0, max(0.0, n - hypot(n - x - 0.5, n - y - 0.5) + 0.5)) for x in range(n)] for y in range(n)]
    ).reshape(n, n)
    row, column = np.nonzero(share > 0.02)
    side, level = np.repeat((0.0, 1.0, 0.0, 1.0), len(row)), np.repeat((0.0, 0.0, 1.0, 1.0), len(row))
    x, y = np.tile(column.astype(np.float64), 4), np.tile(row.astype(np.float64), 4)
    x, y = np.where(side > 0, n - 1 - x, x), np.where(level > 0, n - 1 - y, y)
    return x, y, side, level, np.tile(share[row, column], 4)
