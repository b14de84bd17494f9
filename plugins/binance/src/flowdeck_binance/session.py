"""One connection: subscribed, watched, read until it ends."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Coroutine
from typing import Any, NoReturn

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus, WebSocketException

from flowdeck_binance.endpoints import Endpoint, trade_stream
from flowdeck_binance.settings import BinanceSettings
from flowdeck_binance.wanted import FeedEnded, Wanted

__all__ = ["Session"]

_LARGEST_FRAME = 16 * 1024 * 1024


class Session:
    """A connection for the trades of the wanted symbols, which may change while it lives.

    Args:
        endpoint: Where to connect.
        settings: Timeouts.
        wanted: The symbols.
        receive: Called with each frame and its receipt (ns UTC); answers whether it held data.
        subscribed: Called with the address, or the message, by which streams were subscribed to.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        settings: BinanceSettings,
        wanted: Wanted,
        receive: Callable[[int, bytes], bool],
        subscribed: Callable[[str], None],
    ) -> None:
        self._endpoint, self._settings = endpoint, settings
        self._wanted, self._receive, self._subscribed = wanted, receive, subscribed
        self._first_data = asyncio.Event()

    async def run(self) -> None:
        """Connect and read; ends without an error when no symbol is wanted any more.

        Raises:
            FeedEnded: with the reason, whenever the connection cannot be made or is of no more use.
        """
        symbols = self._wanted.symbols
        url = self._endpoint.combined(symbols)
        # pings at half the patience, pongs within the other half: a half-open socket never raises by itself
        patience_s = self._settings.receive_timeout_s / 2
        try:
            async with connect(
                url,
                open_timeout=self._settings.connect_timeout_s,
                ping_interval=patience_s,
                ping_timeout=patience_s,
                close_timeout=1,
                compression=None,
                max_size=_LARGEST_FRAME,
            ) as socket:
                self._subscribed(url)
                await _first_of(self._read(socket), self._watch(), self._follow(socket, symbols))
        except (OSError, TimeoutError, WebSocketException) as error:
            raise FeedEnded(self._reason(error)) from error

    async def _read(self, socket: ClientConnection) -> NoReturn:
        while True:
            frame = await socket.recv(decode=False)
            if self._receive(time.time_ns(), frame):
                self._first_data.set()
            elif b'"serverShutdown"' in frame:
                raise FeedEnded("the server announced its shutdown")

    async def _watch(self) -> NoReturn:
        """A stream on the wrong route is acknowledged and then silent: give up when no data ever comes."""
        patience_s = self._settings.first_data_timeout_s
        try:
            await asyncio.wait_for(self._first_data.wait(), patience_s)
        except TimeoutError as error:
            names = ", ".join(map(trade_stream, sorted(self._wanted.symbols)))
            raise FeedEnded(f"connected, but no data of {names} within {patience_s:g} s") from error
        await asyncio.Event().wait()
        raise AssertionError

    async def _follow(self, socket: ClientConnection, known: frozenset[str]) -> None:
        number = 0
        while symbols := await self._wanted.changed(known):
            for method, names in (("SUBSCRIBE", symbols - known), ("UNSUBSCRIBE", known - symbols)):
                if names:
                    number += 1
                    streams = sorted(map(trade_stream, names))
                    message = json.dumps({"method": method, "params": streams, "id": number})
                    await socket.send(message)
                    self._subscribed(message)
            known = symbols

    def _reason(self, error: Exception) -> str:
        if isinstance(error, InvalidStatus):
            return f"refused: HTTP {error.response.status_code}"
        if isinstance(error, ConnectionClosed):
            return self._closed(error)
        if isinstance(error, TimeoutError):
            return f"no connection to {self._endpoint.streams} within {self._settings.connect_timeout_s:g} s"
        text = " ".join(str(error).split()) or type(error).__name__
        return f"cannot connect to {self._endpoint.streams}: {text}"

    def _closed(self, error: ConnectionClosed) -> str:
        if error.rcvd is not None:
            text = f" ({error.rcvd.reason})" if error.rcvd.reason else ""
            return f"closed by the server with code {error.rcvd.code}{text}"
        if error.sent is not None and "ping timeout" in error.sent.reason:
            return f"no sign of life for {self._settings.receive_timeout_s:g} s"
        return "the connection broke off"


async def _first_of(*work: Coroutine[Any, Any, None]) -> None:
    """Run all until the first ends, cancel the others, and end as it did."""
    tasks = [asyncio.ensure_future(each) for each in work]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
