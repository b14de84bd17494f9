from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from flowdeck.desktop.child import Announcement
from flowdeck.desktop.dial import AttachDialer, FolderDialer, OwnEngineDialer
from flowdeck.errors import EngineError, ProtocolError

USUAL = "ws://127.0.0.1:8766"
OTHER = "ws://127.0.0.1:4711"
FOLDER = Path("/data/flowdeck")


class FakeChild:
    """A child engine on port 1."""

    def __init__(self, options: Sequence[str], *, fails: bool = False) -> None:
        self.options, self.fails = options, fails
        self.done: list[str] = []
        self.pid = 42

    async def start(self) -> Announcement:
        if self.fails:
            raise EngineError("the data folder is in use")
        return Announcement("ws://127.0.0.1:1", "its-token")

    async def stop(self) -> None:
        self.done.append("stop")

    def leave(self) -> None:
        self.done.append("leave")


class Line:
    """A client that reaches only what is in `open`."""

    def __init__(self, url: str, token: str | None, reachable: dict[str, Exception | None]) -> None:
        self.url, self.token, self._reachable = url, token, reachable
        self.hello: dict[str, Any] = {"data": str(FOLDER)}
        self.closed = False

    async def connect(self) -> None:
        if (error := self._reachable.get(self.url)) is not None:
            raise error

    async def close(self) -> None:
        self.closed = True


class World:
    """Who answers where, and the children that were made."""

    def __init__(self) -> None:
        self.reachable: dict[str, Exception | None] = {}
        self.children: list[FakeChild] = []
        self.fails = False
        self.noted: str | None = None
        self.lines: list[Line] = []
        self.folders: dict[str, str] = {}

    def make(self, url: str, token: str | None) -> Any:
        self.lines.append(Line(url, token, self.reachable))
        self.lines[-1].hello["data"] = self.folders.get(url, str(FOLDER))
        return self.lines[-1]

    def child(self, options: Sequence[str]) -> Any:
        self.children.append(FakeChild(options, fails=self.fails))
        return self.children[-1]

    def neighbour(self) -> FolderDialer:
        return FolderDialer(FOLDER, lambda _folder: self.noted, "mine", self.make)

    def dialer(self) -> OwnEngineDialer:
        usual = AttachDialer(USUAL, "mine", self.make)
        return OwnEngineDialer((usual, self.neighbour()), self.make, ("--safe-mode",), self.child)


@pytest.fixture
def world() -> World:
    return World()


async def test_an_engine_that_runs_is_attached_to(world: World) -> None:
    dialer = world.dialer()
    connection: Any = await dialer.connect()
    assert (connection.url, connection.token, dialer.owns_engine) == (USUAL, "mine", False)
    assert not world.children


async def test_the_engine_of_another_window_on_the_same_folder_is_attached_to(world: World) -> None:
    world.reachable[USUAL], world.noted = EngineError("nobody"), OTHER
    dialer = world.dialer()
    connection: Any = await dialer.connect()
    assert (connection.url, connection.token, dialer.url, dialer.owns_engine) == (OTHER, "mine", OTHER, False)
    assert not world.children


async def test_an_engine_of_another_folder_on_a_port_that_was_noted_is_not_taken(world: World) -> None:
    world.reachable[USUAL], world.noted = EngineError("nobody"), OTHER
    world.folders[OTHER] = "/data/elsewhere"
    dialer = world.dialer()
    await dialer.connect()
    assert dialer.owns_engine
    assert [line.closed for line in world.lines if line.url == OTHER] == [True]


async def test_an_engine_that_died_without_a_word_is_replaced(world: World) -> None:
    world.reachable[USUAL] = world.reachable[OTHER] = OSError("refused")
    world.noted = OTHER
    dialer = world.dialer()
    await dialer.connect()
    assert dialer.owns_engine


@pytest.mark.parametrize("error", [EngineError("nobody"), ProtocolError("version 9"), OSError("refused")])
async def test_otherwise_a_child_is_started_with_the_windows_options(world: World, error: Exception) -> None:
    world.reachable[USUAL] = error
    dialer = world.dialer()
    connection: Any = await dialer.connect()
    assert (connection.url, connection.token, dialer.url) == ("ws://127.0.0.1:1", "its-token", "ws://127.0.0.1:1")
    assert (dialer.owns_engine, dialer.child_pid) == (True, 42)
    assert world.children[0].options == ("--safe-mode",)


async def test_a_child_that_died_is_buried_before_the_next_is_born(world: World) -> None:
    world.reachable[USUAL] = EngineError("nobody")
    dialer = world.dialer()
    await dialer.connect()
    await dialer.connect()
    assert [child.done for child in world.children] == [["stop"], []]


async def test_a_child_that_cannot_start_is_no_child(world: World) -> None:
    world.reachable[USUAL] = EngineError("nobody")
    world.fails = True
    dialer = world.dialer()
    with pytest.raises(EngineError, match="data folder is in use"):
        await dialer.connect()
    assert not dialer.owns_engine
    assert world.children[0].done == ["stop"]


@pytest.mark.parametrize(("keep", "done"), [(True, ["leave"]), (False, ["stop"])])
async def test_closing_ends_the_child_or_leaves_it(world: World, *, keep: bool, done: list[str]) -> None:
    world.reachable[USUAL] = EngineError("nobody")
    dialer = world.dialer()
    await dialer.connect()
    await dialer.close(keep=keep)
    assert world.children[0].done == done
    assert not dialer.owns_engine
