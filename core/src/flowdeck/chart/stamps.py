"""Opaque parts of the picture that are the same in frame after frame: painted once, then copied."""

from __future__ import annotations

from collections.abc import Callable, Hashable

import numpy as np
import numpy.typing as npt

from flowdeck.canvas import RasterCanvas
from flowdeck.chart.parts import Rect
from flowdeck.chart.patches import device
from flowdeck.chart.pens import box

__all__ = ["Stamps"]


class Stamps:
    """Copies of what was painted, by name. Copying a legend takes 5 µs, painting it 120."""

    def __init__(self) -> None:
        self._kept: dict[str, tuple[Hashable, npt.NDArray[np.uint32]]] = {}

    def paint(
        self, canvas: RasterCanvas, name: str, key: Hashable, rect: Rect, ground: int, draw: Callable[[], None]
    ) -> None:
        """Fill `rect` with `ground` and draw on it, or copy what was drawn there for the same `key`.

        Args:
            canvas: Where to paint, in px of the whole.
            name: What is painted; the last of each name is kept.
            key: Everything that the painting depends on, its place excepted by a pixel at most.
            rect: Where; `draw` must not paint elsewhere.
            ground: Colour behind it, opaque.
            draw: Paints.
        """
        rows, columns = device(rect, canvas.scale, canvas.buffer)
        kept = self._kept.get(name)
        area = canvas.buffer[rows, columns]
        if kept is not None and kept[0] == key and kept[1].shape == area.shape:
            np.copyto(area, kept[1])
            return
        box(canvas, rect, ground)
        draw()
        self._kept[name] = key, area.copy()
