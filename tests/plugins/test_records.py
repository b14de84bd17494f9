"""What processes leave behind for `flowdeck plugin list`."""

import os
from pathlib import Path

import pytest

from flowdeck.plugins.info import PluginInfo
from flowdeck.plugins.records import sightings, write_record
from flowdeck.specs import PluginState

INFO = PluginInfo("line", version="1.0", state=PluginState.FAILED, reason="import: x", traceback="T")


def test_what_one_process_saw_another_reads(tmp_path: Path) -> None:
    write_record(tmp_path, "engine", [INFO])
    write_record(tmp_path, "desktop", [PluginInfo("other")])
    (seen,) = sightings(tmp_path, "line", "1.0")
    assert (seen.side, seen.running, seen.state) == ("engine", True, PluginState.FAILED)
    assert (seen.reason, seen.traceback) == ("import: x", "T")
    assert seen.ts > 0


def test_another_version_has_another_fate(tmp_path: Path) -> None:
    write_record(tmp_path, "engine", [INFO])
    assert sightings(tmp_path, "line", "1.1") == []


def test_a_process_that_is_gone_is_known_to_be(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(pid: int, signal: int) -> None:
        raise ProcessLookupError

    write_record(tmp_path, "engine", [INFO])
    monkeypatch.setattr(os, "kill", gone)
    assert not sightings(tmp_path, "line", "1.0")[0].running


@pytest.mark.parametrize("text", ["", "{", "[]", '{"plugins": {"line": {}}}', '{"plugins": {"line": 3}}', "\x00"])
def test_a_record_that_cannot_be_read_says_nothing(text: str, tmp_path: Path) -> None:
    (tmp_path / "plugin-states").mkdir()
    (tmp_path / "plugin-states" / "engine.json").write_text(text)
    assert sightings(tmp_path, "line", "1.0") == []


def test_a_data_folder_that_cannot_be_written_is_not_this_ones_business(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    write_record(tmp_path / "file", "engine", [INFO])
    assert sightings(tmp_path / "file", "line", "1.0") == []
