"""Reaching an engine, and telling why it could not be reached: nobody there, no answer, or another program."""

from __future__ import annotations

import asyncio
import os
from ssl import SSLError
from typing import Any
from urllib.parse import urlsplit

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus, InvalidURI
from websockets.typing import Subprotocol

from flowdeck.errors import EngineError, ProtocolError
from flowdeck.version import __version__
from flowdeck.wire.codec import BinaryCodec
from flowdeck.wire.protocol import BINARY, MAX_MESSAGE, PROTOCOL

__all__ = ["AbsentError", "ForeignError", "RefusedError", "dial", "probe"]


class AbsentError(EngineError):
    """Nothing listens there, or it does not answer."""

    code = "absent"


class ForeignError(EngineError):
    """Something listens there that is no Flowdeck engine."""

    code = "foreign"


class RefusedError(EngineError):
    """A Flowdeck engine that does not let this client in."""

    code = "refused"


async def dial(url: str, timeout_s: float) -> tuple[ClientConnection, dict[str, Any]]:
    """Connect and take the engine's hello.

    Raises:
        AbsentError, ForeignError, RefusedError: as their names say, with the remedy.
        ProtocolError: an engine that speaks another version.
    """
    if urlsplit(url).scheme not in {"ws", "wss"} or not urlsplit(url).hostname:
        raise EngineError(f"{url!r} is not an address like ws://127.0.0.1:8766")
    try:
        async with asyncio.timeout(timeout_s):
            return await _greeted(url)
    except TimeoutError as error:
        raise AbsentError(f"{url}: something listens there but did not answer within {timeout_s:g} s") from error
    except InvalidStatus as error:
        raise _status_error(url, error) from error
    except (InvalidHandshake, InvalidURI, ConnectionClosed) as error:
        raise ForeignError(f"{url}: the program there does not speak WebSocket; it is not a Flowdeck engine") from error
    except SSLError as error:
        raise ForeignError(f"{url}: no secure connection ({error.reason or error}); wss:// needs TLS there") from error
    except OSError as error:
        raise AbsentError(f"{url}: no engine listens there ({_words(error)}); start one: flowdeck serve") from error


async def probe(url: str, timeout_s: float = 2.0) -> dict[str, Any]:
    """The hello of the engine at `url`; raises as `dial` does."""
    connection, hello = await dial(url, timeout_s)
    await connection.close()
    return hello


async def _greeted(url: str) -> tuple[ClientConnection, dict[str, Any]]:
    connection = await connect(
        url,
        subprotocols=[Subprotocol(BINARY)],
        compression=None,
        max_size=MAX_MESSAGE,
        open_timeout=None,
        close_timeout=1,
        proxy=None,
        user_agent_header=f"flowdeck/{__version__}",
    )
    try:
        return connection, await _hello(url, connection)
    except BaseException:
        connection.transport.abort()
        raise


async def _hello(url: str, connection: ClientConnection) -> dict[str, Any]:
    foreign = f"{url}: a WebSocket server, but not a Flowdeck engine"
    if connection.subprotocol != BINARY:
        raise ForeignError(foreign)
    try:
        hello, _ = BinaryCodec().decode(await connection.recv())
    except ConnectionClosed as error:
        raise ForeignError(f"{foreign} (it closed at once)") from error
    except ProtocolError as error:
        raise ForeignError(foreign) from error
    if "flowdeck" not in hello:
        raise ForeignError(foreign)
    if hello.get("protocol") != PROTOCOL:
        raise ProtocolError(
            f"{url}: Flowdeck {hello['flowdeck']} speaks protocol {hello.get('protocol')}, this one {PROTOCOL};"
            " update the older of the two"
        )
    return hello


def _status_error(url: str, error: InvalidStatus) -> EngineError:
    response = error.response
    said = response.body.decode("utf-8", "replace").strip().partition("\n")[0]
    if response.headers.get("Server", "").startswith("flowdeck"):
        return RefusedError(f"{url}: {said or response.reason_phrase}")
    return ForeignError(f"{url}: the program there answers HTTP {response.status_code}; it is not a Flowdeck engine")


def _words(error: OSError) -> str:
    known = error.errno is not None and error.errno > 0
    return (os.strerror(error.errno) if known and error.errno else error.strerror or str(error)).lower()
