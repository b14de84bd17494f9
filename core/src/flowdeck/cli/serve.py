"""`flowdeck serve`: the engine without a window."""

from __future__ import annotations

from flowdeck.cli import _app
from flowdeck.cli._serving import AnnounceFd, Host, Json, ParentFd, Port, Record, serve_until_told, stopping

__all__ = ["serve"]


def serve(
    host: Host = None,
    port: Port = None,
    record: Record = None,
    as_json: Json = False,
    announce_fd: AnnounceFd = None,
    parent_fd: ParentFd = None,
) -> None:
    """Run the engine without a window; windows and scripts attach to it.

    Sources, aggregators, stores and runs live here, and no Qt is needed. Listening beyond this machine needs
    engine.tls_cert and engine.tls_key in the configuration, or engine.allow_plain where the network is trusted.

    Example:
        flowdeck serve
        flowdeck serve --port 0 --json
        flowdeck serve --record captures/
    """
    from flowdeck.wire.hosting import Hosting

    config = _app.config({"engine.host": host})
    hosting = Hosting(
        "serve",
        config.engine.port if port is None else port,
        announce_fd=announce_fd,
        parent_fd=parent_fd,
        stopping=stopping,
    )
    serve_until_told(config, hosting, as_json=as_json, record=record)
