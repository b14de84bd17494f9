"""One rule of snapping for everything that is sharp."""

from __future__ import annotations

from math import floor

__all__ = ["HALF", "NUDGE", "snap"]

NUDGE = 1e-6
"""Pixels. Halves are common (the middle of a row of 21 px) and come with the noise of a float: without a nudge equal
rows would snap to different sides."""
HALF = 0.5 + NUDGE


def snap(pixel: float) -> int:
    """The nearest boundary between pixels; from a half on the next one."""
    return floor(pixel + HALF)
