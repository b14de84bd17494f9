"""Every way in which a plugin can fail while it is loaded: it is named with the reason, and all else is active."""

import types
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydantic import BaseModel, ConfigDict

from flowdeck.config import load_config
from flowdeck.hookspecs import hookimpl
from flowdeck.kinds import KindSpec, Mode
from flowdeck.plugins.manager import PluginManager
from flowdeck.specs import LayerSpec, PluginFault, PluginState, SettingsSpec, SourceSpec, setting

Hooks = dict[str, Any]
Install = Callable[..., Path]
Load = Callable[..., PluginManager]


class Witness:
    """A healthy plugin that remembers the faults of others."""

    def __init__(self) -> None:
        self.faults: list[PluginFault] = []

    @hookimpl
    def register_layers(self) -> Iterable[LayerSpec]:
        yield LayerSpec("witness", "Witness", "builtins:dict")

    @hookimpl
    def plugin_faulted(self, fault: PluginFault) -> None:
        self.faults.append(fault)


def layered(name: str) -> Hooks:
    return {"register_layers": lambda: [LayerSpec(name, name, "builtins:dict")]}


class Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")
    width_px: float = setting(1.5, "Width", ge=1, le=6)


class Loose(BaseModel):
    width_px: float = 1.5


class Demanding(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")
    key: str


class Exploding(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    @classmethod
    def model_validate(cls, *_: Any, **__: Any) -> Any:
        raise RuntimeError("boom")


def _late() -> Iterable[LayerSpec]:
    yield LayerSpec("late", "Late", "builtins:dict")
    raise RuntimeError("too late")


def _wrapper() -> Any:
    yield


def _settings(model: str) -> Hooks:
    return {"register_settings": lambda: SettingsSpec(model)}


def _raising(error: BaseException) -> Callable[..., Any]:
    def hook() -> Any:
        raise error

    return hook


def _nothing() -> list[LayerSpec]:
    return []


def _needs_a_chart(chart: object) -> list[LayerSpec]:
    return []


HERE = __name__
FAILURES: dict[str, tuple[Hooks, str]] = {
    "misspelt hook": (
        {"register_layrs": _nothing},
        "hook: hook 'register_layrs' does not exist; did you mean register_layers?",
    ),
    "bad signature": ({"register_layers": _needs_a_chart}, "hook: Plugin 'bad' for hook 'register_layers'"),
    "wrapper": ({"register_layers": hookimpl(wrapper=True)(_wrapper)}, "hook: hook 'register_layers' is a wrapper"),
    "hook raises": ({"register_layers": _raising(KeyError("x"))}, "hook: KeyError: 'x'"),
    "hook exits": ({"register_layers": _raising(SystemExit(3))}, "hook: SystemExit: it tried to end the process"),
    "late generator": ({"register_layers": _late}, "hook: RuntimeError: too late"),
    "wrong type": ({"register_layers": lambda: ["x"]}, "hook: register_layers yielded 'x', not a LayerSpec"),
    "wrong sort": (
        {"register_sources": lambda: [LayerSpec("a", "A", "b:c")]},
        "hook: register_sources yielded LayerSpec(id='a'",
    ),
    "not iterable": ({"register_layers": lambda: 3}, "hook: register_layers returned int, not an iterable of"),
    "single spec": (
        {"register_layers": lambda: LayerSpec("a", "A", "b:c")},
        "hook: register_layers returned LayerSpec, not an iterable of LayerSpec; yield it",
    ),
    "factory text": ({"register_layers": lambda: [LayerSpec("a", "A", "b.c")]}, "hook: LayerSpec 'a': factory 'b.c'"),
    "no id": ({"register_layers": lambda: [LayerSpec("", "A", "b:c")]}, "hook: LayerSpec needs an id"),
    "kinds as text": (
        {"register_sources": lambda: [SourceSpec("a", "A", "b:c", provides="trades")]},  # type: ignore[arg-type]
        "hook: SourceSpec 'a': provides must be a tuple of text, as ('trades',), not 'trades'",
    ),
    "text for a number": (
        {"register_layers": lambda: [LayerSpec("a", "A", "b:c", min_px="60")]},  # type: ignore[arg-type]
        "hook: LayerSpec 'a': min_px must be a whole number, not '60'",
    ),
    "text for a placement": (
        {"register_layers": lambda: [LayerSpec("a", "A", "b:c", placement="side")]},  # type: ignore[arg-type]
        "hook: LayerSpec 'a': placement must be one of Placement.PLOT, Placement.OVERLAY, Placement.SIDE",
    ),
    "number for a title": (
        {"register_layers": lambda: [LayerSpec("a", 5, "b:c")]},  # type: ignore[arg-type]
        "hook: LayerSpec 'a': title must be text, not 5",
    ),
    "text for a mode": (
        {"register_kinds": lambda: [KindSpec("spread", np.dtype([("ts", "i8")]), 1, "append")]},  # type: ignore[arg-type]
        "hook: KindSpec 'spread': mode must be one of Mode.APPEND, Mode.UPSERT, Mode.REPLACE, not 'append'",
    ),
    "model for its name": (
        {"register_settings": lambda: SettingsSpec(Frozen)},  # type: ignore[arg-type]
        "hook: SettingsSpec: model must be text, not <class",
    ),
    "taken id": (layered("witness"), "hook: layer 'witness' of plugin bad is already registered by plugin witness"),
    "same id twice": (
        {"register_layers": lambda: [LayerSpec("a", "A", "b:c"), LayerSpec("a", "A", "b:c")]},
        "hook: layer 'a' is declared twice by plugin bad",
    ),
    "kind of the core": (
        {"register_kinds": lambda: [KindSpec("trades", np.dtype([("ts", "i8")]), 1, Mode.APPEND)]},
        "hook: kind 'trades' of plugin bad is already registered by the core",
    ),
    "broken kind": (
        {"register_kinds": lambda: [KindSpec("spread", np.dtype([("x", "i8")]), 1, Mode.APPEND)]},
        "hook: kind 'spread': dtype has no field ts",
    ),
    "settings of a wrong type": ({"register_settings": lambda: Frozen}, "hook: register_settings returned <class"),
    "settings not importable": (_settings("no.such:Model"), "settings: ModuleNotFoundError: No module named 'no'"),
    "settings missing": (_settings(f"{HERE}:Nothing"), f"settings: factory '{HERE}:Nothing'"),
    "settings not a model": (_settings("builtins:dict"), "settings: settings 'builtins:dict' is not a pydantic model"),
    "settings not frozen": (_settings(f"{HERE}:Loose"), f"settings: settings '{HERE}:Loose' must be made with"),
    "settings without default": (_settings(f"{HERE}:Demanding"), f"settings: settings '{HERE}:Demanding': key has no"),
    "settings raise": (_settings(f"{HERE}:Exploding"), "settings: RuntimeError: boom"),
    "activate raises": ({"plugin_activate": _raising(OSError(5, "disk"))}, "activate: OSError: [Errno 5] disk"),
}


@pytest.fixture(autouse=True)
def _importable(monkeypatch: pytest.MonkeyPatch) -> None:
    """The models above are named by import strings; pytest's importlib mode hides this module under a longer name."""
    import sys

    module = types.ModuleType(HERE)
    vars(module).update(globals())
    monkeypatch.setitem(sys.modules, HERE, module)


@pytest.mark.parametrize("name", FAILURES)
def test_a_failure_while_loading_is_named_and_stays_with_its_plugin(name: str, load: Load) -> None:
    module, reason = FAILURES[name]
    witness = Witness()
    manager = load(witness=witness, bad=module, later=layered("later"))
    info = manager.info("bad")
    assert info.state is PluginState.FAILED
    assert info.reason.startswith(reason)
    assert "\n" not in info.reason
    assert info.traceback.startswith("Traceback")
    assert [one.plugin for one in manager.layers()] == ["witness", "later"]
    assert "spread" not in manager.kinds
    assert [fault.plugin for fault in witness.faults] == ["bad"]


CODE = {
    "import error": ("import no_such_module", "import: ModuleNotFoundError: No module named 'no_such_module'"),
    "syntax error": ("def (:", "import: SyntaxError: invalid syntax ("),
    "exit": ("raise SystemExit(0)", "import: SystemExit: it tried to end the process (code 0)"),
    "interpreter exit": ("import sys; sys.exit('bye')", "import: SystemExit: it tried to end the process (code 'bye')"),
    "bare exception": ("raise BaseException('odd')", "import: BaseException: odd"),
    "recursion": ("def f(): f()\nf()", "import: RecursionError: maximum recursion depth exceeded"),
    "unprintable": (
        "class E(Exception):\n    def __str__(self): raise ValueError\nraise E",
        "import: E: <exception str() failed>",
    ),
    "no text": ("raise ValueError", "import: ValueError"),
}


@pytest.mark.parametrize("name", CODE)
def test_a_module_that_cannot_be_imported_is_named_with_the_reason(name: str, install: Install) -> None:
    code, reason = CODE[name]
    install("bad", code)
    install("good", "x = 1")
    manager = PluginManager(load_config(), "headless")
    manager.load()
    assert manager.info("bad").state is PluginState.FAILED
    assert manager.info("bad").reason.startswith(reason)
    assert manager.info("good").state is PluginState.ACTIVE


def test_ctrl_c_while_loading_ends_the_process_as_the_user_wants(load: Load) -> None:
    with pytest.raises(KeyboardInterrupt):
        load(bad={"register_layers": _raising(KeyboardInterrupt())})


def test_a_plugin_that_failed_can_be_mended_and_retried(install: Install) -> None:
    site = install("bad", "import no_such_module")
    manager = PluginManager(load_config(), "headless")
    manager.load()
    assert manager.retry("bad").state is PluginState.FAILED
    (site / "bad_plugin.py").write_text("x = 1")
    assert manager.retry("bad").state is PluginState.ACTIVE
    assert not manager.info("bad").reason
    assert not manager.info("bad").traceback


def test_two_distributions_with_one_plugin_name_are_both_named(install: Install) -> None:
    install("twin", distribution="first")
    install("twin", distribution="second")
    manager = PluginManager(load_config(), "headless")
    manager.load()
    assert manager.info("twin").reason == "import: two distributions call a plugin 'twin': first and second; remove one"


@pytest.mark.parametrize(
    ("requires", "state"),
    [
        ((), PluginState.ACTIVE),
        (("flowdeck>=0.1,<0.2",), PluginState.ACTIVE),
        (("flowdeck[desktop]>=0.1.0,<0.2",), PluginState.ACTIVE),
        (("Flowdeck==0.1.*",), PluginState.ACTIVE),
        (("flowdeck>=0.2,<0.3",), PluginState.INCOMPATIBLE),
        (("flowdeck<0.1",), PluginState.INCOMPATIBLE),
        (("flowdeck>=99; extra == 'dev'",), PluginState.ACTIVE),
        (("flowdeck>=99; python_version < '3'",), PluginState.ACTIVE),
        (("not a requirement!!", "flowdeck>=99"), PluginState.INCOMPATIBLE),
    ],
)
def test_the_range_of_the_core_is_checked_before_import(
    requires: tuple[str, ...], state: PluginState, install: Install
) -> None:
    install("ranged", "" if state is PluginState.ACTIVE else "raise AssertionError", requires=requires)
    manager = PluginManager(load_config(), "headless")
    manager.load()
    assert manager.info("ranged").state is state
    if state is PluginState.INCOMPATIBLE:
        assert "it needs flowdeck" in manager.info("ranged").reason
        assert manager.enable("ranged").state is state
