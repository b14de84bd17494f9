"""Loading, enabling, disabling and closing at run time."""

import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from flowdeck.config import Config, PluginConfig, load_config
from flowdeck.errors import PluginError
from flowdeck.hookspecs import hookimpl
from flowdeck.kinds import KindSpec, Mode
from flowdeck.plugins.discovery import list_installed
from flowdeck.plugins.manager import PluginManager
from flowdeck.specs import LayerSpec, PluginContext, PluginState, SourceSpec

Install = Callable[..., Path]
Load = Callable[..., PluginManager]

MARKER = """
    from flowdeck.hookspecs import hookimpl
    from flowdeck.specs import LayerSpec

    @hookimpl
    def register_layers():
        yield LayerSpec("marked", "Marked", "builtins:dict")
"""


class Spread:
    """A plugin with a kind, a source and a layer."""

    log: list[str]

    def __init__(self, name: str, log: list[str]) -> None:
        self.name, self.log = name, log

    @hookimpl
    def register_kinds(self) -> Iterable[KindSpec]:
        yield KindSpec(self.name, np.dtype([("ts", "i8")]), 1, Mode.APPEND)

    @hookimpl
    def register_sources(self) -> Iterable[SourceSpec]:
        yield SourceSpec(self.name, "S", "builtins:dict", provides=(self.name, "trades"), venues=("nowhere",))

    @hookimpl
    def register_layers(self) -> Iterable[LayerSpec]:
        yield LayerSpec(self.name, "S", "builtins:dict", requires=("bars", self.name))

    @hookimpl
    def plugin_activate(self, context: PluginContext) -> None:
        self.log.append(f"+{self.name}")
        context.on_dispose(lambda: self.log.append(f"-{self.name}"))


def test_what_is_declared_is_told_and_handed_out(load: Load) -> None:
    manager = load(spread=Spread("spread", []))
    info = manager.info("spread")
    assert info.roles == ("source", "layer")
    assert info.requires == ("bars", "spread")
    assert info.provides == ("spread", "trades")
    assert not info.has_settings
    assert manager.kinds["spread"].mode is Mode.APPEND
    assert [(one.plugin, one.spec.id) for one in manager.sources()] == [("spread", "spread")]
    rest = (manager.stores, manager.panels, manager.venues, manager.transports, manager.routes)
    assert not any(of_sort() for of_sort in (*rest, manager.commands, manager.health_checks, manager.aggregators))
    assert [(sort, one.spec.id) for sort, one in manager.declared()] == [("source", "spread"), ("layer", "spread")]


def test_disable_and_enable_work_while_it_runs_and_leave_nothing_behind(load: Load) -> None:
    log: list[str] = []
    manager = load(spread=Spread("spread", log))
    manager.on_change(lambda name, state: log.append(f"{name} {state}"))
    assert manager.disable("spread").state is PluginState.DISABLED
    assert "spread" not in manager.kinds
    assert manager.sources() == []
    with pytest.raises(PluginError, match="plugin spread is disabled"):
        manager.context("spread")
    assert manager.enable("spread").state is PluginState.ACTIVE
    assert "spread" in manager.kinds
    assert manager.context("spread").plugin == "spread"
    assert log == ["+spread", "spread disabled", "-spread", "+spread", "spread active"]


def test_enabling_twice_and_disabling_twice_do_nothing_the_second_time(load: Load) -> None:
    log: list[str] = []
    manager = load(spread=Spread("spread", log))
    manager.enable("spread")
    manager.disable("spread")
    manager.disable("spread")
    assert log == ["+spread", "-spread"]


def test_an_id_is_free_again_once_its_owner_is_gone(load: Load) -> None:
    manager = load(first=Spread("spread", []), second=Spread("spread", []))
    assert "already registered by plugin first" in manager.info("second").reason
    manager.disable("first")
    assert manager.enable("second").state is PluginState.ACTIVE
    assert "already registered by plugin second" in manager.enable("first").reason


def test_close_disposes_of_the_last_loaded_first(load: Load) -> None:
    log: list[str] = []
    manager = load(a=Spread("a", log), b=Spread("b", log))
    manager.close()
    manager.close()
    assert log == ["+a", "+b", "-b", "-a"]


def test_a_deactivation_that_raises_does_not_keep_the_plugin(load: Load) -> None:
    def stay(context: PluginContext) -> None:
        raise RuntimeError("I stay")

    manager = load(sticky={"plugin_deactivate": stay})
    assert manager.disable("sticky").state is PluginState.DISABLED


def test_an_unsubscribed_callback_is_not_called(load: Load) -> None:
    manager = load(spread=Spread("spread", []))
    calls: list[Any] = []
    unsubscribe = manager.on_change(lambda *change: calls.append(change))
    unsubscribe()
    unsubscribe()
    manager.disable("spread")
    assert calls == []


def test_a_plugin_that_nobody_installed_is_an_error_with_a_suggestion(load: Load) -> None:
    manager = load(spread=Spread("spread", []))
    for call in (manager.info, manager.enable, manager.disable, manager.retry, manager.settings):
        with pytest.raises(PluginError, match="no plugin 'spraed' is installed; did you mean spread"):
            call("spraed")


def test_safe_mode_loads_none(install: Install) -> None:
    install("marked", MARKER)
    manager = PluginManager(load_config(), "engine", safe_mode=True)
    manager.load()
    assert "marked_plugin" not in sys.modules
    assert manager.info("marked").state is PluginState.DISCOVERED
    assert manager.info("marked").reason == "safe mode loads no plugin"
    with pytest.raises(PluginError, match="start without --safe-mode"):
        manager.enable("marked")


def test_safe_mode_starts_without_a_required_plugin() -> None:
    config = Config(plugins={"lost": PluginConfig(required=True)})
    PluginManager(config, "engine", safe_mode=True).load()


def test_listing_and_disabling_import_nothing(install: Install) -> None:
    install("marked", MARKER)
    config = load_config()
    assert [one.state for one in list_installed(config) if one.name == "marked"] == [PluginState.DISCOVERED]
    disabled = config.model_copy(update={"plugins": {"marked": PluginConfig(enabled=False)}})
    assert [one.state for one in list_installed(disabled) if one.name == "marked"] == [PluginState.DISABLED]
    manager = PluginManager(disabled, "engine")
    manager.load()
    manager.disable("marked", persist=True)
    assert "marked_plugin" not in sys.modules
    assert manager.enable("marked").state is PluginState.ACTIVE
    assert "marked_plugin" in sys.modules


def test_a_listed_plugin_says_what_its_distribution_says(install: Install) -> None:
    install("marked", MARKER, version="2.3", distribution="marked-for-flowdeck")
    info = next(one for one in list_installed(load_config()) if one.name == "marked")
    assert (info.title, info.summary, info.author) == ("Marked", "A test.", "Ada")
    assert (info.version, info.distribution) == ("2.3", "marked-for-flowdeck")
    assert info.to_dict()["state"] == "discovered"


def test_a_choice_is_kept_in_the_engines_file(load: Load) -> None:
    config = load_config()
    manager = load(config, spread=Spread("spread", []))
    manager.disable("spread", persist=True)
    assert load_config().plugin("spread").enabled is False
    manager.enable("spread", persist=True)
    assert load_config().plugin("spread").enabled is True


def test_a_bad_section_of_the_configuration_fails_its_plugin_alone(load: Load) -> None:
    path = load_config().path
    path.parent.mkdir(parents=True)
    path.write_text("[plugins.spread]\nenabeld = true\n[plugins.other]\nrequired = false\n")
    manager = load(load_config(), spread=Spread("spread", []), other=Spread("other", []))
    assert manager.info("spread").reason == (
        f"settings: {path}: plugins.spread.enabeld = True: is not a setting; did you mean enabled?; "
        "allowed: enabled, required, settings"
    )
    assert manager.active("other")


def test_a_kind_that_nobody_registers_is_named_until_somebody_does(load: Load) -> None:
    def layer() -> list[LayerSpec]:
        return [LayerSpec("line", "Line", "builtins:dict", requires=("bars", "heat"))]

    def kind() -> list[KindSpec]:
        return [KindSpec("heat", np.dtype([("ts", "i8")]), 1, Mode.APPEND)]

    manager = load(line={"register_layers": layer}, maker={"register_kinds": kind})
    assert manager.info("line").reason == ""
    assert manager.disable("maker").state is PluginState.DISABLED
    assert manager.info("line").state is PluginState.ACTIVE
    assert manager.info("line").reason == "no plugin registers kind 'heat'"
    assert [info.reason for info in manager.plugins()] == ["no plugin registers kind 'heat'", ""]
