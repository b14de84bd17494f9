"""The chart view under real mouse and keyboard events, over a host that notes what is asked."""

from __future__ import annotations

from typing import Any

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from flowdeck.desktop.chartview import ChartView

LEFT = Qt.MouseButton.LeftButton
PLOT, PRICE_AXIS, TIME_AXIS = QPoint(100, 100), QPoint(370, 100), QPoint(100, 295)


@pytest.fixture
def view(qtbot: QtBot, host: Any) -> ChartView:
    view = ChartView(host)
    qtbot.addWidget(view)
    view.resize(400, 300)
    view.show()
    host.calls.clear()
    return view


def drag(view: ChartView, start: QPoint, *by: QPoint) -> None:
    port = view.viewport()
    QTest.mousePress(port, LEFT, pos=start)
    at = QPoint(start)
    for step in by:
        at += step
        QTest.mouseMove(port, at)
        QApplication.processEvents()
    QTest.mouseRelease(port, LEFT, pos=at)


def wheel(view: ChartView, at: QPoint, notches: int, modifiers: Qt.KeyboardModifier) -> None:
    where = QPointF(at)
    event = QWheelEvent(
        where,
        view.viewport().mapToGlobal(where),
        QPoint(),
        QPoint(0, 120 * notches),
        Qt.MouseButton.NoButton,
        modifiers,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(view.viewport(), event)


def test_a_drag_pans_by_what_the_mouse_moved(view: ChartView, host: Any) -> None:
    drag(view, PLOT, QPoint(10, 0), QPoint(10, 5))
    assert [sum(axis) for axis in zip(*host.named("pan_px"), strict=True)] == [20, 5]
    assert host.named("drag_end") == [()]


def test_a_click_pins_the_readout_and_pans_nothing(view: ChartView, host: Any) -> None:
    QTest.mouseClick(view.viewport(), LEFT, pos=PLOT)
    assert host.named("pin_readout") == [()]
    assert not host.named("pan_px")


def test_a_drag_on_an_axis_scales_it(view: ChartView, host: Any) -> None:
    drag(view, PRICE_AXIS, QPoint(0, 20), QPoint(0, 10))
    assert sum(delta for _, delta in host.named("drag_axis")) == 30
    host.calls.clear()
    drag(view, TIME_AXIS, QPoint(-20, 0), QPoint(-10, 0))
    assert sum(delta for _, delta in host.named("drag_axis")) == -30


@pytest.mark.parametrize(("at", "fitted"), [(PLOT, ("",)), (PRICE_AXIS, (False, "")), (TIME_AXIS, (False,))])
def test_a_double_click_fits_what_lies_under_it(
    view: ChartView, host: Any, at: QPoint, fitted: tuple[Any, ...]
) -> None:
    QTest.mouseDClick(view.viewport(), LEFT, pos=at)
    assert host.named("fit") == [fitted]


@pytest.mark.parametrize(
    ("modifiers", "time", "price"),
    [
        (Qt.KeyboardModifier.NoModifier, True, False),
        (Qt.KeyboardModifier.ShiftModifier, False, True),
        (Qt.KeyboardModifier.ControlModifier, True, True),
    ],
)
def test_the_wheel_zooms_at_the_cursor(
    view: ChartView, host: Any, modifiers: Qt.KeyboardModifier, *, time: bool, price: bool
) -> None:
    wheel(view, PLOT, 1, modifiers)
    ((factor_x, factor_y, at),) = host.named("zoom")
    assert ((factor_x > 1), (factor_y > 1), at) == (time, price, (100.0, 100.0))


def test_turning_the_wheel_back_undoes_the_zoom(view: ChartView, host: Any) -> None:
    for notches in (1, -1):
        wheel(view, PLOT, notches, Qt.KeyboardModifier.NoModifier)
    (first, *_), (second, *_) = host.named("zoom")
    assert first * second == pytest.approx(1.0)


def test_the_crosshair_follows_the_mouse_and_alt_frees_it(view: ChartView, host: Any) -> None:
    QTest.mouseMove(view.viewport(), PLOT)
    QApplication.processEvents()
    assert host.named("hover")[-1] == (100.0, 100.0, True)


def test_leaving_takes_the_crosshair_away(view: ChartView, host: Any) -> None:
    from PySide6.QtCore import QEvent

    QApplication.sendEvent(view, QEvent(QEvent.Type.Leave))
    assert host.named("leave") == [()]


@pytest.mark.parametrize(
    ("key", "modifiers", "call"),
    [
        (Qt.Key.Key_Left, Qt.KeyboardModifier.NoModifier, ("pan_steps", 1, 0)),
        (Qt.Key.Key_Down, Qt.KeyboardModifier.NoModifier, ("pan_steps", 0, -1)),
        (Qt.Key.Key_Minus, Qt.KeyboardModifier.NoModifier, ("zoom", 0.8, 1.0)),
        (Qt.Key.Key_Equal, Qt.KeyboardModifier.NoModifier, ("zoom", 1.25, 1.0)),
        (Qt.Key.Key_Plus, Qt.KeyboardModifier.ShiftModifier, ("zoom", 1.0, 1.25)),
        (Qt.Key.Key_Escape, Qt.KeyboardModifier.NoModifier, ("unpin_readout",)),
    ],
)
def test_keys_move_the_chart(
    view: ChartView, host: Any, key: Qt.Key, modifiers: Qt.KeyboardModifier, call: tuple[Any, ...]
) -> None:
    QTest.keyClick(view, key, modifiers)
    assert host.calls[-1] == call


def test_space_is_for_the_replay(view: ChartView, qtbot: QtBot) -> None:
    with qtbot.waitSignal(view.space_pressed):
        QTest.keyClick(view, Qt.Key.Key_Space)


def test_a_resize_is_told_to_the_host(view: ChartView, host: Any) -> None:
    view.resize(500, 310)
    assert host.size == (500, 310)


def test_the_picture_is_the_hosts_buffer(view: ChartView) -> None:
    view.show_frame()
    picture = view.grab().toImage()
    assert {picture.pixel(0, 0), picture.pixel(399, 299)} == {0xFF112233}


def test_nothing_is_repainted_when_nothing_changed(view: ChartView) -> None:
    from flowdeck.chart.parts import Redraw

    view.show_frame()
    assert view.show_frame().level is Redraw.NONE


def test_an_exception_in_painting_leaves_the_process_alive(
    view: ChartView, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_: object) -> None:
        raise ZeroDivisionError("in paint")

    monkeypatch.setattr("flowdeck.desktop.canvasitem.CanvasItem._image", broken)
    with qtbot.waitSignal(view.paint_failed) as failed:
        view.show_frame()
        view.grab()
    assert isinstance(failed.args[0], ZeroDivisionError)
