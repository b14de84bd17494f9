"""A client that comes back, and an engine as a source of another."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from structlog.testing import capture_logs

from flowdeck.errors import StreamError
from flowdeck.instruments import InstrumentId
from flowdeck.kinds import DepthFlags
from flowdeck.specs import FeedState, SourceStatus
from flowdeck.streams import Batch, EndOfStream, StreamKey, StreamRequest
from flowdeck.testing import FakeContext, FakeKeys, FakeSourceContext
from flowdeck.wire.backoff import Backoff
from flowdeck.wire.reconnect import LinkState, ReconnectingClient
from flowdeck.wire.relay import Relay
from flowdeck.wire.upstream import UpstreamPlugin, UpstreamSettings, UpstreamSource


def test_waits_have_full_jitter_and_a_bound() -> None:
    whole = Backoff(0.25, 15.0, draw=lambda: 1.0)
    assert [whole.next() for _ in range(8)] == [0.25, 0.5, 1, 2, 4, 8, 15, 15]
    whole.reset()
    assert whole.next() == 0.25
    assert Backoff(draw=lambda: 0.0).next() == 0


def request_for(key: str) -> StreamRequest:
    return StreamRequest(StreamKey.parse(key))


class Link:
    """A reconnecting client that waits for a nod before every new try."""

    def __init__(self) -> None:
        self.states: asyncio.Queue[LinkState] = asyncio.Queue()

    def to(self, url: str) -> ReconnectingClient:
        return ReconnectingClient(
            url, backoff=Backoff(1e6, 1e6, draw=lambda: 1.0), on_state=self.states.put_nowait, clock=lambda: 0.0
        )


async def test_a_stream_goes_on_after_the_engine_was_away(world: Any, names: Any) -> None:
    world.engine.events[names.trades] = [world.trades(1, 2), world.end_of_history()]
    server = await world.serve()
    link = Link()
    async with link.to(server.url) as client:
        events = client.stream(request_for(names.trades))
        first = await anext(events)
        assert isinstance(first, Batch)
        assert (await link.states.get()).connected
        await server.stop()
        lost = await link.states.get()
        assert (lost.connected, lost.reason) == (False, "the engine is stopping")
        world.engine.events[names.trades] = [world.trades(1, 2, 3), world.end_of_history()]
        await world.serve(engine={"port": server.port})
        client.try_now()
        mark = await anext(events)
        second = await anext(events)
        assert not isinstance(mark, Batch | EndOfStream)
        assert isinstance(second, Batch)
        assert second.rows["id"].tolist() == [3]
        await events.aclose()


async def test_an_engine_that_is_not_there_is_tried_again(world: Any, unused_tcp_port: int) -> None:
    link = Link()
    async with link.to(f"ws://127.0.0.1:{unused_tcp_port}") as client:
        lost = await link.states.get()
        assert "no engine listens there" in lost.reason
        assert lost.retry_s == 1e6
        asking = asyncio.create_task(client.request("status"))
        await world.serve(engine={"port": unused_tcp_port})
        client.try_now()
        assert (await asking)["sources"]


async def test_an_overrun_is_reopened_from_where_it_was(world: Any, names: Any) -> None:
    trades = StreamKey.parse(names.trades)
    world.engine.events[names.trades] = [world.trades(1), EndOfStream(trades, "overrun", 1)]
    server = await world.serve()
    async with ReconnectingClient(server.url) as client:
        events = client.stream(request_for(names.trades))
        await anext(events)
        world.engine.events[names.trades] = [world.trades(1, 2), world.end_of_history()]
        second = await anext(events)
        assert isinstance(second, Batch)
        assert second.rows["id"].tolist() == [2]
        await events.aclose()
    assert len(world.engine.requests) == 2


async def test_an_overrun_that_cannot_be_joined_is_read_anew(world: Any, names: Any) -> None:
    trades = StreamKey.parse(names.trades)
    world.engine.events[names.trades] = [world.trades(1), EndOfStream(trades, "overrun", 1)]
    server = await world.serve()
    async with ReconnectingClient(server.url) as client:
        events = client.stream(request_for(names.trades))
        await anext(events)
        world.engine.events[names.trades] = [world.trades(7), world.end_of_history()]
        broken, batch = await anext(events), await anext(events)
        assert isinstance(broken, EndOfStream)
        assert isinstance(batch, Batch)
        assert batch.rows["id"].tolist() == [7]
        await events.aclose()
    assert world.engine.requests[2] == request_for(names.trades)


async def test_a_refusal_is_the_readers(world: Any, names: Any) -> None:
    server = await world.serve()
    async with ReconnectingClient(server.url) as client:
        with pytest.raises(StreamError, match="nothing here provides"):
            await anext(client.stream(request_for(names.trades)))


async def test_an_end_for_good_ends_the_stream(world: Any, names: Any) -> None:
    done = EndOfStream(StreamKey.parse(names.trades), "done", 1)
    world.engine.events[names.trades] = [world.trades(1), done]
    server = await world.serve()
    async with ReconnectingClient(server.url) as client:
        events = [event async for event in client.stream(request_for(names.trades))]
    assert events[1:] == [done]


class Taken:
    """The bus of the engine that derives."""

    def __init__(self) -> None:
        self.batches: asyncio.Queue[Batch] = asyncio.Queue()

    def __call__(self, batch: Batch) -> None:
        self.batches.put_nowait(batch)

    async def ids(self) -> list[int]:
        batch = await self.batches.get()
        return [int(number) for number in batch.rows["id"]]


@pytest.fixture
async def source(world: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A source that reads a server, its keys, its bus and its hands."""
    monkeypatch.setattr("flowdeck.wire.relay._AGAIN_S", 0.0)
    server = await world.serve(role="collect")
    settings = UpstreamSettings(url=server.url, history_h=0)
    context, keys, bus = FakeSourceContext(settings=settings), FakeKeys(), Taken()
    task = asyncio.create_task(UpstreamSource(FakeContext(settings=settings)).run(keys, bus, context))
    yield server, keys, bus, context
    task.cancel()
    await asyncio.wait([task])


async def test_wanted_streams_are_carried_to_the_bus(world: Any, names: Any, source: Any) -> None:
    _, keys, bus, context = source
    world.engine.events[names.trades] = [world.trades(1, 2), world.end_of_history(), world.trades(3, seq=1)]
    keys.set(StreamKey.parse(names.trades))
    assert [await bus.ids(), await bus.ids()] == [[1, 2], [3]]
    assert context.instruments == world.engine.instruments()
    keys.set()
    await world.engine.opened[0].cancelled.wait()


async def test_what_was_carried_before_a_loss_is_not_carried_twice(world: Any, names: Any, source: Any) -> None:
    server, keys, bus, context = source
    world.engine.events[names.trades] = [world.trades(1, 2), world.end_of_history()]
    keys.set(StreamKey.parse(names.trades))
    assert await bus.ids() == [1, 2]
    await server.stop()
    world.engine.events[names.trades] = [world.trades(1, 2, 3), world.end_of_history()]
    await world.serve(engine={"port": server.port})
    context.try_now()
    assert await bus.ids() == [3]


async def test_a_lost_link_is_a_lost_feed(world: Any, names: Any, source: Any) -> None:
    server, keys, bus, context = source
    world.engine.events[names.trades] = [world.trades(1)]
    keys.set(StreamKey.parse(names.trades))
    await bus.ids()
    await server.stop()
    world.engine.events[names.trades] = [world.trades(1, 2)]
    await world.serve(engine={"port": server.port})
    context.try_now()
    assert await bus.ids() == [2]
    states = [(status.source, status.venue, status.state) for status in context.statuses]
    lost = states.index(("upstream", "venue", FeedState.DISCONNECTED))
    assert context.statuses[lost].reason == "the engine is stopping"
    assert context.statuses[lost].retry_at > context.statuses[lost].since
    assert states[-1] == ("upstream", "venue", FeedState.LIVE)


async def test_feed_states_and_instruments_of_the_other_engine_are_handed_on(
    world: Any, names: Any, source: Any
) -> None:
    _, keys, bus, context = source
    world.engine.events[names.trades] = [world.trades(1)]
    keys.set(StreamKey.parse(names.trades))
    await bus.ids()
    stale = {"source": "x", "venue": "venue", "state": "stale", "reason": "quiet", "since": 1, "retry_at": 2}
    world.engine.emit("status", **stale, latency_ns=3)
    world.engine.emit("status", **{**stale, "venue": "elsewhere"}, latency_ns=3)
    world.engine.emit("instrument", run=None, instrument=world.engine.instruments()[0].to_dict())
    world.engine.emit("instrument", run=None, instrument={"nonsense": True})
    world.engine.opened[0].put(world.trades(2))
    await bus.ids()
    await world.engine.opened[0].settled()
    said = context.statuses[-1]
    assert (said.source, said.state, said.reason, said.latency_ns) == ("upstream", FeedState.STALE, "quiet", 3)
    assert len(context.instruments) == 2


async def test_a_stream_that_is_not_provided_is_asked_for_again(
    world: Any, names: Any, source: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, keys, bus, context = source
    refused, status = asyncio.Event(), context.status

    def listen(said: SourceStatus) -> None:
        status(said)
        if said.retry_at:
            refused.set()

    monkeypatch.setattr(context, "status", listen)
    keys.set(StreamKey.parse(names.trades))
    await refused.wait()
    assert any("nothing here provides" in said.reason for said in context.statuses)
    world.engine.events[names.trades] = [world.trades(1)]
    assert await bus.ids() == [1]


async def test_a_book_that_may_miss_updates_is_marked(world: Any, source: Any) -> None:
    _, keys, bus, _ = source
    key = StreamKey.of("depth", InstrumentId("venue", "BTCUSDT"))

    def update(ts: int) -> Batch:
        return Batch(key, world.kinds["depth"].rows({"ts": [ts], "flags": [int(DepthFlags.LAST)]}))

    world.engine.events[str(key)] = [update(1), EndOfStream(key, "overrun", 1)]
    keys.set(key)
    assert (await bus.batches.get()).rows["ts"].tolist() == [1]
    world.engine.events[str(key)] = [update(9), world.end_of_history()]
    gap, after = await bus.batches.get(), await bus.batches.get()
    assert gap.rows["flags"].tolist() == [int(DepthFlags.GAP)]
    assert after.rows["ts"].tolist() == [9]


async def test_the_other_engines_instruments_are_listed(world: Any) -> None:
    server = await world.serve()
    listed = UpstreamSource(FakeContext(settings=UpstreamSettings(url=server.url))).instruments()
    assert [instrument async for instrument in listed] == world.engine.instruments()


def test_the_plugin_declares_one_source_for_all_venues() -> None:
    (spec,) = UpstreamPlugin(("trades", "depth")).register_sources()
    assert (spec.id, spec.provides, spec.venues) == ("upstream", ("trades", "depth"), ())
    assert UpstreamPlugin(()).register_settings().model.endswith(":UpstreamSettings")


def test_each_change_of_the_link_is_logged_once_with_reason_and_next_try() -> None:
    with capture_logs() as logs:
        relay = Relay(Taken(), FakeSourceContext(), 0)
        for retry_s in (0.2, 0.4):
            relay.link_changed(LinkState(connected=False, reason="refused", retry_s=retry_s))
        relay.link_changed(LinkState(connected=False, reason="another program", retry_s=2.0))
        relay.link_changed(LinkState(connected=True))
    said = [(line["log_level"], line.get("reason"), line.get("next_try")) for line in logs]
    expected = [("warning", "refused", "0.2 s"), ("warning", "another program", "2.0 s"), ("info", None, None)]
    assert said == expected
