from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication, QMessageBox

from flowdeck.desktop.linkstatus import LinkState, Reply


def record(stage: Any, *, owns_engine: bool = True) -> None:
    """Have the engine say that it writes a store."""
    store = {"name": "parquet", "title": "Parquet", "state": "active", "roles": ["store"]}
    stage.link.replies["plugin.list"] = Reply({"plugins": [store]})
    stage.link.say(LinkState.CONNECTED, owns_engine=owns_engine)
    stage.until(lambda: stage.shell.session.engine_plugins)


def answer(text: str) -> Callable[[], None]:
    """Press the button of that name in the message box that will be open."""

    def press() -> None:
        box = QApplication.activeModalWidget()
        assert isinstance(box, QMessageBox)
        next(button for button in box.buttons() if button.text() == text).click()

    return press


def test_a_window_whose_engine_records_nothing_closes_without_a_question(stage: Any) -> None:
    stage.window.close()
    assert not stage.window.isVisible()
    assert not stage.shell.closing.keep


@pytest.mark.parametrize(
    ("button", "closed", "kept"),
    [("Keep recording", True, True), ("Stop and close", True, False), ("Cancel", False, False)],
)
def test_an_engine_that_records_is_asked_about(stage: Any, button: str, *, closed: bool, kept: bool) -> None:
    record(stage)
    QTimer.singleShot(0, answer(button))
    stage.window.close()
    assert (not stage.window.isVisible(), stage.shell.closing.keep) == (closed, kept)


def test_an_engine_that_is_somebody_elses_is_not_asked_about(stage: Any) -> None:
    record(stage, owns_engine=False)
    stage.window.close()
    assert not stage.window.isVisible()


def test_ctrl_c_closes_without_a_question(stage: Any) -> None:
    record(stage)
    stage.shell.interrupt()
    assert not stage.window.isVisible()


def test_what_was_chosen_reaches_the_link(stage: Any) -> None:
    record(stage)
    QTimer.singleShot(0, answer("Keep recording"))
    stage.window.close()
    stage.shell.stop(keep=stage.shell.closing.keep)
    assert stage.link.stopped is True
