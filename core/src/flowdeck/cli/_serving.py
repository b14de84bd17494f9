"""What `serve`, `collect` and `process` share: options, the status block, recording."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from flowdeck.cli import _app
from flowdeck.config import usable_folder

if TYPE_CHECKING:
    from flowdeck.config import Config
    from flowdeck.engine import Engine
    from flowdeck.plugins.info import PluginInfo
    from flowdeck.plugins.manager import PluginManager
    from flowdeck.wire.hosting import Hosting
    from flowdeck.wire.server import WireServer

__all__ = ["AnnounceFd", "Host", "Json", "ParentFd", "Port", "Record", "serve_until_told"]

Port = Annotated[int | None, typer.Option(min=0, max=65535, help="Port; 0 takes a free one.", show_default=False)]
Host = Annotated[str | None, typer.Option(help="Address to listen on.", show_default=False)]
Json = Annotated[bool, typer.Option("--json", help="Print the status as one line of JSON.")]
Record = Annotated[
    Path | None,
    typer.Option(metavar="DIR", help="Write captures of all that the configured instrument's source receives."),
]
AnnounceFd = Annotated[int | None, typer.Option(hidden=True, min=0)]
ParentFd = Annotated[int | None, typer.Option(hidden=True, min=0)]

_WORDS = {"serve": "engine", "collect": "collecting engine", "process": "processing engine"}


def serve_until_told(config: Config, hosting: Hosting, *, as_json: bool, record: Path | None = None) -> None:
    """Load the plugins and serve; returns after a clean end.

    Raises:
        FlowdeckError: when it cannot start, with the remedy.
    """
    from flowdeck.wire.hosting import host, run_loop
    from flowdeck.wire.roles import RoleManager

    if record is not None:
        usable_folder(record, "capture folder", "choose another with --record")
    _log_to_stderr(config.log.level)
    manager = RoleManager(config, hosting.role, safe_mode=_app.options().safe_mode)
    readers: list[Any] = []

    async def started(engine: Engine, server: WireServer) -> None:
        if record is not None:
            readers.extend(_record(engine, manager, config, record))
        _say_status(hosting.role, config, manager, server, as_json=as_json)

    manager.load_for_role()
    try:
        run_loop(host(config, manager, hosting, started))
    finally:
        manager.close()


def _record(engine: Engine, manager: PluginManager, config: Config, folder: Path) -> list[Any]:
    """Have the sources recorded, and kept reading; the tasks that read."""
    from flowdeck.instruments import InstrumentId
    from flowdeck.wire.roles import keep_reading

    engine.record(folder)
    return keep_reading(engine, manager, InstrumentId.parse(config.chart.instrument))


def _log_to_stderr(level: str) -> None:
    """What the engine logs must not mix with the status on stdout."""
    import logging

    import structlog

    logging.basicConfig(level=level.upper(), format="%(levelname)s %(name)s: %(message)s")
    logging.getLogger("websockets").setLevel(logging.WARNING)
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )


def stopping(reason: str) -> None:
    """The end begins."""
    _app.notice(f"stopping: {reason}")


def _say_status(role: str, config: Config, manager: PluginManager, server: WireServer, *, as_json: bool) -> None:
    infos = manager.plugins()
    if not as_json:
        typer.echo(_block(role, config, infos, server))
        return
    status: dict[str, Any] = {
        "role": role,
        "url": server.url,
        "data": str(config.engine.data),
        "token_file": str(server.token_file),
        "plugins": [{"name": info.name, "state": str(info.state), "reason": info.reason} for info in infos],
    }
    typer.echo(json.dumps(status))


def _block(role: str, config: Config, infos: list[PluginInfo], server: WireServer) -> str:
    from flowdeck.version import __version__

    active = [info.name for info in infos if info.state == "active"]
    others = [info for info in infos if info.state != "active"]
    lines = [
        f"Flowdeck {__version__} {_WORDS[role]}",
        f"  address  {server.url}" + ("  (token needed for everything)" if server.exposed else ""),
        f"  data     {config.engine.data}",
        f"  token    {server.token_file}",
        f"  plugins  {', '.join(active) or 'none'} active",
        *(f"           {info.name} is {info.state}{_because(info.reason)}" for info in others),
        "  Ctrl-C ends it",
    ]
    return "\n".join(lines)


def _because(reason: str) -> str:
    return f": {reason}" if reason else ""
