"""Replays in the real window; the engine is a fake."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from flowdeck.desktop.linkstatus import LinkState, Reply
from flowdeck.testing.samples import SAMPLE_INSTRUMENT, SAMPLE_START

SECOND = 1_000_000_000


def run_info(**changes: Any) -> dict[str, Any]:
    info = {
        "id": "r1",
        "title": "day.gz",
        "state": "playing",
        "start_ns": SAMPLE_START,
        "stop_ns": SAMPLE_START + 600 * SECOND,
        "now_ns": SAMPLE_START + 300 * SECOND,
        "speed": 4.0,
        "epoch": 0,
        "instruments": [SAMPLE_INSTRUMENT.to_dict()],
        "frames": 10,
        "skipped": {},
        "problems": [],
        "problem_count": 0,
        "reason": "",
    }
    return {**info, **changes}


def play(stage: Any, **changes: Any) -> None:
    stage.link.replies["run.start"] = Reply({"run": run_info(**changes)})
    stage.shell.replaying.open(Path("day.gz"), 4.0)
    stage.settle()


def asked(stage: Any, name: str) -> list[dict[str, Any]]:
    return [fields for request, fields in stage.link.asked if request == name]


def test_a_capture_is_started_in_the_engine_and_its_run_is_shown(stage: Any) -> None:
    play(stage)
    assert asked(stage, "run.start") == [{"capture": str(Path.cwd() / "day.gz"), "speed": 4.0}]
    assert (stage.shell.charting.run, stage.shell.charting.instrument) == ("r1", SAMPLE_INSTRUMENT.id)
    assert any(request.key.run == "r1" for request in stage.link.opened.values())
    assert stage.window.replay.isVisible()
    assert stage.window.topbar.replay.text() == "Replay 4×"  # noqa: RUF001 - the sign of the pictures
    assert stage.window.statusbar.texts()[0] == "Replay"


def test_space_pauses_and_plays(stage: Any) -> None:
    play(stage)
    stage.link.replies["run.pause"] = Reply({"run": run_info(state="paused")})
    QTest.keyClick(stage.view, Qt.Key.Key_Space)
    stage.until(lambda: asked(stage, "run.pause") == [{"run": "r1"}])
    stage.settle()
    QTest.keyClick(stage.view, Qt.Key.Key_Space)
    assert asked(stage, "run.play") == [{"run": "r1"}]


def test_a_click_on_the_bar_seeks_there(stage: Any) -> None:
    play(stage)
    slider = stage.window.replay.place
    stage.qtbot.mouseClick(slider, Qt.MouseButton.LeftButton, pos=slider.rect().center())
    (wanted,) = asked(stage, "run.seek")
    assert abs(wanted["ts"] - (SAMPLE_START + 300 * SECOND)) < 10 * SECOND


def test_another_speed_is_a_click(stage: Any) -> None:
    play(stage)
    stage.click(stage.window.replay.speeds.button("max"))
    assert asked(stage, "run.speed") == [{"run": "r1", "speed": "max"}]


def test_its_clock_moves_the_place(stage: Any) -> None:
    play(stage)
    stage.shell.session.engine_event("clock", {"run": "r1", "now": SAMPLE_START + 600 * SECOND, "speed": 4.0})
    assert stage.window.replay.place.value() == stage.window.replay.place.maximum()


def test_damage_is_counted_where_one_reads_it(stage: Any) -> None:
    play(stage, problem_count=2, skipped={"unknown stream": 1200})
    assert "2 damaged lines · 1,200 frames not used" in stage.window.replay.texts()


def test_live_ends_the_run_and_goes_back_to_what_was_shown(stage: Any) -> None:
    before = stage.shell.charting.instrument
    play(stage)
    stage.click(stage.window.topbar.live)
    stage.settle()
    assert asked(stage, "run.stop") == [{"run": "r1"}]
    assert (stage.shell.charting.run, stage.shell.charting.instrument) == (None, before)
    assert not stage.window.replay.isVisible()


def test_a_file_that_is_no_capture_is_said_with_the_reason(stage: Any) -> None:
    stage.link.replies["run.start"] = Reply({}, "day.gz: not a gzip file")
    stage.shell.replaying.open(Path("day.gz"))
    stage.until(lambda: stage.window.pane.banner.texts() == "day.gz cannot be opened day.gz: not a gzip file")
    assert stage.window.pane.banner.action("capture").isVisible()
    assert stage.shell.charting.run is None


def test_a_capture_asked_for_before_there_is_an_engine_waits_for_it(stage: Any) -> None:
    stage.link.say(LinkState.LOST, reason="gone", retry_at=2**62)
    stage.until(lambda: stage.shell.session.link.state is LinkState.LOST)
    stage.link.replies["run.start"] = Reply({"run": run_info()})
    stage.shell.replaying.open(Path("day.gz"))
    assert not asked(stage, "run.start")
    stage.link.say(LinkState.CONNECTED)
    stage.until(lambda: stage.shell.charting.run == "r1")


def test_a_run_that_dies_with_its_engine_is_said(stage: Any) -> None:
    play(stage)
    stage.link.say(LinkState.LOST, reason="killed", retry_at=2**62)
    stage.link.say(LinkState.CONNECTED)
    stage.until(lambda: "ended with its engine" in stage.window.pane.banner.texts())


def test_the_picture_of_a_dead_run_stays_until_the_user_goes_live(stage: Any) -> None:
    before = stage.shell.charting.instrument
    play(stage)
    stage.link.say(LinkState.LOST, reason="killed", retry_at=2**62)
    stage.link.say(LinkState.CONNECTED)
    stage.until(lambda: "ended with its engine" in stage.window.pane.banner.texts())
    assert stage.shell.charting.run == "r1"
    assert stage.window.replay.isVisible()
    stage.click(stage.window.topbar.live)
    assert (stage.shell.charting.run, stage.shell.charting.instrument) == (None, before)
    assert not asked(stage, "run.stop")
    stage.until(lambda: stage.window.pane.banner.banner is None)
