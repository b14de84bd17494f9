from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from flowdeck.cli import chart
from flowdeck.cli.main import main
from flowdeck.desktop.app import Launch


@pytest.fixture
def launched(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, Launch]]:
    """What would have been shown."""
    seen: list[tuple[Any, Launch]] = []

    def run(config: Any, launch: Launch) -> int:
        seen.append((config, launch))
        return 0

    monkeypatch.setattr("flowdeck.desktop.app.run", run)
    return seen


def test_flowdeck_alone_is_the_chart(launched: list[tuple[Any, Launch]]) -> None:
    assert main([]) == 0
    config, launch = launched[0]
    assert (config.chart.instrument, launch) == ("binance-usdm:BTCUSDT", Launch(options=[]))


def test_options_choose_instrument_timeframe_engine_and_capture(launched: list[tuple[Any, Launch]]) -> None:
    words = "--instrument binance-spot:ETHUSDT --timeframe 5m --attach ws://h:1 --capture a.gz --speed max --safe-mode"
    assert main(words.split()) == 0
    config, launch = launched[0]
    assert (config.chart.instrument, config.chart.timeframe) == ("binance-spot:ETHUSDT", "5m")
    assert launch == Launch("ws://h:1", Path("a.gz"), None, safe_mode=True, options=["--safe-mode"])


def test_the_child_engine_gets_the_same_files(launched: list[tuple[Any, Launch]], tmp_path: Path) -> None:
    config, data = tmp_path / "c.toml", tmp_path / "d"
    assert main(["--config", str(config), "--data-dir", str(data)]) == 0
    assert launched[0][1].options == ["--config", str(config), "--data-dir", str(data)]


@pytest.mark.parametrize("speed", ["0", "-1", "fast", "inf", "nan"])
def test_a_speed_that_is_none_is_wrong_usage(
    launched: list[tuple[Any, Launch]], speed: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--speed", speed]) == 2
    assert "is not a positive number or max" in capsys.readouterr().err
    assert not launched


def test_an_instrument_that_is_none_is_one_line(
    launched: list[tuple[Any, Launch]], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--instrument", "BTCUSDT"]) == 1
    assert "chart.instrument" in capsys.readouterr().err
    assert not launched


def test_without_qt_it_says_how_to_get_it(
    launched: list[tuple[Any, Launch]], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(chart, "find_spec", lambda _: None)
    assert main([]) == 1
    said = capsys.readouterr().err
    assert "pip install 'flowdeck[desktop]'" in said
    assert "flowdeck snapshot" in said
    assert not launched


def test_without_a_display_an_engine_elsewhere_is_named(
    launched: list[tuple[Any, Launch]], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
        monkeypatch.delenv(name, raising=False)
    assert main(["--attach", "ws://h:1"]) == 1
    said = capsys.readouterr().err
    assert "there is no display" in said
    assert "flowdeck snapshot --attach ws://h:1 --out chart.png" in said
    assert not launched
