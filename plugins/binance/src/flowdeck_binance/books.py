"""When a depth event may be applied: Binance's rules for a local book, spot and USD-M (see docs/captures.md)."""

from __future__ import annotations

from collections import deque
from enum import Enum, auto

from flowdeck_binance.messages import DepthUpdate

__all__ = ["BookSync", "Verdict"]

_HELD_EVENTS = 10_000


class Verdict(Enum):
    """What becomes of a depth event."""

    APPLY = auto()
    HOLD = auto()
    """It waits for a snapshot."""
    OLD = auto()
    """The book holds it already."""
    GAP = auto()
    """Events are missing before it: the book is unknown, and this event waits for a snapshot."""


class BookSync:
    """The ids of one symbol's book; it holds no prices but those of events that wait for a snapshot.

    USD-M events carry the id of the one before (`pu`), spot events do not and have dense ids.
    """

    def __init__(self) -> None:
        self._held: deque[DepthUpdate] = deque(maxlen=_HELD_EVENTS)
        self._id: int | None = None
        self._fresh = False

    @property
    def synced(self) -> bool:
        """Whether the book is known."""
        return self._id is not None

    def event(self, event: DepthUpdate) -> Verdict:
        """Judge the next event; one that waits is held, of too many the oldest are let go."""
        if self._id is None:
            self._held.append(event)
            return Verdict.HOLD
        if self._is_old(event, self._id):
            return Verdict.OLD
        if not self._follows(event, self._id):
            self.lose()
            self._held.append(event)
            return Verdict.GAP
        self._id, self._fresh = event.last, False
        return Verdict.APPLY

    def snapshot(self, last: int) -> list[DepthUpdate] | None:
        """Take a snapshot's id and let go of the held events, which are to be judged again by `event`.

        None when the snapshot is of no use: the book is newer, or events between it and the held ones are missing.
        """
        first = self._held[0] if self._held else None
        if (self._id is not None and last < self._id) or (first is not None and not self._reaches(first, last)):
            return None
        self._id, self._fresh = last, True
        held, self._held = list(self._held), deque()
        return held

    def lose(self) -> None:
        """Forget the book: the connection broke or events are missing."""
        self._id = None
        self._held.clear()

    def _is_old(self, event: DepthUpdate, last: int) -> bool:
        if event.previous is not None and self._fresh:
            return event.last < last
        return event.last <= last

    def _follows(self, event: DepthUpdate, last: int) -> bool:
        if self._fresh:
            return self._reaches(event, last)
        return event.first <= last + 1 if event.previous is None else event.previous == last

    @staticmethod
    def _reaches(event: DepthUpdate, last: int) -> bool:
        """Whether nothing is missing between a snapshot and the first event after it.

        Binance asks for U <= L <= u on USD-M; ids are sparse there, and an L between `pu` and `U` misses nothing.
        """
        return event.first <= last + 1 if event.previous is None else event.previous <= last
