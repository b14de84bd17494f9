"""Pushed events of one client: the newest of each, so that a client that does not read holds no more than that."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from typing import Any

__all__ = ["EventBox"]

_IDENTITY = ("id", "name", "plugin", "source", "venue", "symbol", "run", "where", "instrument")


class EventBox:
    """Holds at most one event of each name and subject; a newer one takes the place of one that has not gone out."""

    def __init__(self) -> None:
        self._waiting: dict[tuple[object, ...], tuple[str, dict[str, Any]]] = {}
        self._arrived = asyncio.Event()
        self._wanted: frozenset[str] | None = None

    def only(self, names: Collection[str] | None) -> None:
        """Take only events of these names from now on; None takes all."""
        self._wanted = None if names is None else frozenset(names)

    def put(self, name: str, data: dict[str, Any]) -> None:
        """Take an event."""
        if self._wanted is None or name in self._wanted:
            subject = (name, *(_named(data.get(field)) for field in _IDENTITY))
            self._waiting.pop(subject, None)
            self._waiting[subject] = (name, data)
            self._arrived.set()

    async def get(self) -> tuple[str, dict[str, Any]]:
        """Wait for the oldest event."""
        while not self._waiting:
            self._arrived.clear()
            await self._arrived.wait()
        return self._waiting.pop(next(iter(self._waiting)))


def _named(value: object) -> str:
    """What tells a subject from others: a field, or venue and symbol of an instrument."""
    return f"{value.get('venue')}:{value.get('symbol')}" if isinstance(value, dict) else str(value)
