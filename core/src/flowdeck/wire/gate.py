"""What one client may ask: reading on loopback, everything with the token."""

from __future__ import annotations

import asyncio
import hmac
import secrets
from collections.abc import Mapping
from typing import Any

from flowdeck.errors import EngineError
from flowdeck.wire import requests as ask
from flowdeck.wire.access import proof_of
from flowdeck.wire.codec import Header
from flowdeck.wire.limits import CutError
from flowdeck.wire.protocol import CloseCode

__all__ = ["Gate", "TokenError"]

_PUBLIC = ("flowdeck", "protocol", "api")


class TokenError(EngineError):
    """The request needs the token of the data folder."""

    code = "token"


class Gate:
    """Keeps one client to what it may do.

    Args:
        hello: What the engine says of itself to whom it trusts.
        token: Of the data folder.
        exposed: Whether the engine listens beyond loopback: then the token is needed for everything.
    """

    def __init__(self, hello: Mapping[str, Any], token: str, *, exposed: bool) -> None:
        self._hello, self._token, self._exposed = hello, token, exposed
        self._nonce = secrets.token_hex(16)
        self._shown = asyncio.Event()
        """The client has shown the token."""

    def hello(self) -> Header:
        """The first message; strangers beyond loopback learn neither process nor folder."""
        known = {key: self._hello[key] for key in _PUBLIC} if self._exposed else self._hello
        return {**known, "auth": "required" if self._exposed else "control", "nonce": self._nonce}

    def check(self, request: object) -> None:
        """Raise TokenError when the request needs a token that was not shown."""
        if self._shown.is_set() or isinstance(request, ask.Auth):
            return
        if self._exposed or isinstance(request, ask.CONTROL):
            where = "of the engine's data folder" if self._exposed else f"in {self._hello['token_file']}"
            raise TokenError(f"this needs the token {where}: send it with the request auth first")

    def authenticate(self, request: ask.Auth) -> Header:
        """Take a token or its proof; answers with the full hello.

        Raises:
            TokenError: when it is another one.
        """
        given, right = request.proof or "", proof_of(self._token, self._nonce)
        if request.token is not None:
            given, right = request.token, self._token
        if not hmac.compare_digest(given.encode(), right.encode()):
            raise TokenError("that is not the token of this engine's data folder")
        self._shown.set()
        return {"hello": dict(self._hello)}

    async def may_read(self) -> None:
        """Wait until the client may read."""
        if self._exposed:
            await self._shown.wait()

    async def hurry(self, limit_s: float) -> None:
        """Raise CutError when the client may not read within `limit_s`."""
        try:
            async with asyncio.timeout(limit_s):
                await self.may_read()
        except TimeoutError:
            raise CutError(CloseCode.POLICY, TokenError.code, f"no token within {limit_s:g} s") from None
