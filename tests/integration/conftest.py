"""Real processes of the `flowdeck` command, ended after each test."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import shutil
import signal
import stat
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

PROBE = Path(__file__).with_name("probe_plugin.py")


class Served:
    """One `flowdeck` process that serves."""

    def __init__(self, process: asyncio.subprocess.Process, errors: Path) -> None:
        self.process, self._errors = process, errors

    async def status(self) -> dict[str, Any]:
        """The line of JSON that it prints once it serves."""
        assert self.process.stdout is not None
        line = await self.process.stdout.readline()
        assert line, f"it ended: {self.said()}"
        return dict(json.loads(line))

    async def token(self, status: dict[str, Any]) -> str:
        """The token of the data folder."""
        return await asyncio.to_thread(_read_token, Path(status["token_file"]))

    def said(self) -> str:
        """What it wrote to stderr so far."""
        return self._errors.read_text()

    async def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Signal it and wait; its exit code."""
        self.process.send_signal(number)
        return await self.process.wait()

    async def output(self) -> str:
        """The rest of its stdout."""
        assert self.process.stdout is not None
        return (await self.process.stdout.read()).decode()


def _read_token(path: Path) -> str:
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    return path.read_text().strip()


class Processes:
    """Starts processes over folders of the test's own, with the probe plugin installed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._all: list[Served] = []
        self._environment = {**os.environ, "PYTHONPATH": str(self._install_probe())}

    def _install_probe(self) -> Path:
        """What an installer would leave of the probe plugin."""
        site = self.folder / "site"
        information = site / "probe_plugin-1.0.dist-info"
        information.mkdir(parents=True)
        shutil.copy(PROBE, site / "probe_plugin.py")
        (information / "METADATA").write_text("Metadata-Version: 2.1\nName: probe-plugin\nVersion: 1.0\n")
        (information / "entry_points.txt").write_text("[flowdeck.plugins]\nprobe = probe_plugin\n")
        return site

    async def start(self, *words: str, python: Path | None = None, fds: tuple[int, ...] = (), **env: str) -> Served:
        """Start `flowdeck WORDS`."""
        errors = self.folder / f"stderr-{len(self._all)}"
        with errors.open("wb") as file:
            process = await asyncio.create_subprocess_exec(
                str(python or sys.executable),
                *("-m", "flowdeck", *words),
                env={**self._environment, **env},
                stdout=asyncio.subprocess.PIPE,
                stderr=file,
                pass_fds=fds,
            )
        self._all.append(Served(process, errors))
        return self._all[-1]

    async def kill(self) -> None:
        """End what still runs."""
        for served in self._all:
            with contextlib.suppress(ProcessLookupError):
                served.process.kill()
            await served.process.wait()


@pytest.fixture
async def processes(tmp_path: Path) -> AsyncIterator[Processes]:
    started = Processes(tmp_path)
    yield started
    await started.kill()


@pytest.fixture
async def cable() -> AsyncIterator[Callable[[int], Any]]:
    """Lays a TCP line to a port that the test can cut."""
    cables: list[Cable] = []

    async def lay(port: int) -> Cable:
        cables.append(Cable(port))
        await cables[-1].lay()
        return cables[-1]

    yield lay
    for each in cables:
        await each.close()


class Cable:
    """A line to a port of this machine."""

    def __init__(self, to: int) -> None:
        self._to = to
        self._writers: list[asyncio.StreamWriter] = []
        self._server: asyncio.Server | None = None
        self.connections = 0
        self.port = 0

    async def lay(self) -> None:
        """Listen on a free port."""
        self._server = await asyncio.start_server(self._connect, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    def cut(self) -> None:
        """Cut every connection, without a word to either end."""
        for writer in self._writers:
            writer.transport.abort()
        self._writers.clear()

    async def close(self) -> None:
        """Stop listening, and cut."""
        assert self._server is not None
        self._server.close()
        self.cut()
        await self._server.wait_closed()

    async def _connect(self, near: asyncio.StreamReader, to_near: asyncio.StreamWriter) -> None:
        self.connections += 1
        far, to_far = await asyncio.open_connection("127.0.0.1", self._to)
        self._writers += [to_near, to_far]
        await asyncio.gather(_pump(near, to_far), _pump(far, to_near))


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while data := await reader.read(1 << 16):
            writer.write(data)
            await writer.drain()
    writer.transport.abort()
