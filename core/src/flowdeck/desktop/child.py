"""The engine as a child process of the window: started on a port of its own choice, never left behind."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import IO

from flowdeck.errors import EngineError

__all__ = ["Announcement", "ChildEngine"]

_FLOWDECK = (sys.executable, "-m", "flowdeck")
_START_TIMEOUT_S = 60.0
_STOP_TIMEOUT_S = 5.0


@dataclass(frozen=True)
class Announcement:
    """Where the child listens, and the token for requests that need one."""

    url: str
    token: str


class ChildEngine:
    """One child engine.

    The child holds the read end of a pipe whose write end only this process has: when the window goes, however it
    goes, the child reads the end of it and exits, unless it was asked to keep recording.

    Args:
        options: Global options handed through to `flowdeck serve`, for example `("--config", "x.toml")`.
        command: What runs the command line; tests put a fake here.
    """

    def __init__(
        self, options: Sequence[str] = (), command: Sequence[str] = (sys.executable, "-m", "flowdeck")
    ) -> None:
        self._arguments = [*command, *options]
        self._process: subprocess.Popen[bytes] | None = None
        self._lifeline = -1
        self._errors: IO[bytes] | None = None

    @property
    def pid(self) -> int | None:
        """Process id while it runs."""
        return self._process.pid if self._process is not None and self._process.poll() is None else None

    async def start(self) -> Announcement:
        """Start and wait for the announcement.

        Raises:
            EngineError: when it exits or says nothing within a minute; with the last line that it wrote.
        """
        announce_read, announce_write = os.pipe()
        lifeline_read, self._lifeline = os.pipe()
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as the child
        serve = ["serve", "--port", "0", "--announce-fd", str(announce_write), "--parent-fd", str(lifeline_read)]
        try:
            self._process = subprocess.Popen(  # noqa: S603, ASYNC220 - our own interpreter; the fork takes a moment
                [*self._arguments, *serve],
                pass_fds=(announce_write, lifeline_read),
                stdin=subprocess.DEVNULL,
                stdout=self._errors,
                stderr=self._errors,
                start_new_session=True,  # Ctrl-C in the terminal is the window's to answer
            )
        except OSError as error:
            os.close(announce_read)
            raise EngineError(f"the engine cannot be started: {error}") from error
        finally:
            os.close(announce_write)
            os.close(lifeline_read)
        return self._announcement(await _first_line(announce_read))

    def _announcement(self, line: bytes) -> Announcement:
        try:
            said = json.loads(line)
            return Announcement(f"ws://127.0.0.1:{int(said['port'])}", str(said.get("token", "")))
        except (ValueError, KeyError, TypeError) as error:
            raise EngineError(f"the engine did not start: {self.last_words() or 'it said nothing'}") from error

    def last_words(self) -> str:
        """The last line that the child wrote to its output; empty when there is none."""
        if self._errors is None or self._errors.closed:
            return ""
        self._errors.seek(0, os.SEEK_END)
        size = self._errors.tell()
        self._errors.seek(max(0, size - 4096))
        lines = self._errors.read().decode("utf-8", "replace").strip().splitlines()
        return lines[-1].strip() if lines else ""

    async def stop(self) -> None:
        """End it: by the pipe, then by signal; waits until it is gone."""
        self._cut()
        process = self._process
        if process is not None:
            ways: tuple[Callable[[], object], ...] = (self._cut, process.terminate, process.kill)
            for end in ways:
                end()
                with contextlib.suppress(subprocess.TimeoutExpired):
                    await asyncio.to_thread(process.wait, _STOP_TIMEOUT_S)
                    break
        self._forget()

    def leave(self) -> None:
        """Let it live on by itself; it was asked to keep recording."""
        self._cut()
        if self._process is not None:
            self._process.returncode = self._process.poll() or 0  # not ours to wait for any more
        self._forget()

    def _cut(self) -> None:
        if self._lifeline >= 0:
            os.close(self._lifeline)
            self._lifeline = -1

    def _forget(self) -> None:
        self._process = None
        if self._errors is not None:
            self._errors.close()


async def _first_line(descriptor: int) -> bytes:
    """Read up to the first line end or the end of the pipe; closes the descriptor."""
    loop, line = asyncio.get_running_loop(), bytearray()
    readable = asyncio.Event()
    loop.add_reader(descriptor, readable.set)
    try:
        async with asyncio.timeout(_START_TIMEOUT_S):
            while b"\n" not in line:
                await readable.wait()
                readable.clear()
                if not (part := os.read(descriptor, 4096)):
                    break
                line += part
    except TimeoutError as error:
        raise EngineError(f"the engine did not announce itself within {_START_TIMEOUT_S:.0f} s") from error
    finally:
        loop.remove_reader(descriptor)
        os.close(descriptor)
    return bytes(line)
