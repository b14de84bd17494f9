"""Reading the configuration from its sources, and knowing where each value came from."""

from __future__ import annotations

import contextlib
import json
import os
import re
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

from pydantic import ValidationError
from pydantic_settings import EnvSettingsSource, SettingsError, TomlConfigSettingsSource

from flowdeck.config.model import Config, Loaded, PluginConfig, origin_of
from flowdeck.config.paths import config_path, desktop_path
from flowdeck.config.problems import InvalidConfigError, Problem, near, problems_of
from flowdeck.errors import ConfigError

__all__ = ["load_config", "stray_variables"]

_NOTHING: Mapping[str, Any] = MappingProxyType({})
_VARIABLES = frozenset(
    f"FLOWDECK_{name}" for name in ("CONFIG", "DATA", "DATA_DIR", "NO_DESKTOP", "PYTHON", "UPDATE_PICTURES")
)
"""Variables that are read and are no settings: by the paths, the run script and the tests."""

_POSITION = re.compile(r"(.*) \(at (?:line (\d+), column (\d+)|end of document)\)", re.DOTALL)


class _Source(NamedTuple):
    """Values of one source, nested, and what to call it: a file, a command line, or the prefix of variables."""

    label: str
    values: Mapping[str, Any]

    def origin(self, key: str) -> str:
        return self.label if self.label != "environment" else "FLOWDECK_" + key.replace(".", "__").upper()


def load_config(*, path: Path | None = None, overrides: Mapping[str, Any] = _NOTHING) -> Config:
    """Read files, environment and command line.

    A bad value in a plugin's section raises nothing: it makes that plugin fail when plugins are loaded.

    Args:
        path: The engine's file; None takes `config_path()`. A file that does not exist says nothing.
        overrides: Values from the command line, by dotted key.

    Raises:
        ConfigError: naming file, key, value and what is allowed; a `InvalidConfigError` with all of them when the files
            can be read at all.
    """
    engine_file = path or config_path()
    sources = _sources(engine_file, overrides)
    values: dict[str, Any] = {}
    origins: dict[str, str] = {}
    for source in sources:
        _check_sections(source)
        values = _merged(values, source.values)
        origins.update((key, source.origin(key)) for key in _leaves(source.values))
    plugins, plugin_problems = _plugins(values.pop("plugins", {}), origins)
    config = _validated({**values, "plugins": plugins}, origins)
    config._loaded = Loaded(engine_file, desktop_path(engine_file), origins, plugin_problems)  # noqa: SLF001 - its one writer
    return config


def _sources(engine_file: Path, overrides: Mapping[str, Any]) -> list[_Source]:
    """From the weakest to the strongest."""
    folder = os.environ.get("FLOWDECK_DATA_DIR")
    return [
        _file(engine_file),
        _file(desktop_path(engine_file)),
        _Source("FLOWDECK_DATA_DIR", {"engine": {"data": folder}} if folder else {}),
        _environment(),
        _Source("command line", _nested(overrides)),
    ]


def _file(path: Path) -> _Source:
    if path.is_dir():
        raise ConfigError(f"{path} is a folder; move it away, or choose a file with --config or FLOWDECK_CONFIG")
    try:
        return _Source(str(path), TomlConfigSettingsSource(Config, path).toml_data)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path}{_position(str(error))}; mend the line, or move the file away") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: byte {error.start} is not UTF-8 text; save the file as UTF-8") from error
    except OSError as error:
        raise ConfigError(f"{path} cannot be read ({error.strerror}); mend its owner or mode") from error


def _position(message: str) -> str:
    match = _POSITION.fullmatch(message)
    if match is None:
        return f": {message}"
    reason, line, column = match.groups()
    return f": line {line}, column {column}: {reason}" if line else f": at the end of the file: {reason}"


def _environment() -> _Source:
    sections = Config.model_fields
    unknown = (name for name in os.environ if name.startswith("FLOWDECK_") and "__" in name)
    for name in unknown:
        section = name.removeprefix("FLOWDECK_").partition("__")[0].lower()
        if section not in sections:
            reason = f"{section!r} is not a section{near(section, sections)}"
            raise InvalidConfigError([Problem("environment", name, os.environ[name], reason, ", ".join(sections))])
    try:
        return _Source("environment", _decoded(EnvSettingsSource(Config)()))
    except SettingsError as error:
        raise ConfigError(
            f"environment: {error}; a section is set value by value, as FLOWDECK_ENGINE__PORT=9000"
        ) from error


def stray_variables(environment: Mapping[str, str]) -> list[str]:
    """What to say of variables that look like settings and are none, as FLOWDECK_PORT."""
    strays = sorted(name for name in environment if name.startswith("FLOWDECK_") and "__" not in name)
    known = {f"FLOWDECK_{section.upper()}" for section in Config.model_fields} | _VARIABLES
    keys = [f"FLOWDECK_{key.replace('.', '__').upper()}" for key in _leaves(Config().model_dump())]
    return [
        f"{name} is no setting and is ignored; a section is set value by value{_near(name, keys)}"
        for name in strays
        if name not in known
    ]


def _near(name: str, keys: list[str]) -> str:
    ending = "__" + name.removeprefix("FLOWDECK_")
    same = next((key for key in keys if key.endswith(ending)), None)
    return f"; did you mean {same}?" if same else near(name, keys)


def _decoded(values: Any) -> Any:
    """Lists and tables inside plugin settings, whose types are not known yet, are written as JSON."""
    if isinstance(values, Mapping):
        return {key: _decoded(value) for key, value in values.items()}
    if isinstance(values, str) and values.startswith(("[", "{")):
        with contextlib.suppress(ValueError):
            return json.loads(values)
    return values


def _nested(overrides: Mapping[str, Any]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for key, value in overrides.items():
        *parents, last = key.split(".")
        table = values
        for part in parents:
            table = table.setdefault(part, {})
        table[last] = value
    return values


def _check_sections(source: _Source) -> None:
    """All sections are tables; merged, a table from elsewhere would hide one that is not."""
    for name in Config.model_fields:
        section = source.values.get(name, {})
        if not isinstance(section, Mapping):
            raise InvalidConfigError([Problem(source.origin(name), name, section, "must be a table", f"[{name}]")])


def _merged(under: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    result = dict(under)
    for key, value in over.items():
        known = result.get(key)
        both = isinstance(known, Mapping) and isinstance(value, Mapping)
        result[key] = _merged(known, value) if both else value  # type: ignore[arg-type]
    return result


def _leaves(values: Mapping[str, Any], prefix: str = "") -> Iterator[str]:
    for key, value in values.items():
        if isinstance(value, Mapping) and value:
            yield from _leaves(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}"


def _plugins(
    sections: Mapping[str, Any], origins: Mapping[str, str]
) -> tuple[dict[str, PluginConfig], dict[str, tuple[Problem, ...]]]:
    """Sections one by one, so that a bad one harms its own plugin only."""
    good: dict[str, PluginConfig] = {}
    bad: dict[str, tuple[Problem, ...]] = {}
    for name, section in sections.items():
        try:
            good[name] = PluginConfig.model_validate(section)
        except ValidationError as error:
            known = section if isinstance(section, Mapping) else {}
            good[name] = PluginConfig(enabled=known.get("enabled") is not False, required=known.get("required") is True)
            bad[name] = problems_of(error, PluginConfig, lambda key: origin_of(origins, key), f"plugins.{name}")
    return good, bad


def _validated(values: Mapping[str, Any], origins: Mapping[str, str]) -> Config:
    try:
        return Config(**values)
    except ValidationError as error:
        raise InvalidConfigError(problems_of(error, Config, lambda key: origin_of(origins, key))) from error
