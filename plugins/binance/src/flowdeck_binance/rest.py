"""The instruments, asked of exchangeInfo."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable
from typing import TYPE_CHECKING

from flowdeck_binance.endpoints import Endpoint
from flowdeck_binance.recognise import SPOT

if TYPE_CHECKING:
    import aiohttp

__all__ = ["ExchangeInfoClient", "InfoUnavailable", "Reply"]

_BANNED = (418, 429)
_LONGEST_BAN_S = 3 * 86_400.0


class InfoUnavailable(Exception):  # noqa: N818 - a condition, not a mistake
    """Why exchangeInfo could not be had; one line."""


class Reply:
    """A REST reply as received.

    Attributes:
        url: What was asked.
        body: The JSON.
        ts: Receipt, ns UTC.
    """

    def __init__(self, url: str, body: bytes) -> None:
        self.url = url
        self.body = body
        self.ts = time.time_ns()


class ExchangeInfoClient:
    """Asks for exchangeInfo, and keeps away for as long as a venue bans it (HTTP 429 and 418)."""

    def __init__(self, timeout_s: float) -> None:
        self._timeout_s = timeout_s
        self._banned_until: dict[str, float] = {}

    async def fetch(self, endpoint: Endpoint, symbols: Iterable[str] = ()) -> Reply:
        """The reply for some symbols (spot; USD-M always answers for all), or for the whole venue.

        Raises:
            InfoUnavailable: when the venue cannot be reached, refuses or has banned us.
        """
        import aiohttp  # takes 0.2 s, which commands over captures need not wait for

        left_s = self._banned_until.get(endpoint.venue, 0.0) - time.monotonic()
        if left_s > 0:
            raise InfoUnavailable(f"{endpoint.venue} asked for patience, another {left_s:.0f} s")
        url = endpoint.exchange_info + _query(endpoint, sorted(symbols))
        try:
            async with (
                aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(self._timeout_s), trust_env=True) as session,
                session.get(url) as response,
            ):
                self._check(endpoint.venue, response)
                return Reply(url, await response.read())
        except TimeoutError as error:
            raise InfoUnavailable(f"{url}: no answer within {self._timeout_s:g} s") from error
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise InfoUnavailable(f"{url}: {error}") from error

    def _check(self, venue: str, response: aiohttp.ClientResponse) -> None:
        if response.status in _BANNED:
            self._banned_until[venue] = time.monotonic() + _retry_after_s(response)
        if response.status != 200:
            raise InfoUnavailable(f"{response.url}: HTTP {response.status} {response.reason}")


def _query(endpoint: Endpoint, symbols: list[str]) -> str:
    if endpoint.venue != SPOT:
        return ""
    if not symbols:
        return "?showPermissionSets=false"  # they are most of 15 MB
    return f"?symbols={json.dumps(symbols, separators=(',', ':'))}"


def _retry_after_s(response: aiohttp.ClientResponse) -> float:
    try:
        return min(float(response.headers.get("Retry-After", "60")), _LONGEST_BAN_S)
    except ValueError:
        return 60.0
