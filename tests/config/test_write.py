"""Writing single values: comments stay, nothing is half written, and files that cannot be written are named."""

import os
from pathlib import Path
from typing import Any

import pytest
import tomlkit
from hypothesis import given, settings
from hypothesis import strategies as st

from flowdeck.config import load_config, save_desktop, save_engine
from flowdeck.errors import ConfigError


def test_comments_and_order_stay(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text("# mine\n[log]\nlevel = 'info' # quiet\n\n[engine] # here\n# why\nport = 1 # one\n")
    save_engine(path, "engine.port", 2)
    save_engine(path, "plugins.line.enabled", False)
    assert path.read_text() == (
        "# mine\n[log]\nlevel = 'info' # quiet\n\n[engine] # here\n# why\nport = 2 # one\n"
        "\n[plugins.line]\nenabled = false\n"
    )


def test_files_and_folders_are_made(tmp_path: Path) -> None:
    save_desktop(tmp_path / "a" / "b" / "desktop.toml", "chart.timeframe", "5m")
    assert (tmp_path / "a" / "b" / "desktop.toml").read_text() == '[chart]\ntimeframe = "5m"\n'


def test_none_removes_a_value_and_asks_for_no_file(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    save_engine(path, "engine.port", None)
    path.write_text("[engine]\nport = 1\nhost = 'x'\n")
    save_engine(path, "engine.port", None)
    save_engine(path, "engine.port", None)
    save_engine(path, "log.level", None)
    assert tomlkit.parse(path.read_text()).unwrap() == {"engine": {"host": "x"}}


def test_a_value_in_the_way_of_a_table_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text("plugins = 3\n")
    save_engine(path, "plugins.line.enabled", True)
    assert tomlkit.parse(path.read_text()).unwrap() == {"plugins": {"line": {"enabled": True}}}


def test_a_crash_while_writing_leaves_the_old_file_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def crash(_: int) -> None:
        raise OSError(28, "No space left on device")

    path = tmp_path / "own" / "config.toml"
    path.parent.mkdir()
    path.write_text("[engine]\nport = 1\n")
    monkeypatch.setattr(os, "fsync", crash)
    with pytest.raises(ConfigError, match=r"cannot be written \(No space left on device\)"):
        save_engine(path, "engine.port", 2)
    assert path.read_text() == "[engine]\nport = 1\n"
    assert list(path.parent.iterdir()) == [path]


def test_mode_and_link_of_the_file_stay(tmp_path: Path) -> None:
    real = tmp_path / "real.toml"
    real.write_text("")
    real.chmod(0o640)
    link = tmp_path / "config.toml"
    link.symlink_to(real)
    save_engine(link, "engine.port", 2)
    assert link.is_symlink()
    assert real.stat().st_mode & 0o777 == 0o640
    assert "port = 2" in real.read_text()


def test_a_broken_file_is_not_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text("[engine\n")
    with pytest.raises(ConfigError, match=r"config.toml: line 1, column \d+: .*; mend the line first"):
        save_engine(path, "engine.port", 2)
    assert path.read_text() == "[engine\n"


def test_a_place_that_cannot_be_written_names_the_remedy(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match=r"cannot be written .*: mend its owner or mode, or choose .* --config"):
        save_engine(tmp_path / "file" / "config.toml", "engine.port", 2)


def test_what_toml_cannot_hold_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"engine.port = .* cannot be written"):
        save_engine(tmp_path / "config.toml", "engine.port", object())


_VALUES = st.recursive(
    st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(min_size=1), inner, max_size=3),
    max_leaves=5,
)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(["a", "b", "c"]), st.sampled_from(["x", "y"]), _VALUES), max_size=6))
def test_what_was_written_is_read_back(
    tmp_path_factory: pytest.TempPathFactory, writes: list[tuple[str, str, Any]]
) -> None:
    path = tmp_path_factory.mktemp("config") / "config.toml"
    expected: dict[str, dict[str, Any]] = {}
    for plugin, name, value in writes:
        save_engine(path, f"plugins.{plugin}.settings.{name}", value)
        expected.setdefault(plugin, {})[name] = value
    read = load_config(path=path).plugins
    assert {name: dict(section.settings) for name, section in read.items()} == expected
