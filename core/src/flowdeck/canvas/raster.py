"""The raster back end of the canvas: numba kernels compose one RGB32 buffer, without Qt and without a GPU."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import numpy as np
import numpy.typing as npt

from flowdeck.canvas.fonts import FontSet
from flowdeck.specs.drawing import Anchor, Array, Colours, Font, Marker

__all__ = ["RasterCanvas"]


class RasterCanvas:
    """Draws into `buffer`. Implements `flowdeck.specs.Canvas`.

    Sizes are device-independent px; `scale` is device pixels per px and may be a fraction.

    Attributes:
        buffer: The picture, uint32 0xffRRGGBB, shape (height, width) in device pixels, C-contiguous.
        scale: Device pixels per px.
        width_px: Width.
        height_px: Height.
        fonts: The families in use.
    """

    def __init__(self, width_px: float, height_px: float, scale: float = 1.0, fonts: FontSet | None = None) -> None:
        self.scale = scale
        self.width_px = width_px
        self.height_px = height_px
        self.fonts = fonts or FontSet()
        shape = (round(height_px * scale), round(width_px * scale))
        self.buffer: npt.NDArray[np.uint32] = np.full(shape, 0xFF000000, np.uint32)

    def clear(self, colour: int) -> None:
        """Fill the whole buffer."""
        self.buffer.fill(colour | 0xFF000000)

    def pane(
        self,
        left_px: float,
        top_px: float,
        width_px: float,
        height_px: float,
        x0: float,
        x1: float,
        y0: float,
        y1: float,
    ) -> AbstractContextManager[None]:
        """Draw into a rectangle of the canvas from now on, and nowhere else.

        x0 lies at its left edge, x1 at its right one, y0 at the bottom and y1 at the top.
        As a context manager it gives the pane before it back at the end.
        """
        return self._restore()

    def pixels(self) -> AbstractContextManager[None]:
        """Draw into the whole canvas in px from its top left corner, y downwards: axes, tags, legends."""
        return self._restore()

    @contextmanager
    def _restore(self) -> Iterator[None]:
        yield

    def png(self, path: Path) -> None:
        """Write the picture."""

    def rects(self, x0: Array, x1: Array, y0: Array, y1: Array, fill: Colours) -> None:
        """See `Canvas.rects`."""

    def segments(
        self, x0: Array, y0: Array, x1: Array, y1: Array, colour: Colours, width: float = 1.0, *, dash_px: float = 0.0
    ) -> None:
        """See `Canvas.segments`."""

    def polyline(self, x: Array, y: Array, colour: int, width: float = 1.0) -> None:
        """See `Canvas.polyline`."""

    def markers(self, x: Array, y: Array, size_px: Array | float, colour: Colours, shape: Marker) -> None:
        """See `Canvas.markers`."""

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
        """See `Canvas.numbers`."""

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
        """See `Canvas.labels`."""

    def heat(
        self, x0: float, x1: float, y0: float, y1: float, grid: npt.NDArray[np.uint16], ramp: npt.NDArray[np.uint32]
    ) -> None:
        """See `Canvas.heat`."""

    def text_width(self, text: str, font: Font = Font.UI, size_px: float = 11.0, *, bold: bool = False) -> float:
        """Width of a text in px."""
        return len(text) * size_px * 0.6
