"""`flowdeck config`: what is configured, where it comes from, and whether it is right."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from flowdeck.cli import _app
from flowdeck.errors import ConfigError, PluginError

if TYPE_CHECKING:
    from flowdeck.config import Config
    from flowdeck.plugins.manager import PluginManager

__all__ = ["app"]

app = _app.group("Show and check the configuration.")


@app.command()
def show(json: _app.Json = False) -> None:
    """Print every value in force and where it was set.

    Example:
        flowdeck config show
        FLOWDECK_ENGINE__PORT=9000 flowdeck config show --json
    """
    config = _app.config()
    rows = {key: (value, config.origin(key)) for key, value in _leaves(config.model_dump(mode="json"))}
    if json:
        _app.print_json({key: {"value": value, "origin": origin} for key, (value, origin) in rows.items()})
        return
    from json import dumps as to_json

    width = max(len(key) for key in rows)
    for key, (value, origin) in rows.items():
        typer.echo(f"{key:{width}} = {to_json(value)}" + ("" if origin == "default" else f"  ({origin})"))


@app.command()
def path(json: _app.Json = False) -> None:
    """Print where the configuration files and the data folder lie.

    Example:
        flowdeck config path
    """
    places = _places()
    if json:
        _app.print_json(places)
        return
    for name, place in places.items():
        typer.echo(f"{name:8} {place}" + ("" if place.exists() else "  (not there yet)"))


@app.command()
def check(json: _app.Json = False) -> None:
    """Say everything that is wrong with the configuration; exits with 1 when anything is.

    Plugins are loaded to judge their settings.

    Example:
        flowdeck config check
    """
    problems = list(_problems())
    if json:
        _app.print_json(problems)
    for problem in () if json else problems or ["the configuration is right"]:
        typer.echo(problem)
    if problems:
        raise typer.Exit(1)


def _places() -> dict[str, Path]:
    """Where things lie; a file that cannot be read is said, and must all the same be found to be mended."""
    try:
        config = _app.config()
    except ConfigError as error:
        from flowdeck.config import config_path, data_path, desktop_path

        _app.notice(str(error))
        engine = _app.options().config or config_path()
        return {"engine": engine, "desktop": desktop_path(engine), "data": _app.options().data_dir or data_path()}
    return {"engine": config.path, "desktop": config.desktop_path, "data": config.engine.data}


def _leaves(values: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in values.items():
        if isinstance(value, Mapping) and value:
            yield from _leaves(value, f"{prefix}{key}.")
        elif not (isinstance(value, Mapping) and prefix):
            yield f"{prefix}{key}", value


def _problems() -> Iterator[str]:
    from flowdeck.config import InvalidConfigError

    try:
        config = _app.config()
    except InvalidConfigError as error:
        yield from (str(problem) for problem in error.problems)
    except ConfigError as error:
        yield str(error)
    else:
        yield from _folders(config)
        yield from _plugins(config)


def _folders(config: Config) -> Iterator[str]:
    from flowdeck.config import usable_folder

    for folder, what, remedy in (
        (config.engine.data, "data folder", "choose another with --data-dir"),
        (config.path.parent, "configuration folder", "choose another file with --config"),
    ):
        try:
            usable_folder(_nearest(folder), what, remedy)
        except ConfigError as error:
            yield str(error)


def _nearest(folder: Path) -> Path:
    """The folder, or the nearest one above it that exists: a check makes no folders."""
    return next(one for one in (folder, *folder.parents) if one.exists())


def _plugins(config: Config) -> Iterator[str]:
    from flowdeck.plugins.manager import PluginManager

    manager = PluginManager(config, "headless", safe_mode=_app.options().safe_mode)
    try:
        manager.load()
    except PluginError as error:
        yield str(error)
    for info in manager.plugins():
        yield from (str(problem) for problem in manager.problems(info.name))
    yield from _strangers(config, manager)
    manager.close()


def _strangers(config: Config, manager: PluginManager) -> Iterator[str]:
    """Names of plugins and stores that nobody has."""
    from flowdeck.config import near

    installed = [info.name for info in manager.plugins()]
    for name in config.plugins:
        if name not in installed:
            key = f"plugins.{name}"
            yield f"{config.origin(key)}: {key}: no such plugin is installed{near(name, installed)}"
    stores = [registered.spec.id for registered in manager.stores()]
    for kind, store in config.stores.items():
        if store not in stores:
            key = f"stores.{kind}"
            yield f"{config.origin(key)}: {key} = {store!r}: no such store{near(store, stores)}; allowed: {stores}"
