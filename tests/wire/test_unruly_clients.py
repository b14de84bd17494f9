"""Idle, slow, oversized, truncated, misversioned and flooding clients are told and closed; others do not notice."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed

from flowdeck.errors import ProtocolError
from flowdeck.streams import StreamKey, StreamRequest
from flowdeck.wire.codec import BinaryCodec
from flowdeck.wire.limits import CutError, Limits, RequestRate
from flowdeck.wire.subscription import RemoteSubscription


@pytest.fixture
async def witness(world: Any, names: Any) -> Any:
    """Another client with an open stream, which must not notice anything."""

    async def check(server: Any) -> Any:
        world.engine.events[names.trades] = []
        client = await world.client(server)
        subscription: RemoteSubscription = await client.open(StreamRequest(StreamKey.parse(names.trades)))
        source = world.engine.opened[-1]

        async def notices_nothing() -> None:
            source.put(world.trades(1, seq=1))
            assert (await anext(subscription)).seq == 1
            assert (await client.request("status"))["sources"]
            assert not client.closed_reason

        return notices_nothing

    return check


async def told(socket: Any) -> dict[str, Any]:
    """The error that the client is told, past events."""
    async for message in socket:
        body = BinaryCodec().decode(message)[0] if isinstance(message, bytes) else json.loads(message)
        if "error" in body and "id" not in body:
            return dict(body["error"])
    pytest.fail(f"closed without a word: {socket.close_code} {socket.close_reason}")


@pytest.mark.parametrize(
    ("subprotocol", "message", "reason"),
    [
        ("flowdeck.v1.json", "{", "not a JSON object"),
        ("flowdeck.v1.json", b"\x00", "messages are text"),
        ("flowdeck.v1", "{}", "messages are binary"),
        ("flowdeck.v1", b"", "truncated"),
        ("flowdeck.v1", b"\x50\x00\x00\x00\x81", "truncated"),
        ("flowdeck.v1", b"\x01\x00\x00\x00\xc1", "not a msgpack map"),
        ("flowdeck.v1", BinaryCodec().encode({"request": "status"}) + b"rows", "4 bytes behind a request"),
    ],
)
async def test_damaged_messages(world: Any, witness: Any, subprotocol: str, message: Any, reason: str) -> None:
    server = await world.serve()
    unnoticed = await witness(server)
    socket = await world.socket(server, subprotocol)
    await socket.send(message)
    error = await told(socket)
    assert error["code"] == "protocol"
    assert reason in error["message"]
    await socket.wait_closed()
    assert socket.close_code == 1002
    assert reason in socket.close_reason
    await unnoticed()


async def test_an_oversized_message(world: Any, witness: Any) -> None:
    server = await world.serve()
    unnoticed = await witness(server)
    socket = await world.socket(server)
    await socket.send('{"request":"' + "x" * 70_000 + '"}')
    await socket.wait_closed()
    assert socket.close_code == 1009
    assert "65536" in socket.close_reason
    await unnoticed()


@pytest.mark.parametrize(
    ("kind", "code"),
    [({"version": 2}, "version"), ({"dtype": [["ts", "<i8"]]}, "dtype"), ({"dtype": [["ts", "|O"]]}, "protocol")],
)
async def test_a_client_built_for_other_rows(world: Any, witness: Any, names: Any, kind: Any, code: str) -> None:
    server = await world.serve()
    unnoticed = await witness(server)
    socket = await world.socket(server)
    await socket.send(json.dumps({"id": 1, "request": "open", "key": names.trades, "kind": kind}))
    if code == "protocol":  # not a dtype at all: a bad request, not another version
        answer = json.loads(await socket.recv())
        while "id" not in answer:
            answer = json.loads(await socket.recv())
        assert answer["error"]["code"] == code
    else:
        assert (await told(socket))["code"] == code
        await socket.wait_closed()
        assert socket.close_code == 1002
    await unnoticed()


async def test_a_client_built_for_these_rows_is_served(world: Any, names: Any) -> None:
    world.engine.events[names.trades] = []
    kind = world.kinds["trades"]
    client = await world.client(await world.serve())
    announced = {"version": 1, "dtype": [[name, kind.dtype[name].str] for name in kind.dtype.names]}
    assert (await client.request("open", key=names.trades, kind=announced))["key"] == names.trades


async def test_a_flood(world: Any, witness: Any) -> None:
    server = await world.serve(limits=Limits(requests_per_s=1, burst=20))
    unnoticed = await witness(server)
    socket = await world.socket(server)
    for _ in range(21):
        await socket.send('{"request":"status"}')
    assert await told(socket) == {"code": "flood", "message": "too many requests: 1 requests a second are allowed"}
    await socket.wait_closed()
    assert socket.close_code == 1008
    assert "too many requests" in socket.close_reason
    await unnoticed()


async def raw_socket(port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A WebSocket client by hand: it answers no ping and closes nothing by itself."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    key = base64.b64encode(bytes(16)).decode()
    writer.write(
        f"GET / HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
    )
    await reader.readuntil(b"\r\n\r\n")
    return reader, writer


async def test_an_idle_client_that_answers_no_ping(world: Any, witness: Any) -> None:
    server = await world.serve(limits=Limits(ping_s=1.0))
    unnoticed = await witness(server)
    reader, writer = await raw_socket(server.port)
    received = await reader.read()
    writer.close()
    assert b"keepalive ping timeout" in received
    await unnoticed()


async def test_a_client_that_takes_no_data(world: Any, witness: Any, names: Any) -> None:
    server = await world.serve(limits=Limits(stall_s=0.1))
    unnoticed = await witness(server)
    world.engine.events[names.trades] = [world.trades(*range(20_000)) for _ in range(40)]
    socket = await world.socket(server, max_queue=1)
    await socket.send(json.dumps({"id": 1, "request": "open", "key": names.trades}))
    slow = await world.engine.opening(1)
    await slow.cancelled.wait()
    assert slow.taken < 40
    await drained(socket)
    assert socket.close_code in {1013, 1006}  # the frame that says why stands behind what was not read
    await unnoticed()


async def drained(socket: Any) -> None:
    with contextlib.suppress(ConnectionClosed):
        async for _ in socket:
            pass


async def test_too_many_streams_are_refused_and_the_client_stays(world: Any, names: Any) -> None:
    world.engine.events[names.trades] = []
    client = await world.client(await world.serve(limits=Limits(streams=2)))
    await client.request("open", key=names.trades)
    await client.request("open", key=names.trades)
    with pytest.raises(ProtocolError, match="2 streams are open already"):
        await client.request("open", key=names.trades)
    await client.request("cancel", stream=1)
    await client.request("open", key=names.trades)


def test_the_rate_recovers_with_time() -> None:
    now = 0.0
    rate = RequestRate(Limits(requests_per_s=10, burst=3), lambda: now)
    for _ in range(3):
        rate.take()
    with pytest.raises(CutError, match="too many requests"):
        rate.take()
    now = 0.2
    rate.take()
    rate.take()
    with pytest.raises(CutError):
        rate.take()
