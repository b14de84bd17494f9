"""Asking the engine that runs on this data folder, if there is one."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from flowdeck.config import Config

__all__ = ["ask_engine"]

_PATIENCE_S = 2.0


def ask_engine(config: Config, request: str, **fields: Any) -> dict[str, Any] | None:
    """The answer of the engine that holds this configuration's data folder; None when none listens on its port.

    Raises:
        FlowdeckError: what the engine refuses.
    """
    token = config.engine.data / "token"
    if not token.is_file():
        return None  # no engine ever ran on this folder
    return asyncio.run(_ask(config, token.read_text(encoding="ascii").strip(), request, fields))


async def _ask(config: Config, token: str, request: str, fields: dict[str, Any]) -> dict[str, Any] | None:
    from flowdeck.errors import EngineError, ProtocolError
    from flowdeck.wire.client import Client
    from flowdeck.wire.port import url_of

    secure = config.engine.tls_cert is not None
    client = Client(url_of(config.engine.host, config.engine.port, secure=secure), token, timeout_s=_PATIENCE_S)
    try:
        await client.connect()
    except (EngineError, ProtocolError):
        return None
    try:
        # another engine on the port, of another folder, does not accept this token and is left alone
        return await client.request(request, **fields) if client.may_control else None
    finally:
        await client.close()
