"""What every command shares. Read this before writing one.

A noun lives in `cli/NOUN.py` and is named in the table of `cli/main.py`. It is imported when it is asked for, never for
`flowdeck --help`, and exposes either

- a plain function named like the noun, its parameters annotated with `typer.Option` and `typer.Argument`, or
- for a noun with verbs, `app = _app.group("One line.")` and functions under `@app.command()`.

The docstring is the help: one line, then what a user must know, then an `Example:` section of command lines, which is
printed as it stands. Heavy modules (numba, Qt, pyarrow, the engine) are imported inside the functions.

- `options()` are the global options; `config()` and `manager()` already obey them. They may stand anywhere on the
  command line, so no command has an option of the same name.
- Results go to stdout; `print_json` prints them under `--json` (annotate it `Json`). All else goes to stderr.
- What a user can mend is a `FlowdeckError`: raise it, `main` prints one line and exits 1. `fail` does the same at once.
  Wrong usage (exit 2) is `typer.BadParameter`. A traceback is printed only with `--debug`.
- Work that may take over a second shows `progress`.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, NoReturn

import typer
from typer.core import TyperCommand

if TYPE_CHECKING:
    from flowdeck.config import Config
    from flowdeck.plugins.manager import PluginManager

__all__ = ["Command", "Json", "Options", "config", "fail", "group", "manager", "notice", "options", "print_json"]

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@dataclass(frozen=True)
class Options:
    """The global options, which may stand anywhere on the command line.

    Attributes:
        config: The configuration file; None takes the usual one.
        data_dir: The data folder; None takes the configured one.
        safe_mode: Load no plugin.
        debug: Print tracebacks.
    """

    config: Path | None = None
    data_dir: Path | None = None
    safe_mode: bool = False
    debug: bool = False


_OPTIONS: ContextVar[Options] = ContextVar("flowdeck_options", default=Options())  # noqa: B039 - frozen, never changed in place


def options() -> Options:
    """The global options of this command line."""
    return _OPTIONS.get()


def set_options(value: Options) -> None:
    """Called once by the root command."""
    _OPTIONS.set(value)
    _SAID.set(frozenset())


def config(overrides: Mapping[str, Any] | None = None) -> Config:
    """The configuration, `overrides` (by dotted key, None is not given) over all else; logs go to stderr from now on.

    Raises:
        ConfigError: naming file, key, value and what is allowed.
    """
    from flowdeck.config import load_config, stray_variables

    given_path = options().config
    _say_once(stray_variables(os.environ))
    if given_path is not None and not given_path.exists():
        _say_once([f"{given_path} does not exist; the defaults are in force"])
    given = {"engine.data": options().data_dir, **(overrides or {})}
    loaded = load_config(path=given_path, overrides={key: v for key, v in given.items() if v is not None})
    _log_to_stderr(loaded.log.level)
    return loaded


def manager(settings: Config, side: Literal["engine", "desktop", "headless"] = "headless") -> PluginManager:
    """The plugins, loaded; those that fail, now or later, are named on stderr.

    Raises:
        PluginError: when a required plugin did not load.
    """
    from flowdeck.plugins.manager import PluginManager

    plugins = PluginManager(settings, side, safe_mode=options().safe_mode)
    plugins.load()
    if side == "headless":
        for info in plugins.plugins():
            _name_failure(plugins, info.name)
        plugins.on_change(lambda name, _state: _name_failure(plugins, name))
    return plugins


_SAID: ContextVar[frozenset[str]] = ContextVar("flowdeck_said", default=frozenset())


def _say_once(messages: Iterable[str]) -> None:
    """Some commands read the configuration twice."""
    for message in messages:
        if message not in _SAID.get():
            _SAID.set(_SAID.get() | {message})
            notice(message)


def _name_failure(plugins: PluginManager, name: str) -> None:
    info = plugins.info(name)
    if info.state in {"failed", "faulted", "incompatible"}:
        notice(f"plugin {name} is {info.state}: {info.reason}")
        if options().debug and info.traceback:
            typer.echo(info.traceback, err=True)


def _log_to_stderr(level: str) -> None:
    """Results own stdout, also when a log line is written while they are printed."""
    import structlog

    plain = bool(os.environ.get("NO_COLOR")) or not sys.stderr.isatty()
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso"),
            structlog.dev.ConsoleRenderer(colors=not plain),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=lambda *_: structlog.PrintLogger(sys.stderr),
    )


def notice(message: str) -> None:
    """Say something beside the result: one line on stderr."""
    typer.echo(f"flowdeck: {message}", err=True)


def fail(message: str, code: int = 1) -> NoReturn:
    """End the command with one line that says what to do."""
    notice(message)
    raise typer.Exit(code)


def print_json(value: Any) -> None:
    """Print a result as JSON; paths, enums and dates as text."""
    import json

    typer.echo(json.dumps(value, indent=2, default=str, ensure_ascii=False))


@contextmanager
def progress(description: str, total: float | None = None) -> Iterator[Callable[[float], None]]:
    """A progress bar on stderr, on terminals only; yields a function that takes how much of `total` is done."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    console = Console(stderr=True)
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task(description, total=total)
        yield lambda done: bar.update(task, completed=done)


class Command(TyperCommand):
    """A command whose `Example:` section is printed line by line."""

    def __init__(self, *args: Any, **attributes: Any) -> None:
        super().__init__(*args, **attributes)
        self.help = _with_examples(self.help)


def _with_examples(text: str | None) -> str | None:
    """The help text, each paragraph on one line, its `Example:` section as it stands (after click's sign for that)."""
    head, separator, examples = (text or "").partition("Example:\n")
    if not separator:
        return text
    paragraphs = "\n\n".join(" ".join(part.split()) for part in head.strip().split("\n\n"))
    lines = "\n".join(f"  {line.strip()}" for line in examples.strip().splitlines())
    return f"{paragraphs}\n\n\b\nExamples:\n{lines}"


class _Group(typer.Typer):
    def command(self, name: str | None = None, **attributes: Any) -> Callable[[Any], Any]:
        return super().command(name, **{"cls": Command, **attributes})


def group(help_text: str) -> typer.Typer:
    """An app for a noun with verbs."""
    return _Group(help=help_text, no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
