"""A port that is taken: by whom, and what to do."""

from __future__ import annotations

from flowdeck.errors import EngineError, FlowdeckError
from flowdeck.wire.dial import RefusedError, probe

__all__ = ["PortInUseError", "port_in_use", "url_of"]


class PortInUseError(EngineError):
    """The port to listen on is taken."""

    code = "port"


def url_of(host: str, port: int, *, secure: bool = False) -> str:
    """The address that reaches a server listening on `host`."""
    reachable = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}.get(host, host)  # noqa: S104 - the wildcard is named, not bound
    name = f"[{reachable}]" if ":" in reachable else reachable
    return f"{'wss' if secure else 'ws'}://{name}:{port}"


async def port_in_use(host: str, port: int, command: str) -> PortInUseError:
    """The error for a port that is taken: it names the holder and the remedy."""
    other = f"flowdeck {command} --port 0 takes a free one"
    try:
        hello = await probe(url_of(host, port))
    except RefusedError:
        return PortInUseError(f"port {port} is taken by another Flowdeck engine, which does not let us in; {other}")
    except FlowdeckError:
        return PortInUseError(f"port {port} is taken by another program, not a Flowdeck engine; {other}")
    who = f"Flowdeck {hello.get('flowdeck')} {hello.get('role', 'engine')}"
    if hello.get("pid"):
        who += f" (pid {hello['pid']}, data {hello.get('data')})"
    return PortInUseError(
        f"port {port} is taken by {who}; attach with: flowdeck --attach {url_of(host, port)}, or {other}"
    )
