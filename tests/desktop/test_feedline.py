from __future__ import annotations

from typing import Any

import pytest
from PySide6.QtGui import QImage

from flowdeck.chart.parts import Loading
from flowdeck.desktop.feedline import FeedLine, engine_status, feed_line, link_banner
from flowdeck.desktop.linkstatus import LinkState, LinkStatus
from flowdeck.desktop.session import Session
from flowdeck.specs import FeedState, SourceStatus

SECOND = 1_000_000_000
NOW = 1_723_161_598 * SECOND
HERE = LinkStatus(LinkState.CONNECTED)


def status(state: FeedState, **more: Any) -> SourceStatus:
    return SourceStatus("binance", "binance-usdm", state, **more)


@pytest.mark.parametrize(
    ("said", "line"),
    [
        (None, FeedLine("connecting", "Waiting for Binance USD-M")),
        (status(FeedState.LIVE, latency_ns=12_400_000), FeedLine("live", "Binance USD-M", "12 ms")),
        (status(FeedState.LIVE, latency_ns=-1_270_000_000), FeedLine("live", "Binance USD-M", "\u22121,270 ms")),
        (status(FeedState.STALE, since=NOW - 42 * SECOND // 10), FeedLine("stale", "Binance USD-M", "4.2 s")),
        (status(FeedState.CONNECTING), FeedLine("connecting", "Connecting to Binance USD-M")),
        (
            status(FeedState.DISCONNECTED, since=NOW - 38 * SECOND),
            FeedLine("disconnected", "Disconnected", "00:00:38"),
        ),
    ],
)
def test_the_feed_is_said_as_in_the_pictures(said: SourceStatus | None, line: FeedLine) -> None:
    assert feed_line(HERE, "binance-usdm", said, None, None, NOW) == line


def test_a_lost_engine_goes_before_everything() -> None:
    lost = LinkStatus(LinkState.LOST, since=NOW - 5 * SECOND)
    live = status(FeedState.LIVE)
    assert feed_line(lost, "binance-usdm", live, None, None, NOW) == FeedLine("disconnected", "No engine", "00:00:05")


def test_history_on_its_way_is_a_percentage() -> None:
    line = feed_line(HERE, "binance-usdm", None, None, Loading(0, 1, 0.62), NOW)
    assert line == FeedLine("connecting", "Loading history", "62 %")


def test_a_replay_shows_its_own_time() -> None:
    line = feed_line(HERE, "binance-usdm", None, {"now_ns": NOW}, None, 0)
    assert line == FeedLine("replay", "Replay", "8 Aug 23:59:58")


def test_a_lost_engine_freezes_the_chart_until_it_is_back() -> None:
    lost = LinkStatus(LinkState.LOST, reason="killed", since=1, retry_at=NOW)
    frozen = engine_status(lost, "binance-usdm")
    assert frozen is not None
    assert (frozen.state, frozen.reason, frozen.retry_at) == (FeedState.DISCONNECTED, "killed", NOW)
    assert engine_status(HERE, "binance-usdm") is None


def test_the_countdown_is_rounded_up_and_ends_in_words() -> None:
    lost = LinkStatus(LinkState.LOST, reason="killed", retry_at=NOW)
    first, last = link_banner(lost, NOW - 1), link_banner(lost, NOW)
    assert first is not None
    assert last is not None
    assert (first.note, last.note) == ("killed · next try in 1 s", "killed · trying again")


def test_the_worst_feed_of_a_venue_is_the_one_that_is_shown(qapp: object) -> None:
    session = Session()
    for source, state in (("a", "live"), ("b", "disconnected"), ("c", "stale")):
        fields = {"source": source, "venue": "v", "state": state, "reason": "", "since": 0, "retry_at": 0}
        session.engine_event("status", {**fields, "latency_ns": 0})
    worst = session.status_of("v")
    assert worst is not None
    assert worst.source == "b"


def test_a_lost_feed_stays_lost_since_it_was_lost_while_it_is_tried_again(qapp: object) -> None:
    session = Session()

    def tell(state: str, since: int, **more: object) -> SourceStatus:
        fields = {"source": "a", "venue": "v", "state": state, "reason": "", "since": since, "retry_at": 0}
        session.engine_event("status", {**fields, "latency_ns": 0, **more})
        told = session.status_of("v")
        assert told is not None
        return told

    assert tell("connecting", 1).state is FeedState.CONNECTING
    assert tell("disconnected", 5, reason="refused", retry_at=9).since == 5
    trying = tell("connecting", 9)
    assert (trying.state, trying.since) == (FeedState.DISCONNECTED, 5)
    assert (trying.reason, trying.retry_at) == ("trying again", 0)
    again = tell("disconnected", 10, reason="refused again", retry_at=20)
    assert (again.since, again.reason, again.retry_at) == (5, "refused again", 20)
    assert tell("live", 21).state is FeedState.LIVE
    assert tell("disconnected", 30).since == 30


def test_the_dot_of_the_live_chip_does_not_say_live_while_the_feed_is_lost(stage: Any) -> None:
    chip = stage.window.topbar.live

    def dot() -> QImage:
        picture: QImage = chip.icon().pixmap(14, 14).toImage()
        return picture

    unknown = dot()
    stage.link.say(LinkState.LOST, reason="killed")
    stage.until(lambda: dot() != unknown)
    lost = dot()
    assert lost.pixelColor(7, 7) == stage.shell.look.colour("ui.error")
