"""The client: streams and requests of an engine in another process."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self

from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed

from flowdeck.errors import EngineError, FlowdeckError, ProtocolError
from flowdeck.streams import StreamRequest
from flowdeck.wire.access import proof_of
from flowdeck.wire.codec import BinaryCodec, Header
from flowdeck.wire.dial import AbsentError, ForeignError, RefusedError, dial, probe
from flowdeck.wire.protocol import CloseCode
from flowdeck.wire.remote_errors import remote_error
from flowdeck.wire.subscription import RemoteSubscription

__all__ = ["AbsentError", "Client", "ForeignError", "RefusedError", "RemoteSubscription", "probe"]

EventCallback = Callable[[str, dict[str, Any]], None]


class Client:
    """One connection to an engine, on one asyncio loop.

    Args:
        url: `ws://host:port`, or `wss://` where the engine has TLS.
        token: The token of the engine's data folder; without it only reading is allowed, on loopback.
        timeout_s: How long the engine may take to answer the connection.
        window: Bytes of rows that a stream may have on the way before the reader takes some.

    Attributes:
        hello: What the engine said of itself: flowdeck, protocol, api, pid, data, role, instance.
        may_control: Whether the token was accepted.
        closed_reason: Why the connection ended; empty while it is open.
    """

    def __init__(self, url: str, token: str | None = None, *, timeout_s: float = 5.0, window: int = 4 << 20) -> None:
        self.url, self._token = url, token
        self._timeout_s, self._window = timeout_s, window
        self.hello: dict[str, Any] = {}
        self.may_control = False
        self.closed_reason = ""
        self._codec = BinaryCodec()
        self._numbers = itertools.count(1)
        self._replies: dict[int, asyncio.Future[Header]] = {}
        self._streams: dict[int, RemoteSubscription] = {}
        self._fresh: dict[int, RemoteSubscription] = {}
        """Opened, and not yet handed out."""
        self._abandoned: set[asyncio.Task[None]] = set()
        self._callbacks: list[EventCallback] = []
        self._on_closed: list[Callable[[], None]] = []
        self._connection: ClientConnection | None = None
        self._reader: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        await self.connect()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def connect(self) -> dict[str, Any]:
        """Connect once and return the hello.

        Raises:
            EngineError: `AbsentError`, `ForeignError` or `RefusedError`, with the remedy.
            ProtocolError: an engine that speaks another version.
        """
        self._connection, self.hello = await dial(self.url, self._timeout_s)
        self._reader = asyncio.create_task(self._read(self._connection), name=f"wire client {self.url}")
        try:
            await self._authenticate()
        except BaseException:
            await self.close()
            raise
        return self.hello

    async def open(self, request: StreamRequest) -> RemoteSubscription:
        """Open a stream.

        Raises:
            StreamError: when the engine does not provide the key.
            EngineError: when the connection is lost.
        """
        number = next(self._numbers)
        try:
            await self._ask(number, "open", {**request.to_dict(), "credit": self._window})
        except asyncio.CancelledError:
            self._abandon(number)
            raise
        return self._fresh.pop(number)

    async def request(self, name: str, **fields: Any) -> dict[str, Any]:
        """Ask the engine; the fields of its answer.

        Raises:
            FlowdeckError: the engine's refusal, by its code; EngineError when the connection is lost.
        """
        reply = await self._ask(next(self._numbers), name, fields)
        return {field: value for field, value in reply.items() if field not in {"id", "ok"}}

    def on_event(self, callback: EventCallback) -> Callable[[], None]:
        """Call back with the name and data of every pushed event; returns what ends that."""
        self._callbacks.append(callback)
        return lambda: self._callbacks.remove(callback)

    def on_closed(self, callback: Callable[[], None]) -> None:
        """Call back at the moment at which the connection has ended."""
        self._on_closed.append(callback)

    async def wait_closed(self) -> None:
        """Wait until the connection has ended, from either side."""
        if self._reader is not None:
            await asyncio.wait([self._reader])

    async def close(self) -> None:
        """Close the connection; open streams end with `closed`."""
        if self._connection is not None:
            await self._connection.close()
        await self.wait_closed()

    async def _authenticate(self) -> None:
        required = self.hello.get("auth") == "required"
        if self._token is None:
            if required:
                raise RefusedError(f"{self.url}: this engine asks for the token of its data folder")
            return
        try:
            said = await self.request("auth", proof=proof_of(self._token, str(self.hello.get("nonce"))))
        except FlowdeckError as error:
            if required:
                raise RefusedError(f"{self.url}: {error}") from error
            return  # reading is allowed; a control request will say what is wrong
        self.may_control = True
        self.hello = {**self.hello, **said.get("hello", {})}

    async def _ask(self, number: int, name: str, fields: dict[str, Any]) -> Header:
        reply: asyncio.Future[Header] = asyncio.get_running_loop().create_future()
        self._replies[number] = reply
        try:
            await self._send({"id": number, "request": name, **fields})
            return await reply
        finally:
            self._replies.pop(number, None)

    async def _tell(self, name: str, **fields: Any) -> None:
        """A request that is not answered; on a lost connection it is void."""
        if name == "cancel":
            self._streams.pop(fields["stream"], None)
        if not self.closed_reason:
            with contextlib.suppress(EngineError):
                await self._send({"request": name, **fields})

    async def _send(self, header: Header) -> None:
        if self._connection is None or self.closed_reason:
            raise EngineError(f"{self.url}: {self.closed_reason or 'not connected'}")
        try:
            await self._connection.send(self._codec.encode(header))
        except ConnectionClosed as error:
            await self.wait_closed()
            raise EngineError(f"{self.url}: {self.closed_reason}") from error

    async def _read(self, connection: ClientConnection) -> None:
        reason = ""
        try:
            async for message in connection:
                self._take(*self._codec.decode(message))
        except ConnectionClosed:
            pass  # the close code says why
        except (FlowdeckError, KeyError, TypeError, ValueError) as error:
            reason = f"the engine broke the protocol: {error}"
            await connection.close(CloseCode.PROTOCOL, reason[:120])
        finally:
            said = connection.close_reason or {1000: "closed", 1001: "the engine is stopping"}.get(
                connection.close_code or 0, "the connection was lost"
            )
            self._lost(reason or said)

    def _take(self, header: Header, payload: memoryview) -> None:
        if "id" in header:
            self._answered(int(header["id"]), header)
        elif "stream" in header:
            stream = self._streams.get(header["stream"])
            if stream is not None:  # else cancelled while this was on its way
                stream.take(header, payload)
                if header["event"] == "end":
                    del self._streams[stream.number]
        elif "event" in header:
            for callback in tuple(self._callbacks):
                callback(str(header["event"]), header.get("data") or {})
        elif "error" in header:
            raise ProtocolError(str(header["error"].get("message")))

    def _answered(self, number: int, header: Header) -> None:
        reply = self._replies.get(number)
        opened = header.get("ok") and "stream" in header
        if opened:
            # made here and not by `open`, because the stream's messages, even its last, may follow in the same breath
            made = RemoteSubscription(number, header, self._window, self._tell)
            self._streams[number] = self._fresh[number] = made
        if reply is None or reply.done():
            self._abandon(number)
        elif error := header.get("error"):
            reply.set_exception(remote_error(error.get("code"), error.get("message")))
        else:
            reply.set_result(header)

    def _abandon(self, number: int) -> None:
        """Whoever opened the stream has gone in the meantime."""
        if (stream := self._fresh.pop(number, None)) is not None:
            self._abandoned.add(task := asyncio.create_task(stream.cancel()))
            task.add_done_callback(self._abandoned.discard)

    def _lost(self, reason: str) -> None:
        self.closed_reason = reason
        for stream in self._streams.values():
            stream.end(reason)
        self._streams.clear()
        for reply in self._replies.values():
            if not reply.done():
                reply.set_exception(EngineError(f"{self.url}: {reason}"))
        for callback in self._on_closed:
            callback()
