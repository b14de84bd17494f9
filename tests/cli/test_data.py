"""`flowdeck data list` with and without an engine."""

import json
from pathlib import Path
from typing import Any

import pytest

from flowdeck.cli import main


def test_without_an_engine_and_stores_nothing_is_held(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main.main(["data", "list", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"data": str(tmp_path / "data"), "running": False, "held": []}
    assert main.main(["data", "list"]) == 0
    out, err = capsys.readouterr()
    assert out == f"data folder {tmp_path / 'data'}, no engine runs\n"
    assert "nothing is held" in err


def test_what_an_engine_holds_is_a_table(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    held: dict[str, Any] = {"key": "trades/binance-usdm/BTCUSDT", "where": "memory", "rows": 1_234_567, "readers": 2}
    held |= {"size_bytes": 50_617_247, "oldest": 1_700_000_000_000_000_000, "newest": 1_700_000_060_000_000_000}
    stored = held | {"key": None, "where": "parquet", "size_bytes": 12, "oldest": 0, "newest": 0, "readers": 0}
    monkeypatch.setattr("flowdeck.cli.data.ask_engine", lambda config, request: {"streams": [held, stored]})
    monkeypatch.setenv("COLUMNS", "140")
    assert main.main(["data", "list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].endswith("an engine runs")
    assert lines[2].split() == [
        *("memory", "trades/binance-usdm/BTCUSDT", "1,234,567", "50.6", "MB"),
        *("2023-11-14", "22:13:20", "2023-11-14", "22:14:20", "2"),
    ]
    assert lines[3].split() == ["parquet", "1,234,567", "12", "B", "0"]
