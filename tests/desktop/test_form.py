from __future__ import annotations

from enum import StrEnum
from typing import Literal

import pytest
from pydantic import BaseModel, ConfigDict
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QComboBox, QLineEdit, QSlider
from pytestqt.qtbot import QtBot

from flowdeck.desktop.fields import fields_of
from flowdeck.desktop.form import SettingsForm
from flowdeck.desktop.look import Look
from flowdeck.desktop.widgets import IconButton, Toggle
from flowdeck.specs import setting


class Unit(StrEnum):
    BASE = "base"
    QUOTE = "quote"


class Settings(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    window_s: int = setting(60, "How much is looked at", unit="s", ge=1, le=3600)
    opacity: float = setting(0.9, "Strength", ge=0.0, le=1.0)
    show_poc: bool = setting(default=True, description="Outline it")
    unit: Unit = setting(Unit.BASE, "Of figures")
    scale: Literal["linear", "log"] = setting("log", "Of colours")
    wall_base: float | None = setting(None, "Alert from this size", unit="base", scope="engine", ge=0.0)


@pytest.fixture
def form(qtbot: QtBot, look: Look) -> SettingsForm:
    form = SettingsForm(look, Settings, Settings())
    qtbot.addWidget(form)
    form.show()
    return form


def line_of(form: SettingsForm, name: str) -> QLineEdit:
    line = form.control(name).findChild(QLineEdit)
    assert isinstance(line, QLineEdit)
    return line


def type_into(line: QLineEdit, text: str) -> None:
    line.selectAll()
    QTest.keyClicks(line, text)


def test_a_field_is_read_with_title_unit_limits_and_scope() -> None:
    fields = {field.name: field for field in fields_of(Settings)}
    window, wall = fields["window_s"], fields["wall_base"]
    assert (window.title, window.unit, window.low, window.high, window.scope) == ("Window", "s", 1, 3600, "view")
    assert (wall.title, wall.optional, wall.scope) == ("Wall", True, "engine")
    assert fields["show_poc"].title == "Show POC"
    assert fields["unit"].choices == (Unit.BASE, Unit.QUOTE)


def test_typing_a_number_changes_the_settings(form: SettingsForm, qtbot: QtBot) -> None:
    with qtbot.waitSignal(form.changed) as changed:
        type_into(line_of(form, "window_s"), "9")
    assert changed.args == [Settings(window_s=9)]


@pytest.mark.parametrize("text", ["0", "-4000", "ten", ""])
def test_what_is_not_allowed_is_said_at_the_field_and_changes_nothing(
    form: SettingsForm, qtbot: QtBot, text: str
) -> None:
    line = line_of(form, "window_s")
    with qtbot.assertNotEmitted(form.changed):
        line.selectAll()
        QTest.keyClick(line, Qt.Key.Key_Delete)
        QTest.keyClicks(line, text)
    assert form.problem("window_s")
    assert line.property("bad") is True
    assert form.values == Settings()


def test_a_problem_goes_when_the_field_is_mended(form: SettingsForm) -> None:
    type_into(line_of(form, "window_s"), "0")
    assert form.problem("window_s")
    type_into(line_of(form, "window_s"), "7")
    assert form.problem("window_s") == ""
    assert form.values == Settings(window_s=7)


def test_a_switch_a_choice_and_a_slider_change_the_settings(form: SettingsForm) -> None:
    toggle, box, slider = (
        form.control("show_poc").findChild(Toggle),
        form.control("scale").findChild(QComboBox),
        form.control("opacity").findChild(QSlider),
    )
    assert isinstance(toggle, Toggle)
    assert isinstance(box, QComboBox)
    assert isinstance(slider, QSlider)
    QTest.mouseClick(toggle, Qt.MouseButton.LeftButton)
    QTest.keyClick(box, Qt.Key.Key_Up)
    QTest.keyClick(slider, Qt.Key.Key_Home)
    assert form.values == Settings(show_poc=False, scale="linear", opacity=0.0)


def test_an_optional_number_may_be_emptied(form: SettingsForm) -> None:
    line = line_of(form, "wall_base")
    type_into(line, "12.5")
    assert form.values == Settings(wall_base=12.5)
    line.selectAll()
    QTest.keyClick(line, Qt.Key.Key_Delete)
    assert form.values == Settings()


def test_reset_of_a_field_is_offered_only_where_it_does_something(form: SettingsForm) -> None:
    reset = next(
        button for button in form.findChildren(IconButton) if button.toolTip() == "Back to the default of Window"
    )
    assert not reset.isVisible()
    type_into(line_of(form, "window_s"), "9")
    assert reset.isVisible()
    QTest.mouseClick(reset, Qt.MouseButton.LeftButton)
    assert form.values == Settings()
    assert line_of(form, "window_s").text() == "60"


def test_reset_of_all_goes_back_to_the_defaults(form: SettingsForm, qtbot: QtBot) -> None:
    form.show_values(Settings(window_s=9, scale="linear"))
    with qtbot.waitSignal(form.changed) as changed:
        form.reset()
    assert changed.args == [Settings()]


def test_changes_from_elsewhere_are_shown_without_being_said(form: SettingsForm, qtbot: QtBot) -> None:
    with qtbot.assertNotEmitted(form.changed):
        form.show_values(Settings(window_s=30, opacity=0.5))
    assert line_of(form, "window_s").text() == "30"


def test_help_is_written_and_is_the_tip(form: SettingsForm) -> None:
    assert form.control("window_s").toolTip() == "How much is looked at"
