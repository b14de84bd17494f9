"""Serving processes: how they start, what they say, and that they end."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from typing import Any

import psutil
import pytest

from flowdeck.captures import CaptureReader, Frame
from flowdeck.version import __version__
from flowdeck.wire.client import Client


async def test_serve_says_where_what_and_how_to_end_it(processes: Any) -> None:
    served = await processes.start("serve", "--port", "0")
    lines = [(await served.process.stdout.readline()).decode().rstrip() for _ in range(6)]
    assert lines[0] == f"Flowdeck {__version__} engine"
    assert lines[1].startswith("  address  ws://127.0.0.1:")
    assert lines[2] == f"  data     {processes.folder / 'data'}"
    assert lines[3] == f"  token    {processes.folder / 'data' / 'token'}"
    assert lines[4].endswith("probe active")
    assert lines[5] == "  Ctrl-C ends it"
    assert await served.end(signal.SIGINT) == 0
    assert "stopping: SIGINT" in served.said()


async def test_a_plugin_that_failed_is_named_with_its_reason(processes: Any) -> None:
    (processes.folder / "site" / "probe_plugin.py").write_text("raise RuntimeError('no cable')\n")
    served = await processes.start("serve", "--port", "0", "--json")
    status = await served.status()
    probe = next(plugin for plugin in status["plugins"] if plugin["name"] == "probe")
    assert probe["state"] == "failed"
    assert "no cable" in probe["reason"]
    assert await served.end() == 0


async def test_the_token_file_is_the_owners_alone(processes: Any) -> None:
    served = await processes.start("serve", "--port", "0", "--json")
    status = await served.status()
    async with Client(status["url"], await served.token(status)) as client:
        assert client.may_control
        assert client.hello["pid"] == served.process.pid
        await client.request("engine.stop")
    assert await served.process.wait() == 0
    assert "stopping: it was asked to stop" in served.said()


async def test_a_second_signal_ends_one_that_hangs(processes: Any) -> None:
    served = await processes.start("serve", "--port", "0", "--json", PROBE_STUBBORN="1")
    status = await served.status()
    async with Client(status["url"]) as client:
        await client.request("open", key="trades/probe/COIN")
        served.process.send_signal(signal.SIGINT)
        await client.wait_closed()
    assert served.process.returncode is None
    assert await served.end(signal.SIGINT) == -signal.SIGINT


async def test_a_taken_port_names_its_holder(processes: Any) -> None:
    first = await processes.start("serve", "--port", "0", "--json")
    port = (await first.status())["url"].rpartition(":")[2]
    second = await processes.start("serve", "--port", port, "--data-dir", str(processes.folder / "other"))
    assert await second.process.wait() == 1
    assert f"port {port} is taken by Flowdeck {__version__} serve (pid {first.process.pid}" in second.said()
    assert "--port 0" in second.said()


async def test_a_port_of_another_program_is_told_apart(processes: Any) -> None:
    other = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", 0)
    async with other:
        port = str(other.sockets[0].getsockname()[1])
        served = await processes.start("serve", "--port", port)
        assert await served.process.wait() == 1
    assert f"port {port} is taken by another program, not a Flowdeck engine" in served.said()


async def test_one_engine_a_data_folder(processes: Any) -> None:
    first = await processes.start("serve", "--port", "0", "--json")
    await first.status()
    second = await processes.start("serve", "--port", "0")
    assert await second.process.wait() == 1
    assert f"is in use by process {first.process.pid}" in second.said()


async def test_a_data_folder_that_cannot_be_one_is_named(processes: Any) -> None:
    (processes.folder / "file").touch()
    served = await processes.start("serve", "--port", "0", "--data-dir", str(processes.folder / "file"))
    assert await served.process.wait() == 1
    assert len(served.said().strip().splitlines()) == 1
    assert str(processes.folder / "file") in served.said()


async def test_beyond_loopback_is_refused_without_tls_or_opt_out(processes: Any) -> None:
    served = await processes.start("serve", "--host", "0.0.0.0", "--port", "0")
    assert await served.process.wait() == 1
    assert "engine.allow_plain = true" in served.said()


PARENT = """
import os, subprocess, sys, time
heard, announce = os.pipe()
watched, lifeline = os.pipe()
child = subprocess.Popen(
    [sys.executable, "-m", "flowdeck", "serve", "--port", "0",
     "--announce-fd", str(announce), "--parent-fd", str(watched)],
    pass_fds=(announce, watched), start_new_session=True, stdout=subprocess.DEVNULL,
)
os.close(announce), os.close(watched)
assert os.read(heard, 4096).endswith(b"}\\n")
print(child.pid, flush=True)
time.sleep(600)
"""


async def test_no_orphan_is_left_when_the_parent_is_killed(processes: Any) -> None:
    parent = await asyncio.create_subprocess_exec(
        sys.executable, "-c", PARENT, stdout=asyncio.subprocess.PIPE, env={**os.environ, "PROBE_STUBBORN": ""}
    )
    assert parent.stdout is not None
    child = psutil.Process(int(await parent.stdout.readline()))
    parent.kill()
    await parent.wait()
    gone, alive = await asyncio.to_thread(psutil.wait_procs, [child], 30)
    assert not alive
    assert gone


async def test_a_child_that_is_kept_is_found_at_the_usual_port(processes: Any, unused_tcp_port: int) -> None:
    heard, announce = os.pipe()
    watched, lifeline = os.pipe()
    served = await processes.start(
        *("serve", "--port", "0", "--announce-fd", str(announce), "--parent-fd", str(watched)),
        fds=(announce, watched),
        FLOWDECK_ENGINE__PORT=str(unused_tcp_port),
    )
    os.close(announce)
    os.close(watched)
    told = json.loads(await asyncio.to_thread(os.read, heard, 4096))
    assert told["port"] != unused_tcp_port
    async with Client(told["url"], told["token"]) as client:
        assert await client.request("engine.keep") == {"port": unused_tcp_port}
    os.close(lifeline)
    os.close(heard)
    async with Client(f"ws://127.0.0.1:{unused_tcp_port}", told["token"]) as client:
        assert client.hello["pid"] == served.process.pid
        await client.request("engine.stop")
    assert await served.process.wait() == 0


async def test_recording_writes_captures_of_what_the_source_receives(processes: Any) -> None:
    folder = processes.folder / "captures"
    served = await processes.start(
        "serve", "--port", "0", "--json", "--record", str(folder), FLOWDECK_CHART__INSTRUMENT="probe:COIN"
    )
    status = await served.status()
    async with Client(status["url"]) as client:
        answer = await client.request("data.list")
        while not any(stream["rows"] for stream in answer["streams"]):
            await asyncio.sleep(0.02)
            answer = await client.request("data.list")
    assert await served.end() == 0
    (capture,) = folder.glob("*.gz")
    frames = [record for record in CaptureReader(capture) if isinstance(record, Frame)]
    assert frames[0].data == b'{"first":0}'


async def test_recording_an_instrument_that_nothing_serves_is_refused(processes: Any) -> None:
    served = await processes.start(
        "serve", "--port", "0", "--record", str(processes.folder), FLOWDECK_CHART__INSTRUMENT="nowhere:COIN"
    )
    assert await served.process.wait() == 1
    assert "nothing to record: no source here serves nowhere:COIN" in served.said()


@pytest.mark.parametrize("word", ["serve", "collect", "process"])
async def test_help_shows_an_example(processes: Any, word: str) -> None:
    helped = await processes.start(word, "--help")
    assert f"flowdeck {word}" in await helped.output()
    assert await helped.process.wait() == 0
