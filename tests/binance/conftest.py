"""A local exchange that behaves as badly as a test wants."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from aiohttp import web
from websockets.asyncio.server import Server, ServerConnection, serve

from flowdeck.captures import Tap
from flowdeck.specs import SourceStatus
from flowdeck.streams import Batch, StreamKey
from flowdeck.testing import FakeKeys, FakeSourceContext
from flowdeck_binance.settings import BinanceSettings
from flowdeck_binance.source import BinanceSource

Behaviour = Callable[[ServerConnection], Awaitable[None]]


def agg_trade(trade_id: int, price: str = "100.1", symbol: str = "BTCUSDT") -> str:
    """An aggTrade as the exchange sends it."""
    data = {"e": "aggTrade", "E": 1_700_000_000_100, "s": symbol, "a": trade_id, "p": price, "q": "0.5", "nq": "0.5"}
    data |= {"f": trade_id, "l": trade_id, "T": 1_700_000_000_000, "m": False, "st": 1}
    return json.dumps({"stream": f"{symbol.lower()}@aggTrade", "data": data}, separators=(",", ":"))


def exchange_info(*symbols: str) -> bytes:
    """An exchangeInfo reply with ticks of 0.1 and lots of 0.001."""
    filters = [{"filterType": "PRICE_FILTER", "tickSize": "0.10"}, {"filterType": "LOT_SIZE", "stepSize": "0.001"}]
    listed = [{"symbol": name, "baseAsset": name[:3], "quoteAsset": name[3:], "filters": filters} for name in symbols]
    return json.dumps({"symbols": listed}).encode()


class FakeExchange:
    """Streams on one port, REST on another; spot and USD-M alike.

    Attributes:
        behaviours: What the connections do, one after the other; the last one for all that follow.
        paths: Path and query of every connection.
        requests: Messages that clients sent.
        info: Status and body of exchangeInfo replies.
        asked: Path and query of every REST request.
        answer: REST requests wait for this.
    """

    def __init__(self) -> None:
        self.behaviours: list[Behaviour] = []
        self.paths: list[str] = []
        self.requests: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.info: tuple[int, bytes, dict[str, str]] = (200, exchange_info("BTCUSDT", "ETHUSDT"), {})
        self.asked: list[str] = []
        self.answer = asyncio.Event()
        self.answer.set()
        self.stream_url = self.rest_url = ""
        self.server: Server

    def settings(self, **changes: Any) -> BinanceSettings:
        """Settings that point here, with patience for tests."""
        given: dict[str, Any] = {"spot_stream_url": self.stream_url, "usdm_stream_url": self.stream_url}
        given |= {"spot_rest_url": self.rest_url, "usdm_rest_url": self.rest_url}
        given |= {"retry_first_s": 0.01, "retry_longest_s": 0.05, "connect_timeout_s": 5}
        return BinanceSettings(**given | changes)

    async def _stream(self, socket: ServerConnection) -> None:
        assert socket.request is not None
        behaviour = self.behaviours[min(len(self.paths), len(self.behaviours) - 1)]
        self.paths.append(socket.request.path)
        await behaviour(socket)

    async def _rest(self, request: web.Request) -> web.Response:
        self.asked.append(request.path_qs)
        await self.answer.wait()
        status, body, headers = self.info
        return web.Response(status=status, body=body, headers=headers)

    async def listen(self, socket: ServerConnection) -> None:
        """Acknowledge whatever is asked for, and nothing else."""
        async for message in socket:
            request = json.loads(message)
            self.requests.put_nowait(request)
            await socket.send(json.dumps({"result": None, "id": request["id"]}))

    def trade(self, trade_id: int) -> str:
        """A trade's frame."""
        return agg_trade(trade_id)

    def trades(self, *ids: int, symbol: str = "BTCUSDT") -> Behaviour:
        """Send trades with these ids, then listen."""

        async def behave(socket: ServerConnection) -> None:
            for trade_id in ids:
                await socket.send(agg_trade(trade_id, symbol=symbol))
            await self.listen(socket)

        return behave


@pytest.fixture
async def exchange() -> AsyncIterator[FakeExchange]:
    """An exchange on free ports of the loopback."""
    exchange = FakeExchange()
    app = web.Application()
    app.router.add_get("/{path:.*}", exchange._rest)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    async with serve(exchange._stream, "127.0.0.1", 0, close_timeout=0.1) as exchange.server:
        exchange.stream_url = f"ws://127.0.0.1:{next(iter(exchange.server.sockets)).getsockname()[1]}"
        exchange.rest_url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        yield exchange
    await runner.cleanup()


class Watcher(FakeSourceContext):
    """A source at work, and everything that it says, in order."""

    side = "engine"

    def __init__(self, settings: BinanceSettings) -> None:
        super().__init__(settings)
        self.keys = FakeKeys()
        self.batches: list[Batch] = []
        self.said: list[object] = []
        self._news = asyncio.Event()
        self.source = BinanceSource(self)

    def status(self, status: SourceStatus) -> None:
        super().status(status)
        self._note(status)

    def instrument(self, instrument: Any) -> None:
        super().instrument(instrument)
        self._note(instrument)

    def publish(self, batch: Batch) -> None:
        """Take a batch."""
        self.batches.append(batch)
        self._note(batch)

    def _note(self, what: object) -> None:
        self.said.append(what)
        self._news.set()

    @property
    def states(self) -> list[str]:
        """The states that were said, without repetitions."""
        states = [str(status.state) for status in self.statuses]
        return [state for i, state in enumerate(states) if i == 0 or states[i - 1] != state]

    @property
    def ids(self) -> list[int]:
        """Ids of the trades published so far."""
        return [trade_id for batch in self.batches for trade_id in batch.rows["id"].tolist()]

    async def until(self, condition: Callable[[], object]) -> None:
        """Wait until something is said that makes the condition true."""
        async with asyncio.timeout(20):
            while not condition():
                self._news.clear()
                await self._news.wait()


@pytest.fixture
async def watch() -> AsyncIterator[Callable[..., Watcher]]:
    """Starts sources, `watch(settings, *keys, tap=None)`, and ends them with the test."""
    tasks: list[asyncio.Task[None]] = []

    def start(settings: BinanceSettings, *keys: str, tap: Callable[[str], Tap] | None = None) -> Watcher:
        watcher = Watcher(settings)
        watcher.keys.set(*map(StreamKey.parse, keys))
        if tap is not None:
            watcher.source.record(tap)
        tasks.append(asyncio.ensure_future(watcher.source.run(watcher.keys, watcher.publish, watcher)))
        return watcher

    yield start
    for task in tasks:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
