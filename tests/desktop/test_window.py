"""The whole window under real events: real chart, real plugin host, a fake engine."""

from __future__ import annotations

import tomllib
from typing import Any

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel

from flowdeck.chart.parts import Redraw
from flowdeck.config import load_config
from flowdeck.desktop.app import choice_of
from flowdeck.desktop.charting import Charting
from flowdeck.desktop.chartpane import ChartPane
from flowdeck.desktop.linkstatus import LinkState, Reply
from flowdeck.instruments import InstrumentId
from flowdeck.streams import Batch
from flowdeck.testing.samples import sample_bars, sample_trades


def remembered(stage: Any) -> dict[str, Any]:
    stage.shell.memory.write()
    return tomllib.loads(stage.shell.config.desktop_path.read_text("utf-8"))


def drag(stage: Any, by: QPoint) -> None:
    port = stage.view.viewport()
    start = QPoint(400, 300)
    QTest.mousePress(port, Qt.MouseButton.LeftButton, pos=start)
    QTest.mouseMove(port, start + by / 2)
    QApplication.processEvents()
    QTest.mouseMove(port, start + by)
    QApplication.processEvents()
    QTest.mouseRelease(port, Qt.MouseButton.LeftButton, pos=start + by)
    stage.settle()


def test_it_shows_what_was_chosen_and_the_last_price(stage: Any) -> None:
    bar = stage.window.topbar
    assert stage.window.windowTitle() == "BTCUSDT 1m · Flowdeck"
    assert bar.timeframes.button("1m").isChecked()
    assert stage.host.last_price is not None
    stage.until(lambda: bar.price_text() == f"{stage.host.last_price:,.1f}")


def test_it_can_be_as_narrow_as_1000(stage: Any) -> None:
    stage.window.topbar.show_instrument(InstrumentId("binance-usdm", "BTCUSDT"))
    stage.window.topbar.show_price(161_659.8, 1, rises=True)
    QApplication.processEvents()
    stage.window.resize(1, 1)
    QApplication.processEvents()
    assert stage.window.width() <= 1000
    assert stage.window.height() <= 700


def test_the_field_for_other_timeframes_is_there_where_there_is_room(stage: Any) -> None:
    bar = stage.window.topbar
    assert bar.typed.isVisible()
    bar.resize(bar.minimumWidth(), bar.height())
    assert not bar.typed.isVisible()
    bar.resize(bar.minimumWidth() + 120, bar.height())
    assert bar.typed.isVisible()


@pytest.mark.parametrize(("move", "tone"), [(1, "buy"), (-1, "sell")])
def test_the_price_has_the_colour_of_its_tag(stage: Any, move: int, tone: str) -> None:
    price = stage.window.topbar.findChild(QLabel, "last_price")
    handle, request = next((h, r) for h, r in stage.link.opened.items() if r.key.kind == "bars" and r.live)
    rows = sample_bars(sample_trades(), request.key.timeframe)[-1:].copy()
    rows["close"] = rows["open"] + move
    stage.host.receive(handle, Batch(request.key, rows, 9))
    stage.shell.frame()
    stage.until(lambda: price.text() == f"{rows['close'][0]:,.1f}")
    assert price.property("tone") == tone


def test_a_drag_pans_and_the_way_back_is_offered(stage: Any) -> None:
    before = stage.view.grab().toImage()
    drag(stage, QPoint(200, 40))
    assert not stage.host.pinned
    stage.until(stage.window.pane.to_live.isVisible)
    assert stage.view.grab().toImage() != before
    stage.click(stage.window.pane.to_live)
    stage.until(lambda: stage.host.pinned and not stage.window.pane.to_live.isVisible())


def test_another_timeframe_is_a_click_and_is_remembered(stage: Any) -> None:
    stage.click(stage.window.topbar.timeframes.button("5m"))
    stage.until(lambda: str(stage.host.timeframe) == "5m")
    assert remembered(stage)["chart"]["timeframe"] == "5m"


def test_another_timeframe_is_a_key(stage: Any) -> None:
    stage.window.activateWindow()
    QTest.keyClick(stage.view, Qt.Key.Key_1)
    stage.until(lambda: str(stage.host.timeframe) == "15s")
    assert stage.window.topbar.timeframes.button("15s").isChecked()


def test_any_timeframe_is_typed(stage: Any) -> None:
    field = stage.window.topbar.typed
    QTest.keyClicks(field, "7m")
    QTest.keyClick(field, Qt.Key.Key_Return)
    stage.until(lambda: str(stage.host.timeframe) == "7m")
    assert field.text() == "7m"


def test_a_timeframe_that_is_none_is_marked_and_changes_nothing(stage: Any) -> None:
    field = stage.window.topbar.typed
    QTest.keyClicks(field, "7x")
    QTest.keyClick(field, Qt.Key.Key_Return)
    assert field.property("bad") is True
    assert "not a count and a unit" in field.toolTip()
    assert str(stage.host.timeframe) == "1m"


def test_keys_typed_into_a_field_are_no_shortcuts(stage: Any) -> None:
    field = stage.window.topbar.typed
    stage.click(field)
    QTest.keyClicks(field, "5")
    assert field.text() == "5"
    assert str(stage.host.timeframe) == "1m"


def test_the_eye_hides_a_layer_and_is_remembered(stage: Any) -> None:
    before = stage.view.grab().toImage()
    row = stage.window.dock.layer_row("sketch")
    stage.click(row.eye)
    stage.settle()
    assert not stage.host.layers()[0].visible
    stage.until(lambda: stage.view.grab().toImage() != before)
    assert remembered(stage)["window"]["layers"] == {"sketch": False}
    stage.click(row.eye)
    assert stage.host.layers()[0].visible
    assert remembered(stage)["window"]["layers"] == {"sketch": True}


def test_a_draw_that_raises_loses_its_layer_and_nothing_else(stage: Any) -> None:
    stage.trouble.append(ZeroDivisionError("float division by zero"))
    drag(stage, QPoint(60, 0))
    stage.until(lambda: stage.window.pane.banner.banner is not None)
    banner = stage.window.pane.banner
    assert "Sketch stopped" in banner.texts()
    stage.until(lambda: "1 layer faulted" in " ".join(stage.window.statusbar.texts()))
    drag(stage, QPoint(-60, 0))  # and the chart still pans
    stage.trouble.clear()
    stage.click(banner.action("retry"))
    stage.until(lambda: stage.window.pane.banner.banner is None)
    assert stage.host.layers()[0].state == "shown"


def test_details_of_a_fault_show_its_traceback(stage: Any) -> None:
    stage.trouble.append(ZeroDivisionError("float division by zero"))
    drag(stage, QPoint(60, 0))
    stage.until(lambda: stage.window.pane.banner.banner is not None)
    stage.click(stage.window.pane.banner.action("details"))
    window = stage.shell.actions.plugin_window
    copy = window.detail.findChild(object, "copy")
    stage.click(copy)
    assert "sketch_plugin.py" in QApplication.clipboard().text()
    window.close()


def test_disabling_a_plugin_takes_its_layer_and_asks_the_engine(stage: Any) -> None:
    stage.link.replies["plugin.list"] = Reply({"plugins": [info.to_dict() for info in stage.shell.manager.plugins()]})
    stage.shell.session.ask_plugins()
    stage.settle()
    stage.click(stage.window.topbar.plugins)
    window = stage.shell.actions.plugin_window
    stage.click(window.row("sketch").toggle)
    stage.until(lambda: not stage.host.layers())
    assert ("plugin.disable", {"plugin": "sketch"}) in stage.link.asked
    assert not window.row("sketch").toggle.isChecked()
    stage.click(window.row("sketch").toggle)
    stage.until(stage.host.layers)
    assert ("plugin.enable", {"plugin": "sketch"}) in stage.link.asked
    window.close()


def test_a_lost_engine_is_said_with_reason_and_can_be_tried_now(stage: Any) -> None:
    stage.link.say(LinkState.LOST, reason="it was killed", owns_engine=True, retry_at=2**62)
    stage.until(lambda: stage.window.pane.banner.banner is not None)
    banner = stage.window.pane.banner
    assert "The engine stopped it was killed · next try in" in banner.texts()
    stage.click(banner.action("try_now"))
    assert stage.link.retries == 1
    stage.link.say(LinkState.CONNECTED)
    stage.until(lambda: stage.window.pane.banner.banner is None)


def test_an_exchange_out_of_reach_is_said_and_a_capture_offered(stage: Any) -> None:
    status = {
        "source": "sample", "venue": "sample", "state": "disconnected", "reason": "name resolution failed",
        "since": 1, "retry_at": 2**62, "latency_ns": 0,
    }  # fmt: skip
    stage.shell.session.engine_event("status", status)
    stage.until(lambda: stage.window.pane.banner.banner is not None)
    banner = stage.window.pane.banner
    assert "name resolution failed" in banner.texts()
    assert banner.action("capture").isVisible()
    stage.click(banner.action("try_now"))
    assert ("status.kick", {"source": "sample"}) in stage.link.asked


def test_nothing_is_drawn_while_nothing_changes(stage: Any) -> None:
    drawn = stage.shell.board.drawn
    for _ in range(5):
        stage.shell.frame()
    assert stage.shell.board.drawn == drawn


def test_a_hidden_window_draws_nothing_but_reads_its_mail(stage: Any) -> None:
    stage.window.hide()
    drawn = stage.shell.board.drawn
    read: list[bool] = []
    stage.host.fit()
    stage.shell.mailbox.put(lambda: read.append(True))
    stage.until(lambda: read)
    assert stage.shell.board.drawn == drawn
    stage.window.show()
    stage.until(lambda: stage.shell.board.drawn > drawn)


def test_a_narrow_window_folds_the_dock_and_lays_it_over_when_asked(stage: Any) -> None:
    assert stage.window.dock.isVisible()
    stage.window.resize(1000, 700)
    assert not stage.window.dock.isVisible()
    stage.click(stage.window.strip.button)
    assert stage.window.dock.isVisible()
    assert stage.window.pane.width() == 1000 - stage.window.strip.width()
    stage.window.resize(1500, 900)
    stage.until(lambda: stage.window.pane.width() == 1500 - stage.window.dock.width())
    assert stage.window.dock.isVisible()


def test_geometry_and_dock_are_remembered(stage: Any) -> None:
    QTest.keyClick(stage.view, Qt.Key.Key_D)
    stage.shell.stop()
    window = remembered(stage)["window"]
    assert window["dock"] is False
    assert window["geometry"]


def test_what_was_remembered_is_there_at_the_next_start(stage: Any) -> None:
    stage.window.resize(1444, 600)
    stage.window.toggle_dock()
    remembered = stage.window.remembered()
    stage.window.resize(1600, 900)
    stage.window.toggle_dock()
    stage.window.restore(remembered)
    assert stage.window.height() == 600  # the width is cut to that of the offscreen screen
    assert not stage.window.dock.isVisible()


def test_a_layer_that_was_hidden_is_hidden_at_the_next_start(stage: Any) -> None:
    stage.click(stage.window.dock.layer_row("sketch").eye)
    stage.shell.memory.write()
    choice = choice_of(load_config())
    assert choice.toggled == {"sketch": False}
    again = Charting(ChartPane(stage.shell.look), stage.shell.look, stage.shell.manager, stage.link, choice)
    again.begin()
    assert [info.visible for info in again.layers()] == [False]
    again.close()


def test_a_geometry_that_is_none_is_left(stage: Any) -> None:
    stage.window.restore({"geometry": "###", "dock": True})
    assert stage.window.width() == 1500


def test_steps_that_the_engine_states_late_reach_the_chart(stage: Any) -> None:
    finer = {**stage.host.instrument.to_dict(), "tick_size": "0.05"}
    stage.shell.session.engine_event("instrument", finer)
    assert str(stage.host.instrument.tick_size) == "0.05"
    stage.settle()


def test_a_message_can_be_dismissed(stage: Any) -> None:
    stage.shell.board.say("the disk is full")
    banner = stage.window.pane.banner
    assert "the disk is full" in banner.texts()
    stage.click(banner.dismiss)
    assert not banner.isVisible()


def test_the_menu_offers_what_there_is(stage: Any) -> None:
    QTest.mouseMove(stage.view.viewport(), QPoint(900, 400))
    stage.until(lambda: stage.host.readout() is not None)
    menu = stage.shell.actions.menu()
    texts = [action.text() for action in menu.actions() if action.text()]
    assert texts == ["Copy value", "Layers", "Layer settings…", "Fit", "To live", "Snapshot…"]
    menu.actions()[0].trigger()
    assert "Close\t1.0" in QApplication.clipboard().text()


def test_the_instrument_search_takes_a_symbol_of_the_venue_or_a_whole_name(stage: Any) -> None:
    stage.click(stage.window.topbar.instrument_button)
    menu = stage.shell.actions.instruments
    QTest.keyClicks(menu.field, "other:ethusdt")
    QTest.keyClick(menu.field, Qt.Key.Key_Return)
    assert str(stage.shell.charting.instrument) == "other:ETHUSDT"
    stage.settle()
    assert remembered(stage)["chart"]["instrument"] == "other:ETHUSDT"


def test_a_snapshot_is_the_chart_as_it_stands(stage: Any, tmp_path: Any, monkeypatch: Any) -> None:
    out = tmp_path / "chart.png"
    monkeypatch.setattr("flowdeck.desktop.actions.QFileDialog.getSaveFileName", lambda *_: (str(out), "PNG (*.png)"))
    QTest.keyClick(stage.view, Qt.Key.Key_S, Qt.KeyboardModifier.ControlModifier)
    stage.until(out.exists)
    assert out.read_bytes().startswith(b"\x89PNG")


def test_a_snapshot_that_cannot_be_written_is_said(stage: Any, tmp_path: Any, monkeypatch: Any) -> None:
    out = tmp_path / "nowhere" / "chart.png"
    monkeypatch.setattr("flowdeck.desktop.actions.QFileDialog.getSaveFileName", lambda *_: (str(out), "PNG (*.png)"))
    stage.shell.actions.snapshot()
    assert "cannot be written" in stage.window.pane.banner.texts()


def test_the_live_frame_is_the_hosts_frame(stage: Any) -> None:
    assert stage.view.show_frame().level is Redraw.NONE
    picture = stage.view.grab().toImage()
    assert picture.pixel(5, 5) == int(stage.host.frame(0).buffer[5, 5])
