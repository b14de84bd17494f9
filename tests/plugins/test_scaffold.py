"""`flowdeck plugin new`: a project whose names are right and whose tests pass."""

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from flowdeck.errors import ConfigError, PluginError
from flowdeck.plugins.discovery import api_problem
from flowdeck.plugins.doctor import examine
from flowdeck.plugins.scaffold import new_plugin


def _texts(folder: Path) -> dict[str, str]:
    return {str(path.relative_to(folder)): path.read_text() for path in folder.rglob("*") if path.is_file()}


def test_a_new_project_has_its_names_filled_in_everywhere(tmp_path: Path) -> None:
    folder = new_plugin("day-vwap", tmp_path)
    texts = _texts(folder)
    assert folder == tmp_path / "day-vwap"
    assert "src/day_vwap/plugin.py" in texts
    left = [
        (name, word)
        for name, text in texts.items()
        for word in ("__NAME__", "__MODULE__", "__PLUGIN__", "__CLASS__", "__TITLE__", "__API__", "__NEXT_API__")
        if word in name + text
    ]
    assert not left
    project = tomllib.loads(texts["pyproject.toml"])["project"]
    assert project["name"] == "day-vwap"
    assert project["entry-points"]["flowdeck.plugins"] == {"day_vwap": "day_vwap.plugin"}
    assert not api_problem(project["dependencies"])
    assert "class DayVwapLayer" in texts["src/day_vwap/layer.py"]


def test_a_new_projects_own_tests_pass(tmp_path: Path) -> None:
    folder = new_plugin("day-vwap", tmp_path)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"],
        cwd=folder,
        env={"PYTHONPATH": str(folder / "src"), "PATH": "/usr/bin:/bin", "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_doctor_finds_nothing_wrong_with_a_new_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from flowdeck.config import load_config

    folder = new_plugin("day-vwap", tmp_path)
    project = tomllib.loads((folder / "pyproject.toml").read_text())["project"]
    info = folder / "src" / "day_vwap-0.1.0.dist-info"
    info.mkdir()
    lines = [f"Requires-Dist: {line}" for line in project["dependencies"]]
    (info / "METADATA").write_text("\n".join(["Metadata-Version: 2.1", "Name: day-vwap", "Version: 0.1.0", *lines, ""]))
    (info / "entry_points.txt").write_text("[flowdeck.plugins]\nday_vwap = day_vwap.plugin\n")
    monkeypatch.syspath_prepend(folder / "src")
    try:
        (found,) = examine(load_config(), "day_vwap")
    finally:
        for module in [name for name in sys.modules if name.partition(".")[0] == "day_vwap"]:
            del sys.modules[module]
    assert found.problems == ()
    assert found.state == "active"


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("", "small letters, digits and single dashes, as in day-vwap"),
        ("Day", "small letters"),
        ("9lives", "small letters"),
        ("a--b", "small letters"),
        ("a b", "small letters"),
        ("../up", "small letters"),
        ("-x", "small letters"),
        ("class", "a word of Python"),
        ("json", "a module 'json' is installed already"),
        ("flowdeck", "a module 'flowdeck' is installed already"),
        ("footprint", "a plugin 'footprint' is installed already"),
        ("flowdeck-footprint", "a module 'flowdeck_footprint' is installed already"),
    ],
)
def test_a_name_that_cannot_be_used_is_refused_with_the_reason(name: str, reason: str, tmp_path: Path) -> None:
    with pytest.raises(PluginError, match=reason):
        new_plugin(name, tmp_path)
    assert not list(tmp_path.iterdir())


def test_an_existing_folder_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "day-vwap").mkdir()
    with pytest.raises(PluginError, match=r"day-vwap exists; choose another name, or another place with --dir"):
        new_plugin("day-vwap", tmp_path)
    assert not list((tmp_path / "day-vwap").iterdir())


def test_a_place_that_cannot_be_written_names_the_remedy(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match=r"cannot be written .*; choose another place with --dir"):
        new_plugin("day-vwap", tmp_path / "file")
