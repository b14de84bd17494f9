from __future__ import annotations

from pytestqt.qtbot import QtBot

from flowdeck.desktop.pump import FramePump


class Now:
    def __init__(self) -> None:
        self.s = 100.0

    def __call__(self) -> float:
        return self.s


def test_many_requests_are_one_frame(qtbot: QtBot) -> None:
    pump = FramePump(60)
    frames: list[bool] = []
    pump.frame.connect(lambda: frames.append(True))
    for _ in range(5):
        pump.request()
    qtbot.waitUntil(lambda: bool(frames))
    qtbot.wait(60)
    assert len(frames) == 1


def test_no_frame_comes_before_the_screen_shows_the_next_one(qtbot: QtBot) -> None:
    now = Now()
    pump = FramePump(50, clock=now)
    with qtbot.waitSignal(pump.frame):
        pump.request()
    now.s += 0.005
    pump.request()
    assert pump._timer.interval() == 15


def test_a_request_that_is_urgent_does_not_wait_for_one_that_is_not(qtbot: QtBot) -> None:
    pump = FramePump(60)
    pump.request_later()
    assert pump._timer.interval() == 50
    pump.request()
    assert pump._timer.interval() < 50
    pump.stop()


def test_nobody_looking_ten_a_second_are_enough(qtbot: QtBot) -> None:
    now = Now()
    pump = FramePump(60, clock=now)
    with qtbot.waitSignal(pump.frame):
        pump.request()
    pump.set_seen(seen=False)
    pump.request()
    assert pump._timer.interval() == 100
    pump.set_seen(seen=True)
    assert pump._timer.interval() < 20
    pump.stop()


def test_a_request_of_another_thread_arrives(qtbot: QtBot) -> None:
    from threading import Thread

    pump = FramePump(60)
    with qtbot.waitSignal(pump.frame):
        Thread(target=pump.request_from_any_thread).start()
