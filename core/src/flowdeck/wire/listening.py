"""Taking a port: TLS, and who holds the port when it is taken."""

from __future__ import annotations

import errno
import logging
import ssl
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import NegotiationError
from websockets.http11 import Request, Response
from websockets.typing import Subprotocol

from flowdeck.config import EngineConfig
from flowdeck.errors import ConfigError, EngineError
from flowdeck.version import __version__
from flowdeck.wire.access import is_loopback
from flowdeck.wire.limits import Limits
from flowdeck.wire.port import port_in_use
from flowdeck.wire.protocol import BINARY, JSON, MAX_REQUEST

__all__ = ["Listening"]

Handler = Callable[[ServerConnection], Awaitable[None]]
Receive = Callable[[ServerConnection, Request], Response | None]
T = TypeVar("T")

_CLOSE_S = 2.0
_LOG = logging.getLogger("flowdeck.wire.server")
_LOG.setLevel(logging.WARNING)
# whoever knocks with something else than WebSocket is answered, not logged with a traceback
_LOG.addFilter(lambda record: record.msg != "opening handshake failed")


class Listening:
    """The ports of one server.

    Args:
        config: Where to listen.
        role: The command that serves, for the remedy.
        limits: How often idle clients are pinged.
        handler: Serves a client.
        receive: Answers plain HTTP and strangers.
    """

    def __init__(self, config: EngineConfig, role: str, limits: Limits, handler: Handler, receive: Receive) -> None:
        self._config, self._role, self._limits = config, role, limits
        self._handler, self._receive = handler, receive
        self._servers: list[Server] = []

    async def bind(self, port: int) -> int:
        """Take a port without letting anybody in; which one it is.

        Raises:
            ConfigError: beyond loopback without TLS or the opt-out, or with a certificate that cannot be used.
            PortInUseError: naming the holder of the port and the remedy.
            EngineError: when the address cannot be bound.
        """
        server = await self._attempt(port, self._serve(port))
        self._servers.append(server)
        return int(next(iter(server.sockets)).getsockname()[1])

    async def let_in(self) -> None:
        """Serve on every port taken; raises as `bind` does."""
        for server in self._servers:
            port = int(next(iter(server.sockets)).getsockname()[1])
            await self._attempt(port, server.start_serving())

    async def close(self, reason: str) -> None:
        """Close every client with `going away`, then the ports."""
        for server in self._servers:
            server.close(reason=reason)
        for server in self._servers:
            await server.wait_closed()
        self._servers.clear()

    async def _serve(self, port: int) -> Server:
        return await serve(
            self._handler,
            self._config.host,
            port,
            ssl=_tls(self._config),
            process_request=self._receive,
            select_subprotocol=_select_subprotocol,
            compression=None,
            max_size=MAX_REQUEST,
            ping_interval=self._limits.ping_s,
            ping_timeout=self._limits.ping_s,
            close_timeout=_CLOSE_S,
            server_header=f"flowdeck/{__version__}",
            logger=_LOG,
            start_serving=False,
        )

    async def _attempt(self, port: int, step: Awaitable[T]) -> T:
        host = self._config.host
        try:
            return await step
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                raise await port_in_use(host, port, self._role) from error
            raise EngineError(f"cannot listen on {host}:{port}: {error.strerror or error}") from error


def _tls(config: EngineConfig) -> ssl.SSLContext | None:
    if config.tls_cert is None:
        if not (is_loopback(config.host) or config.allow_plain):
            raise ConfigError(
                f"engine.host = {config.host!r} is open to others: set engine.tls_cert and engine.tls_key,"
                " or engine.allow_plain = true where the network is trusted"
            )
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    try:
        context.load_cert_chain(config.tls_cert, config.tls_key)
    except OSError as error:
        files = f"engine.tls_cert = {config.tls_cert}, engine.tls_key = {config.tls_key}"
        raise ConfigError(f"{files}: not a certificate and its key in PEM ({error.strerror or error})") from error
    return context


def _select_subprotocol(_: ServerConnection, offered: Sequence[Subprotocol]) -> Subprotocol | None:
    """The first that we speak; a script that offers none speaks JSON."""
    if not offered:
        return None
    for name in offered:
        if name in {BINARY, JSON}:
            return name
    raise NegotiationError(f"this engine speaks {BINARY} and {JSON}, not {', '.join(offered)}")
