"""Every hook is documented, and its example runs."""

import doctest
import inspect
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pluggy
import pytest

from flowdeck import hookspecs, specs
from flowdeck.kinds import KindSpec, Mode
from flowdeck.specs import SettingsSpec, Spec

HOOKS = [name for name, value in vars(hookspecs).items() if hasattr(value, "flowdeck_spec")]
_ROOMS = (specs.canvas, specs.declare, specs.layer, specs.plugin, specs.roles, specs.view)
DOCS = Path(__file__).parents[2] / "docs" / "hooks.md"


def example(hook: str) -> Any:
    """The implementation that a hook's docstring shows."""
    names: dict[str, Any] = dict(vars(specs)) | {"np": np, "Mode": Mode, "KindSpec": KindSpec}
    names["hookimpl"] = hookspecs.hookimpl
    doc = inspect.getdoc(getattr(hookspecs, hook))
    assert doc, hook
    sources = [part.source for part in doctest.DocTestParser().get_examples(doc)]
    assert sources, f"{hook} shows no example"
    exec("\n".join(sources), names)
    return names[hook]


def test_the_list_is_the_design_s() -> None:
    assert len(HOOKS) == 15


@pytest.mark.parametrize("hook", HOOKS)
def test_the_example_registers_under_the_spec(hook: str) -> None:
    manager = pluggy.PluginManager("flowdeck")
    manager.add_hookspecs(hookspecs)
    manager.register(SimpleNamespace(**{hook: example(hook)}))
    manager.check_pending()


@pytest.mark.parametrize("hook", [hook for hook in HOOKS if hook.startswith("register_")])
def test_the_example_yields_what_the_hook_says(hook: str) -> None:
    made = example(hook)()
    if hook == "register_settings":
        assert isinstance(made, SettingsSpec)
        return
    found = list(made)
    assert found
    expected = inspect.signature(getattr(hookspecs, hook)).return_annotation
    for one in found:
        assert isinstance(one, KindSpec | Spec)
        assert type(one).__name__ in str(expected)


@pytest.mark.parametrize("hook", HOOKS)
def test_the_hook_is_in_the_reference(hook: str) -> None:
    assert f"`{hook}`" in DOCS.read_text(encoding="utf-8")


def test_every_public_spec_is_exported() -> None:
    public = {name for module in _ROOMS for name in module.__all__}
    assert public == set(specs.__all__)
