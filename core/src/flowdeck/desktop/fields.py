"""A plugin's pydantic settings as pyqtgraph parameters: the model of every generated form."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pyqtgraph.parametertree import Parameter

__all__ = ["Field", "fields_of", "parameters_of", "values_of"]

_CAPITALS = ("ui", "poc", "vah", "val", "cvd", "vwap", "cob", "vpvr", "utc", "url", "rest")
_WRITTEN = {word: word.upper() for word in _CAPITALS}
_WRITTEN["usdm"] = "USD-M"

Scope = Literal["engine", "view"]


@dataclass(frozen=True)
class Field:
    """One setting as a form shows it.

    Attributes:
        name: The model's field.
        title: What a user reads, without the unit.
        help: One line.
        sort: Which control it gets.
        default: Its value until the user decides.
        unit: Shown behind the figure.
        scope: Who owns it.
        low: Smallest value allowed, or None.
        high: Largest value allowed, or None.
        choices: What may be chosen, for the sort `choice`.
        optional: Whether it may be left empty (None).
    """

    name: str
    title: str
    help: str
    sort: Literal["bool", "int", "float", "choice", "text"]
    default: Any
    unit: str = ""
    scope: Scope = "view"
    low: float | None = None
    high: float | None = None
    choices: tuple[Any, ...] = ()
    optional: bool = False


def fields_of(model: type[BaseModel]) -> tuple[Field, ...]:
    """The fields of a settings model in their order."""
    return tuple(_field(name, info) for name, info in model.model_fields.items())


def parameters_of(model: type[BaseModel], values: BaseModel) -> Parameter:
    """A group of pyqtgraph parameters with values, defaults, limits, units and help of the model."""
    children = [_options(field, getattr(values, field.name)) for field in fields_of(model)]
    return Parameter.create(name="settings", type="group", children=children)


def values_of(parameters: Parameter) -> dict[str, Any]:
    """The values as they stand, by field."""
    return {child.name(): child.value() for child in parameters.children()}


def _options(field: Field, value: Any) -> dict[str, Any]:
    """A parameter without a type: pydantic reads what is entered and says what is wrong, in one place."""
    options: dict[str, Any] = {
        "name": field.name,
        "title": field.title,
        "value": value,
        "default": field.default,
        "tip": field.help,
        "suffix": field.unit,
    }
    if field.sort == "choice":
        options["limits"] = list(field.choices)
    return options


def _field(name: str, info: FieldInfo) -> Field:
    annotation, optional = _without_none(info.annotation)
    extra: Mapping[str, Any] = info.json_schema_extra if isinstance(info.json_schema_extra, dict) else {}
    unit = str(extra.get("unit", "")) or _unit_in(name)
    low, high = _limits(info)
    return Field(
        name=name,
        title=info.title or _title(name, unit),
        help=_help(info, name),
        sort=_sort(annotation),
        default=info.get_default(call_default_factory=True, validated_data={}),
        unit=unit,
        scope="engine" if extra.get("scope") == "engine" else "view",
        low=low,
        high=high,
        choices=tuple(_choices(annotation)),
        optional=optional,
    )


def _help(info: FieldInfo, name: str) -> str:
    """The description, unless it only repeats the name."""
    text = info.description or ""
    return "" if text.rstrip(".").casefold() == name.replace("_", " ") else text


def _unit_in(name: str) -> str:
    """The unit that a name ends in, where the field does not state one."""
    last = name.rpartition("_")[2]
    return last if last in {"px", "s", "ms"} and last != name else ""


def _title(name: str, unit: str) -> str:
    """`column_s` with the unit s is `Column`: the unit stands behind the figure."""
    words = [_WRITTEN.get(word, word) for word in name.split("_")]
    if len(words) > 1 and words[-1] == {"%": "percent"}.get(unit, unit.lower()):
        words = words[:-1]
    return " ".join([words[0][:1].upper() + words[0][1:], *words[1:]])


def _without_none(annotation: Any) -> tuple[Any, bool]:
    if get_origin(annotation) in {Union, UnionType}:
        others = [part for part in get_args(annotation) if part is not NoneType]
        if len(others) < len(get_args(annotation)) and len(others) == 1:
            return others[0], True
    return annotation, False


def _sort(annotation: Any) -> Literal["bool", "int", "float", "choice", "text"]:
    if any(True for _ in _choices(annotation)):
        return "choice"
    sorts: dict[Any, Literal["bool", "int", "float"]] = {bool: "bool", int: "int", float: "float", Decimal: "float"}
    return sorts.get(annotation, "text")


def _choices(annotation: Any) -> Iterator[Any]:
    if get_origin(annotation) is Literal:
        yield from get_args(annotation)
    elif isinstance(annotation, type) and issubclass(annotation, Enum):
        yield from annotation


def _limits(info: FieldInfo) -> tuple[float | None, float | None]:
    """Lowest and highest value: pydantic keeps limits as rules with an attribute `ge`, `gt`, `le` or `lt`."""
    return _limit(info, ("ge", "gt")), _limit(info, ("le", "lt"))


def _limit(info: FieldInfo, names: tuple[str, str]) -> float | None:
    for rule in info.metadata:
        for name in names:
            if (limit := getattr(rule, name, None)) is not None:
                return float(limit)
    return None
