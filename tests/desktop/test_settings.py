"""Settings in the real window: preview, cancel, save; of plugins on both sides and of the appearance."""

from __future__ import annotations

import tomllib
from typing import Any

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QComboBox, QLineEdit

from flowdeck.desktop.form import SettingsForm
from flowdeck.desktop.linkstatus import Reply


@pytest.fixture
def dialog(stage: Any) -> Any:
    stage.click(stage.window.topbar.settings)
    return stage.shell.actions.settings_dialog


def stored(stage: Any) -> dict[str, Any]:
    stage.shell.memory.write()
    path = stage.shell.config.desktop_path
    return tomllib.loads(path.read_text("utf-8")) if path.exists() else {}


def write(form: SettingsForm, name: str, text: str) -> None:
    line = form.control(name).findChild(QLineEdit)
    assert isinstance(line, QLineEdit)
    line.selectAll()
    QTest.keyClicks(line, text)


def choose(form: SettingsForm, name: str, key: Qt.Key) -> None:
    box = form.control(name).findChild(QComboBox)
    assert isinstance(box, QComboBox)
    QTest.keyClick(box, key)


def width_in_use(stage: Any) -> int:
    settings = stage.shell.manager.settings("sketch")
    return int(settings.width_px)


def test_there_is_a_page_for_the_appearance_and_one_for_each_plugin(dialog: Any) -> None:
    assert [dialog.pages.item(row).text() for row in range(dialog.pages.count())] == ["Appearance", "Sketch"]


def test_a_change_shows_at_once_and_cancel_takes_it_back(stage: Any, dialog: Any) -> None:
    before = stage.view.grab().toImage()
    write(dialog.form("sketch"), "width_px", "9")
    assert width_in_use(stage) == 9
    stage.until(lambda: stage.view.grab().toImage() != before)
    stage.click(dialog.cancel_button)
    assert width_in_use(stage) == 2
    assert "plugins" not in stored(stage)


def test_save_keeps_it(stage: Any, dialog: Any) -> None:
    write(dialog.form("sketch"), "width_px", "7")
    stage.click(dialog.save_button)
    assert width_in_use(stage) == 7
    assert stored(stage)["plugins"]["sketch"]["settings"] == {"width_px": 7}


def test_escape_is_cancel(stage: Any, dialog: Any) -> None:
    write(dialog.form("sketch"), "width_px", "9")
    QTest.keyClick(dialog, Qt.Key.Key_Escape)
    assert width_in_use(stage) == 2


def test_what_the_engine_owns_is_asked_of_the_engine_and_follows_its_answer(stage: Any, dialog: Any) -> None:
    answer = {"plugin": "sketch", "revision": 1, "values": {"width_px": 2, "memory_mb": 64}}
    stage.link.replies["settings.patch"] = Reply(answer)
    write(dialog.form("sketch"), "memory_mb", "64")
    stage.settle()
    asked = [fields for name, fields in stage.link.asked if name == "settings.patch"]
    assert asked[0] == {"plugin": "sketch", "revision": 0, "values": {"memory_mb": 6}, "persist": False}
    assert asked[-1]["values"] == {"memory_mb": 64}
    assert asked[-1]["revision"] == 1
    stage.until(lambda: stage.shell.manager.settings("sketch").memory_mb == 64)
    stage.click(dialog.save_button)
    stage.settle()
    persisted = [fields["values"] for name, fields in stage.link.asked if fields.get("persist")]
    assert persisted == [{"memory_mb": 64}]
    assert "plugins" not in stored(stage)


def test_a_refusal_of_the_engine_is_said(stage: Any, dialog: Any) -> None:
    stage.link.replies["settings.patch"] = Reply({}, "settings of sketch are at revision 7")
    write(dialog.form("sketch"), "memory_mb", "3")
    stage.until(lambda: "revision 7" in dialog.note.text())


def test_reset_of_a_page_goes_back_to_the_defaults(stage: Any, dialog: Any) -> None:
    dialog.show_page("sketch")
    write(dialog.form("sketch"), "width_px", "9")
    stage.click(dialog.reset_button)
    assert width_in_use(stage) == 2


def test_another_theme_is_worn_at_once_and_cancel_takes_it_off(stage: Any, dialog: Any) -> None:
    dark = stage.view.grab().toImage()
    choose(dialog.form("appearance"), "theme", Qt.Key.Key_Down)
    assert stage.shell.look.theme.name == "light"
    stage.until(lambda: stage.view.grab().toImage().pixelColor(3, 3).lightness() > 200)
    assert stage.window.grab().toImage().pixelColor(700, 20).lightness() > 200
    stage.click(dialog.cancel_button)
    stage.until(lambda: stage.view.grab().toImage() == dark)


def test_a_theme_that_was_saved_is_in_the_desktops_file(stage: Any, dialog: Any) -> None:
    choose(dialog.form("appearance"), "theme", Qt.Key.Key_Down)
    choose(dialog.form("appearance"), "colours", Qt.Key.Key_Down)
    stage.click(dialog.save_button)
    appearance = stored(stage)["appearance"]
    assert (appearance["theme"], appearance["colours"]) == ("light", "colour_blind_safe")


def test_larger_text_is_larger_everywhere(stage: Any, dialog: Any) -> None:
    before = stage.window.topbar.timeframes.button("1m").height()
    write(dialog.form("appearance"), "font_size_px", "20")
    stage.until(lambda: stage.window.topbar.timeframes.button("1m").height() > before)


def test_the_dock_shows_the_settings_of_the_layer_and_keeps_what_is_changed(stage: Any) -> None:
    form = stage.window.dock.form
    write(form, "width_px", "5")
    assert width_in_use(stage) == 5
    assert stored(stage)["plugins"]["sketch"]["settings"] == {"width_px": 5}


def test_the_dock_follows_what_the_dialog_changes(stage: Any, dialog: Any) -> None:
    write(dialog.form("sketch"), "width_px", "6")
    assert stage.window.dock.form.values.width_px == 6


def test_larger_text_is_larger_in_the_chart_too(stage: Any, dialog: Any) -> None:
    """18 for 12: what was a price axis of 68 px is one of 102, and the mouse finds it there."""
    port = stage.view.viewport()
    QTest.mouseMove(port, QPoint(port.width() - 90, 300))
    assert stage.view.cursor().shape() is Qt.CursorShape.CrossCursor
    write(dialog.form("appearance"), "font_size_px", "18")
    stage.settle()
    assert stage.host.frame(0).buffer.shape == (port.height(), port.width()), "it fills its place as before"
    assert stage.host.plot[0].right == pytest.approx(port.width() / 1.5 - 68)
    QTest.mouseMove(port, QPoint(port.width() - 90, 300))
    assert stage.view.cursor().shape() is Qt.CursorShape.SizeVerCursor


def test_a_drag_moves_the_picture_as_far_as_the_mouse_whatever_the_size_of_text(stage: Any, dialog: Any) -> None:
    write(dialog.form("appearance"), "font_size_px", "18")
    stage.settle()
    port, before = stage.view.viewport(), stage.host.plot[1]
    QTest.mousePress(port, Qt.MouseButton.LeftButton, pos=QPoint(400, 300))
    QTest.mouseMove(port, QPoint(490, 300))
    stage.settle()
    QTest.mouseRelease(port, Qt.MouseButton.LeftButton, pos=QPoint(490, 300))
    after = stage.host.plot[1]
    moved = before.origin_ns + before.x0 - after.origin_ns - after.x0
    assert moved / after.x_per_px == pytest.approx(60)
