"""What is wrong with a value: where it stands, what it is, what is allowed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic.errors import PydanticInvalidForJsonSchema
from pydantic_core import ErrorDetails

from flowdeck.errors import ConfigError

__all__ = ["InvalidConfigError", "Problem", "near", "problems_of"]


@dataclass(frozen=True)
class Problem:
    """One value that cannot be used.

    Attributes:
        source: File, environment variable or `command line`.
        key: Dotted key.
        value: What was found there.
        reason: What is wrong.
        allowed: What would be right; empty when the reason says it.
    """

    source: str
    key: str
    value: Any
    reason: str
    allowed: str = ""

    def __str__(self) -> str:
        allowed = f"; allowed: {self.allowed}" if self.allowed else ""
        return f"{self.source}: {self.key} = {_shown(self.value)}: {self.reason}{allowed}"


class InvalidConfigError(ConfigError):
    """All problems of a configuration; the text is the first, and how many more there are."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        more = len(problems) - 1
        super().__init__(f"{problems[0]}" + (f" (and {more} more: flowdeck config check)" if more else ""))
        self.problems = tuple(problems)


def near(word: str, known: Iterable[str], alike: float = 0.6) -> str:
    """`; did you mean ...?` when something known is alike, else nothing."""
    matches = get_close_matches(word, list(known), n=1, cutoff=alike)
    return f"; did you mean {matches[0]}?" if matches else ""


def problems_of(
    error: ValidationError, model: type[BaseModel], source: Callable[[str], str], prefix: str = ""
) -> tuple[Problem, ...]:
    """Problems from what pydantic found; `source` says where a dotted key was set, `prefix` precedes keys."""
    return tuple(_problem(details, model, source, prefix) for details in error.errors(include_url=False))


def _problem(details: ErrorDetails, model: type[BaseModel], source: Callable[[str], str], prefix: str) -> Problem:
    path = [str(part) for part in details["loc"]]
    key = ".".join([prefix, *path] if prefix else path)
    if details["type"] == "extra_forbidden":
        known = _children(model, path[:-1])
        reason = f"is not a setting{near(path[-1], known)}"
        return Problem(source(key), key, details["input"], reason, ", ".join(known))
    reason = details["msg"].removeprefix("Value error, ").replace("Input should be", "must be")
    return Problem(source(key), key, details["input"], reason, _allowed(model, path))


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}..."


def _children(model: type[BaseModel], path: Sequence[str]) -> list[str]:
    return sorted(_node(model, path).get("properties", {}))


def _allowed(model: type[BaseModel], path: Sequence[str]) -> str:
    return " or ".join(dict.fromkeys(_described(_node(model, path))))


def _node(model: type[BaseModel], path: Sequence[str]) -> Mapping[str, Any]:
    """The JSON schema of what stands at `path`; empty where the schema cannot say."""
    try:
        root = model.model_json_schema()
    except PydanticInvalidForJsonSchema:
        return {}
    node: Mapping[str, Any] = root
    for part in path:
        properties = node.get("properties", {})
        node = _followed(root, properties.get(part) or node.get("additionalProperties") or node.get("items") or {})
    return node


def _followed(root: Mapping[str, Any], node: Any) -> Mapping[str, Any]:
    if not isinstance(node, Mapping):
        return {}
    reference = node.get("$ref", "").rpartition("/")[2]
    return root["$defs"][reference] if reference else node


_TYPES = {
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "string": "text",
    "array": "a list",
    "object": "a table",
    "null": "nothing",
}


def _described(node: Mapping[str, Any]) -> Iterator[str]:
    for branch in node.get("anyOf", ()):
        yield from _described(branch)
    if "const" in node:
        yield repr(node["const"])
    elif "enum" in node:
        yield ", ".join(repr(value) for value in node["enum"])
    elif node.get("type") in _TYPES:
        yield _TYPES[node["type"]] + "".join(_limits(node))


def _limits(node: Mapping[str, Any]) -> Iterator[str]:
    for name, words in (
        ("minimum", "from"),
        ("exclusiveMinimum", "above"),
        ("maximum", "to"),
        ("exclusiveMaximum", "below"),
        ("multipleOf", "in steps of"),
        ("minLength", "of at least"),
        ("maxLength", "of at most"),
        ("pattern", "like"),
    ):
        if name in node:
            yield f" {words} {node[name]}" + (" characters" if name.endswith("Length") else "")
