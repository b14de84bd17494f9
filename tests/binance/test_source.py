"""The live source against a real server on the loopback, in fair weather and foul."""

import asyncio
import base64
import hashlib
from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from flowdeck.captures import CaptureRecorder, open_capture, pump
from flowdeck.instruments import Instrument
from flowdeck.specs import FeedState
from flowdeck.streams import Batch, StreamKey
from flowdeck_binance.plugin import register_sources

BTC, ETH = "trades/binance-usdm/BTCUSDT", "trades/binance-usdm/ETHUSDT"
SPOT = "trades/binance-spot/BTCUSDT"


async def test_trades_arrive_after_their_instrument_and_before_nothing_else(exchange: Any, watch: Any) -> None:
    exchange.behaviours = [exchange.trades(7, 8, 9)]
    watcher = watch(exchange.settings(), BTC)
    await watcher.until(lambda: len(watcher.ids) == 3)
    assert watcher.ids == [7, 8, 9]
    assert {str(batch.key) for batch in watcher.batches} == {BTC}
    assert watcher.batches[0].recv_ts == watcher.batches[0].rows["recv_ts"][-1]
    sorts = [type(said) for said in watcher.said]
    assert sorts.index(Instrument) < sorts.index(Batch)
    (instrument,) = watcher.instruments
    assert (instrument.tick_size, instrument.provisional) == (Decimal("0.1"), False)


async def test_trades_wait_for_the_steps_that_the_venue_states(exchange: Any, watch: Any) -> None:
    async def send_first(socket: Any) -> None:
        await socket.send(exchange.trade(1))
        for _ in range(100):
            await (await socket.ping())
        exchange.answer.set()
        await exchange.listen(socket)

    exchange.answer.clear()
    exchange.behaviours = [send_first]
    watcher = watch(exchange.settings(), BTC)
    await watcher.until(lambda: watcher.ids)
    assert [instrument.provisional for instrument in watcher.instruments] == [False]


@pytest.mark.parametrize(("key", "path"), [(BTC, "/market/stream"), (SPOT, "/stream")])
async def test_each_market_is_asked_on_its_route_in_lower_case(exchange: Any, watch: Any, key: str, path: str) -> None:
    exchange.behaviours = [exchange.trades(1)]
    watcher = watch(exchange.settings(), key)
    await watcher.until(lambda: watcher.ids)
    assert exchange.paths == [f"{path}?streams=btcusdt@aggTrade"]


async def test_live_is_said_with_its_latency_only_once_data_comes(exchange: Any, watch: Any) -> None:
    exchange.behaviours = [exchange.trades(1)]
    watcher = watch(exchange.settings(), BTC)
    await watcher.until(lambda: "live" in watcher.states)
    assert watcher.states == ["connecting", "live"]
    live = watcher.statuses[-1]
    assert (live.source, live.venue, live.reason, live.retry_at) == ("binance", "binance-usdm", "", 0)
    assert live.latency_ns == watcher.batches[-1].recv_ts - 1_700_000_000_000_000_000


async def test_nothing_is_connected_while_nobody_reads(exchange: Any, watch: Any) -> None:
    exchange.behaviours = [exchange.trades(1)]
    watcher = watch(exchange.settings())
    watcher.keys.set(StreamKey.parse(BTC))
    await watcher.until(lambda: watcher.ids)
    assert len(exchange.paths) == 1
    watcher.keys.set()
    await watcher.until(lambda: "disconnected" in watcher.states)
    assert watcher.statuses[-1].reason == "nobody reads it"
    assert watcher.statuses[-1].retry_at == 0
    watcher.keys.set(StreamKey.parse(BTC))
    await watcher.until(lambda: watcher.states.count("connecting") == 2)


async def test_a_symbol_more_or_less_is_subscribed_on_the_same_connection(exchange: Any, watch: Any) -> None:
    exchange.behaviours = [exchange.trades(1)]
    watcher = watch(exchange.settings(), BTC)
    await watcher.until(lambda: watcher.ids)
    watcher.keys.set(StreamKey.parse(BTC), StreamKey.parse(ETH))
    watcher.keys.set(StreamKey.parse(ETH))
    requests = [await asyncio.wait_for(exchange.requests.get(), 10) for _ in range(2)]
    assert [(request["method"], request["params"]) for request in requests] == [
        ("SUBSCRIBE", ["ethusdt@aggTrade"]),
        ("UNSUBSCRIBE", ["btcusdt@aggTrade"]),
    ]
    assert len(exchange.paths) == 1


async def test_acknowledged_but_silent_is_found_out_and_tried_again(exchange: Any, watch: Any) -> None:
    exchange.behaviours = [exchange.listen, exchange.trades(1)]
    watcher = watch(exchange.settings(first_data_timeout_s=0.2), BTC)
    await watcher.until(lambda: watcher.ids)
    assert watcher.states == ["connecting", "disconnected", "connecting", "live"]
    lost = next(status for status in watcher.statuses if status.retry_at)
    assert lost.reason == "connected, but no data of btcusdt@aggTrade within 0.2 s"
    assert lost.retry_at >= lost.since


async def test_a_symbol_that_is_not_listed_is_named(exchange: Any, watch: Any) -> None:
    exchange.behaviours = [exchange.listen]
    watcher = watch(exchange.settings(first_data_timeout_s=0.2), "trades/binance-usdm/NONESUCH")
    await watcher.until(lambda: "disconnected" in watcher.states)
    assert watcher.statuses[-1].reason.endswith("; binance-usdm lists no NONESUCH")


async def test_after_a_break_trades_are_published_once_and_the_gap_is_said(exchange: Any, watch: Any) -> None:
    async def break_off(socket: Any) -> None:
        for trade_id in (1, 2, 3):
            await socket.send(exchange.trade(trade_id))
        await seen.wait()
        socket.transport.write(b"\x81\x7e\x01")  # the head of a frame that never comes
        socket.transport.abort()

    seen = asyncio.Event()
    exchange.behaviours = [break_off, exchange.trades(2, 3, 6, 7)]
    watcher = watch(exchange.settings(), BTC)
    await watcher.until(lambda: len(watcher.ids) == 3)
    seen.set()
    await watcher.until(lambda: len(watcher.ids) == 5)
    assert watcher.ids == [1, 2, 3, 6, 7]
    assert watcher.states == ["connecting", "live", "disconnected", "connecting", "stale", "live"]
    stale = next(status for status in watcher.statuses if status.state is FeedState.STALE)
    assert stale.reason == "BTCUSDT: 2 trades missing after id 3"


async def test_garbage_between_frames_does_not_end_the_reader(exchange: Any, watch: Any) -> None:
    async def babble(socket: Any) -> None:
        for message in ("pong", b"\x00\xff", "[1", '{"error":{"code":2,"msg":"Invalid request"},"id":1}', "{}", "[]"):
            await socket.send(exchange.trade(1))
            await socket.send(message)
        await socket.send(exchange.trade(2))
        await exchange.listen(socket)

    exchange.behaviours = [babble]
    watcher = watch(exchange.settings(), BTC)
    await watcher.until(lambda: len(watcher.ids) == 2)
    assert watcher.ids == [1, 2]
    assert len(exchange.paths) == 1


async def test_a_close_by_the_server_is_said_with_its_code(exchange: Any, watch: Any) -> None:
    async def close(socket: Any) -> None:
        await socket.close(1008, "go away")

    exchange.behaviours = [close, exchange.trades(1)]
    watcher = watch(exchange.settings(), BTC)
    await watcher.until(lambda: watcher.ids)
    assert "closed by the server with code 1008 (go away)" in {status.reason for status in watcher.statuses}


async def test_an_announced_shutdown_is_not_waited_for(exchange: Any, watch: Any) -> None:
    async def announce(socket: Any) -> None:
        await socket.send('{"stream":"!serverShutdown","data":{"e":"serverShutdown","E":1700000000000}}')
        await exchange.listen(socket)

    exchange.behaviours = [announce, exchange.trades(1)]
    watcher = watch(exchange.settings(), BTC)
    await watcher.until(lambda: watcher.ids)
    assert "the server announced its shutdown" in {status.reason for status in watcher.statuses}


async def test_it_never_gives_up(exchange: Any, watch: Any) -> None:
    async def close(socket: Any) -> None:
        await socket.close()

    exchange.behaviours = [*[close] * 12, exchange.trades(1)]
    watcher = watch(exchange.settings(), BTC)
    await watcher.until(lambda: watcher.ids)
    assert len(exchange.paths) == 13


async def test_a_port_without_a_server_is_said_and_a_kick_tries_at_once(exchange: Any, watch: Any) -> None:
    exchange.behaviours = [exchange.trades(1)]
    patient = exchange.settings(usdm_stream_url="ws://127.0.0.1:9", retry_first_s=3_600, retry_longest_s=3_600)
    watcher = watch(patient, BTC)
    await watcher.until(lambda: watcher.statuses and watcher.statuses[-1].retry_at)
    assert watcher.statuses[-1].reason.startswith("cannot connect to ws://127.0.0.1:9/market/stream: ")
    tries = len(watcher.statuses)
    watcher.try_now()
    await watcher.until(lambda: len(watcher.statuses) >= tries + 2 and watcher.statuses[-1].retry_at)
    assert watcher.states == ["connecting", "disconnected", "connecting", "disconnected"]


async def test_a_refusal_is_said_with_its_status(exchange: Any, watch: Any) -> None:
    watcher = watch(exchange.settings(usdm_stream_url=exchange.rest_url.replace("http", "ws")), BTC)
    exchange.info = (451, b"Unavailable For Legal Reasons", {})
    await watcher.until(lambda: "disconnected" in watcher.states)
    assert watcher.statuses[-1].reason == "refused: HTTP 451"


@pytest.fixture
async def half_open() -> AsyncIterator[str]:
    """A server that shakes hands and is never heard of again; its address."""
    writers = []

    async def shake(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        key = next(line for line in head.split(b"\r\n") if line.lower().startswith(b"sec-websocket-key"))
        text = key.partition(b":")[2].strip() + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
        accept = base64.b64encode(hashlib.sha1(text).digest())
        writer.write(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n")
        writer.write(b"Sec-WebSocket-Accept: " + accept + b"\r\n\r\n")
        writers.append(writer)

    server = await asyncio.start_server(shake, "127.0.0.1", 0)
    yield f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    server.close()
    for writer in writers:
        writer.close()


async def test_a_half_open_connection_is_found_by_its_silence(exchange: Any, watch: Any, half_open: str) -> None:
    watcher = watch(exchange.settings(usdm_stream_url=half_open, receive_timeout_s=0.2), BTC)
    await watcher.until(lambda: "disconnected" in watcher.states)
    assert watcher.statuses[-1].reason == "no sign of life for 0.2 s"


async def test_steps_are_inferred_where_rest_is_out_of_reach(exchange: Any, watch: Any) -> None:
    exchange.info = (403, b"", {})
    exchange.behaviours = [exchange.trades(1)]
    watcher = watch(exchange.settings(), BTC)
    await watcher.until(lambda: watcher.ids)
    (instrument,) = watcher.instruments
    assert (instrument.tick_size, instrument.provisional) == (Decimal("0.1"), True)


async def test_instruments_are_those_of_both_venues_and_none_of_one_out_of_reach(exchange: Any, watch: Any) -> None:
    watcher = watch(exchange.settings())
    assert [str(found.id) async for found in watcher.source.instruments()] == [
        f"{venue}:{symbol}" for venue in ("binance-spot", "binance-usdm") for symbol in ("BTCUSDT", "ETHUSDT")
    ]
    away = watch(exchange.settings(spot_rest_url="http://127.0.0.1:9"))
    assert {found.id.venue async for found in away.source.instruments()} == {"binance-usdm"}


async def test_a_headless_command_does_not_bother_the_exchange(exchange: Any, watch: Any) -> None:
    watcher = watch(exchange.settings())
    watcher.side = "headless"
    assert [found async for found in watcher.source.instruments()] == []
    assert exchange.asked == []


async def test_a_venue_that_bans_is_left_alone_until_it_is_over(exchange: Any, watch: Any) -> None:
    exchange.info = (429, b"", {"Retry-After": "3600"})
    watcher = watch(exchange.settings())
    for _ in range(3):
        assert [found async for found in watcher.source.instruments()] == []
    assert len(exchange.asked) == 2  # once each venue


async def test_a_recording_replays_to_the_same_trades(exchange: Any, watch: Any, tmp_path: Path) -> None:
    exchange.behaviours = [exchange.trades(4, 5, 6)]
    recorders: list[CaptureRecorder] = []

    def record(venue: str) -> CaptureRecorder:
        recorders.append(CaptureRecorder(tmp_path, "binance", venue, ts=1_700_000_000_000_000_000))
        return recorders[-1]

    watcher = watch(exchange.settings(), BTC, tap=record)
    await watcher.until(lambda: len(watcher.ids) == 3)
    watcher.keys.set()
    await watcher.until(lambda: "disconnected" in watcher.states)
    (recorder,) = recorders
    recorder.close()
    opened = open_capture(recorder.path, register_sources())
    for _ in pump(opened.reader, opened.parser):
        pass
    ((key, rows),) = opened.parser.drain()
    assert (str(key), rows["id"].tolist()) == (BTC, [4, 5, 6])
    assert rows["recv_ts"].tolist() == [ts for batch in watcher.batches for ts in batch.rows["recv_ts"].tolist()]
    assert not opened.parser.instruments()[0].provisional
    assert opened.reader.problems == []


async def test_new_settings_begin_with_a_new_connection(exchange: Any, watch: Any) -> None:
    exchange.behaviours = [exchange.trades(1)]
    watcher = watch(
        exchange.settings(usdm_stream_url="ws://127.0.0.1:9", retry_first_s=3_600, retry_longest_s=3_600), BTC
    )
    await watcher.until(lambda: "disconnected" in watcher.states)
    watcher.change_settings(exchange.settings())
    await watcher.until(lambda: watcher.ids)


async def test_kinds_that_are_not_received_live_are_not_connected_for(exchange: Any, watch: Any) -> None:
    exchange.behaviours = [exchange.trades(1)]
    watcher = watch(exchange.settings(), "depth/binance-usdm/BTCUSDT", SPOT)
    await watcher.until(lambda: watcher.ids)
    assert [path.partition("?")[0] for path in exchange.paths] == ["/stream"]
