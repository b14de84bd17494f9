"""A picture that is worked out once and drawn as often as the chart asks for it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from flowdeck.specs import Anchor, Canvas, Font

__all__ = ["FIGURE_PX", "Strokes"]

Array = npt.NDArray[np.float64]
Colours = npt.NDArray[np.uint32] | int

FIGURE_PX: Final = 11.0


class Strokes:
    """Calls of a canvas, kept to be repeated."""

    def __init__(self) -> None:
        self._calls: list[tuple[str, tuple[Any, ...], dict[str, Any]]] = []

    def draw(self, canvas: Canvas) -> None:
        """Repeat every call, in order."""
        for name, arguments, options in self._calls:
            getattr(canvas, name)(*arguments, **options)

    def rects(self, x0: Array, x1: Array, y0: Array, y1: Array, fill: Colours) -> None:
        """See `Canvas.rects`."""
        self._keep("rects", x0, x1, y0, y1, fill)

    def segments(self, x0: Array, y0: Array, x1: Array, y1: Array, colour: Colours, width: float) -> None:
        """See `Canvas.segments`."""
        self._keep("segments", x0, y0, x1, y1, colour, width)

    def polyline(self, x: Array, y: Array, colour: int, width: float) -> None:
        """See `Canvas.polyline`."""
        self._keep("polyline", x, y, colour, width)

    def numbers(
        self,
        x: Array,
        y: Array,
        values: Array,
        colour: Colours,
        decimals: npt.NDArray[np.int8],
        *,
        signed: bool = False,
        bold: bool = False,
    ) -> None:
        """See `Canvas.numbers`; right aligned, at the size of cells."""
        self._keep("numbers", x, y, values, colour, Anchor.RIGHT, decimals, signed=signed, bold=bold, size_px=FIGURE_PX)

    def labels(self, x: Array, y: Array, texts: Sequence[str], colour: int, anchor: Anchor) -> None:
        """See `Canvas.labels`; in the figures family, at the size of cells."""
        self._keep("labels", x, y, texts, colour, anchor, font=Font.FIGURES, size_px=FIGURE_PX)

    def _keep(self, name: str, *arguments: Any, **options: Any) -> None:
        if len(arguments[0]):
            self._calls.append((name, arguments, options))
