"""Real processes: what stands in for the engine is a script that keeps to the contract of the two pipes."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import psutil
import pytest

from flowdeck.desktop.child import ChildEngine
from flowdeck.errors import EngineError

_ENGINE = """
import json, os, sys
args = sys.argv[1:]
announce, parent = int(args[args.index("--announce-fd") + 1]), int(args[args.index("--parent-fd") + 1])
os.write(announce, json.dumps({"port": 4711, "token": "secret"}).encode() + b"\\n")
os.close(announce)
os.read(parent, 1)
"""


@pytest.fixture
def command(tmp_path: Path) -> list[str]:
    script = tmp_path / "engine.py"
    script.write_text(_ENGINE)
    return [sys.executable, str(script)]


def _gone(pid: int) -> bool:
    try:
        psutil.Process(pid).wait(10)
    except psutil.NoSuchProcess:
        return True
    except psutil.TimeoutExpired:
        return False
    return True


async def test_it_says_where_it_listens(command: list[str]) -> None:
    child = ChildEngine(command=command)
    said = await child.start()
    assert (said.url, said.token) == ("ws://127.0.0.1:4711", "secret")
    await child.stop()


async def test_it_ends_when_the_pipe_does(command: list[str]) -> None:
    child = ChildEngine(command=command)
    await child.start()
    pid = child.pid
    assert pid is not None
    await child.stop()
    assert _gone(pid)
    assert child.pid is None


async def test_one_that_does_not_listen_to_the_pipe_is_terminated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("flowdeck.desktop.child._STOP_TIMEOUT_S", 0.2)
    script = tmp_path / "deaf.py"
    script.write_text(_ENGINE.replace("os.read(parent, 1)", "import time; time.sleep(60)"))
    child = ChildEngine(command=[sys.executable, str(script)])
    await child.start()
    pid = child.pid
    await child.stop()
    assert pid is not None
    assert _gone(pid)


async def test_one_that_fails_tells_its_last_line(tmp_path: Path) -> None:
    script = tmp_path / "broken.py"
    script.write_text("import sys\nprint('flowdeck: port 8766 is taken', file=sys.stderr)\nsys.exit(1)\n")
    child = ChildEngine(command=[sys.executable, str(script)])
    with pytest.raises(EngineError, match="port 8766 is taken"):
        await child.start()
    await child.stop()


async def test_a_missing_program_is_named() -> None:
    child = ChildEngine(command=["/nowhere/python"])
    with pytest.raises(EngineError, match="cannot be started"):
        await child.start()
    await child.stop()


async def test_a_silent_one_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("flowdeck.desktop.child._START_TIMEOUT_S", 0.2)
    script = tmp_path / "silent.py"
    script.write_text("import time\ntime.sleep(60)\n")
    child = ChildEngine(command=[sys.executable, str(script)])
    with pytest.raises(EngineError, match="did not announce itself"):
        await child.start()
    monkeypatch.setattr("flowdeck.desktop.child._STOP_TIMEOUT_S", 0.2)
    await child.stop()


async def test_one_that_is_kept_lives_on(command: list[str], tmp_path: Path) -> None:
    script = tmp_path / "kept.py"
    script.write_text(_ENGINE + "\nimport time; time.sleep(60)\n")  # as after `engine.keep`
    child = ChildEngine(command=[sys.executable, str(script)])
    await child.start()
    pid = child.pid
    assert pid is not None
    child.leave()
    try:
        assert psutil.pid_exists(pid)
    finally:
        os.kill(pid, signal.SIGKILL)
        await asyncio.to_thread(_gone, pid)


def test_no_orphan_is_left_when_the_window_is_killed(command: list[str]) -> None:
    window = textwrap.dedent(f"""
        import asyncio
        from flowdeck.desktop.child import ChildEngine
        async def main():
            child = ChildEngine(command={command!r})
            await child.start()
            print(child.pid, flush=True)
            await asyncio.sleep(60)
        asyncio.run(main())
    """)
    with subprocess.Popen([sys.executable, "-c", window], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        pid = int(process.stdout.readline())
        assert psutil.pid_exists(pid)
        process.kill()
        assert _gone(pid)
