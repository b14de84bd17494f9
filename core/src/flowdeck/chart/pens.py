"""Small drawing helpers for the chart's own marks: boxes, lines, words and figures, in px with y downwards."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, hypot

import numpy as np
import numpy.typing as npt

from flowdeck.chart.parts import Rect
from flowdeck.chart.theme import sizes
from flowdeck.specs import Anchor, Canvas, Font

__all__ = ["Text", "box", "faded", "lines_across", "lines_down", "outline", "rounded", "text", "texts", "write"]

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
    r = min(radius_px, rect.width / 2, rect.height / 2)
    n, pixel = ceil(r * scale), 1.0 / scale
    whole = n * pixel
    box(canvas, Rect(rect.left, rect.top + whole, rect.width, rect.height - 2 * whole), fill)
    for top in (rect.top, rect.bottom - whole):
        box(canvas, Rect(rect.left + whole, top, rect.width - 2 * whole, whole), fill)
    cover = _corner(n, r * scale)
    row, column = np.nonzero(cover > 0.02)
    alpha = np.rint(cover[row, column] * (fill >> 24)).astype(np.uint32)
    colours = np.tile((alpha << np.uint32(24)) | np.uint32(fill & 0xFFFFFF), 4)
    x = np.concatenate((column, column, n - 1 - column, n - 1 - column)).astype(np.float64) * pixel
    y = np.concatenate((row, n - 1 - row, row, n - 1 - row)).astype(np.float64) * pixel
    quarter = len(row)
    x[: 2 * quarter] += rect.left
    x[2 * quarter :] += rect.right - whole
    upper = np.tile(np.repeat([True, False], quarter), 2)
    y += np.where(upper, rect.top, rect.bottom - whole)
    canvas.rects(x, x + pixel, y, y + pixel, colours)


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
    size = size_px or sizes().small
    widths = [piece.width(canvas, size) for piece in pieces]
    at = x - sum(widths) if right else x
    for piece, width in zip(pieces, widths, strict=True):
        left = at + piece.gap_px
        text(canvas, left, y, piece.text, piece.colour, font=piece.font, size_px=size, bold=piece.bold)
        at += width
    return sum(widths)


def _one(value: float) -> Array:
    return np.array([value])


def _corner(n: int, radius: float) -> Array:
    """How much of each pixel of a top left corner a circle covers, shape (n, n)."""
    return np.array(
        [[min(1.0, max(0.0, radius - hypot(n - x - 0.5, n - y - 0.5) + 0.5)) for x in range(n)] for y in range(n)]
    )
