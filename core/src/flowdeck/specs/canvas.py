"""The canvas: arrays to pixels, and the words of its arguments."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import Protocol

import numpy as np
import numpy.typing as npt

__all__ = ["Anchor", "Array", "Canvas", "Colours", "Font", "Marker"]

Array = npt.NDArray[np.float64]
Colours = npt.NDArray[np.uint32] | int
"""0xAARRGGBB, one for all or one each."""


class Anchor(StrEnum):
    """Which point of a text lies at its (x, y); all are centred vertically on the figures."""

    LEFT = "left"
    CENTRE = "centre"
    RIGHT = "right"


class Font(StrEnum):
    """Words are set in the ui family, every number that can change in the figures family."""

    UI = "ui"
    FIGURES = "figures"


class Marker(StrEnum):
    """Shapes of markers."""

    CIRCLE = "circle"
    SQUARE = "square"
    DIAMOND = "diamond"
    TRIANGLE_UP = "triangle_up"
    TRIANGLE_DOWN = "triangle_down"


class Canvas(Protocol):
    """Arrays to pixels. x and y are in the view's units; arrays are of equal length; colours 0xAARRGGBB.

    Coordinates are clipped to the pane; edges snap to device pixels; sizes named `px` are device-independent.
    """

    def rects(self, x0: Array, x1: Array, y0: Array, y1: Array, fill: Colours) -> None:
        """Filled rectangles between two corners, at least one device pixel in either direction."""
        ...

    def segments(
        self, x0: Array, y0: Array, x1: Array, y1: Array, colour: Colours, width: float = 1.0, *, dash_px: float = 0.0
    ) -> None:
        """Straight lines `width` px wide, dashed when `dash_px` is not 0."""
        ...

    def polyline(self, x: Array, y: Array, colour: int, width: float = 1.0) -> None:
        """One connected line; a NaN breaks it."""
        ...

    def markers(self, x: Array, y: Array, size_px: Array | float, colour: Colours, shape: Marker) -> None:
        """Filled shapes, `size_px` from edge to edge."""
        ...

    def numbers(
        self,
        x: Array,
        y: Array,
        values: Array,
        colour: Colours,
        anchor: Anchor = Anchor.RIGHT,
        decimals: npt.NDArray[np.int8] | int = 0,
        *,
        signed: bool = False,
        bold: bool = False,
        size_px: float = 11.0,
        grouped: bool = False,
    ) -> None:
        """Thousands of figures a frame; minus is U+2212, `signed` writes a plus, a NaN draws nothing.

        `grouped` writes a comma between thousands. A value that rounds to zero has no sign.
        """
        ...

    def labels(
        self,
        x: Array,
        y: Array,
        texts: Sequence[str],
        colour: Colours,
        anchor: Anchor = Anchor.LEFT,
        *,
        font: Font = Font.UI,
        size_px: float = 11.0,
        bold: bool = False,
    ) -> None:
        """A few strings."""
        ...

    def heat(
        self, x0: float, x1: float, y0: float, y1: float, grid: npt.NDArray[np.uint16], ramp: npt.NDArray[np.uint32]
    ) -> None:
        """A quantised grid, shape (rows upwards, columns), stretched between two corners without smoothing.

        `ramp` holds a colour for each value of the grid, shape (65536,); alpha 0 leaves what is below.
        """
        ...

    def text_width(self, text: str, font: Font = Font.UI, size_px: float = 11.0, *, bold: bool = False) -> float:
        """Width of a text in px."""
        ...
