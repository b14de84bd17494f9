"""Rows that kernels write and readers keep: each is written once, handed out read-only, and never written again."""

from __future__ import annotations

from typing import Final

import numpy as np

from flowdeck.streams import Rows

__all__ = ["Output"]

_SPARE: Final = 4


class Output:
    """A block of rows that fills up and is then replaced.

    Args:
        dtype: Of a row.
        run_rows: The most rows that a kernel asks for before it takes one more run of trades.

    Attributes:
        rows: For the kernel.
        sealed: The same rows, for readers.
    """

    def __init__(self, dtype: np.dtype[np.void], run_rows: int) -> None:
        self._dtype, self._size = dtype, max(4096, _SPARE * run_rows)
        self.renew()

    def renew(self) -> None:
        """Begin a new block; the old one lives on in the batches made of it."""
        self.rows: Rows = np.empty(self._size, self._dtype)
        self.sealed: Rows = self.rows.view()
        self.sealed.setflags(write=False)
