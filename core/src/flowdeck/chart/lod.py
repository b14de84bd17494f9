"""Level of detail and row grouping: what bar pitch and row height allow, with hysteresis so that nothing flickers."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from flowdeck.chart.theme import sizes
from flowdeck.specs import Lod

__all__ = ["Detail", "choose_grouping", "groupings", "next_grouping"]

_ROW_PX = {Lod.FULL: 15.0, Lod.DELTA: 13.0, Lod.PROFILE: 4.0, Lod.CANDLE: 4.0, Lod.LINE: 4.0}
"""Lowest row that each level is given when the grouping is chosen for it."""

_FINER_PX = 4.0
_LARGEST = 10**9


class Detail:
    """The level of detail, remembered so that it changes only when a size is clearly on the other side.

    A level is left at once where its figures would no longer fit, and entered again 4 px later. The level of the rows
    is judged afresh when the grouping changes, because their height jumps then.
    """

    def __init__(self) -> None:
        self._pitch: Lod | None = None
        self._row: Lod | None = None
        self._grouping = 0

    def pitch_level(self, pitch_px: float) -> Lod:
        """What the pitch alone allows."""
        self._pitch = _level(pitch_px, sizes().lod_pitch, self._pitch)
        return self._pitch

    def level(self, pitch_px: float, row_px: float, grouping: int) -> Lod:
        """The lower of what pitch and row height allow."""
        known = self._row if grouping == self._grouping else None
        self._row, self._grouping = _level(row_px, sizes().lod_row, known), grouping
        return max(self.pitch_level(pitch_px), self._row)


def _level(size_px: float, thresholds: Sequence[float], known: Lod | None) -> Lod:
    """The finest level whose threshold the size reaches; 4 px beyond it for levels finer than the known one."""
    slack = sizes().lod_hysteresis
    for level, threshold in zip(Lod, thresholds, strict=True):
        finer = known is not None and level < known
        if size_px >= threshold + (slack if finer else 0.0) - 1e-6:
            return level
    return Lod.LINE


@cache
def groupings(largest: int = _LARGEST) -> tuple[int, ...]:
    """1, 2, 5, 10, 20, 50 … up to `largest` ticks per row."""
    powers = (10**exponent for exponent in range(len(str(largest))))
    return tuple(step for power in powers for step in (power, 2 * power, 5 * power) if step <= largest)


def choose_grouping(tick_px: float, pitch_level: Lod, known: int | None = None) -> int:
    """The finest of 1, 2, 5 times a power of ten ticks whose rows are high enough for what the pitch shows.

    Args:
        tick_px: Height of one tick, px.
        pitch_level: The level that the pitch allows.
        known: The grouping in use, kept until a finer one would be clearly high enough.
    """
    wanted_px = _ROW_PX[pitch_level]
    for grouping in groupings():
        slack = _FINER_PX if known is not None and grouping < known else 0.0
        if grouping * tick_px >= wanted_px + slack - 1e-6:
            return grouping
    return _LARGEST


def next_grouping(grouping: int, steps: int) -> int:
    """The grouping some steps up (or down, when negative) the ladder of 1, 2, 5 times a power of ten."""
    ladder = groupings()
    above = sum(step < grouping for step in ladder)
    exact = above < len(ladder) and ladder[above] == grouping
    index = above + steps - (0 if exact or steps <= 0 else 1)
    return ladder[max(0, min(index, len(ladder) - 1))]
