"""`flowdeck collect`: sources and stores of root streams, for an engine elsewhere that derives."""

from __future__ import annotations

from flowdeck.cli import _app
from flowdeck.cli._serving import Host, Json, Port, Record, serve_until_told, stopping

__all__ = ["collect"]


def collect(host: Host = None, port: Port = None, record: Record = None, as_json: Json = False) -> None:
    """Run sources and stores of root streams only; flowdeck process derives from them in a process of its own.

    Example:
        flowdeck collect
        flowdeck collect --port 8765 --record captures/
    """
    from flowdeck.wire.hosting import Hosting

    config = _app.config({"engine.host": host, "engine.collect_port": port})
    hosting = Hosting("collect", config.engine.collect_port, stopping=stopping)
    serve_until_told(config, hosting, as_json=as_json, record=record)
