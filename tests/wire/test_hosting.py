"""A serving process from its first line to its end, with an engine of the test's own."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import threading
from collections.abc import Callable
from typing import Any

import pytest

from flowdeck.config import Config, EngineConfig
from flowdeck.errors import EngineError, PluginError
from flowdeck.wire import hosting
from flowdeck.wire.client import Client
from flowdeck.wire.hosting import Hosting, host
from flowdeck.wire.lifetime import Lifetime
from flowdeck.wire.port import PortInUseError
from flowdeck.wire.whereabouts import noted_address


class Told(list[str]):
    """What the process said."""


@pytest.fixture
def life(world: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Runs `host` over the fake engine; remembers in which order things began and ended."""
    told = Told()

    async def start() -> None:
        told.append("engine started")

    async def stop() -> None:
        told.append("engine stopped")

    monkeypatch.setattr(world.engine, "start", start, raising=False)
    monkeypatch.setattr(world.engine, "stop", stop, raising=False)
    monkeypatch.setattr(hosting, "Engine", lambda _config, _manager: world.engine)

    async def live(then: Callable[[Any], Any], **more: Any) -> Told:
        config = Config(engine=EngineConfig(data=world.folder, **more.pop("engine", {})))

        async def started(_: Any, server: Any) -> None:
            told.append("serving")
            result = then(server)
            if asyncio.iscoroutine(result):
                await result

        plan = Hosting(**{"role": "serve", "port": 0, "stopping": told.append, **more})
        await host(config, world.manager, plan, started)
        return told

    return live


async def test_the_first_signal_ends_cleanly(life: Any) -> None:
    told = await life(lambda _: os.kill(os.getpid(), signal.SIGTERM))
    assert told == ["engine started", "serving", "SIGTERM; once more ends it at once", "engine stopped"]
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL  # the second one ends at once
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.mark.parametrize("role", ["serve", "collect"])
async def test_a_whole_engine_can_be_found_by_its_data_folder_while_it_serves(life: Any, world: Any, role: str) -> None:
    found: list[tuple[str | None, str]] = []

    async def look(server: Any) -> None:
        found.append((noted_address(world.folder), server.url))
        async with Client(server.url, server.token) as client:
            await client.request("engine.stop")

    await life(look, role=role)
    assert found == [(found[0][1] if role == "serve" else None, found[0][1])]
    assert noted_address(world.folder) is None


async def test_a_request_ends_it(life: Any) -> None:
    async def ask(server: Any) -> None:
        async with Client(server.url, server.token) as client:
            await client.request("engine.stop")

    assert "it was asked to stop" in await life(ask)


async def test_the_parent_is_told_port_and_token(life: Any) -> None:
    heard, announce = os.pipe()

    async def attach(server: Any) -> None:
        line = json.loads(os.read(heard, 4096))
        assert line == {"port": server.port, "token": server.token, "url": server.url}
        async with Client(line["url"], line["token"]) as client:
            assert client.may_control
            await client.request("engine.stop")

    await life(attach, announce_fd=announce)
    assert os.read(heard, 1) == b""
    os.close(heard)


async def test_it_ends_with_its_parent(life: Any) -> None:
    watched, lifeline = os.pipe()
    told = await life(lambda _: os.close(lifeline), parent_fd=watched, give_up=lambda: None)
    assert told[2:] == ["its window has gone", "engine stopped"]
    os.close(watched)


async def test_an_orphan_that_hangs_is_ended_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hosting, "_GRACE_S", 0.0)
    watched, lifeline = os.pipe()
    lifetime, gave_up = Lifetime(), threading.Event()
    hosting._watch_parent(watched, lifetime, gave_up.set)
    os.close(lifeline)
    assert gave_up.wait(30)  # this loop does not turn meanwhile
    assert await lifetime.over() == "its window has gone"
    os.close(watched)


async def test_a_kept_engine_outlives_its_parent(life: Any, unused_tcp_port: int) -> None:
    watched, lifeline = os.pipe()

    async def keep(server: Any) -> None:
        async with Client(server.url, server.token) as client:
            answer = await client.request("engine.keep")
        os.close(lifeline)
        assert answer == {"port": unused_tcp_port}
        async with Client(f"ws://127.0.0.1:{unused_tcp_port}", server.token) as client:
            await client.request("engine.stop")

    told = await life(keep, parent_fd=watched, engine={"port": unused_tcp_port})
    assert told[2] == "it was asked to stop"
    os.close(watched)


async def test_an_engine_that_is_always_kept_moves_to_the_usual_port(
    life: Any, unused_tcp_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    watched, lifeline = os.pipe()

    async def crash(server: Any) -> None:
        settled, also_listen = asyncio.Event(), server.also_listen

        async def listen() -> int:
            port: int = await also_listen()
            settled.set()
            return port

        monkeypatch.setattr(server, "also_listen", listen)
        os.close(lifeline)
        await settled.wait()
        async with Client(f"ws://127.0.0.1:{unused_tcp_port}", server.token) as client:
            await client.request("engine.stop")

    told = await life(crash, parent_fd=watched, engine={"port": unused_tcp_port, "keep_recording": True})
    assert told[2] == "it was asked to stop"
    os.close(watched)


async def test_a_taken_port_is_told_before_anything_starts(world: Any, life: Any) -> None:
    other = await world.serve()
    with pytest.raises(PortInUseError, match="taken by Flowdeck"):
        await life(lambda _: None, port=other.port)


async def test_an_engine_that_does_not_start_frees_the_port(
    world: Any, life: Any, monkeypatch: pytest.MonkeyPatch, unused_tcp_port: int
) -> None:
    async def refuse() -> None:
        raise EngineError("data folder is in use")

    monkeypatch.setattr(world.engine, "start", refuse)
    with pytest.raises(EngineError, match="is in use"):
        await life(lambda _: None, port=unused_tcp_port)
    await world.serve(port=unused_tcp_port)


async def test_a_required_plugin_that_fails_ends_it_as_a_failure(world: Any, life: Any) -> None:
    with pytest.raises(PluginError, match="plugin store is required and failed: disk full"):
        await life(lambda _: world.engine.emit("fatal", plugin="store", where="store", reason="disk full"))
