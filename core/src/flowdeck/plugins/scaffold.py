"""A new plugin project, copied from `flowdeck/template`."""

from __future__ import annotations

import keyword
import re
from importlib.resources import files
from importlib.resources.abc import Traversable
from importlib.util import find_spec
from pathlib import Path

from flowdeck.errors import ConfigError, PluginError
from flowdeck.plugins.discovery import discover
from flowdeck.version import API_VERSION

__all__ = ["new_plugin"]

_NAME = re.compile(r"[a-z][a-z0-9]*([-_][a-z0-9]+)*")
_LEFT_OUT = ("__pycache__", ".pytest_cache", ".ruff_cache", ".mypy_cache")


def new_plugin(name: str, parent: Path) -> Path:
    """Copy the template into a new folder and fill in the names.

    Args:
        name: Of the distribution, as `day-vwap`; module, entry point and class follow from it.
        parent: Where the folder of that name is made.

    Raises:
        PluginError: when the name cannot be a distribution and a module, is taken, or the folder exists.
        ConfigError: when the folder cannot be written.
    """
    module = _module_name(name)
    folder = parent / name
    if folder.exists():
        raise PluginError(f"{folder} exists; choose another name, or another place with --dir")
    try:
        folder.mkdir(parents=True)
        _copy(files("flowdeck") / "template", folder, _names(name, module))
    except OSError as error:
        raise ConfigError(f"{folder} cannot be written ({error.strerror}); choose another place with --dir") from error
    return folder


def _module_name(name: str) -> str:
    if _NAME.fullmatch(name) is None:
        raise PluginError(f"{name!r} cannot name a plugin: small letters, digits and single dashes, as in day-vwap")
    module = name.replace("-", "_")
    if keyword.iskeyword(module):
        raise PluginError(f"{name!r} cannot name a plugin: it is a word of Python; choose another, as in day-vwap")
    if module in discover():
        raise PluginError(f"{name!r} cannot name a plugin: a plugin {module!r} is installed already; choose another")
    if find_spec(module) is not None:
        raise PluginError(f"{name!r} cannot name a plugin: a module {module!r} is installed already; choose another")
    return module


def _names(name: str, module: str) -> dict[str, str]:
    major, minor = API_VERSION.split(".")
    words = module.split("_")
    return {
        "__NAME__": name,
        "__MODULE__": module,
        "__PLUGIN__": module,
        "__CLASS__": "".join(word.capitalize() for word in words),
        "__TITLE__": " ".join(words).capitalize(),
        "__API__": API_VERSION,
        "__NEXT_API__": f"{major}.{int(minor) + 1}",
    }


def _copy(source: Traversable, target: Path, names: dict[str, str]) -> None:
    for item in source.iterdir():
        copy = target / _filled(item.name, names)
        if item.name in _LEFT_OUT:
            continue
        if item.is_dir():
            copy.mkdir()
            _copy(item, copy, names)
        else:
            copy.write_text(_filled(item.read_text(encoding="utf-8"), names), encoding="utf-8")


def _filled(text: str, names: dict[str, str]) -> str:
    for placeholder, value in names.items():
        text = text.replace(placeholder, value)
    return text
