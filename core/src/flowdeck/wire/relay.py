"""Streams, instruments and feed states of another engine, handed on to this one's bus."""

from __future__ import annotations

import asyncio
import time
from contextlib import aclosing
from dataclasses import replace
from typing import Any

from flowdeck.errors import FlowdeckError, StreamError
from flowdeck.instruments import Instrument
from flowdeck.kinds import DepthFlags, KindSpec
from flowdeck.specs import FeedState, KeySet, Publish, SourceContext, SourceStatus
from flowdeck.streams import Batch, EndOfStream, Rows, StreamEvent, StreamKey, StreamRequest
from flowdeck.timeframes import SECOND_NS
from flowdeck.wire.follow import Follow
from flowdeck.wire.reconnect import LinkState, ReconnectingClient
from flowdeck.wire.subscription import RemoteSubscription

__all__ = ["UPSTREAM", "Relay"]

UPSTREAM = "upstream"
"""Name of the plugin and id of its source."""

_AGAIN_S = 5.0
_HOUR_S = 3600


class Relay:
    """What is taken from one link, and given to the bus.

    Args:
        publish: The bus.
        context: The source's hands.
        history_h: How far back a stream begins, hours.
    """

    def __init__(self, publish: Publish, context: SourceContext, history_h: float) -> None:
        self._publish, self._context = publish, context
        self._history_ns = int(history_h * _HOUR_S * SECOND_NS)
        self._link = LinkState(connected=False)
        self._venues: set[str] = set()
        self._carried: dict[StreamKey, asyncio.Task[None]] = {}

    async def kicked(self, link: ReconnectingClient) -> None:
        """A user's wish to try now is the link's."""
        async for _ in self._context.kick():
            link.try_now()

    async def carry_wanted(self, tasks: asyncio.TaskGroup, link: ReconnectingClient, keys: KeySet) -> None:
        """One task a wanted key, until cancelled."""
        wanted = keys.current()
        while True:
            for key in self._carried.keys() - wanted:
                self._carried.pop(key).cancel()
            for key in wanted - self._carried.keys():
                self._add_venue(key.instrument.venue)
                self._carried[key] = tasks.create_task(self._carry(link, key), name=f"upstream {key}")
            wanted = await keys.changed()

    async def _carry(self, link: ReconnectingClient, key: StreamKey) -> None:
        """Carry one stream, and ask again when the other engine does not provide it just now."""
        follow = Follow(StreamRequest(key, time.time_ns() - self._history_ns), keep_tail=True)
        while True:
            try:
                await self._carry_once(link, key, follow)
            except StreamError as error:
                self._say(key.instrument.venue, FeedState.DISCONNECTED, str(error), _AGAIN_S)
            await asyncio.sleep(_AGAIN_S)

    async def _carry_once(self, link: ReconnectingClient, key: StreamKey, follow: Follow) -> None:
        kinds: list[KindSpec] = []

        def opened(subscription: RemoteSubscription) -> None:
            kinds[:] = [subscription.kind]
            if subscription.instrument is not None:
                self._context.instrument(subscription.instrument)

        async with aclosing(link.follow(follow, opened)) as events:
            async for event in events:
                self._hand_on(key, kinds[0], event)

    def _hand_on(self, key: StreamKey, kind: KindSpec, event: StreamEvent) -> None:
        if isinstance(event, Batch):
            self._publish(Batch(key, event.rows, recv_ts=event.recv_ts, texts=event.texts))
        elif isinstance(event, EndOfStream) and kind.name == "depth":
            self._publish(Batch(key, _gap(kind), recv_ts=time.time_ns()))

    def event(self, name: str, data: dict[str, Any]) -> None:
        """What the other engine says of its feeds and instruments holds here too."""
        if name == "status" and data.get("venue") in self._venues:
            known = {field: data[field] for field in ("venue", "reason", "since", "retry_at", "latency_ns")}
            self._context.status(SourceStatus(UPSTREAM, state=FeedState(data["state"]), **known))
        elif name == "instrument" and data.get("run") is None:
            try:
                self._context.instrument(Instrument.from_dict(data.get("instrument", {})))
            except FlowdeckError as error:
                self._context.log.warning("instrument not understood", error=str(error))

    def link_changed(self, state: LinkState) -> None:
        """Tell users of the link: a lost one is a lost feed."""
        if (state.connected, state.reason) != (self._link.connected, self._link.reason):
            self._log_link(state)
        self._link = state
        for venue in self._venues:
            self._say_link(venue)

    def _log_link(self, state: LinkState) -> None:
        """One line a change: further tries that fail for the same reason say nothing new."""
        if state.connected:
            self._context.log.info("collecting engine connected")
        else:
            retry = f"{state.retry_s:.1f} s"
            self._context.log.warning("collecting engine not connected", reason=state.reason, next_try=retry)

    def _add_venue(self, venue: str) -> None:
        if venue not in self._venues:
            self._venues.add(venue)
            self._say_link(venue)

    def _say_link(self, venue: str) -> None:
        if self._link.connected:
            self._say(venue, FeedState.LIVE)
        else:
            tried = FeedState.DISCONNECTED if self._link.reason else FeedState.CONNECTING
            self._say(venue, tried, self._link.reason, self._link.retry_s)

    def _say(self, venue: str, state: FeedState, reason: str = "", retry_s: float = 0.0) -> None:
        now = time.time_ns()
        status = SourceStatus(UPSTREAM, venue, state, reason, since=now)
        self._context.status(replace(status, retry_at=now + int(retry_s * SECOND_NS)) if retry_s else status)


def _gap(kind: KindSpec) -> Rows:
    """The book is unknown until the next snapshot."""
    rows = kind.empty(1)
    rows["ts"], rows["flags"] = time.time_ns(), int(DepthFlags.GAP)
    return rows
