"""A serving process: an engine behind a wire server, from its first line to its clean end."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import signal
import threading
import time
from collections.abc import Awaitable, Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flowdeck.config import Config
from flowdeck.engine import Engine
from flowdeck.errors import EngineError, PluginError
from flowdeck.wire.lifetime import Lifetime
from flowdeck.wire.roles import Role
from flowdeck.wire.server import WireServer
from flowdeck.wire.whereabouts import noted

if TYPE_CHECKING:
    from flowdeck.plugins.manager import PluginManager

__all__ = ["Hosting", "host", "run_loop"]

_LOG = logging.getLogger("flowdeck.wire")
_SETTLING: set[asyncio.Task[None]] = set()
_GRACE_S = 10.0
"""An orphan that has not ended cleanly after so long ends at once."""


def _exit_at_once() -> None:
    os._exit(1)


@dataclass(frozen=True)
class Hosting:
    """How a process serves.

    Attributes:
        role: `serve`, `collect` or `process`.
        port: Where to listen; 0 takes a free port.
        token_folder: Where the token lies; None is the data folder.
        announce_fd: Pipe on which the parent process hears port and token.
        parent_fd: Pipe that ends when the parent process does.
        stopping: Told that the end begins.
        give_up: Ends an orphan that does not end cleanly.
    """

    role: Role
    port: int
    token_folder: Path | None = None
    announce_fd: int | None = None
    parent_fd: int | None = None
    stopping: Callable[[str], None] = print
    give_up: Callable[[], object] = _exit_at_once


async def host(
    config: Config,
    manager: PluginManager,
    hosting: Hosting,
    started: Callable[[Engine, WireServer], Awaitable[None]],
) -> None:
    """Serve until told to stop; `started` is awaited once clients are let in.

    Raises:
        FlowdeckError: when the port is taken, the data folder is in use, or a required plugin fails.
    """
    lifetime = Lifetime(keep_recording=config.engine.keep_recording)
    engine = Engine(config, manager)
    role, port, tokens = hosting.role, hosting.port, hosting.token_folder
    server = WireServer(engine, manager, config, role=role, port=port, token_folder=tokens, lifetime=lifetime)
    _on_signals(lifetime)
    engine.on_event(lambda name, data: _on_fatal(lifetime, data) if name == "fatal" else None)
    await server.bind()  # before anything is started or locked: the port tells best who is there already
    try:
        await engine.start()
        await server.start()
        with _findable(hosting, config, server):
            _meet_parent(hosting, lifetime, server)
            await started(engine, server)
            hosting.stopping(await lifetime.over())
    finally:
        await server.stop()
        await engine.stop()
    if lifetime.failed:
        raise PluginError(lifetime.reason)


def _findable(hosting: Hosting, config: Config, server: WireServer) -> AbstractContextManager[None]:
    """A window that opens on the same data folder attaches to a whole engine, wherever it listens."""
    return noted(config.engine.data, server.url) if hosting.role == "serve" else contextlib.nullcontext()


def run_loop(main: Awaitable[None]) -> None:
    """Run to the end on uvloop, or on asyncio's own loop where that does not exist."""

    async def awaited() -> None:
        await main

    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        runner.run(awaited())


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    try:
        import uvloop
    except ImportError:  # there is none for this platform
        return None
    return uvloop.new_event_loop


def _settle(server: WireServer) -> None:
    """An engine that outlives its window moves to the usual port, where the next window looks for it."""

    async def listen() -> None:
        try:
            await server.also_listen()
        except EngineError as error:
            _LOG.warning("nobody will find this engine but at %s: %s", server.url, error)

    _SETTLING.add(task := asyncio.create_task(listen()))
    task.add_done_callback(_SETTLING.discard)


def _on_fatal(lifetime: Lifetime, fault: dict[str, Any]) -> None:
    lifetime.fail(f"plugin {fault.get('plugin')} is required and failed: {fault.get('reason')}")


def _on_signals(lifetime: Lifetime) -> None:
    """The first signal ends cleanly; a second one ends at once, even when the loop hangs."""
    loop = asyncio.get_running_loop()

    def told(number: signal.Signals) -> None:
        for each in caught:
            loop.remove_signal_handler(each)
            signal.signal(each, signal.SIG_DFL)
        lifetime.stop(f"{number.name}; once more ends it at once")

    caught = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    for number in caught:
        loop.add_signal_handler(number, told, number)


def _meet_parent(hosting: Hosting, lifetime: Lifetime, server: WireServer) -> None:
    """Tell the parent process where it is served, and notice when it goes."""
    if hosting.announce_fd is not None:
        line = json.dumps({"port": server.port, "token": server.token, "url": server.url})
        with contextlib.suppress(BrokenPipeError):  # it has gone already; the other pipe says so
            os.write(hosting.announce_fd, line.encode() + b"\n")
        os.close(hosting.announce_fd)
    if hosting.parent_fd is not None:
        lifetime.on_kept = lambda: _settle(server)
        _watch_parent(hosting.parent_fd, lifetime, hosting.give_up)


def _watch_parent(descriptor: int, lifetime: Lifetime, give_up: Callable[[], object]) -> None:
    """A thread, because it must see the end also when the loop hangs, or a thread that will not end."""
    loop = asyncio.get_running_loop()

    def wait() -> None:
        with contextlib.suppress(OSError):
            while os.read(descriptor, 64):
                pass
        with contextlib.suppress(RuntimeError):  # the loop is closed: the process ends already
            loop.call_soon_threadsafe(lifetime.parent_gone)
        if not lifetime.keep_recording:
            time.sleep(_GRACE_S)
            give_up()

    threading.Thread(target=wait, name="parent pipe", daemon=True).start()
