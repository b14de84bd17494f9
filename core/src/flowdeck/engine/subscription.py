"""One open request: history, an end mark, then live batches, joined on `seq`."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Self

from flowdeck.engine.bus import EndReason, Stream
from flowdeck.engine.history import Past
from flowdeck.engine.outbox import LIMIT_ROWS, Outbox
from flowdeck.instruments import Instrument
from flowdeck.streams import Batch, EndOfHistory, EndOfStream, StreamEvent, StreamRequest

__all__ = ["HistorySource", "Subscription"]

HistorySource = Callable[[Stream, StreamRequest], Past]
"""Takes the past of a stream up to its `seq` at the moment of the call."""


class Subscription:
    """Iterate it for history, `EndOfHistory`, live batches and perhaps `EndOfStream`.

    What the reader does not take in time waits in a bounded queue; upserts and replacements coalesce there, events
    that do not fit end the subscription with `overrun`. A run at full speed waits for `has_room`.

    Attributes:
        key: The canonical key: parameters at their default left out, root feed resolved.
        request: What was asked for.
    """

    def __init__(
        self,
        stream: Stream,
        request: StreamRequest,
        history: HistorySource,
        instrument: Callable[[], Instrument | None],
        limit_rows: int = LIMIT_ROWS,
    ) -> None:
        self.key, self.request = stream.key, request
        self._stream, self._source, self._instrument = stream, history, instrument
        self._outbox = Outbox(stream.kind, limit_rows)
        self._past: Past | None = None
        self._mark: EndOfHistory | None = None
        self._end: EndOfStream | None = None
        self._over = False
        self._seq = 0
        self._wake = asyncio.Event()
        self.has_room = asyncio.Event()
        self.has_room.set()
        stream.join(self)

    @property
    def instrument(self) -> Instrument | None:
        """The instrument; None until the live source has stated it."""
        return self._instrument()

    @property
    def credit(self) -> int:
        """Rows that it can still queue before its rule of overflow applies."""
        return self._outbox.credit

    @property
    def waiting_rows(self) -> int:
        """Rows that wait for the reader."""
        return self._outbox.rows

    @property
    def stream(self) -> Stream:
        """The stream that it reads."""
        return self._stream

    def cancel(self) -> None:
        """End it now; iteration stops without a further event."""
        self._leave()
        self._over = True

    def begin(self, stream: Stream) -> None:
        """The stream's memory answers: what it holds now is history, what is pushed from now on is live."""
        self._past = self._source(stream, self.request)
        self._mark = EndOfHistory(self.key, stream.seq, stream.epoch)
        self._wake.set()

    def push(self, batch: Batch) -> None:
        """Queue a live batch."""
        if not self.request.live:
            return
        if not self._outbox.put(batch):
            self._finish("overrun", "it was read too slowly; open it again")
        elif self._outbox.credit <= 0:
            self.has_room.clear()
        self._wake.set()

    def end(self, reason: EndReason, detail: str) -> None:
        """The stream is over; what is queued is not delivered, because it may not hold any more."""
        self._finish(reason, detail)

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> StreamEvent:
        while not self._over:
            event = await self._next()
            if event is not None:
                return event
            self._wake.clear()
            if not self._over and self._end is None and self._nothing_to_say():
                await self._wake.wait()
        raise StopAsyncIteration

    def _nothing_to_say(self) -> bool:
        return not self._outbox and self._past is None and self._mark is None

    async def _next(self) -> StreamEvent | None:
        if self._end is not None:
            self._over = True
            return self._end
        if self._past is not None:
            return await self._next_of_past(self._past)
        if self._mark is not None:
            return self._take_mark(self._mark)
        return self._next_live()

    async def _next_of_past(self, past: Past) -> Batch | None:
        batch = await past.next()
        if self._end is not None or self._over:
            return None
        if batch is None and self._mark is not None:
            self._past, self._mark = None, replace(self._mark, covered=past.covered)
        return batch

    def _take_mark(self, mark: EndOfHistory) -> EndOfHistory:
        self._mark, self._seq = None, mark.seq
        if not self.request.live:
            self._finish("done", "")
        return mark

    def _next_live(self) -> Batch | None:
        batch = self._outbox.take()
        if batch is not None:
            self._seq = batch.seq
        if self._outbox.credit > 0:
            self.has_room.set()
        return batch

    def _finish(self, reason: EndReason | str, detail: str) -> None:
        if self._end is None:
            self._end = EndOfStream(self.key, reason, self._seq, detail)  # type: ignore[arg-type]
            self._leave()

    def _leave(self) -> None:
        self._outbox.clear()
        self._stream.detach(self)
        self.has_room.set()
        self._wake.set()
