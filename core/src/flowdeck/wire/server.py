"""The server: an engine on a port, for clients of either subprotocol."""

from __future__ import annotations

import errno
import logging
import os
import secrets
import ssl
from collections.abc import Callable, Sequence
from dataclasses import asdict
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import NegotiationError
from websockets.http11 import Request, Response
from websockets.typing import Subprotocol

from flowdeck.config import Config
from flowdeck.engine import Engine
from flowdeck.errors import ConfigError, EngineError
from flowdeck.version import API_VERSION, __version__
from flowdeck.wire.access import is_loopback, load_token, refusal
from flowdeck.wire.codec import codec_for
from flowdeck.wire.desk import Desk
from flowdeck.wire.feeds import Feeds
from flowdeck.wire.gate import Gate
from flowdeck.wire.lifetime import Lifetime
from flowdeck.wire.limits import Limits
from flowdeck.wire.port import port_in_use, url_of
from flowdeck.wire.protocol import BINARY, JSON, MAX_REQUEST, PROTOCOL
from flowdeck.wire.session import Session

if TYPE_CHECKING:
    from flowdeck.plugins.manager import PluginManager

__all__ = ["WireServer"]

_LOG = logging.getLogger("flowdeck.wire.server")
# whoever knocks with something else than WebSocket is answered, not logged with a traceback
_LOG.addFilter(lambda record: record.msg != "opening handshake failed")


class WireServer:
    """Serves one engine.

    Args:
        engine: Started, or about to be.
        manager: Its plugins.
        config: Where to listen, where the token lies.
        role: `serve`, `collect` or `process`, told in the hello.
        port: Instead of the configured one; 0 takes a free one.
        lifetime: Of the process, for `engine.keep` and `engine.stop`.
        limits: What one client may take.

    Attributes:
        port: Where it listens, once started.
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
        lifetime: Lifetime | None = None,
        limits: Limits | None = None,
    ) -> None:
        self._engine, self._manager, self._config, self._role = engine, manager, config, role
        self._limits = limits or Limits()
        self._sessions: set[Session] = set()
        self._servers: list[Server] = []
        self._desk = Desk(engine, manager, lifetime or Lifetime(), self._publish, self._also_listen)
        self._instance = secrets.token_hex(8)
        self._unsubscribe: Callable[[], None] | None = None
        self.port = config.engine.port if port is None else port
        self.token = ""

    @property
    def url(self) -> str:
        """The address for clients on this machine."""
        return url_of(self._config.engine.host, self.port, secure=self._config.engine.tls_cert is not None)

    @property
    def exposed(self) -> bool:
        """Whether others than this machine can reach it: then everything needs the token."""
        return not is_loopback(self._config.engine.host)

    async def start(self) -> int:
        """Listen; the port.

        Raises:
            ConfigError: beyond loopback without TLS or the opt-out, or with a certificate that cannot be used.
            PortInUseError: naming the holder of the port and the remedy.
            EngineError: when the address cannot be bound or the token not kept.
        """
        self.token = load_token(self._config.engine.data)
        self.port = await self._listen(self.port)
        self._unsubscribe = self._engine.on_event(self._publish)
        return self.port

    async def stop(self) -> None:
        """Close every client with `going away`, then the port."""
        if self._unsubscribe is not None:
            self._unsubscribe()
        for server in self._servers:
            server.close(reason="the engine is stopping")
        for server in self._servers:
            await server.wait_closed()
        self._servers.clear()

    async def _listen(self, port: int) -> int:
        host, ping_s = self._config.engine.host, self._limits.ping_s
        try:
            server = await serve(
                self._serve_client,
                host,
                port,
                ssl=self._tls(),
                process_request=self._receive,
                select_subprotocol=_select_subprotocol,
                compression=None,
                max_size=MAX_REQUEST,
                ping_interval=ping_s,
                ping_timeout=ping_s,
                close_timeout=2,
                server_header=f"flowdeck/{__version__}",
                logger=_LOG,
            )
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                raise await port_in_use(host, port, self._role) from error
            raise EngineError(f"cannot listen on {host}:{port}: {error.strerror or error}") from error
        self._servers.append(server)
        return int(next(iter(server.sockets)).getsockname()[1])

    async def _also_listen(self) -> int:
        """Listen on the usual port too, so that the next window finds this engine; the port to attach to."""
        usual = self._config.engine.port
        if usual not in {0, self.port}:
            self.port = await self._listen(usual)
        return self.port

    def _tls(self) -> ssl.SSLContext | None:
        engine = self._config.engine
        if engine.tls_cert is None:
            if self.exposed and not engine.allow_plain:
                raise ConfigError(
                    f"engine.host = {engine.host!r} is open to others: set engine.tls_cert and engine.tls_key,"
                    " or engine.allow_plain = true where the network is trusted"
                )
            return None
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        try:
            context.load_cert_chain(engine.tls_cert, engine.tls_key)
        except OSError as error:
            files = f"engine.tls_cert = {engine.tls_cert}, engine.tls_key = {engine.tls_key}"
            raise ConfigError(f"{files}: not a certificate and its key in PEM ({error.strerror or error})") from error
        return context

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
            "role": self._role,
            "instance": self._instance,
        }

    def _publish(self, name: str, data: dict[str, Any]) -> None:
        for session in self._sessions:
            session.events.put(name, data)


def _select_subprotocol(_: ServerConnection, offered: Sequence[Subprotocol]) -> Subprotocol | None:
    """The first that we speak; a script that offers none speaks JSON."""
    if not offered:
        return None
    for name in offered:
        if name in {BINARY, JSON}:
            return name
    raise NegotiationError(f"this engine speaks {BINARY} and {JSON}, not {', '.join(offered)}")
