"""`flowdeck data`: what is held, and where."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import typer

from flowdeck.cli import _app
from flowdeck.cli._running import ask_engine

if TYPE_CHECKING:
    from flowdeck.config import Config

__all__ = ["app"]

app = _app.group("What is held of the market, and where.")

_UNITS = ("B", "kB", "MB", "GB", "TB")


@app.callback()
def _data() -> None:
    """What is held of the market, and where."""


@app.command("list")
def list_(as_json: _app.Json = False) -> None:
    """List what the engine holds: every stream in its memory, every store with rows, size and time span.

    The engine that runs on this data folder is asked; where none runs, the stores are opened here.

    Example:
        flowdeck data list
        flowdeck data list --json
    """
    config = _app.config()
    answer = ask_engine(config, "data.list")
    held = asyncio.run(_stored(config)) if answer is None else list(answer["streams"])
    if as_json:
        _app.print_json({"data": str(config.engine.data), "running": answer is not None, "held": held})
        return
    typer.echo(f"data folder {config.engine.data}, {'an engine runs' if answer is not None else 'no engine runs'}")
    if held:
        _print_table(held)
    else:
        _app.notice("nothing is held: no store is installed, and memory goes with its engine")


async def _stored(config: Config) -> list[dict[str, Any]]:
    """What the stores hold, opened in this process."""
    from flowdeck.engine import Engine

    manager = _app.manager(config)
    engine = Engine(config, manager)
    try:
        await engine.start()
        return [held.to_dict() for held in await engine.describe()]
    finally:
        await engine.stop()
        manager.close()


def _print_table(held: Sequence[dict[str, Any]]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, header_style="bold", pad_edge=False)
    for name in ("where", "stream", "rows", "size", "from", "to", "readers"):
        table.add_column(name, justify="right" if name in {"rows", "size", "readers"} else "left", no_wrap=True)
    for one in held:
        numbers = f"{one['rows']:,}", _size(one["size_bytes"]), _time(one["oldest"]), _time(one["newest"])
        table.add_row(one["where"], one["key"] or "", *numbers, str(one["readers"]))
    Console(soft_wrap=True).print(table)


def _size(size_bytes: float) -> str:
    unit = 0
    while size_bytes >= 1000 and unit < len(_UNITS) - 1:
        size_bytes, unit = size_bytes / 1000, unit + 1
    return f"{size_bytes:.0f} {_UNITS[unit]}" if unit == 0 else f"{size_bytes:.1f} {_UNITS[unit]}"


def _time(ns: int) -> str:
    return f"{datetime.fromtimestamp(ns / 1e9, UTC):%Y-%m-%d %H:%M:%S}" if ns else ""
