"""One open stream of one client: engine events into messages, no faster than the client gives credit.

The engine's subscription is the only queue. As long as a client has no credit, nothing is taken from it: there rows of
upsert and replace kinds coalesce by identity, append streams end with `overrun`, and a run at full speed waits.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator

from flowdeck.engine import Subscription
from flowdeck.kinds import KindSpec, Mode
from flowdeck.streams import Batch, EndOfHistory, EndOfStream, Rows
from flowdeck.wire.codec import Codec, Header, Style

__all__ = ["Credit", "Feed"]

_AMPLE = 1 << 62


class Credit:
    """Bytes that a client is ready to take; None is without limit, for scripts that leave it to TCP."""

    def __init__(self, limit: int | None) -> None:
        self._limited = limit is not None
        self._left = limit or 0
        self._room = asyncio.Event()
        self._room.set()

    def give(self, size: int) -> None:
        """The client has taken `size` bytes."""
        self._left += size
        if self._left > 0:
            self._room.set()

    def spend(self, size: int) -> None:
        """`size` bytes go out; the last message may overdraw."""
        self._left -= size
        if self._limited and self._left <= 0:
            self._room.clear()

    async def room(self) -> None:
        """Wait until the client takes more."""
        await self._room.wait()


class Feed:
    """A stream on its way to a client.

    Args:
        number: What the client calls it.
        subscription: The engine's end.
        kind: What its rows are.
        codec: How messages are written.
        style: How JSON rows are wanted.
        credit: Bytes of rows that the client takes before it must give more; None is without limit.
    """

    def __init__(
        self, number: int, subscription: Subscription, kind: KindSpec, codec: Codec, style: Style, credit: int | None
    ) -> None:
        self.number, self.subscription, self.kind = number, subscription, kind
        self.credit = Credit(credit)
        self._codec, self._style = codec, style
        self._in_history, self._cancelled = True, False

    def cancel(self) -> None:
        """End it: no further message."""
        self._cancelled = True
        self.subscription.cancel()
        self.credit.give(_AMPLE)  # it may be waiting for some

    async def messages(self) -> AsyncIterator[bytes]:
        """The stream's messages, until it ends."""
        await self.credit.room()
        async for event in self.subscription:
            if isinstance(event, Batch):
                for message, size in self._parts(event):
                    await self.credit.room()
                    if self._cancelled:
                        return
                    self.credit.spend(size)
                    yield message
            else:
                yield self._mark(event)
            await self.credit.room()

    def _mark(self, event: EndOfHistory | EndOfStream) -> bytes:
        header: Header = {"event": "end", "stream": self.number, "seq": event.seq}
        if isinstance(event, EndOfHistory):
            self._in_history = False
            return self._codec.encode({**header, "event": "history", "epoch": event.epoch, "covered": event.covered})
        return self._codec.encode({**header, "reason": event.reason, "detail": event.detail})

    def _parts(self, batch: Batch) -> Iterator[tuple[bytes, int]]:
        """Live batches stay whole; history is cut, or one message of it would hold up everything else."""
        size = self._codec.chunk_rows(self.kind.dtype.itemsize)
        if not self._in_history or self.kind.mode is Mode.REPLACE or len(batch) <= size:
            yield self._message(batch, batch.rows, batch.covered)
            return
        for first in range(0, len(batch), size):
            rows = batch.rows[first : first + size]
            yield self._message(batch, rows, batch.covered if first + size >= len(batch) else None)

    def _message(self, batch: Batch, rows: Rows, covered: tuple[int, int] | None) -> tuple[bytes, int]:
        header: Header = {
            "event": "batch",
            "stream": self.number,
            "seq": batch.seq,
            "epoch": batch.epoch,
            "recv_ts": batch.recv_ts,
            "covered": covered,
            "n": len(rows),
        }
        if batch.texts:
            header["texts"] = batch.texts
        return self._codec.encode(header, rows, self._style), rows.nbytes
