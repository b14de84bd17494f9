"""Profiles: volume at price, and its point of control. The rules are those of the order-flow definitions, rule 6."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from flowdeck.compiling import helper, kernel, types

__all__ = ["point_of_control", "points_of_control"]

Ints = npt.NDArray[np.int64]

_INTS = types.Array(types.int64, 1, "A", readonly=True)
_OUT = types.Array(types.int64, 1, "C")


@helper
def _point_of_control(rows: Ints, volumes: Ints, first: int, last: int) -> int:
    """Position within [first, last) of the point of control of that part; -1 when it is empty."""
    if last <= first:
        return -1
    middle = rows[first] + rows[last - 1]  # twice the middle, so that it stays whole
    best = first
    low_best = True  # a tie of two rows at the same distance: `best` is the lower one
    tied = -1
    for at in range(first + 1, last):
        if volumes[at] < volumes[best]:
            continue
        distance, best_distance = abs(2 * rows[at] - middle), abs(2 * rows[best] - middle)
        if volumes[at] > volumes[best] or distance < best_distance:
            best, tied = at, -1
        elif distance == best_distance:
            tied = at
    if tied >= 0:
        low_best = _lower_side_holds(rows, volumes, first, last, middle)
    return best if low_best else tied


@helper
def _lower_side_holds(rows: Ints, volumes: Ints, first: int, last: int, middle: int) -> bool:
    """Whether the rows below the middle hold at least as much volume as those above."""
    balance = 0
    for at in range(first, last):
        if 2 * rows[at] < middle:
            balance += volumes[at]
        elif 2 * rows[at] > middle:
            balance -= volumes[at]
    return balance >= 0


@kernel(types.int64(_INTS, _INTS))
def point_of_control(rows: Ints, volumes: Ints) -> int:
    """Position of the row with most volume.

    Of rows with the same volume, the one nearest to the middle between the lowest and the highest row; of two equally
    near, the one on the side of that middle with more volume; then the lower one. Cost: one pass, a second on a tie.

    Args:
        rows: Price rows in growing order, int64, shape (n,).
        volumes: Volume of each, int64, shape (n,).

    Returns:
        A position in `rows`, or -1 for an empty profile.
    """
    return _point_of_control(rows, volumes, 0, min(len(rows), len(volumes)))


@kernel(types.void(_INTS, _INTS, _INTS, _OUT))
def points_of_control(bounds: Ints, rows: Ints, volumes: Ints, out: Ints) -> None:
    """Positions of the points of control of many profiles that stand one behind the other.

    Args:
        bounds: Where each begins, and where the last one ends, int64, shape (profiles + 1,).
        rows: Price rows, growing within each profile, int64, shape (n,).
        volumes: Volume of each, int64, shape (n,).
        out: Filled with positions in `rows`, -1 for an empty profile, int64, shape (profiles,).
    """
    end = min(len(rows), len(volumes))
    for profile in range(min(len(out), len(bounds) - 1)):
        first, last = max(0, bounds[profile]), min(end, bounds[profile + 1])
        out[profile] = _point_of_control(rows, volumes, first, last)
