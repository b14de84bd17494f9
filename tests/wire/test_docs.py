"""What docs/wire.md says is so: its examples run, and no request, code or limit is missing."""

from __future__ import annotations

import asyncio
import re
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest

from flowdeck import errors
from flowdeck.streams import Batch, EndOfStream, StreamKey
from flowdeck.wire import protocol
from flowdeck.wire import requests as ask
from flowdeck.wire.desk import ConflictError
from flowdeck.wire.gate import TokenError
from flowdeck.wire.limits import Limits

DOCS = (Path(__file__).parents[2] / "docs" / "wire.md").read_text()
KEY = "trades/binance-usdm/BTCUSDT"


def examples(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", DOCS, re.DOTALL)


async def run(world: Any, *command: str, code: str) -> str:
    """Run an example against a server that has two trades; what it prints."""
    rows = world.kinds["trades"].rows(
        {"ts": [1_700_000_000_123_456_789] * 2, "price": [100.5, 101.0], "qty": [0.25, 1.0], "side": [1, -1]}
    )
    key = StreamKey.parse(KEY)
    world.engine.events[KEY] = [Batch(key, rows), world.end_of_history(), EndOfStream(key, "done")]
    server = await world.serve()
    process = await asyncio.create_subprocess_exec(
        *command,
        code.replace("ws://127.0.0.1:8766", server.url),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await process.communicate()
    assert process.returncode == 0, err.decode()
    return out.decode()


async def test_the_json_example_in_python(world: Any) -> None:
    out = await run(world, sys.executable, "-c", code=examples("python")[0])
    assert out.splitlines()[1:] == [
        "1700000000123456789 buy 0.25 at 100.5",
        "1700000000123456789 sell 1.0 at 101.0",
    ]


async def test_the_example_with_numpy_rows(world: Any) -> None:
    assert await run(world, sys.executable, "-c", code=examples("python")[1]) == "2 trades, last at 101.0\n"


async def test_the_example_in_javascript(world: Any) -> None:
    node = shutil.which("node")
    if node is None:
        pytest.skip("no node on this machine")
    out = await run(world, node, "--no-warnings", "--experimental-websocket", "-e", code=examples("javascript")[0])
    assert out.splitlines() == ["2023-11-14T22:13:20.123Z buy 0.25 at 100.5", "2023-11-14T22:13:20.123Z sell 1 at 101"]


@pytest.mark.parametrize("request_type", [*ask.READING, *ask.CONTROL], ids=lambda cls: str(cls.__struct_config__.tag))
def test_every_request_and_field_is_described(request_type: Any) -> None:
    name = str(request_type.__struct_config__.tag)
    needs_token = request_type in ask.CONTROL
    assert f"`{name}` *" in DOCS if needs_token else f"`{name}` |" in DOCS
    for field in request_type.__struct_encode_fields__:
        assert field == "id" or f"`{field}`" in DOCS


def test_every_close_code_subprotocol_and_error_code_is_described() -> None:
    for code in protocol.CloseCode:
        assert f"| {int(code)} |" in DOCS
    assert f"`{protocol.BINARY}`" in DOCS
    assert f"`{protocol.JSON}`" in DOCS
    codes = {getattr(errors, name).code for name in errors.__all__} - {"error", "protocol", "frame"}
    for code in (*codes, "request", TokenError.code, ConflictError.code):
        assert f"`{code}`" in DOCS


def test_the_limits_are_those_of_the_server() -> None:
    limits = Limits()
    assert f"{protocol.MAX_REQUEST >> 10} KiB" in DOCS
    assert f"{limits.requests_per_s:g} a second, {limits.burst} at once" in DOCS
    assert f"{limits.streams} streams a client, {limits.clients} clients" in DOCS
    assert f"ping for {limits.ping_s:g} s" in DOCS
    assert f"taken for {limits.stall_s:g} s" in DOCS
    assert limits.auth_s == 10
