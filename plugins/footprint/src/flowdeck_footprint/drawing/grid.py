"""Where bars and rows lie, in px of the pane, on whole device pixels."""

from __future__ import annotations

from dataclasses import dataclass
from math import floor
from typing import Final

import numpy as np
import numpy.typing as npt

from flowdeck.specs import View

__all__ = ["REFERENCE_PITCH", "Bar", "Grid", "bar_of"]

Array = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

REFERENCE_PITCH: Final = 80.0
_HALF_MIN = 29.0  # four characters of 11 px and a little air
_SPINE, _SPINE_MIN, _SPINE_MAX = 11.0, 5.0, 15.0
_NUDGE = 1e-6


@dataclass(frozen=True)
class Bar:
    """Parts of a bar as offsets from its left edge, px.

    Attributes:
        width: Of the whole bar.
        spine: Middle of the spine, which carries the candle.
        body: Width of the candle's body.
        left: Left edge of the cells.
        middle: Right edge of the bid cells; the ask cells begin a seam further.
        right: Right edge of the cells.
    """

    width: float
    spine: float
    body: float
    left: float
    middle: float
    right: float


def bar_of(pitch_px: float, seam_px: float) -> Bar:
    """At the reference pitch of 80: 2 gap, 11 spine, 2 gap, cells of 31 + 1 + 31, 2 gap.

    Gaps and spine scale with the pitch, and give way before four characters no longer fit in a cell.
    """
    width = float(floor(pitch_px + _NUDGE))
    gap = max(1.0, round(2.0 * width / REFERENCE_PITCH))
    spine = min(max(round(_SPINE * width / REFERENCE_PITCH), _SPINE_MIN), _SPINE_MAX)
    if (width - 3 * gap - spine - seam_px) / 2 < _HALF_MIN:
        gap, spine = 1.0, _SPINE_MIN
    left = 2 * gap + spine
    half = float(floor((width - gap - left - seam_px) / 2))
    body = max(3.0, 2 * floor(spine / 4) + 1.0)
    return Bar(width, gap + spine / 2, body, left, left + half, left + 2 * half + seam_px)


class Grid:
    """From bars and rows to px, and from px to the view's units."""

    def __init__(self, view: View, row_height: float) -> None:
        self._view = view
        self.row_height = row_height
        self.seam_px = 1.0
        self.pitch_px = view.pitch_px
        self.row_px = row_height / view.y_per_px

    def lefts(self, opens: Ints) -> Array:
        """Left edges of the bars that open at these times (ns UTC), px."""
        return self.snap((self._view.x_of(opens) - self._view.x0) / self._view.x_per_px)

    def row_edges(self, rows: Ints) -> Array:
        """Lower edges of rows, px downwards; the upper edge of a row is the lower one of the next."""
        return self.snap(self.heights(rows.astype(np.float64) * self.row_height))

    def heights(self, prices: Array) -> Array:
        """Where prices lie, px downwards."""
        return (self._view.y1 - prices) / self._view.y_per_px

    def rows_in_view(self) -> tuple[int, int]:
        """Lowest row in view, and the first one above it."""
        view = self._view
        return floor(view.y0 / self.row_height), floor(view.y1 / self.row_height) + 1

    def x(self, px: Array) -> Array:
        """The view's x of px from the left edge."""
        return self._view.x0 + px * self._view.x_per_px

    def y(self, px: Array) -> Array:
        """The view's y of px from the top edge."""
        return self._view.y1 - px * self._view.y_per_px

    def snap(self, px: Array) -> Array:
        """To whole device pixels."""
        scale = self._view.scale
        return np.floor(px * scale + (0.5 + _NUDGE)) / scale
