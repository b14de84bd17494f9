"""One venue's live feed: connected for as long as somebody reads it, however often that takes."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable

from flowdeck.captures import Tap
from flowdeck.errors import FrameError, HeldFrame
from flowdeck.instruments import Instrument
from flowdeck.specs import FeedState, Publish, SourceContext, SourceStatus
from flowdeck.streams import Batch, Rows
from flowdeck.timeframes import SECOND_NS
from flowdeck_binance.endpoints import Endpoint
from flowdeck_binance.parser import BinanceParser
from flowdeck_binance.rest import ExchangeInfoClient, InfoUnavailable
from flowdeck_binance.settings import BinanceSettings
from flowdeck_binance.steps import exchange_info
from flowdeck_binance.wanted import FeedEnded, Wanted

__all__ = ["Feed"]

_FLUSH_S = 0.005
_STATUS_NS = SECOND_NS
_TOLD_ERRORS = 5


class Feed:
    """Trades of one venue. The parser outlives connections, so that what two of them bring is published once.

    Attributes:
        venue: The venue.
        wanted: The symbols to receive.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        settings: BinanceSettings,
        info: ExchangeInfoClient,
        publish: Publish,
        context: SourceContext,
        tap: Callable[[str], Tap],
    ) -> None:
        self.venue = endpoint.venue
        self.wanted = Wanted()
        self._endpoint, self._settings, self._info = endpoint, settings, info
        self._publish, self._context, self._make_tap = publish, context, tap
        self._tap = Tap()
        self._parser = BinanceParser(endpoint.venue, frozenset({"trades"}))
        self._told: dict[str, Instrument] = {}
        self._asked: set[str] = set()
        self._unlisted: set[str] = set()
        self._asking: asyncio.Task[None] | None = None
        self._kicked = asyncio.Event()
        self._flushing: asyncio.TimerHandle | None = None
        self._status = SourceStatus("binance", endpoint.venue, FeedState.DISCONNECTED)
        self._told_at = 0
        self._tries = 0
        self._errors = 0

    def kick(self) -> None:
        """Do not wait for the next try."""
        self._kicked.set()

    async def run(self) -> None:
        """Keep the feed alive until cancelled."""
        await self.wanted.changed(frozenset())
        self._tap = self._make_tap(self.venue)
        try:
            while True:
                await self.wanted.changed(frozenset())
                await self._serve()
        finally:
            self._stop_asking()
            if self._flushing is not None:
                self._flushing.cancel()
            self._tap.close()

    async def _serve(self) -> None:
        """One connection, and the pause after it."""
        from flowdeck_binance.session import Session  # websockets is for those who connect

        self._say(FeedState.CONNECTING, f"connecting to {self._endpoint.streams}")
        self._errors = 0
        session = Session(self._endpoint, self._settings, self.wanted, self._receive, self._subscribed)
        try:
            await session.run()
            reason = "nobody reads it"
        except FeedEnded as ended:
            reason = str(ended)
        if unlisted := self._unlisted & self.wanted.symbols:
            reason += f"; {self.venue} lists no {', '.join(sorted(unlisted))}"
        self._disconnected(reason)
        if self.wanted.symbols:
            await self._pause(reason)

    def _subscribed(self, how: str) -> None:
        self._tap.control(time.time_ns(), event="subscribe", request=how)
        self._ask()

    def _disconnected(self, reason: str) -> None:
        self._stop_asking()
        self._flush()
        now = time.time_ns()
        self._parser.control(now, {"event": "disconnect"})
        self._tap.control(now, event="disconnect", reason=reason)
        self._say(FeedState.DISCONNECTED, reason)

    async def _pause(self, reason: str) -> None:
        """Wait for a random part of a time that doubles with each failure; for ever again, there is no last try."""
        longest_s = min(self._settings.retry_longest_s, self._settings.retry_first_s * 2 ** min(self._tries, 30))
        wait_s = random.uniform(0, longest_s)  # noqa: S311 - full jitter, no secret
        self._tries += 1
        self._say(FeedState.DISCONNECTED, reason, retry_at=time.time_ns() + int(wait_s * SECOND_NS))
        self._kicked.clear()
        try:
            await asyncio.wait_for(self._kicked.wait(), wait_s)
        except TimeoutError:
            return
        self._tries = 0

    def _receive(self, ts: int, frame: bytes) -> bool:
        """Take one frame; whether rows came of it."""
        self._tap.frame(ts, frame)
        try:
            self._parser.feed(ts, frame)
        except FrameError as error:
            self._errors += not isinstance(error, HeldFrame) or bool(error.belied)
            if str(error) and self._errors <= _TOLD_ERRORS:
                self._context.log.warning("frame refused", venue=self.venue, reason=str(error))
        if not self._parser.pending:
            return False
        if self._flushing is None:
            self._flushing = asyncio.get_running_loop().call_later(_FLUSH_S, self._flush)
        return True

    def _flush(self) -> None:
        """Publish what came in; instruments first, because rows are read by their steps."""
        if self._flushing is not None:
            self._flushing.cancel()
            self._flushing = None
        if self._asking is not None or not self._parser.pending:
            return  # steps that the venue states are worth a moment's wait: inferred ones change
        drained = list(self._parser.drain())
        self._tell_instruments()
        for key, rows in drained:
            self._publish(Batch(key, rows, recv_ts=int(rows["recv_ts"][-1])))
        self._live(drained[-1][1])

    def _live(self, rows: Rows) -> None:
        self._tries = 0
        for jump in self._parser.jumps():
            count = f"{jump.missing} trade{'s' * (jump.missing > 1)}"
            self._say(FeedState.STALE, f"{jump.key.instrument.symbol}: {count} missing after id {jump.after_id}")
        now = time.time_ns()
        if self._status.state is not FeedState.LIVE or now - self._told_at >= _STATUS_NS:
            self._say(FeedState.LIVE, latency_ns=int(rows["recv_ts"][-1] - rows["ts"][-1]))

    def _tell_instruments(self) -> None:
        for instrument in self._parser.instruments():
            if self._told.get(instrument.id.symbol) != instrument:
                self._told[instrument.id.symbol] = instrument
                self._context.instrument(instrument)

    def _say(self, state: FeedState, reason: str = "", *, retry_at: int = 0, latency_ns: int = 0) -> None:
        now = time.time_ns()
        since = self._status.since if self._status.state is state else now
        self._status = SourceStatus("binance", self.venue, state, reason, since, retry_at, latency_ns)
        self._told_at = now
        self._context.status(self._status)

    def _ask(self) -> None:
        """Ask for the steps of symbols that are not known yet; rows wait for the answer, or its failure."""
        unknown = self.wanted.symbols - self._asked
        if unknown and self._asking is None:
            self._asking = asyncio.ensure_future(self._learn(unknown))

    def _stop_asking(self) -> None:
        if self._asking is not None:
            self._asking.cancel()
            self._asking = None

    async def _learn(self, symbols: frozenset[str]) -> None:
        venue = self.venue
        try:
            reply = await self._info.fetch(self._endpoint, symbols)
            self._tap.rest(reply.ts, reply.url, "", reply.body)
            listed = await asyncio.to_thread(exchange_info, venue, reply.body, reply.ts)
            self._parser.state(listed)
            self._asked |= symbols
            self._unlisted |= symbols - {instrument.id.symbol for instrument in listed}
        except (InfoUnavailable, FrameError) as error:
            self._context.log.warning("steps are inferred from prices", venue=venue, reason=str(error))
        self._asking = None
        self._flush()
