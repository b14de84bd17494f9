"""How long to wait before trying again: full jitter, so that many clients of one engine do not knock at once."""

from __future__ import annotations

import random
from collections.abc import Callable

__all__ = ["Backoff"]


class Backoff:
    """Waits between nothing and a bound that doubles with every try.

    Args:
        first_s: Bound of the first wait.
        longest_s: Largest bound.
        draw: Draws from [0, 1).
    """

    def __init__(
        self, first_s: float = 0.25, longest_s: float = 15.0, draw: Callable[[], float] = random.random
    ) -> None:
        self._first_s, self._longest_s, self._draw = first_s, longest_s, draw
        self._tries = 0

    def next(self) -> float:
        """Seconds to wait now."""
        bound = min(self._longest_s, self._first_s * 2.0 ** min(self._tries, 32))
        self._tries += 1
        return bound * self._draw()

    def reset(self) -> None:
        """It worked: the next wait is the first again."""
        self._tries = 0
