"""The raster back end of the canvas: numba kernels compose one RGB32 buffer, without Qt and without a GPU."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

from flowdeck.canvas.arguments import column, columns, decimals_of, device_px, one_or_each, words
from flowdeck.canvas.fonts import FontSet
from flowdeck.canvas.pane import Pane, plot_pane, whole_pane
from flowdeck.canvas.snapping import snap
from flowdeck.canvas.text import level_of, typesetter
from flowdeck.specs import Anchor, Array, Colours, Font, Marker

__all__ = ["RasterCanvas"]

_ANCHORS = {Anchor.LEFT: 0, Anchor.CENTRE: 1, Anchor.RIGHT: 2}
_SHAPES = {shape: place for place, shape in enumerate(Marker)}
_FAR = 1e9


class RasterCanvas:
    """Draws into `buffer`. Implements `flowdeck.specs.Canvas`. One thread at a time.

    Sizes are device-independent px; `scale` is device pixels per px and may be a fraction. Until `pane` is called
    coordinates are those of `pixels`.

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
        shape = (max(snap(height_px * scale), 0), max(snap(width_px * scale), 0))
        self.buffer: npt.NDArray[np.uint32] = np.full(shape, 0xFF000000, np.uint32)
        self._mask: npt.NDArray[np.uint8] | None = None
        self._pane: Pane = whole_pane(scale, self._size)

    def clear(self, colour: int) -> None:
        """Fill the whole buffer with a colour, its alpha ignored."""
        self.buffer.fill((colour | 0xFF000000) & 0xFFFFFFFF)

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
        """Draw into a rectangle of the canvas from now on, and nowhere else; its edges snap to device pixels.

        x0 lies at its left edge, x1 at its right one, y0 at the bottom and y1 at the top. Nothing is drawn where the
        rectangle has no size, a range is empty, or an edge is not finite.
        As a context manager it gives the pane before it back at the end.
        """
        edges = (left_px, top_px, width_px, height_px)
        return self._enter(plot_pane(edges, (x0, x1), (y0, y1), self.scale, self._size))

    def pixels(self) -> AbstractContextManager[None]:
        """Draw into the whole canvas in px from its top left corner, y downwards: axes, tags, legends."""
        return self._enter(whole_pane(self.scale, self._size))

    def png(self, path: Path) -> None:
        """Write the picture, which appears under its name once it is complete.

        Raises:
            OSError: when it cannot be written; a picture that was there before is kept.
        """
        height, width = self.buffer.shape
        image = Image.frombuffer("RGB", (width, height), self.buffer.astype("<u4", copy=False), "raw", "BGRX", 0, 1)
        partial = path.with_name(f".{path.name}.partial")
        try:
            image.save(partial, "PNG")
            partial.replace(path)
        finally:
            partial.unlink(missing_ok=True)

    def rects(self, x0: Array, x1: Array, y0: Array, y1: Array, fill: Colours) -> None:
        """See `Canvas.rects`. Rectangles that share an edge neither overlap nor gap."""
        from flowdeck.canvas import kernels

        a, b, c, d = columns("rects", x0=x0, x1=x1, y0=y0, y1=y1)
        kernels.fill_rects(self.buffer, self._pane, a, b, c, d, words("rects", fill, a.size))

    def segments(
        self, x0: Array, y0: Array, x1: Array, y1: Array, colour: Colours, width: float = 1.0, *, dash_px: float = 0.0
    ) -> None:
        """See `Canvas.segments`. Lines parallel to an axis are snapped and may be endless; others are antialiased."""
        from flowdeck.canvas import kernels

        a, b, c, d = columns("segments", x0=x0, y0=y0, x1=x1, y1=y1)
        shades = words("segments", colour, a.size)
        thick, dash = device_px(width, self.scale), device_px(dash_px, self.scale)
        kernels.draw_segments(self.buffer, self._pane, a, b, c, d, shades, thick, dash)

    def polyline(self, x: Array, y: Array, colour: int, width: float = 1.0) -> None:
        """See `Canvas.polyline`. Joints are round and painted once."""
        from flowdeck.canvas import kernels

        a, b = columns("polyline", x=x, y=y)
        if self._mask is None:
            self._mask = np.zeros(self.buffer.shape, np.uint8)
        thick = device_px(width, self.scale)
        kernels.draw_polyline(self.buffer, self._mask, self._pane, a, b, np.uint32(colour & 0xFFFFFFFF), thick)

    def markers(self, x: Array, y: Array, size_px: Array | float, colour: Colours, shape: Marker) -> None:
        """See `Canvas.markers`."""
        from flowdeck.canvas import kernels

        a, b = columns("markers", x=x, y=y)
        with np.errstate(over="ignore"):
            sizes = one_or_each("markers", "size_px", column(size_px), a.size) * self.scale
        kernels.draw_markers(self.buffer, self._pane, a, b, sizes, words("markers", colour, a.size), _SHAPES[shape])

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
        """See `Canvas.numbers`. Rounded as Python formats; from 9e18 on with an exponent; up to 15 decimals."""
        from flowdeck.canvas import kernels

        a, b, c = columns("numbers", x=x, y=y, values=values)
        atlas = typesetter(self.fonts, Font.FIGURES, size_px, self.scale, bold=bold).figures
        kernels.draw_numbers(
            self.buffer,
            self._pane,
            a,
            b,
            c,
            words("numbers", colour, a.size),
            decimals_of("numbers", decimals, a.size),
            atlas.alphas,
            atlas.options(_ANCHORS[anchor], signed=signed, grouped=grouped),
        )

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
        """See `Canvas.labels`. All fonts of a size share one baseline, that of figures."""
        from flowdeck.canvas import kernels

        a, b = columns("labels", x=x, y=y)
        shades = words("labels", colour, len(texts)).tolist()
        if len(texts) != a.size:
            raise ValueError(f"labels: {len(texts)} texts for {a.size} places")
        setter = typesetter(self.fonts, font, size_px, self.scale, bold=bold)
        for i, (text, across, down) in enumerate(zip(texts, *self._device(a, b), strict=True)):
            if abs(across) < _FAR and abs(down) < _FAR:
                shade = shades[i % len(shades)]
                drawn = setter.text(text, level_of(shade))
                left = snap(across - 0.5 * _ANCHORS[anchor] * drawn.width) + drawn.left
                top = snap(down - 0.5 * setter.rise) + setter.rise + drawn.top
                kernels.draw_mask(self.buffer, self._pane, drawn.alphas, left, top, shade)

    def heat(
        self, x0: float, x1: float, y0: float, y1: float, grid: npt.NDArray[np.uint16], ramp: npt.NDArray[np.uint32]
    ) -> None:
        """See `Canvas.heat`."""
        from flowdeck.canvas import kernels

        if grid.ndim != 2 or grid.dtype != np.uint16 or not grid.flags.aligned:
            raise ValueError(f"heat: grid must be uint16 in two dimensions, not {grid.dtype} in {grid.ndim}")
        if ramp.shape != (65536,):
            raise ValueError(f"heat: ramp must hold 65536 colours, not {ramp.shape}")
        corners = np.array([x0, x1, y0, y1], np.float64)
        kernels.draw_heat(self.buffer, self._pane, corners, grid, words("heat", ramp, ramp.size))

    def text_width(self, text: str, font: Font = Font.UI, size_px: float = 11.0, *, bold: bool = False) -> float:
        """Width of a text in px, as `labels` draws it."""
        return typesetter(self.fonts, font, size_px, self.scale, bold=bold).width(text) / self.scale

    def _device(self, x: Array, y: Array) -> tuple[list[float], list[float]]:
        """Points of the pane in device pixels."""
        x0, x_scale, left, y0, y_scale, top = self._pane[:6].tolist()
        with np.errstate(all="ignore"):
            return (left + (x - x0) * x_scale).tolist(), (top + (y - y0) * y_scale).tolist()

    def _enter(self, entered: Pane) -> AbstractContextManager[None]:
        before, self._pane = self._pane, entered
        return self._leave(before)

    @contextmanager
    def _leave(self, before: Pane) -> Iterator[None]:
        try:
            yield
        finally:
            self._pane = before

    @property
    def _size(self) -> tuple[int, int]:
        """Width and height in device pixels."""
        return self.buffer.shape[1], self.buffer.shape[0]
