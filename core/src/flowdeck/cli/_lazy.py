"""The root group: commands are a table of import strings, imported when they are run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from importlib import import_module
from typing import Any, NamedTuple

import typer
from typer.core import TyperGroup
from typer.main import get_command

from flowdeck.cli._app import Command

__all__ = ["LazyGroup", "Noun", "load_command"]


class Noun(NamedTuple):
    """One row of the table of commands.

    Attributes:
        target: Import string `"module:attribute"`.
        help: One line.
        group: Whether the attribute is a typer app rather than a function.
    """

    target: str
    help: str
    group: bool = False


def load_command(name: str, attribute: Any) -> Any:
    """The command that a function or a typer app stands for."""
    app = attribute
    if not isinstance(attribute, typer.Typer):
        app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
        app.command(name, cls=Command)(attribute)
    command = get_command(app)
    command.name = name
    return command


_WITH_VALUE = ("--config", "--data-dir")
_GLOBAL = (*_WITH_VALUE, "--safe-mode", "--debug")


class LazyGroup(TyperGroup):
    """Lists its table without importing it; runs `default` when no command is named."""

    nouns: Mapping[str, Noun] = {}
    default = ""

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002 - the signature is click's
        return list(self.nouns)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ARG002 - the signature is click's
        """A command with its help line only, which is enough for the list."""
        noun = self.nouns.get(cmd_name)
        return None if noun is None else Command(cmd_name, help=noun.help, callback=None)

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Global options may stand anywhere; without a command the default one gets the rest."""
        first, rest = _global_first(args)
        if not rest or (rest[0].startswith("-") and rest[0] not in {"--help", "--version"}):
            rest = [self.default, *rest]
        return super().parse_args(ctx, [*first, *rest])

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        name = args[0]
        command = self.find(name)
        if command is None:
            near = get_close_matches(name, self.nouns, n=1)
            ctx.fail(f"no command {name!r}" + (f"; did you mean {near[0]!r}?" if near else "; see flowdeck --help"))
        return name, command, args[1:]

    def find(self, name: str) -> Any:
        """The command of that name, imported now, or None."""
        noun = self.nouns.get(name)
        if noun is None:
            return None
        module, _, attribute = noun.target.partition(":")
        return load_command(name, getattr(import_module(module), attribute))


def _global_first(args: list[str]) -> tuple[list[str], list[str]]:
    """Split off the global options; what follows `--` is left alone."""
    first: list[str] = []
    rest: list[str] = []
    words = iter(args)
    for word in words:
        name = word.partition("=")[0]
        if word == "--":
            return first, [*rest, word, *words]
        if name not in _GLOBAL:
            rest.append(word)
            continue
        first.append(word)
        if word in _WITH_VALUE:
            first.append(_value(word, words))
    return first, rest


def _value(option: str, words: Iterator[str]) -> str:
    value = next(words, None)
    if value is None:
        raise typer.BadParameter("a path must follow", param_hint=option)
    return value
