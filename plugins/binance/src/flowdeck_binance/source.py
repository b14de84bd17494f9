"""Binance live: aggTrade of spot and USD-M, on the routes that serve it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable

from pydantic import BaseModel

from flowdeck.captures import Tap
from flowdeck.errors import FrameError
from flowdeck.instruments import Instrument
from flowdeck.specs import KeySet, PluginContext, Publish, SourceContext
from flowdeck.streams import StreamKey
from flowdeck_binance.endpoints import endpoint
from flowdeck_binance.feed import Feed
from flowdeck_binance.recognise import VENUES
from flowdeck_binance.rest import ExchangeInfoClient, InfoUnavailable
from flowdeck_binance.settings import BinanceSettings
from flowdeck_binance.steps import exchange_info

__all__ = ["BinanceSource"]


def _no_tap(venue: str) -> Tap:  # noqa: ARG001 - every venue is forgotten alike
    return Tap()


class BinanceSource:
    """A `Source` with one connection per venue that somebody reads, and none otherwise.

    It receives trades. Depth, quotes, liquidations and mark prices are read from captures only.
    """

    def __init__(self, context: PluginContext) -> None:
        self._context = context
        self._tap: Callable[[str], Tap] = _no_tap
        self._refused: set[StreamKey] = set()
        self._resettled = asyncio.Event()
        self._settle(context.settings)
        context.on_settings(self._settle)

    def record(self, tap: Callable[[str], Tap]) -> None:
        """Tell a tap of each venue everything that is received; call it before `run`."""
        self._tap = tap

    def _settle(self, settings: BaseModel | None) -> None:
        self._settings = settings if isinstance(settings, BinanceSettings) else BinanceSettings()
        self._info = ExchangeInfoClient(self._settings.connect_timeout_s)
        self._resettled.set()

    async def instruments(self) -> AsyncIterator[Instrument]:
        """What both venues list; nothing of a venue that cannot be reached, which the log says.

        A headless command works on a capture or on another engine's data: it does not bother the exchange.
        """
        for venue in VENUES if self._context.side != "headless" else ():
            try:
                reply = await self._info.fetch(endpoint(self._settings, venue))
                found = await asyncio.to_thread(exchange_info, venue, reply.body, 0)
            except (InfoUnavailable, FrameError) as error:
                self._context.log.warning("no list of instruments", venue=venue, reason=str(error))
                continue
            for instrument in found:
                yield instrument

    async def run(self, keys: KeySet, publish: Publish, context: SourceContext) -> None:
        """Receive the wanted trades until cancelled; new settings begin with new connections."""
        while True:
            self._resettled.clear()
            feeds = [self._feed(venue, publish, context) for venue in VENUES]
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(feed.run(), name=f"feed {feed.venue}") for feed in feeds]
                tasks.append(group.create_task(_pass_kicks(context, feeds), name="kicks"))
                await self._steer(feeds, keys)
                for task in tasks:
                    task.cancel()

    async def _steer(self, feeds: list[Feed], keys: KeySet) -> None:
        """Tell the feeds what is wanted until the settings change."""
        resettled = asyncio.ensure_future(self._resettled.wait())
        changed = asyncio.ensure_future(_current(keys))
        try:
            while not resettled.done():
                await asyncio.wait({changed, resettled}, return_when=asyncio.FIRST_COMPLETED)
                if changed.done():
                    self._want(feeds, changed.result())
                    changed = asyncio.ensure_future(keys.changed())
        finally:
            changed.cancel()
            resettled.cancel()

    def _feed(self, venue: str, publish: Publish, context: SourceContext) -> Feed:
        return Feed(endpoint(self._settings, venue), self._settings, self._info, publish, context, self._tap)

    def _want(self, feeds: list[Feed], keys: frozenset[StreamKey]) -> None:
        for feed in feeds:
            ours = {key for key in keys if key.instrument.venue == feed.venue}
            feed.wanted.set(frozenset(key.instrument.symbol for key in ours if key.kind == "trades"))
            for key in sorted(ours - self._refused):
                if key.kind != "trades":
                    self._refused.add(key)
                    self._context.log.warning("read from captures only, not live", stream=str(key))


async def _current(keys: KeySet) -> frozenset[StreamKey]:
    return keys.current()


async def _pass_kicks(context: SourceContext, feeds: list[Feed]) -> None:
    async for _ in context.kick():
        for feed in feeds:
            feed.kick()
