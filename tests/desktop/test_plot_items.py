"""pyqtgraph items of plugins over a real chart."""

from __future__ import annotations

from importlib import import_module
from types import SimpleNamespace
from typing import Any

import pytest
from PySide6.QtCore import QPointF

from flowdeck.hookspecs import hookimpl
from flowdeck.specs import LayerSpec, PluginState

MAGENTA = 0xFFFF00FF


@pytest.fixture
def trouble(_own_modules: None) -> list[Exception]:
    """What the item raises from now on."""
    raised: list[Exception] = import_module("item_plugin").trouble
    raised.clear()
    return raised


@pytest.fixture
def more_plugins(trouble: list[Exception]) -> dict[str, object]:
    broken = LayerSpec("broken", "Broken", "item_plugin:broken", item="item_plugin:broken")
    return {
        "line": import_module("item_plugin"),
        "broken": SimpleNamespace(register_layers=hookimpl(lambda: [broken])),
    }


def colours(stage: Any) -> set[int]:
    picture = stage.view.grab().toImage()
    return {picture.pixel(300, y) for y in range(picture.height())}


def test_an_item_lies_at_its_price(stage: Any) -> None:
    stage.until(lambda: MAGENTA in colours(stage))
    rect, view = stage.host.plot
    picture = stage.view.grab().toImage()
    rows = [y for y in range(picture.height()) if picture.pixel(300, y) == MAGENTA]
    expected = rect.top + (view.y1 - 60_000.0) / view.y_per_px
    assert min(abs(y - expected) for y in rows) <= 2


def test_it_follows_the_plot(stage: Any) -> None:
    item = stage.shell.charting.items.items["line"]
    stage.view.grab()
    before = item.mapToScene(QPointF(0, 0)).y()
    stage.host.pan_px(0, 40)
    stage.shell.frame()
    stage.view.grab()  # pyqtgraph moves its items when it paints
    assert item.mapToScene(QPointF(0, 0)).y() == pytest.approx(before + 40, abs=1)


def test_it_does_not_reach_over_the_axes(stage: Any) -> None:
    stage.until(lambda: MAGENTA in colours(stage))
    rect, _ = stage.host.plot
    picture = stage.view.grab().toImage()
    axis = {picture.pixel(int(rect.right) + 10, y) for y in range(picture.height())}
    assert MAGENTA not in axis


def test_the_eye_hides_it(stage: Any) -> None:
    stage.shell.board.show_layers()
    stage.click(stage.window.dock.layer_row("line").eye)
    stage.until(lambda: MAGENTA not in colours(stage))


def test_one_that_raises_in_paint_is_gone_and_its_plugin_faulted(stage: Any, trouble: list[Exception]) -> None:
    trouble.append(ZeroDivisionError("in an item"))
    stage.view.grab()
    stage.until(lambda: stage.shell.manager.info("line").state is PluginState.FAULTED)
    assert "ZeroDivisionError" in stage.shell.manager.info("line").reason
    assert not stage.shell.charting.items.items
    stage.settle()
    trouble.clear()
    stage.shell.switch.retry("line")
    stage.until(lambda: "line" in stage.shell.charting.items.items)


def test_disabling_its_plugin_removes_it(stage: Any) -> None:
    stage.shell.switch.toggle("line", on=False)
    stage.until(lambda: not stage.shell.charting.items.items)
    stage.until(lambda: MAGENTA not in colours(stage))


def test_one_that_cannot_be_made_faults_its_plugin_alone(stage: Any) -> None:
    states = {info.name: info.state for info in stage.shell.manager.plugins()}
    assert states == {
        "sketch": PluginState.ACTIVE,
        "line": PluginState.ACTIVE,
        "broken": PluginState.FAULTED,
    }
    assert "no line today" in stage.shell.manager.info("broken").reason
