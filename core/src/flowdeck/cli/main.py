"""The console script `flowdeck`: the table of commands, the global options, and how errors are said."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Annotated, Any

import typer
from typer.main import get_command

from flowdeck.cli import _app
from flowdeck.cli._lazy import LazyGroup, Noun, load_command
from flowdeck.errors import FlowdeckError

__all__ = ["NOUNS", "main", "run"]

NOUNS = {
    "chart": Noun("flowdeck.cli.chart:chart", "The chart; what flowdeck alone opens."),
    "serve": Noun("flowdeck.cli.serve:serve", "Run the engine without a window."),
    "collect": Noun("flowdeck.cli.collect:collect", "Run sources and stores of root streams only."),
    "process": Noun("flowdeck.cli.process:process", "Derive streams from a collecting engine."),
    "replay": Noun("flowdeck.cli.replay:replay", "Play a capture."),
    "snapshot": Noun("flowdeck.cli.snapshot:snapshot", "Draw a chart into a PNG, without a window."),
    "export": Noun("flowdeck.cli.export:export", "Write trades, bars or footprint cells as a table."),
    "plugin": Noun("flowdeck.cli.plugin:app", "List, enable, disable, create and examine plugins.", group=True),
    "config": Noun("flowdeck.cli.config:app", "Show and check the configuration.", group=True),
    "data": Noun("flowdeck.cli.data:app", "List what is stored.", group=True),
}


class _Root(LazyGroup):
    nouns = NOUNS
    default = "chart"

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """The global options hold already while a plugin's command is looked for."""
        assert self.callback is not None
        ctx.invoke(self.callback, **ctx.params)
        return super().resolve_command(ctx, args)

    def find(self, name: str) -> Any:
        return super().find(name) or _plugin_command(name)


def _plugin_command(name: str) -> Any:
    """The command that a plugin adds under its id, or None."""
    if not name.isidentifier() and not name.replace("-", "_").isidentifier():
        return None
    plugins = _app.manager(_app.config())
    for registered in plugins.commands():
        if registered.spec.id == name:
            return load_command(name, plugins.resolve(registered))
    return None


_APP = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


def _version(*, asked: bool) -> None:
    if asked:
        from flowdeck.version import __version__

        typer.echo(f"flowdeck {__version__}")
        raise typer.Exit


@_APP.callback(cls=_Root, epilog="Plugins add commands of their own. Each command has --help with an example.")
def _root(
    config: Annotated[Path | None, typer.Option(metavar="PATH", help="Configuration file.")] = None,
    data_dir: Annotated[Path | None, typer.Option(metavar="PATH", help="Data folder.")] = None,
    safe_mode: Annotated[bool, typer.Option("--safe-mode", help="Load no plugin.")] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Print the traceback of an error.")] = False,
    version: Annotated[  # noqa: ARG001 - answered by its callback
        bool, typer.Option("--version", is_eager=True, callback=lambda value: _version(asked=value), help="Print it.")
    ] = False,
) -> None:
    """Order flow of crypto markets: footprint charts from live data or captures.

    Without a command it opens the chart and takes the options of flowdeck chart, such as --instrument and --attach.
    """
    _app.set_options(_app.Options(config, data_dir, safe_mode, debug))


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command line and return its exit code: 0 done, 1 failed, 2 wrong usage."""
    words = list(sys.argv[1:] if argv is None else argv)
    try:
        result = get_command(_APP).main(words, prog_name="flowdeck", standalone_mode=False)
    except typer.TyperException as error:
        return _say(error.format_message().replace("Value error, ", ""), error.exit_code)
    except FlowdeckError as error:
        if _app.options().debug:
            traceback.print_exc()
        return _say(str(error), 1)
    except (typer.Abort, KeyboardInterrupt):
        return _say("stopped", 130)
    return result if isinstance(result, int) else 0


def _say(message: str, code: int) -> int:
    if message:  # a group without a command has printed its help instead
        _app.notice(" ".join(message.split()))
    return code


def _unexpected(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """One line for what nobody foresaw; the interpreter exits with 1 after it."""
    if _app.options().debug:
        traceback.print_exception(kind, error, trace)
    elif isinstance(error, OSError):
        _app.notice(f"{error.filename or 'system'}: {error.strerror or error}")
    else:
        _app.notice(f"unexpected {kind.__name__}: {error}; --debug shows the traceback")


def run() -> None:
    """The console script."""
    sys.excepthook = _unexpected
    sys.exit(main())
