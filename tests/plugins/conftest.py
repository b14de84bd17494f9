"""Distributions and plugins that exist only for one test."""

import sys
import types
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from flowdeck.config import Config
from flowdeck.hookspecs import hookimpl
from flowdeck.plugins.manager import PluginManager

Install = Callable[..., Path]
Load = Callable[..., PluginManager]


def _module(hooks: Mapping[str, Any]) -> types.ModuleType:
    module = types.ModuleType("a_plugin")
    for name, function in hooks.items():
        setattr(module, name, function if hasattr(function, "flowdeck_impl") else hookimpl(function))
    return module


@pytest.fixture
def load(monkeypatch: pytest.MonkeyPatch) -> Iterator[Load]:
    """Loads the plugins given by name and no installed ones: `load(a={"register_layers": function}, b=namespace)`."""
    managers: list[PluginManager] = []
    monkeypatch.setattr("flowdeck.plugins.manager.discover", dict)

    def loaded(config: Config | None = None, side: Any = "headless", **plugins: Any) -> PluginManager:
        manager = PluginManager(config or Config(), side)
        managers.append(manager)
        manager.load({name: _module(one) if isinstance(one, dict) else one for name, one in plugins.items()})
        return manager

    yield loaded
    for manager in managers:
        manager.close()


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Install]:
    """Installs a plugin from source text: `install("vwap", "code", requires=[...], version="1.0", **other_modules)`."""
    known = set(sys.modules)
    number = iter(range(1000))

    def installed(
        name: str,
        code: str = "",
        *,
        requires: tuple[str, ...] = ("flowdeck>=0.1,<0.2",),
        version: str = "1.0",
        distribution: str = "",
        module: str = "",
        **others: str,
    ) -> Path:
        site = tmp_path / f"site{next(number)}"
        module = module or f"{name}_plugin"
        site.mkdir()
        for path, text in {module: code, **others}.items():
            (site / f"{path}.py").write_text(dedent(text))
        info = site / f"{distribution or name}-{version}.dist-info"
        info.mkdir()
        fields = [f"Name: {distribution or name}", f"Version: {version}", "Summary: A test.", "Author: Ada"]
        fields += [f"Requires-Dist: {line}" for line in requires]
        (info / "METADATA").write_text("Metadata-Version: 2.1\n" + "\n".join(fields) + "\n")
        (info / "entry_points.txt").write_text(f"[flowdeck.plugins]\n{name} = {module}\n")
        monkeypatch.syspath_prepend(site)
        return site

    yield installed
    for added in set(sys.modules) - known:
        path = getattr(sys.modules[added], "__file__", None)
        if path and str(tmp_path) in path:
            del sys.modules[added]
