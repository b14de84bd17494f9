"""Settings of plugins: values from files, changes, owners, and values that do not fit."""

import sys
import types
from collections.abc import Callable
from typing import Any, Literal

import pytest
import tomlkit
from pydantic import BaseModel, ConfigDict, field_validator

from flowdeck.config import Config, load_config
from flowdeck.errors import ConfigError, PluginError
from flowdeck.hookspecs import hookimpl
from flowdeck.plugins.manager import PluginManager
from flowdeck.specs import PluginContext, PluginState, SettingsSpec, setting

Load = Callable[..., PluginManager]


class LineSettings(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")
    width_px: float = setting(1.5, "Width", unit="px", ge=1, le=6)
    style: Literal["solid", "dashed"] = setting("solid", "Style")
    window_s: int = setting(60, "Window", scope="engine", unit="s", ge=1)
    venues: tuple[str, ...] = setting((), "Venues")

    @field_validator("venues")
    @classmethod
    def _known(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if "mars" in value:
            raise ValueError("mars has no exchange")
        return value


class Line:
    def __init__(self) -> None:
        self.seen: list[Any] = []

    @hookimpl
    def register_settings(self) -> SettingsSpec:
        return SettingsSpec("line_settings:LineSettings")

    @hookimpl
    def plugin_activate(self, context: PluginContext) -> None:
        self.context = context
        context.on_settings(self.seen.append)


def _explode(_: BaseModel) -> None:
    raise ZeroDivisionError("division by zero")


@pytest.fixture(autouse=True)
def _importable(monkeypatch: pytest.MonkeyPatch) -> None:
    module = types.ModuleType("line_settings")
    module.LineSettings = LineSettings  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "line_settings", module)


def _write(text: str, *, desktop: bool = False) -> Config:
    config = load_config()
    path = config.desktop_path if desktop else config.path
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return load_config()


def test_values_come_from_both_files_and_the_environment(load: Load, monkeypatch: pytest.MonkeyPatch) -> None:
    _write("[plugins.line.settings]\nwindow_s = 5\nwidth_px = 2\n")
    monkeypatch.setenv("FLOWDECK_PLUGINS__LINE__SETTINGS__VENUES", '["a"]')
    manager = load(_write("[plugins.line.settings]\nwidth_px = 3\n", desktop=True), line=Line())
    assert manager.settings("line") == LineSettings(width_px=3, window_s=5, venues=("a",))
    assert manager.settings_model("line") is LineSettings
    assert manager.info("line").has_settings


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("width_px = 9", "width_px = 9: must be less than or equal to 6; allowed: a number from 1 to 6"),
        (
            "width_px = 'wide'",
            "width_px = 'wide': must be a valid number, unable to parse string as a number; allowed: a",
        ),
        ("widht_px = 2", "widht_px = 2: is not a setting; did you mean width_px?; allowed: style, venues, width_px, w"),
        ("style = 'dotted'", "style = 'dotted': must be 'solid' or 'dashed'; allowed: 'solid', 'dashed'"),
        ("venues = ['mars']", "venues = ['mars']: mars has no exchange; allowed: a list"),
        (
            "window_s = 1.5",
            "window_s = 1.5: must be a valid integer, got a number with a fractional part; allowed: a who",
        ),
    ],
)
def test_a_value_that_does_not_fit_fails_that_plugin_naming_file_key_value_and_what_is_allowed(
    text: str, reason: str, load: Load
) -> None:
    config = _write(f"[plugins.line.settings]\n{text}\n")
    manager = load(config, line=Line(), other={})
    assert manager.info("line").state is PluginState.FAILED
    assert manager.info("line").reason.startswith(f"settings: {config.path}: plugins.line.settings.{reason}")
    assert manager.active("other")
    assert len(manager.problems("line")) == 1


def test_all_values_that_do_not_fit_are_kept_for_the_check(load: Load) -> None:
    manager = load(_write("[plugins.line.settings]\nwidth_px = 9\nstyle = 1\nx = 1\n"), line=Line())
    assert [problem.key.rpartition(".")[2] for problem in manager.problems("line")] == ["width_px", "style", "x"]
    assert manager.info("line").reason.endswith("(and 2 more: flowdeck config check)")


def test_settings_for_a_plugin_without_any_are_an_error_of_that_plugin(load: Load) -> None:
    manager = load(_write("[plugins.other.settings]\nx = 1\n"), other={})
    assert "plugins.other.settings is given, but the plugin has no settings" in manager.info("other").reason


def test_a_change_is_told_to_the_plugin_and_kept_nowhere_unless_asked(load: Load) -> None:
    line = Line()
    manager = load(load_config(), line=line)
    value = manager.patch_settings("line", {"width_px": 2})
    assert value == LineSettings(width_px=2)
    assert line.seen == [value]
    assert line.context.settings == value
    assert manager.settings_revision("line") == 2
    assert not load_config().path.exists()


def test_a_kept_change_goes_into_the_file_of_its_owner(load: Load) -> None:
    manager = load(load_config(), line=Line())
    manager.patch_settings("line", {"width_px": 2, "window_s": 5, "venues": ["a"]}, persist=True)
    config = load_config()
    assert tomlkit.parse(config.path.read_text()).unwrap() == {"plugins": {"line": {"settings": {"window_s": 5}}}}
    assert tomlkit.parse(config.desktop_path.read_text()).unwrap() == {
        "plugins": {"line": {"settings": {"width_px": 2.0, "venues": ["a"]}}}
    }
    assert load(config, line=Line()).settings("line") == LineSettings(width_px=2, window_s=5, venues=("a",))


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (
            {"width_px": 9},
            "settings of line: plugins.line.settings.width_px = 9: must be less than or equal to 6; allowed",
        ),
        ({"widht": 1}, "did you mean width_px"),
        ({"window_s": 5}, "window_s = 5: belongs to the engine side"),
    ],
)
def test_a_change_that_does_not_fit_changes_nothing(values: dict[str, Any], message: str, load: Load) -> None:
    line = Line()
    manager = load(load_config(), line=line)
    with pytest.raises(ConfigError, match=message):
        manager.patch_settings("line", {"style": "dashed", **values}, persist=True, scope="view")
    assert manager.settings("line") == LineSettings()
    assert line.seen == []
    assert not load_config().desktop_path.exists()


def test_a_change_that_cannot_be_written_changes_nothing(load: Load) -> None:
    config = load_config()
    config.path.parent.parent.mkdir(parents=True, exist_ok=True)
    config.path.parent.write_text("a file where the folder should be")
    manager = load(config, line=Line())
    with pytest.raises(ConfigError, match=r"cannot be written .*: mend its owner or mode"):
        manager.patch_settings("line", {"width_px": 2}, persist=True)
    assert manager.settings("line") == LineSettings()


def test_a_plugin_that_raises_on_a_change_is_faulted_and_the_change_stands(load: Load) -> None:
    class Bad(Line):
        @hookimpl
        def plugin_activate(self, context: PluginContext) -> None:
            context.on_settings(_explode)

    manager = load(load_config(), line=Bad())
    manager.patch_settings("line", {"width_px": 2})
    assert manager.info("line").reason == "settings: ZeroDivisionError: division by zero"
    assert manager.settings("line") == LineSettings(width_px=2)


def test_a_plugin_without_settings_has_none_to_change(load: Load) -> None:
    manager = load(other={})
    assert manager.settings("other") is None
    assert manager.settings_model("other") is None
    assert manager.settings_revision("other") == 0
    with pytest.raises(PluginError, match="plugin other is active and has no settings to change"):
        manager.patch_settings("other", {"x": 1})
