"""What every picture begins with: the colour of the canvas, and the grid's lines of time in the same pass."""

from __future__ import annotations

from typing import Any, cast

from flowdeck.canvas import RasterCanvas
from flowdeck.chart.axes import draw_grid
from flowdeck.chart.parts import Rect
from flowdeck.chart.patches import device
from flowdeck.chart.scene import Scene
from flowdeck.specs import Canvas

__all__ = ["Ground"]


class Ground:
    """Fills the picture.

    A line from top to bottom touches as many cache lines as it has rows: twenty of them took 0.13 ms. Rows that are
    filled with the lines already in them cost nothing. That is right only while nothing lies under the grid, so what
    layers paint on the backdrop is watched, and a picture for which this was guessed wrongly is begun again.
    """

    def __init__(self) -> None:
        self._covered = False

    def lay(self, canvas: RasterCanvas, scene: Scene) -> bool:
        """Fill the whole canvas; whether the plot's lines of time are in."""
        colour = scene.theme["bg.canvas"]
        if scene.times is None or scene.gaps or self._covered:
            canvas.clear(colour)
            return False
        plot, buffer = scene.layout.plot, canvas.buffer
        stop = device(plot, canvas.scale, buffer)[0].stop
        buffer[:1] = colour
        first = Rect(plot.left, plot.top, plot.width, 1.0 / canvas.scale)
        with canvas.pane(first.left, first.top, first.width, first.height, first.left, first.right, first.bottom, 0.0):
            draw_grid(canvas, scene.theme, first, None, scene.times)
        buffer[1:stop] = buffer[0]
        buffer[stop:] = colour
        return True

    def watch(self, canvas: RasterCanvas) -> Watched:
        """The canvas for the backdrop, which notices whether anything is painted on it."""
        return Watched(canvas)

    def learn(self, backdrop: Watched, *, laid: bool) -> bool:
        """Remember whether the backdrop was painted on; whether the picture is right."""
        self._covered = backdrop.used
        return not (laid and backdrop.used)


class Watched:
    """Stands for a canvas, and remembers whether it was used."""

    def __init__(self, canvas: RasterCanvas) -> None:
        self._canvas = canvas
        self.used = False

    def __getattr__(self, name: str) -> Any:
        self.used = True
        return getattr(self._canvas, name)

    def as_canvas(self) -> Canvas:
        """Itself, as layers know it."""
        return cast("Canvas", self)
