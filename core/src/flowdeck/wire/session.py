"""One client of the server, from its hello to its end."""

from __future__ import annotations

import asyncio
import contextlib

from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed

from flowdeck.errors import FlowdeckError, ProtocolError
from flowdeck.wire import requests as ask
from flowdeck.wire.codec import Codec, Header
from flowdeck.wire.desk import Desk
from flowdeck.wire.eventbox import EventBox
from flowdeck.wire.feed import Feed
from flowdeck.wire.feeds import Feeds
from flowdeck.wire.gate import Gate
from flowdeck.wire.limits import CutError, Limits, RequestRate
from flowdeck.wire.protocol import CloseCode

__all__ = ["Session"]

_TELL_S = 3.0
_TURN_BYTES = 64 << 10
_TURN_MESSAGES = 16
"""What one stream may send before it is others' turn."""
_LONGEST_REASON = 120
"""Bytes of a close frame's reason (RFC 6455, section 5.5: 125 with the code)."""


class Session:
    """Reads requests, answers them, sends streams and events; ends alone, whatever its client does.

    Args:
        connection: The socket.
        codec: How messages are written.
        gate: What the client may ask.
        feeds: Its streams.
        desk: Answers what is not about this client itself.
        limits: What it may take.
    """

    def __init__(
        self, connection: ServerConnection, codec: Codec, gate: Gate, feeds: Feeds, desk: Desk, limits: Limits
    ) -> None:
        self._connection, self._codec, self._limits = connection, codec, limits
        self._gate, self._feeds, self._desk = gate, feeds, desk
        self._rate = RequestRate(limits, asyncio.get_running_loop().time)
        self._slots = asyncio.Semaphore(limits.in_flight)
        self._tasks = asyncio.TaskGroup()
        self.events = EventBox()

    async def run(self) -> None:
        """Serve until the client goes, is cut off, or the server closes."""
        try:
            async with self._tasks:
                await self._send(self._gate.hello())
                self._tasks.create_task(self._gate.hurry(self._limits.auth_s))
                self._tasks.create_task(self._push_events())
                await self._read()
        except* ConnectionClosed:
            pass
        except* CutError as cuts:
            self._feeds.close()
            await self._cut(cuts.exceptions[0])
        finally:
            self._feeds.close()

    async def _read(self) -> None:
        """Handle messages until the connection closes, which raises and so ends the other tasks."""
        while True:
            message = await self._connection.recv()
            self._rate.take()
            try:
                header, payload = self._codec.decode(message)
            except ProtocolError as error:
                raise CutError(CloseCode.PROTOCOL, error.code, str(error)) from error
            if payload:
                said = f"{len(payload)} bytes behind a request: clients send no rows"
                raise CutError(CloseCode.PROTOCOL, ProtocolError.code, said)
            await self._handle(header)

    async def _handle(self, header: Header) -> None:
        number = header.get("id")
        number = number if isinstance(number, int) else None
        try:
            request = ask.parse_request(header)
            self._gate.check(request)
            if isinstance(request, ask.Open):
                await self._open(request)
            elif (own := self._own(request)) is not None:
                await self._reply(number, own)
            else:
                await self._slots.acquire()
                self._tasks.create_task(self._answer(number, request))
        except FlowdeckError as error:
            await self._refuse(number, error)

    async def _open(self, request: ask.Open) -> None:
        feed, announcement = self._feeds.open(request)
        await self._reply(feed.number, announcement)
        self._tasks.create_task(self._pump(feed))

    def _own(self, request: object) -> Header | None:
        """The answer to a request about this client itself; None when it is the desk's."""
        match request:
            case ask.Credit():
                self._feeds.give(request)
            case ask.Cancel():
                self._feeds.cancel(request.stream)
            case ask.Auth():
                return self._gate.authenticate(request)
            case ask.Events():
                self.events.only(request.names)
            case _:
                return None
        return {}

    async def _answer(self, number: int | None, request: object) -> None:
        try:
            await self._reply(number, await self._desk.answer(request))
        except FlowdeckError as error:
            await self._refuse(number, error)
        finally:
            self._slots.release()

    async def _pump(self, feed: Feed) -> None:
        sent = 0
        async for message in feed.messages():
            await self._send_bytes(message)
            sent += len(message) + _TURN_BYTES // _TURN_MESSAGES
            if sent >= _TURN_BYTES:
                sent = 0
                await asyncio.sleep(0)  # sending does not yield while the socket takes it
        self._feeds.cancel(feed.number)

    async def _push_events(self) -> None:
        await self._gate.may_read()
        while True:
            name, data = await self.events.get()
            await self._send({"event": name, "data": data})

    async def _reply(self, number: int | None, fields: Header) -> None:
        if number is not None:
            await self._send({"id": number, "ok": True, **fields})

    async def _refuse(self, number: int | None, error: FlowdeckError) -> None:
        await self._send({"id": number, "error": {"code": error.code, "message": str(error)}})

    async def _send(self, header: Header) -> None:
        await self._send_bytes(self._codec.encode(header))

    async def _send_bytes(self, message: bytes) -> None:
        try:
            async with asyncio.timeout(self._limits.stall_s):
                await self._connection.send(message, text=self._codec.text)
        except TimeoutError:
            reason = f"too slow: no data was taken for {self._limits.stall_s:g} s"
            raise CutError(CloseCode.TRY_LATER, "slow", reason) from None

    async def _cut(self, cut: BaseException) -> None:
        """Tell the client why, and close; the line of one that takes nothing any more is cut in the end."""
        assert isinstance(cut, CutError)
        reason = cut.message.encode()[:_LONGEST_REASON].decode("utf-8", "ignore")
        try:
            async with asyncio.timeout(_TELL_S):
                if cut.code != "slow":
                    with contextlib.suppress(CutError, ConnectionClosed):
                        await self._send({"error": {"code": cut.code, "message": cut.message}})
                await self._connection.close(cut.close, reason)
        except TimeoutError:
            self._connection.transport.abort()
