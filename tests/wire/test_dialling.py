"""An engine is told apart from nothing, from silence and from every other program."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Any

import pytest
from websockets.asyncio.server import ServerConnection, serve
from websockets.typing import Subprotocol

from flowdeck.errors import EngineError, ProtocolError
from flowdeck.wire.client import AbsentError, Client, ForeignError, probe
from flowdeck.wire.codec import BinaryCodec

Program = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
Listen = Callable[[Program], Awaitable[str]]


@pytest.fixture
async def listen() -> AsyncIterator[Listen]:
    """Puts a program on a port; its address."""
    async with AsyncExitStack() as stack:

        async def start(program: Program) -> str:
            server = await asyncio.start_server(program, "127.0.0.1", 0)
            await stack.enter_async_context(server)
            return f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}"

        yield start


@pytest.fixture
async def websocket() -> AsyncIterator[Callable[..., Awaitable[str]]]:
    """Puts some other WebSocket server on a port; its address."""
    async with AsyncExitStack() as stack:

        async def start(handler: Any, *subprotocols: str) -> str:
            spoken = [Subprotocol(name) for name in subprotocols] or None
            server = await stack.enter_async_context(serve(handler, "127.0.0.1", 0, subprotocols=spoken))
            return f"ws://127.0.0.1:{next(iter(server.sockets)).getsockname()[1]}"

        yield start


async def test_nobody_there(unused_tcp_port: int) -> None:
    with pytest.raises(AbsentError, match=r"no engine listens there \(.*\); start one: flowdeck serve"):
        await Client(f"ws://127.0.0.1:{unused_tcp_port}").connect()


async def test_no_such_name() -> None:
    with pytest.raises(AbsentError, match="no engine listens there"):
        await Client("ws://nowhere.invalid:1").connect()


async def test_silence(listen: Listen) -> None:
    over = asyncio.Event()

    async def silent(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await over.wait()
        writer.close()

    url = await listen(silent)
    with pytest.raises(AbsentError, match=r"did not answer within 0\.1 s"):
        await probe(url, timeout_s=0.1)
    over.set()


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 404 Not Found\r\nServer: nginx\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi",
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"\x15\x03\x03\x00\x02\x02\x28",
        b"",
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
    ],
)
async def test_programs_that_are_no_websocket_server(listen: Listen, answer: bytes) -> None:
    async def other(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        writer.close()

    with pytest.raises(ForeignError, match="not a Flowdeck engine"):
        await Client(await listen(other)).connect()


async def test_a_program_that_hangs_up_at_once(listen: Listen) -> None:
    async def abrupt(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.transport.abort()

    with pytest.raises((ForeignError, AbsentError)):
        await Client(await listen(abrupt)).connect()


async def test_another_websocket_server(websocket: Any) -> None:
    async def chat(connection: ServerConnection) -> None:
        await connection.send("welcome")
        await connection.wait_closed()

    with pytest.raises(ForeignError, match="a WebSocket server, but not a Flowdeck engine"):
        await Client(await websocket(chat)).connect()


@pytest.mark.parametrize("message", ["text", b"\x00", BinaryCodec().encode({"welcome": 1}), None])
async def test_a_websocket_server_that_only_borrows_the_subprotocol(websocket: Any, message: Any) -> None:
    async def impostor(connection: ServerConnection) -> None:
        if message is not None:
            await connection.send(message)

    with pytest.raises(ForeignError, match="not a Flowdeck engine"):
        await Client(await websocket(impostor, "flowdeck.v1")).connect()


async def test_an_engine_of_another_protocol(websocket: Any) -> None:
    async def newer(connection: ServerConnection) -> None:
        await connection.send(BinaryCodec().encode({"flowdeck": "9.0", "protocol": 9}))

    with pytest.raises(ProtocolError, match=r"Flowdeck 9\.0 speaks protocol 9, this one 1; update"):
        await Client(await websocket(newer, "flowdeck.v1")).connect()


@pytest.mark.parametrize("url", ["http://127.0.0.1:1", "127.0.0.1:8766", "ws://", ""])
async def test_what_is_no_address(url: str) -> None:
    with pytest.raises(EngineError, match="is not an address like ws://"):
        await Client(url).connect()


@pytest.mark.parametrize(
    "message",
    [
        b"\x00",
        BinaryCodec().encode({"event": "batch", "stream": 1}),
        BinaryCodec().encode({"id": "x"}),
        BinaryCodec().encode({"id": 1, "ok": True, "stream": 1, "key": "a/b/c", "kind": {}}),
    ],
)
async def test_an_engine_that_breaks_the_protocol_is_left(websocket: Any, message: bytes) -> None:
    async def broken(connection: ServerConnection) -> None:
        await connection.send(BinaryCodec().encode({"flowdeck": "1", "protocol": 1, "nonce": ""}))
        await connection.recv()
        await connection.send(message)
        await connection.wait_closed()

    client = Client(await websocket(broken, "flowdeck.v1"))
    await client.connect()
    if b"batch" in message:  # for a stream that was never opened: late, not wrong
        asking = asyncio.create_task(client.request("status"))
        await asyncio.sleep(0)
        await client.close()
        with pytest.raises(EngineError):
            await asking
        return
    with pytest.raises(EngineError, match="broke the protocol"):
        await client.request("status")
    await client.close()


async def test_rows_that_do_not_match_their_announcement_end_the_connection(world: Any, names: Any) -> None:
    world.engine.events[names.trades] = []
    client = await world.client(await world.serve())
    answer = await client.request("open", key=names.trades)
    subscription = client._streams[answer["stream"]]
    client._take({"event": "end", "stream": 99, "seq": 0}, memoryview(b""))
    with pytest.raises(ProtocolError, match="rows of 45 bytes"):
        subscription.take({"event": "batch", "seq": 1, "epoch": 0, "recv_ts": 0, "n": 2}, memoryview(b"x"))


async def test_a_client_that_is_not_connected_says_so() -> None:
    client = Client("ws://127.0.0.1:1")
    with pytest.raises(EngineError, match="not connected"):
        await client.request("status")
    await client.close()


async def test_requests_under_way_end_with_the_connection(world: Any) -> None:
    server = await world.serve()
    client = await world.client(server, server.token)
    world.engine.runs.hold = asyncio.Event()
    asking = asyncio.create_task(client.request("run.play", run="held"))
    await world.engine.runs.held.wait()
    await server.stop()
    with pytest.raises(EngineError, match="the engine is stopping"):
        await asking
    with pytest.raises(EngineError, match="the engine is stopping"):
        await client.request("status")
