"""`flowdeck config ...`."""

import json
from pathlib import Path

import pytest

from flowdeck.cli.main import main
from flowdeck.config import config_path


def _write(text: str) -> Path:
    path = config_path()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def test_every_value_is_shown_with_its_origin(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    path = _write("[engine]\nport = 9000\n[plugins.line.settings]\nwidth_px = 2\n")
    monkeypatch.setenv("FLOWDECK_CHART__TIMEFRAME", "5m")
    assert main(["config", "show", "--json", "--data-dir", str(tmp_path / "d")]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert shown["engine.port"] == {"value": 9000, "origin": str(path)}
    assert shown["chart.timeframe"] == {"value": "5m", "origin": "FLOWDECK_CHART__TIMEFRAME"}
    assert shown["engine.data"] == {"value": str(tmp_path / "d"), "origin": "command line"}
    assert shown["plugins.line.settings.width_px"] == {"value": 2, "origin": str(path)}
    assert shown["engine.host"] == {"value": "127.0.0.1", "origin": "default"}
    assert main(["config", "show"]) == 0
    text = capsys.readouterr().out
    assert f"= 9000  ({path})\n" in text
    assert ["engine.host", "=", '"127.0.0.1"'] in [line.split() for line in text.splitlines()]


def test_the_places_are_shown(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main(["config", "path", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {
        "engine": str(tmp_path / "config" / "config.toml"),
        "desktop": str(tmp_path / "config" / "desktop.toml"),
        "data": str(tmp_path / "data"),
    }
    _write("")
    assert main(["config", "path"]) == 0
    engine, desktop, _ = capsys.readouterr().out.splitlines()
    assert engine == f"engine   {tmp_path / 'config' / 'config.toml'}"
    assert desktop.endswith("desktop.toml  (not there yet)")


def test_a_given_file_that_is_not_there_is_said(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main(["--config", str(tmp_path / "lost.toml"), "config", "path"]) == 0
    assert "lost.toml does not exist; the defaults are in force" in capsys.readouterr().err


def test_a_right_configuration_passes_the_check_and_makes_no_folders(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    given = tmp_path / "other" / "config.toml"
    assert main(["--safe-mode", "--config", str(given), "config", "check"]) == 0
    assert capsys.readouterr().out == "the configuration is right\n"
    assert not given.parent.exists()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[engine]\nport = -1\n[log]\nlevel = 'loud'\n", ["engine.port = -1: must be", "log.level = 'loud': must be"]),
        ("[engine\n", ["line 1, column 8"]),
        (
            "[plugins.footprint]\nenabeld = 1\n",
            ["plugins.footprint.enabeld = 1: is not a setting; did you mean enabled?"],
        ),
        ("[plugins.footprint.settings]\nno_such = 1\nnor_this = 2\n", ["no_such = 1: is not", "nor_this = 2: is not"]),
        ("[plugins.footprnit]\nenabled = true\n", ["no such plugin is installed; did you mean footprint?"]),
        ("[stores]\ntrades = 'parqet'\n", ["stores.trades = 'parqet': no such store"]),
    ],
)
def test_everything_that_is_wrong_is_listed(text: str, expected: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    path = _write(text)
    assert main(["config", "check"]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == len(expected)
    for line, part in zip(lines, expected, strict=True):
        assert line.startswith(f"{path}: ")
        assert part in line
    assert main(["config", "check", "--json"]) == 1
    assert json.loads(capsys.readouterr().out) == lines


def test_a_folder_that_cannot_be_written_is_listed_with_the_remedy(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    assert main(["--safe-mode", "--data-dir", str(tmp_path / "file"), "config", "check"]) == 1
    line = capsys.readouterr().out
    assert line.startswith(f"data folder {tmp_path / 'file'} cannot be written")
    assert "--data-dir" in line


def test_another_command_says_the_first_problem_in_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    path = _write("[engine]\nprot = 1\n")
    assert main(["plugin", "list"]) == 1
    assert capsys.readouterr().err.startswith(
        f"flowdeck: {path}: engine.prot = 1: is not a setting; did you mean port?"
    )


def test_the_places_of_a_broken_configuration_are_shown(capsys: pytest.CaptureFixture[str]) -> None:
    path = _write("[engine\n")
    assert main(["config", "path", "--json"]) == 0
    said = capsys.readouterr()
    assert json.loads(said.out)["engine"] == str(path)
    assert "config.toml: line 1" in said.err


def test_variables_that_are_no_setting_are_named(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("PORT", "NO_DESKTOP", "DATA", "PYTHON", "UPDATE_PICTURES"):
        monkeypatch.setenv(f"FLOWDECK_{name}", "1")
    assert main(["config", "path"]) == 0
    (said,) = capsys.readouterr().err.splitlines()
    assert "FLOWDECK_PORT is no setting" in said
    assert "did you mean FLOWDECK_ENGINE__PORT?" in said
