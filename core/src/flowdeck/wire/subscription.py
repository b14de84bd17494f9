"""One stream as a client reads it."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any, Self

from flowdeck.instruments import Instrument
from flowdeck.kinds import KindSpec
from flowdeck.streams import Batch, EndOfHistory, EndOfStream, StreamEvent, StreamKey
from flowdeck.wire.codec import Header, rows_of
from flowdeck.wire.protocol import kind_from_dict

__all__ = ["RemoteSubscription"]

Tell = Callable[..., Awaitable[None]]
"""Sends a request that is not answered: name and fields."""


class RemoteSubscription:
    """An open stream: iterate it for the events that `Engine.open` yields.

    What was received and not yet read is bounded by the window of credit: the engine sends no more until the reader
    has taken half of it.

    Attributes:
        key: The canonical key.
        instrument: The instrument; None until a live source has stated it.
        kind: What the rows are, as the engine announced it.
    """

    def __init__(self, number: int, opened: Header, window: int, tell: Tell) -> None:
        self.key = StreamKey.parse(str(opened.get("key")))
        described = opened.get("instrument")
        self.instrument = Instrument.from_dict(described) if described else None
        self.kind: KindSpec = kind_from_dict(opened.get("kind") or {})
        self.number = number
        self._window, self._tell = window, tell
        self._waiting: deque[tuple[StreamEvent, int]] = deque()
        self._arrived = asyncio.Event()
        self._taken = 0
        self._seq = 0
        self._ended = False

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> StreamEvent:
        while not self._waiting:
            if self._ended:
                raise StopAsyncIteration
            self._arrived.clear()
            await self._arrived.wait()
        event, size = self._waiting.popleft()
        await self._give_credit(size)
        return event

    async def cancel(self) -> None:
        """End it; iteration stops without a further event."""
        self._waiting.clear()
        if not self._ended:
            self.stop()
            await self._tell("cancel", stream=self.number)

    def stop(self) -> None:
        """Take no further events; those that arrived are still read."""
        self._ended = True
        self._arrived.set()

    def end(self, detail: str) -> None:
        """The connection is gone."""
        self._put(EndOfStream(self.key, "closed", self._seq, detail), 0)

    def take(self, header: Header, payload: memoryview) -> None:
        """A message of this stream.

        Raises:
            ProtocolError: when rows do not match what was announced.
            KeyError, TypeError, ValueError: when a field is missing or not of its type.
        """
        name, seq = header["event"], int(header["seq"])
        if name == "batch":
            self._put(self._batch(header, payload, seq), len(payload))
        elif name == "history":
            covered = tuple((int(a), int(b)) for a, b in header["covered"])
            self._put(EndOfHistory(self.key, seq, int(header["epoch"]), covered), 0)
        else:
            self._put(EndOfStream(self.key, header["reason"], seq, str(header.get("detail", ""))), 0)

    def _batch(self, header: Header, payload: memoryview, seq: int) -> Batch:
        rows = rows_of(payload, self.kind.dtype, header["n"])
        covered: Any = header.get("covered")
        texts = tuple(map(str, header.get("texts") or ()))
        span = (int(covered[0]), int(covered[1])) if covered else None
        return Batch(self.key, rows, seq, int(header["epoch"]), int(header["recv_ts"]), span, texts)

    def _put(self, event: StreamEvent, size: int) -> None:
        if self._ended:
            return
        self._seq = max(self._seq, event.seq)
        self._waiting.append((event, size))
        if isinstance(event, EndOfStream):
            self._ended = True
        self._arrived.set()

    async def _give_credit(self, size: int) -> None:
        self._taken += size
        if self._taken >= self._window // 2 and not self._ended:
            taken, self._taken = self._taken, 0
            await self._tell("credit", stream=self.number, bytes=taken)
