from __future__ import annotations

import queue
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from flowdeck.chart.feed import Opened
from flowdeck.desktop.link import EngineLink
from flowdeck.desktop.linkstatus import LinkState, LinkStatus, Reply
from flowdeck.desktop.mailbox import Mailbox
from flowdeck.errors import EngineError
from flowdeck.streams import Batch, EndOfHistory, EndOfStream, StreamKey, StreamRequest

BARS = StreamKey.parse("bars/fake/BTC?timeframe=1m")
TRADES = StreamKey.parse("trades/fake/BTC")


def ends_history(handle: int) -> Callable[[Any], bool]:
    return lambda each: isinstance(each, tuple) and each[0] == handle and isinstance(each[1], EndOfHistory)


class Ear:
    """A listener that notes what it hears."""

    def __init__(self) -> None:
        self.heard: list[Any] = []

    def link_changed(self, status: LinkStatus) -> None:
        self.heard.append(status)

    def stream_event(self, handle: int, event: Any) -> None:
        self.heard.append((handle, event))

    def engine_event(self, name: str, payload: dict[str, Any]) -> None:
        self.heard.append((name, payload))


class Rig:
    """A link whose letters are read when the test waits for something."""

    def __init__(self, dialer: Any) -> None:
        self.ear = Ear()
        self.woken: queue.Queue[bool] = queue.Queue()
        self.mailbox = Mailbox(lambda: self.woken.put(True))
        self.dialer = dialer
        self.link = EngineLink(dialer, self.mailbox, self.ear, sleep=self._sleep)

    async def _sleep(self, seconds: float) -> None:
        """No time passes between tries."""

    def until(self, seen: Callable[[Any], bool]) -> Any:
        """Read letters until one of what was heard is as asked for."""
        while True:
            self.mailbox.drain(1)
            for thing in self.ear.heard:
                if seen(thing):
                    return thing
            self.woken.get(timeout=10)

    def state(self, state: LinkState, reason: str = "") -> LinkStatus:
        found = self.until(lambda each: isinstance(each, LinkStatus) and each.state is state and reason in each.reason)
        assert isinstance(found, LinkStatus)
        return found


@pytest.fixture
def rig_of() -> Iterator[Callable[..., Rig]]:
    rigs: list[Rig] = []

    def make(dialer: Any) -> Rig:
        rigs.append(Rig(dialer))
        rigs[-1].link.start()
        return rigs[-1]

    yield make
    for rig in rigs:
        rig.link.stop()


def test_it_says_where_the_engine_is_once_connected(rig_of: Callable[..., Rig], engine: Any) -> None:
    rig = rig_of(engine.dialer(engine.connection()))
    status = rig.state(LinkState.CONNECTED)
    assert (status.url, status.owns_engine, status.hello["instance"]) == ("ws://127.0.0.1:1", True, "a")


def test_a_failed_try_is_told_with_its_reason_and_tried_again(rig_of: Callable[..., Rig], engine: Any) -> None:
    rig = rig_of(engine.dialer(EngineError("nobody there"), engine.connection()))
    assert rig.state(LinkState.LOST).reason == "nobody there"
    rig.state(LinkState.CONNECTED)


def test_a_stream_is_opened_when_the_engine_is_there(rig_of: Callable[..., Rig], engine: Any) -> None:
    rig = rig_of(engine.dialer(engine.connection()))
    handle = rig.link.open(StreamRequest(BARS))
    opened = rig.until(lambda each: isinstance(each, tuple) and isinstance(each[1], Opened))
    assert opened == (handle, Opened(BARS, None))
    rig.until(lambda each: isinstance(each, tuple) and isinstance(each[1], EndOfHistory))


def test_a_refused_stream_ends_with_the_reason(rig_of: Callable[..., Rig], engine: Any) -> None:
    connection = engine.connection()
    connection.refuse = "no kind bars"
    rig = rig_of(engine.dialer(connection))
    handle = rig.link.open(StreamRequest(BARS))
    rig.until(lambda each: each == (handle, EndOfStream(BARS, "fault", 0, "no kind bars")))


def test_streams_are_opened_again_after_the_engine_came_back(rig_of: Callable[..., Rig], engine: Any) -> None:
    first, second = engine.connection("a"), engine.connection("b")
    rig = rig_of(engine.dialer(first, second))
    rig.link.open(StreamRequest(BARS))
    rig.until(lambda each: isinstance(each, tuple) and isinstance(each[1], EndOfHistory))
    rig.ear.heard.clear()
    rig.link._loop.call_soon_threadsafe(first.gone.set)
    rig.state(LinkState.LOST)
    rig.until(lambda each: isinstance(each, tuple) and isinstance(each[1], EndOfHistory))
    assert [stream.key for stream in second.streams] == [BARS]


def test_bars_stay_in_sight_when_another_engine_takes_over(rig_of: Callable[..., Rig], engine: Any) -> None:
    """A new engine without stores knows nothing of the past: a second `Opened` would make the chart forget it."""
    first, second = engine.connection("a"), engine.connection("b")
    rig = rig_of(engine.dialer(first, second))
    bars, trades = rig.link.open(StreamRequest(BARS)), rig.link.open(StreamRequest(TRADES))
    rig.until(ends_history(bars))
    rig.until(ends_history(trades))
    rig.ear.heard.clear()
    rig.link._loop.call_soon_threadsafe(first.gone.set)
    rig.until(ends_history(bars))
    rig.until(ends_history(trades))
    opened = [each[0] for each in rig.ear.heard if isinstance(each, tuple) and isinstance(each[1], Opened)]
    assert opened == [trades]


def test_a_closed_stream_is_cancelled_at_the_engine(rig_of: Callable[..., Rig], engine: Any) -> None:
    connection = engine.connection()
    rig = rig_of(engine.dialer(connection))
    handle = rig.link.open(StreamRequest(BARS))
    rig.until(lambda each: isinstance(each, tuple) and isinstance(each[1], EndOfHistory))
    rig.link.close(handle)
    rig.link.stop()
    assert connection.streams[0].cancelled


def test_requests_are_answered_on_the_readers_thread(rig_of: Callable[..., Rig], engine: Any) -> None:
    rig = rig_of(engine.dialer(engine.connection()))
    rig.state(LinkState.CONNECTED)
    replies: list[Reply] = []
    rig.link.request("fail", replies.append)
    rig.link.request("run.list", replies.append, run="r1")
    rig.until(lambda _: len(replies) == 2)
    assert [reply.error for reply in replies] == ["not today", ""]
    assert replies[1].data == {"name": "run.list"}


def test_a_request_without_an_engine_is_refused_at_once(rig_of: Callable[..., Rig], engine: Any) -> None:
    rig = rig_of(engine.dialer(EngineError("nobody")))
    rig.state(LinkState.LOST)
    replies: list[Reply] = []
    rig.link.request("run.list", replies.append)
    rig.until(lambda _: bool(replies))
    assert "no engine" in replies[0].error


def test_stopping_tells_a_child_to_go_on_when_it_is_kept(rig_of: Callable[..., Rig], engine: Any) -> None:
    connection = engine.connection()
    dialer = engine.dialer(connection)
    rig = rig_of(dialer)
    rig.state(LinkState.CONNECTED)
    rig.link.stop(keep=True)
    assert ("engine.keep", {}) in connection.asked
    assert dialer.closed is True


def test_events_of_the_engine_arrive_with_their_payload(rig_of: Callable[..., Rig], engine: Any) -> None:
    connection = engine.connection()
    rig = rig_of(engine.dialer(connection))
    rig.state(LinkState.CONNECTED)
    connection.listeners[0]("metrics", {"rows_per_s": 7})
    rig.until(lambda each: each == ("metrics", {"rows_per_s": 7}))


def test_rows_are_counted_so_that_a_slow_window_slows_its_reader(rig_of: Callable[..., Rig], engine: Any) -> None:
    connection = engine.connection()
    rig = rig_of(engine.dialer(connection))
    handle = rig.link.open(StreamRequest(BARS))
    rig.until(lambda each: isinstance(each, tuple) and isinstance(each[1], EndOfHistory))
    batch = Batch(BARS, np.zeros(150_000, [("ts", "i8")]))
    for _ in range(3):
        rig.link._loop.call_soon_threadsafe(connection.streams[0].events.put_nowait, batch)
    rig.until(lambda each: each == (handle, batch))
    assert rig.mailbox._rows <= 300_000
