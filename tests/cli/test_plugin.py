"""`flowdeck plugin ...`."""

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from flowdeck.cli.main import main
from flowdeck.config import load_config
from flowdeck.plugins.manager import PluginManager

GOOD = """
from flowdeck.hookspecs import hookimpl
from flowdeck.specs import LayerSpec

@hookimpl
def register_layers():
    yield LayerSpec("vwap", "VWAP", "builtins:dict", requires=("bars",))
"""


class FakeEngine:
    """As much of an engine as requests about plugins need."""

    runs = None

    def statuses(self) -> list[object]:
        return []

    def on_event(self, _: object) -> Callable[[], None]:
        return lambda: None


@pytest.fixture
def vwap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An installed plugin; its module may be rewritten before it is imported."""
    site = tmp_path / "site"
    info = site / "vwap-1.2.dist-info"
    info.mkdir(parents=True)
    (site / "vwap_plugin.py").write_text(GOOD)
    (info / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: vwap\nVersion: 1.2\nSummary: Averages.\nAuthor: Ada\n"
        "Requires-Dist: flowdeck>=0.1,<0.2\n"
    )
    (info / "entry_points.txt").write_text("[flowdeck.plugins]\nvwap = vwap_plugin\n")
    monkeypatch.syspath_prepend(site)
    yield site / "vwap_plugin.py"
    sys.modules.pop("vwap_plugin", None)


def _listed(capsys: pytest.CaptureFixture[str], *options: str) -> dict[str, object]:
    capsys.readouterr()
    assert main(["plugin", "list", "--json", *options]) == 0
    (info,) = [one for one in json.loads(capsys.readouterr().out) if one["name"] == "vwap"]
    return dict(info)


def test_a_plugin_that_was_never_loaded_is_discovered_and_not_imported(
    vwap: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _listed(capsys)["state"] == "discovered"
    assert main(["plugin", "disable", "vwap"]) == 0
    assert _listed(capsys)["state"] == "disabled"
    assert not load_config().plugin("vwap").enabled
    assert main(["plugin", "enable", "vwap"]) == 0
    assert "vwap_plugin" not in sys.modules
    assert _listed(capsys, "--load")["state"] == "active"
    assert "vwap_plugin" in sys.modules


def test_what_a_process_made_of_a_plugin_is_shown_until_a_newer_one_knows_better(
    vwap: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    vwap.write_text("import no_such_module")
    assert main(["plugin", "list", "--load"]) == 0
    seen = _listed(capsys)
    assert seen["state"] == "failed"
    assert str(seen["reason"]).startswith("import: ModuleNotFoundError: No module named 'no_such_module' (headless, ")
    assert "Traceback" in str(seen["traceback"])
    vwap.write_text(GOOD)
    assert main(["plugin", "list", "--load"]) == 0
    assert _listed(capsys)["state"] == "active"


def test_the_table_shows_state_and_reason_and_v_the_rest(vwap: Path, capsys: pytest.CaptureFixture[str]) -> None:
    vwap.write_text("raise ValueError('[bold]odd[/]')")
    assert main(["plugin", "list", "--load", "-v"]) == 0
    text = capsys.readouterr().out
    (row,) = [line for line in text.splitlines() if line.split()[:2] == ["vwap", "1.2"]]
    assert row.split()[2] == "failed"
    assert "import: ValueError: [bold]odd[/]" in row
    assert "  author: Ada" in text
    assert "  about: Averages." in text
    assert "Traceback (most recent call last)" in text


def test_without_plugins_it_says_how_to_get_some(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("flowdeck.plugins.discovery.discover", dict)
    assert main(["plugin", "list"]) == 0
    assert "no plugins are installed; install" in capsys.readouterr().err


@pytest.mark.parametrize("verb", ["enable", "disable"])
def test_a_switch_for_a_plugin_that_is_not_installed_fails_with_a_suggestion(
    verb: str, vwap: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["plugin", verb, "vwpa"]) == 1
    assert "no plugin 'vwpa' is installed; did you mean vwap?" in capsys.readouterr().err
    assert not load_config().path.exists()


def test_a_plugin_may_be_called_as_its_project_is(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("flowdeck.plugins.discovery.discover", lambda: {"day_vwap": None})
    assert main(["plugin", "disable", "day-vwap"]) == 0
    assert capsys.readouterr().out.startswith("day_vwap is disabled in ")
    assert "[plugins.day_vwap]" in load_config().path.read_text()


@pytest.fixture
def engine(vwap: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[PluginManager]:
    """The plugins of an engine that answers on the configured port."""
    import asyncio
    import threading

    from flowdeck.wire.server import WireServer

    monkeypatch.setenv("FLOWDECK_ENGINE__PORT", "0")
    config = load_config()
    manager = PluginManager(config, "headless")
    manager.load()
    loop = asyncio.new_event_loop()
    server = WireServer(FakeEngine(), manager, config)  # type: ignore[arg-type]
    port = loop.run_until_complete(server.start())
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    monkeypatch.setenv("FLOWDECK_ENGINE__PORT", str(port))
    yield manager
    asyncio.run_coroutine_threadsafe(server.stop(), loop).result(10)
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()
    manager.close()


def test_a_running_engine_makes_the_switch_itself_at_once(
    engine: PluginManager, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["plugin", "disable", "vwap"]) == 0
    assert capsys.readouterr().out == "vwap is disabled in the running engine\n"
    assert not engine.active("vwap")
    assert not load_config().plugin("vwap").enabled
    assert main(["plugin", "enable", "vwap"]) == 0
    assert engine.active("vwap")


def test_a_plugin_that_a_running_engine_cannot_load_fails_with_the_reason(
    engine: PluginManager, vwap: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["plugin", "disable", "vwap"]) == 0
    vwap.write_text("raise ValueError('odd')")
    sys.modules.pop("vwap_plugin")
    assert main(["plugin", "enable", "vwap"]) == 1
    assert "vwap is failed in the running engine: import: ValueError: odd" in capsys.readouterr().out


def test_an_engine_of_another_data_folder_is_left_alone(
    engine: PluginManager, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / "token").write_text("not that one")
    assert main(["--data-dir", str(other), "plugin", "disable", "vwap"]) == 0
    assert f"disabled in {load_config().path}" in capsys.readouterr().out
    assert engine.active("vwap")


def test_a_switch_that_cannot_be_written_fails_with_the_remedy(
    vwap: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "config").write_text("a file where the folder should be")
    assert main(["plugin", "disable", "vwap"]) == 1
    assert "cannot be written" in capsys.readouterr().err


def test_a_new_project_is_made_and_its_next_steps_are_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["plugin", "new", "day-vwap", "--dir", str(tmp_path)]) == 0
    said = capsys.readouterr().out
    assert f"cd {tmp_path / 'day-vwap'}" in said
    assert "--layers footprint,day_vwap" in said
    assert (tmp_path / "day-vwap" / "pyproject.toml").is_file()
    assert main(["plugin", "new", "day-vwap", "--dir", str(tmp_path)]) == 1
    assert capsys.readouterr().err.startswith("flowdeck: ")


def test_the_doctor_exits_with_1_when_there_is_something_to_mend(
    vwap: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["plugin", "doctor", "vwap"]) == 0
    assert capsys.readouterr().out == "vwap 1.2 active: ok\n"
    vwap.write_text("import no_such_module")
    sys.modules.pop("vwap_plugin")
    assert main(["plugin", "doctor", "vwap"]) == 1
    assert capsys.readouterr().out == (
        "vwap 1.2 failed: 1 to mend\n  import: ModuleNotFoundError: No module named 'no_such_module'\n"
    )
    assert main(["plugin", "doctor", "vwap", "--json"]) == 1
    (found,) = json.loads(capsys.readouterr().out)
    assert found["problems"] == ["import: ModuleNotFoundError: No module named 'no_such_module'"]
    assert main(["plugin", "doctor", "-v", "vwap"]) == 1
    assert "Traceback" in capsys.readouterr().out
