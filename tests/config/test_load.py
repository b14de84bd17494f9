"""Reading the configuration: order of sources, origins, and everything that can be wrong with it."""

from pathlib import Path
from typing import Any

import pytest

from flowdeck.config import Config, InvalidConfigError, config_path, desktop_path, load_config
from flowdeck.errors import ConfigError


def _file(text: str | bytes, name: str = "config.toml") -> Path:
    path = config_path().with_name(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def test_without_any_source_the_defaults_hold(tmp_path: Path) -> None:
    config = load_config()
    assert (config.engine.host, config.engine.port, config.engine.collect_port) == ("127.0.0.1", 8766, 8765)
    assert config.engine.data == tmp_path / "data"
    assert config.chart.instrument == "binance-usdm:BTCUSDT"
    assert config.chart.grouping == "auto"
    assert config.path == tmp_path / "config" / "config.toml"
    assert config.desktop_path == tmp_path / "config" / "desktop.toml"
    assert config.origin("engine.port") == "default"
    assert Config().engine.data == tmp_path / "data"


def test_the_command_line_beats_the_environment_beats_the_desktops_file_beats_the_engines(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    engine = _file("[chart]\ninstrument = 'a:b'\ntimeframe = '5m'\ngrouping = 2\nlayers = ['x']\n")
    desktop = _file("[chart]\ntimeframe = '15m'\ngrouping = 3\nlayers = ['y']\n", "desktop.toml")
    monkeypatch.setenv("FLOWDECK_CHART__GROUPING", "4")
    monkeypatch.setenv("FLOWDECK_CHART__LAYERS", "a, b")
    config = load_config(overrides={"chart.layers": ("z",)})
    assert config.chart.model_dump() == {"instrument": "a:B", "timeframe": "15m", "grouping": 4, "layers": ("z",)}
    assert config.origin("chart.instrument") == str(engine)
    assert config.origin("chart.timeframe") == str(desktop)
    assert config.origin("chart.grouping") == "FLOWDECK_CHART__GROUPING"
    assert config.origin("chart.layers") == "command line"


def test_the_data_folder_comes_from_its_own_variable_and_is_expanded(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("FLOWDECK_DATA_DIR", "~/deck")
    _file("[engine]\ndata = '/elsewhere'\n")
    assert load_config().engine.data == tmp_path / "deck"
    assert load_config().origin("engine.data") == "FLOWDECK_DATA_DIR"
    assert load_config(overrides={"engine.data": Path("/given")}).engine.data == Path("/given")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "[engine]\nport = 99999",
            "engine.port = 99999: must be less than or equal to 65535; allowed: a whole number from",
        ),
        ("[engine]\nport = '8o'", "engine.port = '8o': must be a valid integer"),
        (
            "[engine]\nprot = 1",
            "engine.prot = 1: is not a setting; did you mean port?; allowed: allow_plain, collect_port",
        ),
        (
            "[engin]\nport = 1",
            "engin = {'port': 1}: is not a setting; did you mean engine?; allowed: appearance, chart",
        ),
        ("engine = 1", "engine = 1: must be a table; allowed: [engine]"),
        (
            "[appearance]\ntheme = 'blue'",
            "appearance.theme = 'blue': must be 'dark' or 'light'; allowed: 'dark', 'light'",
        ),
        (
            "[appearance]\nfont_size_px = 4",
            "appearance.font_size_px = 4: must be greater than or equal to 10; allowed: a",
        ),
        ("[chart]\ntimeframe = '7x'", "chart.timeframe = '7x': timeframe '7x' is not a count and a unit"),
        ("[chart]\ninstrument = 'BTC'", "chart.instrument = 'BTC': instrument 'BTC' is not VENUE:SYMBOL"),
        ("[chart]\ngrouping = 0", 'chart.grouping = 0: must be "auto" or a whole number of ticks a row from 1'),
        ("[chart]\ngrouping = true", 'chart.grouping = True: must be "auto"'),
        ("[stores]\ntrades = 3", "stores.trades = 3: must be a valid string; allowed: text"),
        ("plugins = 3", "plugins = 3: must be a table; allowed: [plugins]"),
    ],
)
def test_a_value_that_cannot_be_used_is_named_with_file_key_value_and_what_is_allowed(text: str, message: str) -> None:
    path = _file(text)
    with pytest.raises(InvalidConfigError) as caught:
        load_config()
    assert str(caught.value).startswith(f"{path}: {message}")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["config.toml", "desktop.toml"])
def test_a_value_is_blamed_on_the_file_that_holds_it(name: str) -> None:
    path = _file("[appearance]\ntheme = 'blue'\n", name)
    with pytest.raises(ConfigError, match=f"^{path}: appearance.theme"):
        load_config()


def test_all_problems_are_kept_and_the_first_is_said() -> None:
    _file("[engine]\nport = -1\n[chart]\ntimeframe = 'x'\n[log]\nlevel = 'loud'\n")
    with pytest.raises(InvalidConfigError, match=r"\(and 2 more: flowdeck config check\)$") as caught:
        load_config()
    assert [problem.key for problem in caught.value.problems] == ["engine.port", "chart.timeframe", "log.level"]


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("[engine\nport = 1\n", "line 1, column 8: Expected ']'"),
        ("[engine]\nport = 1\nport = 2\n", "line 3, column 9: Cannot overwrite a value"),
        ("[engine]\nport =", "at the end of the file: Invalid value"),
        (b"[engine]\nhost = '\xff'\n", "byte 17 is not UTF-8 text; save the file as UTF-8"),
    ],
)
def test_a_broken_file_is_named_with_the_line(text: str | bytes, where: str) -> None:
    path = _file(text)
    with pytest.raises(ConfigError) as caught:
        load_config()
    assert str(caught.value).startswith(f"{path}: {where}")


def test_a_file_that_cannot_be_read_is_named_with_the_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any, **__: Any) -> Any:
        raise PermissionError(13, "Permission denied")

    path = _file("")
    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(ConfigError, match=f"{path} cannot be read .Permission denied.; mend its owner or mode"):
        load_config()


def test_a_missing_file_says_nothing() -> None:
    assert load_config(path=Path("/no/such/config.toml")).engine.port == 8766


@pytest.mark.parametrize(
    ("variable", "value", "message"),
    [
        ("FLOWDECK_ENGINE__PORT", "x", "FLOWDECK_ENGINE__PORT: engine.port = 'x': must be a valid integer"),
        (
            "FLOWDECK_ENGINE__PROT",
            "1",
            "FLOWDECK_ENGINE__PROT: engine.prot = '1': is not a setting; did you mean port?",
        ),
        (
            "FLOWDECK_ENGIN__PORT",
            "1",
            "environment: FLOWDECK_ENGIN__PORT = '1': 'engin' is not a section; did you mean en",
        ),
        ("FLOWDECK_ENGINE", "x", 'environment: error parsing value for field "engine"'),
    ],
)
def test_a_bad_variable_is_named(variable: str, value: str, message: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(ConfigError) as caught:
        load_config()
    assert str(caught.value).startswith(message)


def test_a_bad_option_is_named() -> None:
    with pytest.raises(ConfigError, match=r"^command line: engine.port = 70000: must be less than"):
        load_config(overrides={"engine.port": 70000})


def test_a_plugins_bad_section_harms_nobody_else(monkeypatch: pytest.MonkeyPatch) -> None:
    path = _file(
        "[plugins.a]\nenabled = 'maybe'\n[plugins.b]\nenabled = false\nrequird = true\n[plugins.c]\nrequired = true\n"
    )
    monkeypatch.setenv("FLOWDECK_PLUGINS__D__ENABLED", "false")
    config = load_config()
    assert str(config.plugin_problems("a")[0]).startswith(
        f"{path}: plugins.a.enabled = 'maybe': must be a valid boolean"
    )
    assert "did you mean required?" in str(config.plugin_problems("b")[0])
    assert not config.plugin("b").enabled
    assert config.plugin("c").required
    assert not config.plugin("d").enabled
    assert config.plugin("nobody").enabled
    assert config.plugin_problems("c") == ()


def test_settings_of_a_plugin_are_kept_as_they_are_written() -> None:
    path = _file("[plugins.a.settings]\nwidth = 3\nnested = { x = [1, 2] }\n")
    config = load_config()
    assert config.plugin("a").settings == {"width": 3, "nested": {"x": [1, 2]}}
    assert config.origin("plugins.a.settings.nested.x") == str(path)
    assert config.origin("plugins.a") == str(path)


def test_nothing_can_be_changed_in_place() -> None:
    config = load_config()
    with pytest.raises(ValueError, match="frozen"):
        config.engine.port = 1
    with pytest.raises(ValueError, match="frozen"):
        config.engine = config.engine


def test_the_data_folder_is_made_or_its_remedy_named(tmp_path: Path) -> None:
    assert load_config().data_folder().is_dir()
    (tmp_path / "file").write_text("")
    config = load_config(overrides={"engine.data": tmp_path / "file" / "data"})
    with pytest.raises(ConfigError, match=r"data folder .* cannot be written \(Not a directory\): .* --data-dir"):
        config.data_folder()


def test_the_desktops_file_lies_beside_the_engines() -> None:
    assert desktop_path(Path("/a/b.toml")) == Path("/a/desktop.toml")


def test_without_variables_the_users_folders_hold(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("FLOWDECK_CONFIG")
    monkeypatch.delenv("FLOWDECK_DATA_DIR")
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("XDG_CONFIG_HOME", "XDG_DATA_HOME"):
        monkeypatch.delenv(name, raising=False)
    config = load_config()
    assert tmp_path in config.path.parents
    assert tmp_path in config.engine.data.parents
    assert config.path.name == "config.toml"


def test_a_folder_in_the_files_place_is_said(tmp_path: Path) -> None:
    (tmp_path / "config.toml").mkdir()
    with pytest.raises(ConfigError, match=r"config\.toml is a folder"):
        load_config(path=tmp_path / "config.toml")
