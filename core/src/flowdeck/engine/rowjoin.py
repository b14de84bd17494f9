"""Joining rows at the cost of copying them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from flowdeck.streams import Rows

__all__ = ["joined"]


def joined(parts: Sequence[Rows]) -> Rows:
    """Rows of one dtype end to end.

    `np.concatenate` works out the common dtype of every pair, field by field: 40 µs an array for trades.
    """
    dtype = parts[0].dtype
    opaque = np.dtype((np.void, dtype.itemsize))
    rows: Rows = np.concatenate([part.view(opaque) for part in parts]).view(dtype)
    return rows
