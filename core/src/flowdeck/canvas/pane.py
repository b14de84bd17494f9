"""Where the units of a pane lie in the buffer."""

from __future__ import annotations

from math import isfinite

import numpy as np
import numpy.typing as npt

from flowdeck.canvas.snapping import snap

__all__ = ["Pane", "plot_pane", "whole_pane"]

Pane = npt.NDArray[np.float64]
"""For the kernels: x unit, pixels a unit, pixel there; the same for y; then left, top, right, bottom of the clip.

x lies at pixel [2] + (x - [0])·[1], y at [5] + (y - [3])·[4], downwards.
"""


def plot_pane(
    edges: tuple[float, float, float, float],
    x_range: tuple[float, float],
    y_range: tuple[float, float],
    scale: float,
    size: tuple[int, int],
) -> Pane:
    """A pane whose edges (left, top, width, height; px) snap to device pixels, with `y_range` from bottom to top.

    One of no size, of an empty range or with an edge that is not finite is clipped to nothing.
    """
    left, top = _snap(edges[0] * scale), _snap(edges[1] * scale)
    right, bottom = _snap((edges[0] + edges[2]) * scale), _snap((edges[1] + edges[3]) * scale)
    x_scale = _ratio(right - left, x_range[1] - x_range[0])
    y_scale = _ratio(bottom - top, y_range[0] - y_range[1])
    clip = _clip(left, top, right, bottom, size) if x_scale and y_scale else (0, 0, 0, 0)
    return np.array([x_range[0], x_scale, left, y_range[1], y_scale, top, *clip], np.float64)


def whole_pane(scale: float, size: tuple[int, int]) -> Pane:
    """The whole buffer in px, y downwards."""
    return np.array([0.0, scale, 0.0, 0.0, scale, 0.0, 0.0, 0.0, *size], np.float64)


def _snap(pixel: float) -> float:
    return float(snap(min(max(pixel, -1e9), 1e9))) if isfinite(pixel) else 0.0


def _ratio(pixels: float, units: float) -> float:
    """Pixels a unit; 0 where there is no such thing."""
    ratio = pixels / units if isfinite(units) and units != 0.0 and pixels > 0.0 else 0.0
    return ratio if isfinite(ratio) else 0.0


def _clip(left: float, top: float, right: float, bottom: float, size: tuple[int, int]) -> tuple[float, ...]:
    low_x, low_y = min(max(left, 0.0), size[0]), min(max(top, 0.0), size[1])
    return low_x, low_y, min(max(right, low_x), size[0]), min(max(bottom, low_y), size[1])
