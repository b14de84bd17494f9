"""A naive twin of the raster canvas: every pixel asked by itself, no clipping, no bounding boxes, no kernels."""

from __future__ import annotations

from collections.abc import Sequence
from math import floor, isfinite, isnan, sqrt

import numpy as np
import numpy.typing as npt
import pytest
from PIL import ImageFont

from flowdeck.canvas import RasterCanvas
from flowdeck.canvas.fonts import FontSet, families
from flowdeck.specs import Anchor, Font, Marker

Plane = npt.NDArray[np.float64]


def half_up(value: float) -> int:
    return floor(value + 0.5 + 1e-6)


class NaiveCanvas:
    """What the picture must be, by definition. Drawn in the pane that `canvas` has now."""

    def __init__(self, canvas: RasterCanvas) -> None:
        self.pane: list[float] = canvas._pane.tolist()
        self.scale = canvas.scale
        self.buffer = canvas.buffer.copy()
        height, width = self.buffer.shape
        left, top, right, bottom = self.pane[6:]
        self.y, self.x = np.mgrid[0:height, 0:width] + 0.5
        self.inside = (self.x > left) & (self.x < right) & (self.y > top) & (self.y < bottom)

    def px(self, x: float) -> float:
        return self.pane[2] + (x - self.pane[0]) * self.pane[1]

    def py(self, y: float) -> float:
        return self.pane[5] + (y - self.pane[3]) * self.pane[4]

    def mix(self, where: np.ndarray, colour: int | np.ndarray, alpha: np.ndarray | int) -> None:
        """Per channel (over·a + under·(256 - a) + 128) >> 8, only inside of the pane."""
        where = where & self.inside
        colour = np.broadcast_to(np.asarray(colour, np.int64), where.shape)[where]
        alpha = np.broadcast_to(np.asarray(alpha, np.int64), where.shape)[where]
        under = self.buffer[where].astype(np.int64)
        mixed = np.full(under.shape, 0xFF000000, np.int64)
        for shift in (0, 8, 16):
            over_channel, under_channel = colour >> shift & 255, under >> shift & 255
            mixed |= (over_channel * alpha + under_channel * (256 - alpha) + 128 >> 8) << shift
        self.buffer[where] = mixed.astype(np.uint32)

    def cover(self, share: np.ndarray, colour: int) -> None:
        """A colour at a coverage of 0 to 1."""
        byte = np.floor(np.clip(share, 0.0, 1.0) * 255.0 + 0.5).astype(np.int64)
        own = colour >> 24
        alpha = (byte + (byte >> 7)) * (own + (own >> 7)) // 256
        self.mix(byte > 0, colour, alpha)

    @staticmethod
    def edges(first: float, second: float) -> tuple[float, float]:
        if isnan(first) or isnan(second):
            return 0.0, 0.0
        near, far = (half_up(v) if isfinite(v) else v for v in sorted((first, second)))
        if near == far:
            near = floor((first + second) / 2 + 1e-6)
            far = near + 1
        return near, far

    def box(self, columns: tuple[float, float], rows: tuple[float, float], colour: int) -> None:
        within = (self.x > columns[0]) & (self.x < columns[1]) & (self.y > rows[0]) & (self.y < rows[1])
        self.mix(within, colour, (colour >> 24) + (colour >> 31))

    def rects(
        self, x0: Sequence[float], x1: Sequence[float], y0: Sequence[float], y1: Sequence[float], fill: Sequence[int]
    ) -> None:
        for a, b, c, d, colour in zip(x0, x1, y0, y1, fill, strict=True):
            self.box(self.edges(self.px(a), self.px(b)), self.edges(self.py(c), self.py(d)), int(colour))

    def capsule(self, line: tuple[float, float, float, float], width: float) -> Plane:
        """Coverage of a round-ended stroke: half its width and half a pixel, less the distance to the line."""
        x0, y0, x1, y1 = line
        dx, dy = x1 - x0, y1 - y0
        square = dx * dx + dy * dy
        along = np.clip(((self.x - x0) * dx + (self.y - y0) * dy) / square, 0.0, 1.0) if square else self.x * 0.0
        off_x, off_y = self.x - x0 - along * dx, self.y - y0 - along * dy
        share: Plane = np.clip(width / 2 + 0.5 - np.sqrt(off_x * off_x + off_y * off_y), 0.0, 1.0)
        return share

    def dashes(self, line: tuple[float, float, float, float], dash: float) -> Plane:
        x0, y0, x1, y1 = line
        dx, dy = x1 - x0, y1 - y0
        along = ((self.x - x0) * dx + (self.y - y0) * dy) / sqrt(dx * dx + dy * dy)
        place = along - 2.0 * dash * np.floor(along / (2.0 * dash))
        share: Plane = np.clip(np.maximum(np.minimum(place, dash - place) + 0.5, place - 2.0 * dash + 0.5), 0.0, 1.0)
        return share

    def segment(self, ends: tuple[float, float, float, float], colour: int, width: float, dash: float) -> None:
        x0, y0, x1, y1 = (self.px(ends[0]), self.py(ends[1]), self.px(ends[2]), self.py(ends[3]))
        thick, step = max(half_up(width), 1), max(half_up(dash), 1)
        if abs(x1 - x0) < 1 / 64:
            left = half_up(x0 - thick / 2)
            start, stop = self.edges(y0, y1)
            on = ((np.floor(self.y) - half_up(min(y0, y1))) % (2 * step) < step) | (dash == 0)
            self.striped((left, left + thick), (start, stop), colour, on)
        elif abs(y1 - y0) < 1 / 64:
            top = half_up(y0 - thick / 2)
            start, stop = self.edges(x0, x1)
            on = ((np.floor(self.x) - half_up(min(x0, x1))) % (2 * step) < step) | (dash == 0)
            self.striped((start, stop), (top, top + thick), colour, on)
        else:
            share = self.capsule((x0, y0, x1, y1), max(width, 1.0))
            self.cover(share * self.dashes((x0, y0, x1, y1), dash) if dash else share, colour)

    def striped(self, columns: tuple[float, float], rows: tuple[float, float], colour: int, on: np.ndarray) -> None:
        before, self.inside = self.inside, self.inside & on
        self.box(columns, rows, colour)
        self.inside = before

    def polyline(self, x: Sequence[float], y: Sequence[float], colour: int, width: float) -> None:
        """The greatest coverage of any piece, painted once."""
        share = np.zeros(self.buffer.shape)
        points = [(self.px(a), self.py(b)) for a, b in zip(x, y, strict=True)]
        good = [isfinite(a) and isfinite(b) for a, b in points]
        for i, here in enumerate(good):
            if here:
                before = points[i - 1] if i and good[i - 1] else points[i]
                share = np.maximum(share, self.capsule((*before, *points[i]), max(width, 1.0)))
        self.cover(share, colour)

    def marker(self, x: float, y: float, size: float, colour: int, shape: Marker) -> None:
        dx, dy, radius = self.x - self.px(x), self.y - self.py(y), size / 2
        down = -dy if shape is Marker.TRIANGLE_DOWN else dy
        outside = {
            Marker.CIRCLE: np.sqrt(dx * dx + dy * dy) - radius,
            Marker.SQUARE: np.maximum(abs(dx), abs(dy)) - radius,
            Marker.DIAMOND: (abs(dx) + abs(dy) - radius) * 0.5**0.5,
        }.get(shape, np.maximum(down - radius, (abs(dx) - 0.5 * (down + radius)) * (2.0 / 5.0**0.5)))
        self.cover(0.5 - outside, colour)

    def heat(self, corners: tuple[float, float, float, float], grid: np.ndarray, ramp: np.ndarray) -> None:
        """Each cell is a rectangle with snapped edges, as far as it has any pixel."""
        x0, x1 = self.px(corners[0]), self.px(corners[1])
        y0, y1 = self.py(corners[2]), self.py(corners[3])
        rows, columns = grid.shape
        x_edges = [half_up(x0 + (x1 - x0) * i / columns) for i in range(columns + 1)]
        y_edges = [half_up(y0 + (y1 - y0) * i / rows) for i in range(rows + 1)]
        for row in range(rows):
            for column in range(columns):
                across = sorted(x_edges[column : column + 2])
                down = sorted(y_edges[row : row + 2])
                self.box((across[0], across[1]), (down[0], down[1]), int(ramp[grid[row, column]]))

    def figure(
        self, x: float, y: float, text: str, colour: int, anchor: Anchor, *, size: float = 11.0, bold: bool = False
    ) -> None:
        """A figure glyph by glyph, straight from FreeType, on whole pixels."""
        face = bundled_figures(size * self.scale, 700 if bold else 400)
        rise = -bundled_figures(size * self.scale, 400).getbbox("0", anchor="ls")[1]
        width = sum(round(face.getlength(c)) for c in text)
        pen = half_up(self.px(x) - {Anchor.LEFT: 0.0, Anchor.CENTRE: 0.5, Anchor.RIGHT: 1.0}[anchor] * width)
        baseline = half_up(self.py(y) - rise / 2) + int(rise)
        alphas = np.zeros(self.buffer.shape)
        for character in text:
            core, (left, top) = face.getmask2(character, mode="L", anchor="ls")
            glyph = np.frombuffer(bytes(core), np.uint8).reshape(core.size[1], core.size[0])
            paste(alphas, glyph, pen + int(left), baseline + int(top))
            pen += round(face.getlength(character))
        light = 2 * (colour >> 16 & 255) + 5 * (colour >> 8 & 255) + (colour & 255) >> 9
        own = colour >> 24
        share = np.rint(256.0 * (alphas / 255.0) ** (1.0 / (1.0 + 0.1 * light))).astype(np.int64)
        self.mix(share > 0, colour, share * (own + (own >> 7)) // 256)


def bundled_figures(size: float, weight: int) -> ImageFont.FreeTypeFont:
    face = ImageFont.truetype(
        families(FontSet(), Font.FIGURES)[0].file(weight), size, layout_engine=ImageFont.Layout.BASIC
    )
    face.set_variation_by_axes([weight])
    return face


def paste(target: np.ndarray, glyph: np.ndarray, left: int, top: int) -> None:
    for row, column in np.argwhere(glyph):
        y, x = top + row, left + column
        if 0 <= y < target.shape[0] and 0 <= x < target.shape[1]:
            target[y, x] = max(target[y, x], glyph[row, column])


@pytest.fixture
def canvas() -> RasterCanvas:
    """97 by 61 px over a ground of many colours, in a pane that touches no edge."""
    canvas = RasterCanvas(97, 61)
    height, width = canvas.buffer.shape
    canvas.buffer[:] = np.random.default_rng(1).integers(0, 2**24, (height, width), np.uint32) | np.uint32(0xFF000000)
    canvas.pane(5, 4, 80, 50, -1000.0, 3000.0, 10.0, 20.0)
    return canvas


@pytest.fixture
def naive() -> type[NaiveCanvas]:
    return NaiveCanvas
