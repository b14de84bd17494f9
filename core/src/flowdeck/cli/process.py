"""`flowdeck process`: derived streams, from the root streams of a collecting engine."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from flowdeck.cli import _app
from flowdeck.cli._serving import Host, Json, Port, serve_until_told, stopping

__all__ = ["process"]

From = Annotated[str | None, typer.Option("--from", metavar="URL", help="The collecting engine.", show_default=False)]
TokenFile = Annotated[
    Path | None,
    typer.Option(metavar="PATH", exists=True, dir_okay=False, help="Token of the collecting engine, beyond loopback."),
]
History = Annotated[float, typer.Option(min=0, help="How far back a stream begins, hours.")]


def process(
    from_: From = None,
    host: Host = None,
    port: Port = None,
    token_file: TokenFile = None,
    history_h: History = 24.0,
    as_json: Json = False,
) -> None:
    """Derive streams from the root streams of flowdeck collect; windows attach here.

    A lost connection is tried again until it comes back; nothing is lost or counted twice as long as the collecting
    engine remembers it. Its own data lie in the folder process within the data folder, the token in the data folder.

    Example:
        flowdeck process
        flowdeck process --from ws://127.0.0.1:8765 --port 8766
    """
    from flowdeck.wire.hosting import Hosting
    from flowdeck.wire.port import url_of
    from flowdeck.wire.upstream import UPSTREAM

    usual = _app.config({"engine.host": host, "engine.port": port})
    settings = {
        "url": from_ or url_of("127.0.0.1", usual.engine.collect_port),
        "token_file": str(token_file or ""),
        "history_h": history_h,
    }
    config = _app.config(
        {
            "engine.host": host,
            "engine.port": port,
            "engine.data": usual.engine.data / "process",
            **{f"plugins.{UPSTREAM}.settings.{name}": value for name, value in settings.items()},
        }
    )
    hosting = Hosting("process", config.engine.port, token_folder=usual.engine.data, stopping=stopping)
    serve_until_told(config, hosting, as_json=as_json)
