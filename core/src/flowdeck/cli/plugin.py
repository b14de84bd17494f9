"""`flowdeck plugin`: what is installed, switches, a new project, and a doctor."""

from __future__ import annotations

import dataclasses
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from flowdeck.cli import _app

if TYPE_CHECKING:
    from flowdeck.config import Config
    from flowdeck.plugins.doctor import Examination
    from flowdeck.plugins.info import PluginInfo

__all__ = ["app"]

app = _app.group("List, enable, disable, create and examine plugins.")

Name = Annotated[str, typer.Argument(help="The plugin's name, as flowdeck plugin list shows it.", show_default=False)]


@app.command("list")
def list_(
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Also author, streams and tracebacks.")] = False,
    load: Annotated[bool, typer.Option("--load", help="Load the enabled plugins here, to see what fails now.")] = False,
    json: _app.Json = False,
) -> None:
    """List the installed plugins with state and reason.

    No plugin is imported, unless --load is given: states are what the engine, the window or the last command made of
    each plugin; one that was never loaded is discovered.

    Example:
        flowdeck plugin list
        flowdeck plugin list -v --load
    """
    infos = _loaded() if load else _seen(_app.config())
    if json:
        _app.print_json([info.to_dict() for info in infos])
    elif not infos:
        _app.notice("no plugins are installed; install flowdeck-binance and flowdeck-footprint, or flowdeck[all]")
    else:
        _print_table(infos)
        for info in infos if verbose else ():
            _print_details(info)


@app.command()
def enable(name: Name) -> None:
    """Load a plugin from now on.

    Example:
        flowdeck plugin enable footprint
    """
    _switch(name, on=True)


@app.command()
def disable(name: Name) -> None:
    """Do not load a plugin from now on. It is not imported for that.

    Example:
        flowdeck plugin disable footprint
    """
    _switch(name, on=False)


@app.command()
def new(
    name: Annotated[str, typer.Argument(help="Name of the project, as in day-vwap.", show_default=False)],
    folder: Annotated[Path, typer.Option("--dir", help="Where the project's folder is made.")] = Path(),
) -> None:
    """Write a working plugin with tests to begin from.

    Example:
        flowdeck plugin new day-vwap
        flowdeck plugin new day-vwap --dir ~/projects
    """
    from flowdeck.plugins.scaffold import new_plugin

    made = new_plugin(name, folder.expanduser())
    plugin = name.replace("-", "_")
    typer.echo(
        f"{made} is a plugin that draws; its plugin and its layer are called {plugin}. Next:\n"
        f"  cd {made}\n  pip install -e . pytest pytest-asyncio\n  pytest\n"
        f"  flowdeck snapshot --capture CAPTURE.gz --layers footprint,{plugin} --out chart.png"
    )


@app.command()
def doctor(
    name: Annotated[str | None, typer.Argument(help="Only this plugin.", show_default=False)] = None,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Also tracebacks.")] = False,
    json: _app.Json = False,
) -> None:
    """Load the enabled plugins and say what is wrong: versions, dependencies, hooks, settings, health checks.

    Exits with 1 when something is.

    Example:
        flowdeck plugin doctor
        flowdeck plugin doctor footprint
    """
    from flowdeck.plugins.doctor import examine

    found = examine(_app.config(), name)
    if json:
        _app.print_json([dataclasses.asdict(one) for one in found])
    for one in () if json else found:
        _print_examination(one, verbose=verbose)
    if any(one.problems for one in found):
        raise typer.Exit(1)


def _loaded() -> list[PluginInfo]:
    from flowdeck.plugins.manager import PluginManager

    manager = PluginManager(_app.config(), "headless", safe_mode=_app.options().safe_mode)
    manager.load()
    infos = manager.plugins()
    manager.close()
    return infos


def _seen(config: Config) -> list[PluginInfo]:
    """What is installed, each with what a process last made of it."""
    from flowdeck.plugins.discovery import list_installed

    return [_with_sighting(info, config) for info in list_installed(config)]


def _with_sighting(info: PluginInfo, config: Config) -> PluginInfo:
    """The newest sighting counts, and those of processes that still run; the worst of them is shown."""
    from flowdeck.plugins.records import sightings
    from flowdeck.specs import PluginState

    if info.state is not PluginState.DISCOVERED:
        return info
    seen = sorted(sightings(config.engine.data, info.name, info.version), key=lambda one: -one.ts)
    counting = [one for number, one in enumerate(seen) if number == 0 or one.running]
    for one in counting:
        if one.state in {PluginState.FAILED, PluginState.FAULTED}:
            reason = f"{one.reason} ({one.side}, {_ago(one.ts)})"
            return dataclasses.replace(info, state=one.state, reason=reason, traceback=one.traceback)
    for one in counting:
        if one.running and one.state is PluginState.ACTIVE:
            return dataclasses.replace(info, state=PluginState.ACTIVE, reason=one.reason)
    return info


def _ago(ts: int) -> str:
    seconds = max(0, time.time_ns() - ts) // 10**9
    for unit, length in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= length:
            return f"{seconds // length} {unit} ago"
    return f"{seconds} s ago"


def _switch(name: str, *, on: bool) -> None:
    """Through the engine where one runs: the file is its own, and the change takes effect at once."""
    from flowdeck.cli._running import ask_engine
    from flowdeck.config import near, save_engine
    from flowdeck.plugins.discovery import discover

    config, installed = _app.config(), discover()
    if name not in installed and (spelled := name.replace("-", "_")) in installed:
        name = spelled  # a project day-vwap has a plugin day_vwap
    if name not in installed:
        _app.fail(f"no plugin {name!r} is installed{near(name, installed)}; see flowdeck plugin list")
    answer = ask_engine(config, "plugin.enable" if on else "plugin.disable", plugin=name, persist=True)
    if answer is None:
        save_engine(config.path, f"plugins.{name}.enabled", on)
        typer.echo(f"{name} is {'enabled' if on else 'disabled'} in {config.path}")
        return
    info = answer["plugin"]
    reason = f": {info['reason']}" if info["reason"] else ""
    typer.echo(f"{name} is {info['state']} in the running engine{reason}")
    if on and info["state"] != "active":
        raise typer.Exit(1)


def _print_table(infos: list[PluginInfo]) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table("plugin", "version", "state", "reason", box=box.SIMPLE, pad_edge=False)
    colours = {"active": "green", "failed": "red", "faulted": "red", "incompatible": "yellow"}
    for info in infos:
        required = " (required)" if info.required else ""
        cells = (info.name, info.version, f"{info.state}{required}", info.reason)
        table.add_row(*(Text(cell, style=colours.get(info.state, "") if cell == cells[2] else "") for cell in cells))
    Console(soft_wrap=True).print(table)


def _print_details(info: PluginInfo) -> None:
    rows: dict[str, Any] = {
        "distribution": info.distribution,
        "about": info.summary,
        "author": info.author,
        "licence": info.licence,
        "roles": ", ".join(info.roles),
        "reads": ", ".join(info.requires),
        "produces": ", ".join(info.provides),
    }
    typer.echo(f"\n{info.name}")
    for label, value in rows.items():
        if value:
            typer.echo(f"  {label}: {value}")
    if info.traceback:
        typer.echo(info.traceback)


def _print_examination(found: Examination, *, verbose: bool) -> None:
    title = f"{found.plugin} {found.version} {found.state}".strip() or "configuration"
    typer.echo(f"{title}: {'ok' if not found.problems else f'{len(found.problems)} to mend'}")
    for line in (*found.problems, *found.checks):
        typer.echo(f"  {line}")
    if verbose and found.traceback:
        typer.echo(found.traceback)
