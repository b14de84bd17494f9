"""`flowdeck` as a process of its own, with a real engine: it leaves nothing behind, however it ends."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

import psutil
import pytest

_DEADLINE_S = 40.0
T = TypeVar("T")


class App:
    """A running `flowdeck`."""

    def __init__(self, *arguments: str, **environment: str | None) -> None:
        changed = {**os.environ, **{name: value for name, value in environment.items() if value is not None}}
        for name in [name for name, value in environment.items() if value is None]:
            changed.pop(name, None)
        self.process = subprocess.Popen(
            [sys.executable, "-m", "flowdeck", *arguments], stderr=subprocess.PIPE, text=True, env=changed
        )
        self.said: list[str] = []
        self._listener = threading.Thread(target=self._listen)
        self._listener.start()

    def _listen(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self.said.append(line.rstrip())

    def engine(self) -> psutil.Process:
        """The child engine, once it is there."""
        me = psutil.Process(self.process.pid)
        return until(lambda: [child for child in me.children() if _serves(child)])[0]

    def connected(self) -> bool:
        """Whether it talks to an engine."""
        connections = psutil.Process(self.process.pid).net_connections("tcp")
        return any(connection.status == psutil.CONN_ESTABLISHED for connection in connections)

    def end(self, number: signal.Signals) -> int:
        """Send a signal and wait; the exit code."""
        self.process.send_signal(number)
        code = self.process.wait(_DEADLINE_S)
        self._listener.join(_DEADLINE_S)
        assert self.process.stderr is not None
        self.process.stderr.close()
        return code


def _serves(process: psutil.Process) -> bool:
    try:
        return "serve" in process.cmdline()
    except psutil.Error:  # it has just gone
        return False


def until(seen: Callable[[], T]) -> T:
    end = time.monotonic() + _DEADLINE_S
    while time.monotonic() < end:
        if result := seen():
            return result
        time.sleep(0.05)
    raise TimeoutError


@pytest.fixture
def port(monkeypatch: pytest.MonkeyPatch) -> int:
    """A port that nobody listens on, as the usual one."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        number = int(free.getsockname()[1])
    monkeypatch.setenv("FLOWDECK_ENGINE__PORT", str(number))
    return number


@pytest.fixture
def start(port: int) -> Iterator[Callable[..., App]]:
    apps: list[App] = []

    def started(*arguments: str, **environment: str | None) -> App:
        apps.append(App(*arguments, **environment))
        return apps[-1]

    yield started
    for app in apps:
        if app.process.poll() is None:
            app.end(signal.SIGKILL)


def test_a_second_window_shares_the_engine_of_the_first_and_takes_over_when_that_ends(
    start: Callable[..., App],
) -> None:
    first = start()
    engine = first.engine()
    until(first.connected)
    second = start()
    until(second.connected)
    assert not psutil.Process(second.process.pid).children(), "it starts no engine of its own"
    assert first.end(signal.SIGINT) == 0
    engine.wait(_DEADLINE_S)
    assert second.engine().pid != engine.pid
    assert second.end(signal.SIGINT) == 0


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_ends_its_engine_when_it_is_told_to_end(start: Callable[..., App], number: signal.Signals) -> None:
    app = start()
    engine = app.engine()
    assert app.end(number) == 0
    engine.wait(_DEADLINE_S)


def test_no_engine_is_left_when_it_is_killed(start: Callable[..., App]) -> None:
    app = start()
    engine = app.engine()
    app.end(signal.SIGKILL)
    engine.wait(_DEADLINE_S)


def test_an_engine_that_was_killed_is_started_again(start: Callable[..., App]) -> None:
    app = start()
    first = app.engine()
    first.kill()
    second = until(lambda: (other := app.engine()).pid != first.pid and other)
    app.end(signal.SIGINT)
    assert second
    second.wait(_DEADLINE_S)


def test_an_engine_that_is_to_keep_recording_moves_to_the_usual_port(start: Callable[..., App], port: int) -> None:
    app = start(FLOWDECK_ENGINE__KEEP_RECORDING="true")
    engine = app.engine()
    until(app.connected)
    try:
        assert app.end(signal.SIGINT) == 0
        assert engine.is_running()
        until(lambda: _listens(port))
    finally:
        engine.send_signal(signal.SIGINT)
        engine.wait(_DEADLINE_S)


def test_another_program_on_the_port_is_no_engine(start: Callable[..., App], port: int) -> None:
    with socket.create_server(("127.0.0.1", port)) as stranger:
        stranger.settimeout(_DEADLINE_S)
        answering = threading.Thread(target=_answer_http, args=(stranger,))
        answering.start()
        app = start()
        assert app.engine()
        answering.join(_DEADLINE_S)
        app.end(signal.SIGINT)


def _answer_http(stranger: socket.socket) -> None:
    connection, _ = stranger.accept()
    with connection:
        connection.recv(4096)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")


def test_without_a_display_it_says_so_and_runs_the_engine(start: Callable[..., App], port: int) -> None:
    app = start(DISPLAY=None, WAYLAND_DISPLAY=None, QT_QPA_PLATFORM=None)
    until(lambda: _listens(port))
    app.end(signal.SIGINT)
    said = "\n".join(app.said)
    assert "there is no display" in said
    assert "flowdeck snapshot --capture CAPTURE --out chart.png" in said
    assert f"flowdeck snapshot --attach ws://127.0.0.1:{port} --out chart.png" in said


def _listens(port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0


def test_a_data_folder_that_cannot_be_used_is_one_line(tmp_path: Path, start: Callable[..., App]) -> None:
    blocked = tmp_path / "blocked"
    blocked.write_text("a file where the folder should be")
    app = start("--data-dir", str(blocked))
    assert app.process.wait(_DEADLINE_S) == 1
    app.end(signal.SIGTERM)
    assert any(str(blocked) in line and line.startswith("flowdeck:") for line in app.said)
