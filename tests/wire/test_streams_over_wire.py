"""What a client reads is what the engine yields."""

from __future__ import annotations

import asyncio
from typing import Any

import numpy as np
import pytest

from flowdeck.errors import StreamError
from flowdeck.streams import Batch, EndOfHistory, EndOfStream, StreamKey, StreamRequest


def request_for(key: str, **more: Any) -> StreamRequest:
    return StreamRequest(StreamKey.parse(key), **more)


async def test_a_stream_arrives_as_the_engine_yields_it(world: Any, names: Any) -> None:
    history = world.trades(1, 2, seq=4, epoch=2, recv_ts=9, covered=(10, 20), texts=("a", "b"))
    end = EndOfStream(history.key, "overrun", 5, "too slow")
    world.engine.events[names.trades] = [history, world.end_of_history(4), world.trades(3, seq=5), end]
    client = await world.client(await world.serve())
    subscription = await client.open(request_for(names.trades, start=7))

    first, mark, live, last = [event async for event in subscription]

    assert isinstance(first, Batch)
    assert (first.key, first.seq, first.epoch, first.recv_ts) == (history.key, 4, 2, 9)
    assert (first.covered, first.texts) == ((10, 20), ("a", "b"))
    assert np.array_equal(first.rows, history.rows)
    assert mark == EndOfHistory(history.key, 4, 0, ((1, 2),))
    assert isinstance(live, Batch)
    assert live.rows["id"].tolist() == [3]
    assert last == end
    assert world.engine.requests == [request_for(names.trades, start=7)]


async def test_opened_tells_key_instrument_and_kind(world: Any, names: Any) -> None:
    world.engine.events[names.bars] = []
    client = await world.client(await world.serve())
    subscription = await client.open(request_for(names.bars))
    assert str(subscription.key) == names.bars
    assert subscription.instrument == world.engine.instruments()[0]
    assert subscription.kind == world.kinds["bars"]


async def test_rows_are_views_of_the_message_and_read_only(world: Any, names: Any) -> None:
    world.engine.events[names.trades] = [world.trades(1, 2)]
    client = await world.client(await world.serve())
    batch = await anext(await client.open(request_for(names.trades)))
    assert isinstance(batch, Batch)
    assert not batch.rows.flags.owndata
    assert not batch.rows.flags.writeable


async def test_an_unknown_key_is_refused_and_the_connection_stays(world: Any, names: Any) -> None:
    world.engine.events[names.trades] = []
    client = await world.client(await world.serve())
    with pytest.raises(StreamError, match="nothing here provides"):
        await client.open(request_for("quotes/venue/BTCUSDT"))
    with pytest.raises(StreamError, match="no kind 'nonsense'"):
        await client.open(request_for("nonsense/venue/BTCUSDT"))
    await client.open(request_for(names.trades))


async def test_cancel_ends_both_ends(world: Any, names: Any) -> None:
    world.engine.events[names.trades] = [world.trades(1)]
    client = await world.client(await world.serve())
    subscription = await client.open(request_for(names.trades))
    await anext(subscription)
    await subscription.cancel()
    await world.engine.opened[0].cancelled.wait()
    assert [event async for event in subscription] == []
    assert not client._streams


@pytest.mark.parametrize("turns", range(12))
async def test_an_open_that_is_given_up_leaves_nothing_open(world: Any, names: Any, turns: int) -> None:
    world.engine.events[names.trades] = []
    client = await world.client(await world.serve())
    opening = asyncio.create_task(client.open(request_for(names.trades)))
    for _ in range(turns):
        await asyncio.sleep(0)
    given_up = opening.cancel()
    await asyncio.wait([opening])
    await client.request("status")
    if given_up and world.engine.opened:
        await world.engine.opened[0].cancelled.wait()
    assert not client._fresh


async def test_a_stream_may_end_in_the_breath_in_which_it_opens(world: Any, names: Any) -> None:
    world.engine.events[names.trades] = [EndOfStream(StreamKey.parse(names.trades), "done")]
    client = await world.client(await world.serve())
    for _ in range(20):
        subscription = await client.open(request_for(names.trades))
        assert [event.reason async for event in subscription if isinstance(event, EndOfStream)] == ["done"]


async def test_streams_of_a_client_that_goes_are_cancelled(world: Any, names: Any) -> None:
    world.engine.events[names.trades] = []
    client = await world.client(await world.serve())
    await client.open(request_for(names.trades))
    await client.close()
    await world.engine.opened[0].cancelled.wait()


async def test_large_history_is_cut_and_live_batches_stay_whole(world: Any, names: Any) -> None:
    many = world.trades(*range(60_000), seq=3, covered=(10, 20))
    world.engine.events[names.trades] = [many, world.end_of_history(3), many.stamped(4, 0)]
    client = await world.client(await world.serve())
    subscription = await client.open(request_for(names.trades))
    history = []
    while isinstance(event := await anext(subscription), Batch):
        history.append(event)
    live = await anext(subscription)

    assert len(history) == 3
    assert np.array_equal(np.concatenate([batch.rows for batch in history]), many.rows)
    assert [batch.covered for batch in history] == [None, None, (10, 20)]
    assert isinstance(live, Batch)
    assert len(live) == 60_000


async def test_nothing_is_taken_from_the_engine_without_credit(world: Any, names: Any) -> None:
    size = world.kinds["trades"].dtype.itemsize
    batches = [world.trades(i, seq=i) for i in range(100)]
    world.engine.events[names.trades] = batches
    client = await world.client(await world.serve(), window=size * 10)
    subscription = await client.open(request_for(names.trades))
    other = await client.request("status")  # answered behind all that could be sent
    assert other["sources"][0]["state"] == "live"
    taken = world.engine.opened[0].taken
    assert taken <= 11

    received = [await anext(subscription) for _ in range(100)]

    assert [event.seq for event in received] == list(range(100))


async def test_a_stream_that_is_not_read_does_not_hold_up_another(world: Any, names: Any) -> None:
    world.engine.events[names.trades] = [world.trades(i, seq=i) for i in range(1000)]
    client = await world.client(await world.serve(), window=500)
    await client.open(request_for(names.trades))
    second = await client.open(request_for(names.trades))
    for i in range(1000):
        assert (await anext(second)).seq == i


async def test_a_lost_connection_ends_streams_and_requests(world: Any, names: Any) -> None:
    world.engine.events[names.trades] = [world.trades(1, seq=8)]
    server = await world.serve()
    client = await world.client(server)
    subscription = await client.open(request_for(names.trades))
    await anext(subscription)
    stopping = asyncio.create_task(server.stop())
    last = await anext(subscription)
    await stopping
    assert last == EndOfStream(subscription.key, "closed", 8, "the engine is stopping")
    assert client.closed_reason == "the engine is stopping"


async def test_what_arrived_before_the_loss_is_read_after_it(world: Any, names: Any) -> None:
    size = world.kinds["trades"].dtype.itemsize
    world.engine.events[names.trades] = [world.trades(i, seq=i) for i in range(4)]
    server = await world.serve()
    client = await world.client(server, window=size * 4)
    subscription = await client.open(request_for(names.trades))
    while world.engine.opened[0].taken < 4:
        await client.request("status")
    await client.request("status")
    await server.stop()
    await client.wait_closed()
    events = [event async for event in subscription]
    assert [event.seq for event in events] == [0, 1, 2, 3, 3]
    assert isinstance(events[-1], EndOfStream)
    await subscription.cancel()
