"""What stands at the port: plain HTTP, strangers, other versions, and who holds it already."""

from __future__ import annotations

import asyncio
import json
import socket
import ssl
import subprocess
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus
from websockets.typing import Origin, Subprotocol

from flowdeck.errors import ConfigError, EngineError, FlowdeckError
from flowdeck.version import __version__
from flowdeck.wire.client import Client, RefusedError
from flowdeck.wire.limits import Limits
from flowdeck.wire.port import PortInUseError


async def http(port: int, head: str) -> str:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(head.replace("\n", "\r\n").encode() + b"\r\n\r\n")
    answer = await reader.read()
    writer.close()
    await writer.wait_closed()
    return answer.decode()


async def test_plain_http_is_told_in_one_line_what_this_is(world: Any) -> None:
    server = await world.serve()
    answer = await http(server.port, f"GET / HTTP/1.1\nHost: 127.0.0.1:{server.port}")
    head, _, body = answer.partition("\r\n\r\n")
    assert head.startswith("HTTP/1.1 200")
    assert f"Server: flowdeck/{__version__}" in head
    assert body == (
        f"Flowdeck {__version__} (serve), protocol 1: a WebSocket server for order flow;"
        f" open it with: flowdeck --attach ws://127.0.0.1:{server.port}\n"
    )


async def test_other_paths_are_not_found(world: Any) -> None:
    server = await world.serve()
    assert (await http(server.port, "GET /etc/passwd HTTP/1.1\nHost: localhost")).startswith("HTTP/1.1 404")


async def test_foreign_hosts_are_refused_also_over_plain_http(world: Any) -> None:
    server = await world.serve()
    assert (await http(server.port, "GET / HTTP/1.1\nHost: evil.example")).startswith("HTTP/1.1 403")


async def test_foreign_origins_are_refused(world: Any) -> None:
    server = await world.serve()
    with pytest.raises(InvalidStatus) as refused:
        await connect(server.url, origin=Origin("https://evil.example"), proxy=None)
    assert refused.value.response.status_code == 403
    assert b"foreign Origin 'https://evil.example'" in refused.value.response.body


async def test_noise_leaves_the_server_well(world: Any, caplog: pytest.LogCaptureFixture) -> None:
    server = await world.serve()
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    writer.write(b"\x16\x03\x01\x02\x00\r\n\r\n" * 10)
    await reader.read()
    writer.close()
    await world.client(server)
    assert not caplog.records


async def test_a_client_of_another_version_is_told_what_is_spoken(world: Any) -> None:
    server = await world.serve()
    with pytest.raises(InvalidStatus) as refused:
        await connect(server.url, subprotocols=[Subprotocol("flowdeck.v9")], proxy=None)
    assert refused.value.response.status_code == 400
    assert b"flowdeck.v1 and flowdeck.v1.json, not flowdeck.v9" in refused.value.response.body


async def test_the_hello_tells_a_flowdeck_engine_apart(world: Any) -> None:
    server = await world.serve(role="collect")
    async with connect(server.url, proxy=None) as plain:
        hello = json.loads(await plain.recv())
    assert hello["flowdeck"] == __version__
    assert hello["protocol"] == 1
    assert hello["role"] == "collect"
    assert hello["data"] == str(world.folder)
    assert {"api", "pid", "instance", "nonce", "token_file"} < set(hello)
    assert hello["auth"] == "control"


async def test_one_client_too_many_is_told(world: Any) -> None:
    server = await world.serve(limits=Limits(clients=1))
    await world.client(server)
    with pytest.raises(RefusedError, match="too many clients"):
        await Client(server.url).connect()


async def test_a_port_held_by_an_engine_names_it_and_the_remedy(world: Any) -> None:
    server = await world.serve()
    with pytest.raises(PortInUseError) as taken:
        await world.serve(engine={"port": server.port})
    text = str(taken.value)
    assert f"taken by Flowdeck {__version__} serve (pid " in text
    assert f"data {world.folder}" in text
    assert f"flowdeck --attach ws://127.0.0.1:{server.port}" in text
    assert "--port 0" in text


async def test_a_port_held_by_another_program_says_so(world: Any) -> None:
    other = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", 0)
    port = other.sockets[0].getsockname()[1]
    async with other:
        with pytest.raises(PortInUseError, match=r"another program, not a Flowdeck engine.*--port 0"):
            await world.serve(engine={"port": port})


async def test_a_port_taken_between_binding_and_serving_is_named_too(world: Any) -> None:
    server = await world.serve(bind_only=True)
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.bind(("127.0.0.1", server.port))
        other.listen()
        with pytest.raises(PortInUseError):
            await server.start()


async def test_an_address_of_another_machine_is_refused_with_the_reason(world: Any) -> None:
    with pytest.raises(EngineError, match=r"cannot listen on 192.0.2.1:0"):
        await world.serve(engine={"host": "192.0.2.1", "allow_plain": True})


async def test_beyond_loopback_asks_for_tls_or_the_opt_out(world: Any) -> None:
    with pytest.raises(ConfigError, match=r"engine.tls_cert .*or engine.allow_plain = true"):
        await world.serve(engine={"host": "0.0.0.0"})


async def test_a_certificate_that_cannot_be_used_is_named(world: Any, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"none.pem.*not a certificate"):
        await world.serve(engine={"host": "0.0.0.0", "tls_cert": tmp_path / "none.pem", "tls_key": tmp_path / "k"})
    (tmp_path / "bad.pem").write_text("no PEM")
    with pytest.raises(ConfigError, match=r"bad.pem.*not a certificate"):
        await world.serve(engine={"tls_cert": tmp_path / "bad.pem", "tls_key": tmp_path / "bad.pem"})


async def test_beyond_loopback_everything_needs_the_token(world: Any, names: Any) -> None:
    world.engine.events[names.trades] = []
    server = await world.serve(engine={"host": "0.0.0.0", "allow_plain": True})
    with pytest.raises(RefusedError, match="asks for the token"):
        await Client(server.url).connect()
    with pytest.raises(RefusedError, match="not the token"):
        await Client(server.url, "wrong").connect()
    async with connect(server.url, proxy=None) as stranger:
        hello = json.loads(await stranger.recv())
        assert set(hello) == {"flowdeck", "protocol", "api", "auth", "nonce"}
        await stranger.send('{"id":1,"request":"status"}')
        assert json.loads(await stranger.recv())["error"]["code"] == "token"
    client = await world.client(server, server.token)
    assert client.hello["data"] == str(world.folder)
    assert (await client.request("status"))["sources"]


async def test_beyond_loopback_a_client_without_token_is_cut_off(world: Any) -> None:
    server = await world.serve(engine={"host": "0.0.0.0", "allow_plain": True}, limits=Limits(auth_s=0.05))
    plain = await world.socket(server)
    world.engine.emit("metrics", secret=1)
    said = json.loads(await plain.recv())
    assert said == {"error": {"code": "token", "message": "no token within 0.05 s"}}
    await plain.wait_closed()
    assert plain.close_code == 1008


async def test_tls_is_spoken_where_it_is_configured(
    world: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pem, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    try:
        subprocess.run(  # noqa: ASYNC221 - nothing else runs yet
            ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost",
             "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", pem],
            check=True, capture_output=True,
        )  # fmt: skip
    except OSError:
        pytest.skip("no openssl to make a certificate")
    server = await world.serve(engine={"tls_cert": pem, "tls_key": key})
    assert server.url.startswith("wss://")
    with pytest.raises(FlowdeckError, match="no secure connection"):
        await Client(server.url).connect()
    monkeypatch.setenv("SSL_CERT_FILE", str(pem))
    assert ssl.create_default_context().cert_store_stats()["x509"]
    assert (await world.client(server)).hello["flowdeck"] == __version__
