"""The server: an engine on a port, for clients of either subprotocol."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable
from dataclasses import asdict
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Any

from websockets.asyncio.server import ServerConnection
from websockets.http11 import Request, Response

from flowdeck.config import Config
from flowdeck.engine import Engine
from flowdeck.version import API_VERSION, __version__
from flowdeck.wire.access import is_loopback, load_token, refusal
from flowdeck.wire.codec import codec_for
from flowdeck.wire.desk import Desk
from flowdeck.wire.feeds import Feeds
from flowdeck.wire.gate import Gate
from flowdeck.wire.lifetime import Lifetime
from flowdeck.wire.limits import Limits
from flowdeck.wire.listening import Listening
from flowdeck.wire.port import url_of
from flowdeck.wire.protocol import PROTOCOL
from flowdeck.wire.session import Session

if TYPE_CHECKING:
    from flowdeck.plugins.manager import PluginManager

__all__ = ["WireServer"]


class WireServer:
    """Serves one engine.

    Args:
        engine: Started, or about to be.
        manager: Its plugins.
        config: Where to listen, where the token lies.
        role: `serve`, `collect` or `process`, told in the hello.
        port: Instead of the configured one; 0 takes a free one.
        token_folder: Where the token lies; None is the data folder.
        lifetime: Of the process, for `engine.keep` and `engine.stop`.
        limits: What one client may take.

    Attributes:
        port: Where it listens, once bound.
        token: What control requests need, once started.
    """

    def __init__(
        self,
        engine: Engine,
        manager: PluginManager,
        config: Config,
        *,
        role: str = "serve",
        port: int | None = None,
        token_folder: Path | None = None,
        lifetime: Lifetime | None = None,
        limits: Limits | None = None,
    ) -> None:
        self._engine, self._manager, self._config, self._role = engine, manager, config, role
        self._limits = limits or Limits()
        self._token_folder = token_folder or config.engine.data
        self._sessions: set[Session] = set()
        self._listening = Listening(config.engine, role, self._limits, self._serve_client, self._receive)
        self._desk = Desk(engine, manager, lifetime or Lifetime(), self._publish, self.also_listen)
        self._instance = secrets.token_hex(8)
        self._unsubscribe: Callable[[], None] | None = None
        self._bound = False
        self.port = config.engine.port if port is None else port
        self.token = ""

    @property
    def url(self) -> str:
        """The address for clients on this machine."""
        return url_of(self._config.engine.host, self.port, secure=self._config.engine.tls_cert is not None)

    @property
    def token_file(self) -> Path:
        """Where scripts on this machine find the token."""
        return self._token_folder / "token"

    @property
    def exposed(self) -> bool:
        """Whether others than this machine can reach it: then everything needs the token."""
        return not is_loopback(self._config.engine.host)

    async def bind(self) -> int:
        """Take the port without letting anybody in; raises as `start` does."""
        self.port = await self._listening.bind(self.port)
        self._bound = True
        return self.port

    async def start(self) -> int:
        """Let clients in; the port.

        Raises:
            ConfigError: beyond loopback without TLS or the opt-out, or with a certificate that cannot be used.
            PortInUseError: naming the holder of the port and the remedy.
            EngineError: when the address cannot be bound or the token not kept.
        """
        self.token = load_token(self._token_folder)
        if not self._bound:
            await self.bind()
        self._unsubscribe = self._engine.on_event(self._publish)
        await self._listening.let_in()
        return self.port

    async def also_listen(self) -> int:
        """Listen on the usual port too, so that the next window finds this engine; the port to attach to.

        Raises:
            PortInUseError: naming the holder.
        """
        usual = self._config.engine.port
        if usual not in {0, self.port}:
            self.port = await self._listening.bind(usual)
            await self._listening.let_in()
        return self.port

    async def stop(self) -> None:
        """Close every client with `going away`, then the port."""
        if self._unsubscribe is not None:
            self._unsubscribe()
            self._unsubscribe = None
        await self._listening.close("the engine is stopping")
        self._bound = False

    def _receive(self, connection: ServerConnection, request: Request) -> Response | None:
        """Answer plain HTTP and strangers; None lets a WebSocket in."""
        if reason := refusal(request.headers, self._config.engine.host):
            return connection.respond(HTTPStatus.FORBIDDEN, reason + "\n")
        if "upgrade" not in request.headers:
            if request.path != "/":
                return connection.respond(HTTPStatus.NOT_FOUND, "Nothing here.\n")
            return connection.respond(HTTPStatus.OK, self._one_line())
        if len(self._sessions) >= self._limits.clients:
            return connection.respond(HTTPStatus.SERVICE_UNAVAILABLE, "too many clients\n")
        return None

    def _one_line(self) -> str:
        return (
            f"Flowdeck {__version__} ({self._role}), protocol {PROTOCOL}: a WebSocket server for order flow;"
            f" open it with: flowdeck --attach {self.url}\n"
        )

    async def _serve_client(self, connection: ServerConnection) -> None:
        codec = codec_for(connection.subprotocol)
        gate = Gate(self._hello(), self.token, exposed=self.exposed)
        feeds = Feeds(self._engine, self._manager.kinds, codec, self._limits.streams)
        session = Session(connection, codec, gate, feeds, self._desk, self._limits)
        for status in self._engine.statuses():
            session.events.put("status", asdict(status))
        self._sessions.add(session)
        try:
            await session.run()
        finally:
            self._sessions.discard(session)

    def _hello(self) -> dict[str, Any]:
        return {
            "flowdeck": __version__,
            "protocol": PROTOCOL,
            "api": API_VERSION,
            "pid": os.getpid(),
            "data": str(self._config.engine.data),
            "token_file": str(self.token_file),
            "role": self._role,
            "instance": self._instance,
        }

    def _publish(self, name: str, data: dict[str, Any]) -> None:
        for session in self._sessions:
            session.events.put(name, data)
