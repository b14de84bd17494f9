"""Every request, its answer, its refusals, and the token."""

from __future__ import annotations

import json
from typing import Any

import pytest
from pydantic import BaseModel, ConfigDict

from flowdeck.errors import ConfigError, EngineError, FlowdeckError, PluginError, ProtocolError
from flowdeck.hookspecs import hookimpl
from flowdeck.specs import SettingsSpec, SourceSpec, setting
from flowdeck.wire import requests as ask
from flowdeck.wire.access import proof_of
from flowdeck.wire.lifetime import Lifetime


class SampleSettings(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")
    depth: int = setting(5, "How deep.", scope="engine", ge=1, le=9)
    colour: str = setting("red", "How red.")


class SamplePlugin:
    @hookimpl
    def register_settings(self) -> SettingsSpec:
        return SettingsSpec("settings_of_this_test:SampleSettings")

    @hookimpl
    def register_sources(self) -> list[SourceSpec]:
        return [SourceSpec("sample", "Sample", "none:Source", provides=("trades",), venues=("venue",))]


@pytest.fixture
def plugins(world: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    import sys
    from types import SimpleNamespace

    monkeypatch.setitem(sys.modules, "settings_of_this_test", SimpleNamespace(SampleSettings=SampleSettings))
    world.manager.load({"sample": SamplePlugin()})


@pytest.fixture
async def stranger(world: Any) -> Any:
    """A client without the token."""
    return await world.client(await world.serve())


@pytest.fixture
async def owner(world: Any) -> Any:
    """A client with the token."""
    server = await world.serve()
    return await world.client(server, server.token)


CONTROL = [
    ("settings.patch", {"plugin": "sample", "revision": 1, "values": {}}),
    ("plugin.enable", {"plugin": "sample"}),
    ("plugin.disable", {"plugin": "sample"}),
    ("plugin.retry", {"plugin": "sample"}),
    ("run.start", {"capture": "x.gz"}),
    ("run.play", {"run": "r1"}),
    ("run.pause", {"run": "r1"}),
    ("run.seek", {"run": "r1", "ts": 5}),
    ("run.step", {"run": "r1"}),
    ("run.speed", {"run": "r1", "speed": 2}),
    ("run.stop", {"run": "r1"}),
    ("status.kick", {}),
    ("engine.keep", {}),
    ("engine.stop", {}),
]


def test_every_control_request_is_in_the_table_of_this_test() -> None:
    assert sorted(str(cls.__struct_config__.tag) for cls in ask.CONTROL) == sorted(name for name, _ in CONTROL)


@pytest.mark.parametrize(("name", "fields"), CONTROL, ids=[name for name, _ in CONTROL])
async def test_control_needs_the_token(world: Any, plugins: None, stranger: Any, name: str, fields: Any) -> None:
    with pytest.raises(EngineError, match=r"needs the token in .*/data/token") as refused:
        await stranger.request(name, **fields)
    assert refused.value.code == "token"
    assert world.engine.runs.asked == []


@pytest.mark.parametrize(
    "name", ["plugin.list", "run.list", "data.list", "status", "instrument.list", "source.list", "metrics"]
)
async def test_reading_needs_none(plugins: None, stranger: Any, name: str) -> None:
    assert await stranger.request(name)


async def test_a_wrong_token_leaves_reading(world: Any) -> None:
    client = await world.client(await world.serve(), "wrong")
    assert not client.may_control
    assert await client.request("status")
    with pytest.raises(EngineError, match="needs the token"):
        await client.request("engine.stop")


async def test_a_script_may_send_the_token_or_its_proof(world: Any) -> None:
    server = await world.serve()
    for which in ("token", "proof"):
        socket = await world.socket(server, None)
        again = await world.client(server)
        shown = server.token if which == "token" else proof_of(server.token, "of another connection")
        await socket.send(json.dumps({"id": 1, "request": "auth", which: shown}))
        answer = json.loads(await socket.recv())
        while answer.get("id") != 1:
            answer = json.loads(await socket.recv())
        assert ("ok" in answer) is (which == "token")
        proof = proof_of(server.token, again.hello["nonce"])
        assert (await again.request("auth", proof=proof))["hello"]["role"] == "serve"


async def test_settings_are_read_with_revision_and_schema(plugins: None, stranger: Any) -> None:
    answer = await stranger.request("settings.get")
    assert answer["settings"] == {"sample": {"revision": 1, "values": {"depth": 5, "colour": "red"}}}
    one = await stranger.request("settings.get", plugin="sample", schema=True)
    assert one["settings"]["sample"]["schema"]["properties"]["depth"]["maximum"] == 9


async def test_settings_are_patched_and_everybody_hears_of_it(world: Any, plugins: None, owner: Any) -> None:
    heard: list[Any] = []
    owner.on_event(lambda name, data: heard.append((name, data)))
    answer = await owner.request("settings.patch", plugin="sample", revision=1, values={"depth": 7}, persist=False)
    assert answer == {"plugin": "sample", "revision": 2, "values": {"depth": 7, "colour": "red"}}
    assert world.manager.settings("sample").depth == 7
    await owner.request("status")
    assert ("settings", answer) in heard


async def test_a_patch_of_an_old_revision_conflicts(world: Any, plugins: None, owner: Any) -> None:
    with pytest.raises(EngineError, match="at revision 1, not 0: get them again") as refused:
        await owner.request("settings.patch", plugin="sample", revision=0, values={"depth": 7})
    assert refused.value.code == "conflict"
    assert world.manager.settings("sample").depth == 5


async def test_a_bad_value_is_named(plugins: None, owner: Any) -> None:
    for values, named in (({"depth": 99}, "depth"), ({"nonsense": 1}, "nonsense"), ({"colour": "blue"}, "view")):
        with pytest.raises(ConfigError, match=named):
            await owner.request("settings.patch", plugin="sample", revision=1, values=values, persist=False)


async def test_plugins_are_listed_and_switched(world: Any, plugins: None, owner: Any) -> None:
    listed = (await owner.request("plugin.list"))["plugins"]
    assert [(info["name"], info["state"]) for info in listed] == [("sample", "active")]
    off = await owner.request("plugin.disable", plugin="sample", persist=False)
    assert off["plugin"]["state"] == "disabled"
    on = await owner.request("plugin.enable", plugin="sample", persist=False)
    assert on["plugin"]["state"] == "active"
    assert (await owner.request("plugin.retry", plugin="sample"))["plugin"]["state"] == "active"
    with pytest.raises(PluginError, match="nobody"):
        await owner.request("plugin.enable", plugin="nobody")


async def test_runs_are_driven(world: Any, owner: Any) -> None:
    assert (await owner.request("run.list"))["runs"][0]["id"] == "r1"
    started = await owner.request("run.start", capture="/tmp/x.gz", speed="max", paused=True, at=7)
    assert started["run"]["id"] == "r1"
    assert started["run"]["speed"] is None
    await owner.request("run.play", run="r1")
    await owner.request("run.pause", run="r1")
    await owner.request("run.seek", run="r1", ts=99)
    await owner.request("run.step", run="r1", frames=3)
    await owner.request("run.speed", run="r1", speed=2)
    await owner.request("run.speed", run="r1", speed=None)
    await owner.request("run.stop", run="r1")
    asked = [(name, *map(str, args)) for name, *args in world.engine.runs.asked]
    assert asked[0] == ("start", "/tmp/x.gz", "('at', 7)", "('paused', True)", "('speed', None)")
    assert asked[1:] == [
        ("play", "r1"),
        ("pause", "r1"),
        ("seek", "r1", "99"),
        ("step", "r1", "3"),
        ("speed", "r1", "2.0"),
        ("speed", "r1", "None"),
        ("stop", "r1"),
    ]


async def test_the_engines_refusal_keeps_its_code_and_text(owner: Any) -> None:
    with pytest.raises(EngineError, match="no run 'nope'"):
        await owner.request("run.play", run="nope")


async def test_what_the_engine_holds_and_does_is_told(world: Any, plugins: None, stranger: Any) -> None:
    held = (await stranger.request("data.list"))["streams"][0]
    assert (held["key"], held["rows"], held["covered"]) == ("trades/venue/BTCUSDT", 3, [[1, 2]])
    assert (await stranger.request("status"))["sources"][0]["state"] == "live"
    assert (await stranger.request("instrument.list"))["instruments"][0]["tick_size"] == "0.1"
    assert (await stranger.request("source.list"))["sources"][0]["venues"] == ["venue"]
    assert (await stranger.request("metrics"))["metrics"] == {"rows_per_s": 2.5, "folder": "/x"}


async def test_kick_reaches_the_engine(world: Any, owner: Any) -> None:
    await owner.request("status.kick")
    await owner.request("status.kick", source="fake")
    assert world.engine.kicked == [None, "fake"]


async def test_the_process_is_stopped_or_kept(world: Any) -> None:
    lifetime = Lifetime()
    server = await world.serve(lifetime=lifetime)
    client = await world.client(server, server.token)
    kept = await client.request("engine.keep")
    assert kept == {"port": server.port}
    lifetime.parent_gone()
    assert not lifetime.reason
    await client.request("engine.stop")
    assert await lifetime.over() == "it was asked to stop"


async def test_a_kept_engine_listens_on_the_usual_port_too(world: Any, unused_tcp_port: int) -> None:
    server = await world.serve(engine={"port": unused_tcp_port}, port=0)
    client = await world.client(server, server.token)
    assert await client.request("engine.keep") == {"port": unused_tcp_port}
    assert (await world.client(server)).hello["instance"] == client.hello["instance"]
    assert server.url.endswith(str(unused_tcp_port))


def test_an_orphan_ends_unless_it_was_kept() -> None:
    lifetime = Lifetime()
    lifetime.parent_gone()
    assert "window has gone" in lifetime.reason
    lifetime.stop("later")
    assert "window has gone" in lifetime.reason


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"request": "nonsense"}, "no request 'nonsense'; known are auth, cancel"),
        ({}, "no request None"),
        ({"request": "open"}, "key"),
        ({"request": "open", "key": 5}, "key"),
        ({"request": "open", "key": "a/b/c", "start": "now"}, "start"),
        ({"request": "open", "key": "a/b/c", "start": 2**63}, "start"),
        ({"request": "open", "key": "a/b/c", "credit": 0}, "credit"),
        ({"request": "open", "key": "a/b/c", "order": "best"}, "order"),
        ({"request": "open", "key": "a/b/c", "colour": "red"}, "colour"),
        ({"request": "run.speed", "run": "r1", "speed": -1}, "speed"),
        ({"request": "run.speed", "run": "r1", "speed": "fast"}, "speed"),
        ({"request": "run.step", "run": "r1", "frames": 0}, "frames"),
        ({"request": "status", "id": "one"}, "id"),
    ],
)
def test_a_wrong_field_is_named(fields: dict[str, Any], named: str) -> None:
    with pytest.raises(ProtocolError, match=named) as refused:
        ask.parse_request(fields)
    assert refused.value.code == "request"


async def test_a_wrong_request_is_answered_and_the_client_stays(stranger: Any) -> None:
    with pytest.raises(FlowdeckError, match=r"no request 'order.submit'"):
        await stranger.request("order.submit")
    for request in ({"key": "nonsense"}, {"key": "trades/venue/X", "stop": 5}):
        with pytest.raises(FlowdeckError):
            await stranger.request("open", **request)
    assert await stranger.request("status")


async def test_events_are_pushed_newest_of_each_and_can_be_narrowed(world: Any) -> None:
    server = await world.serve()
    client = await world.client(server)
    heard: list[tuple[str, Any]] = []
    client.on_event(lambda name, data: heard.append((name, data)))
    for i in range(5):
        world.engine.emit("metrics", n=i)
    world.engine.emit("plugin", name="a", state="active")
    world.engine.emit("plugin", name="b", state="failed")
    await client.request("status")
    assert heard[-3:] == [
        ("metrics", {"n": 4}),
        ("plugin", {"name": "a", "state": "active"}),
        ("plugin", {"name": "b", "state": "failed"}),
    ]
    await client.request("events", names=["fault"])
    world.engine.emit("metrics", n=9)
    world.engine.emit("fault", plugin="a")
    await client.request("status")
    assert heard[-1] == ("fault", {"plugin": "a"})


async def test_a_new_client_hears_the_state_of_the_feeds(world: Any) -> None:
    client = await world.client(await world.serve())
    heard: list[tuple[str, Any]] = []
    client.on_event(lambda name, data: heard.append((name, data)))
    await client.request("metrics")
    assert [(name, data["venue"]) for name, data in heard] in ([], [("status", "venue")])
