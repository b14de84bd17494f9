"""Which symbols a feed is to receive, and how a connection tells that it ended."""

from __future__ import annotations

import asyncio

__all__ = ["FeedEnded", "Wanted"]


class FeedEnded(Exception):  # noqa: N818 - every connection ends one day
    """Why a connection ended; one line."""


class Wanted:
    """The symbols that somebody reads now."""

    def __init__(self) -> None:
        self.symbols: frozenset[str] = frozenset()
        self._changed = asyncio.Event()

    def set(self, symbols: frozenset[str]) -> None:
        """Want these from now on."""
        if symbols != self.symbols:
            self.symbols = symbols
            self._changed.set()

    async def changed(self, known: frozenset[str]) -> frozenset[str]:
        """Wait until they differ from those known."""
        while self.symbols == known:
            self._changed.clear()
            await self._changed.wait()
        return self.symbols
