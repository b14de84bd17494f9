"""Types of what plugins declare: a frozen dataclass does not check them, and a wrong one would fail far from here."""

from __future__ import annotations

from dataclasses import fields
from enum import Enum
from typing import Any, get_origin, get_type_hints

from flowdeck.errors import PluginError
from flowdeck.specs import Spec

__all__ = ["check_fields", "check_spec"]

_NAMES = {str: "text", int: "a whole number", bool: "True or False"}


def check_spec(spec: Spec) -> None:
    """Check an id, a factory and the types of all fields.

    Raises:
        PluginError: naming the spec, the field, its value and what is allowed.
    """
    kind = type(spec).__name__
    if not (isinstance(spec.id, str) and spec.id):
        raise PluginError(f"{kind} needs an id, not {spec.id!r}")
    check_fields(spec, f"{kind} {spec.id!r}")
    module, separator, attribute = spec.factory.partition(":")
    if not (separator and module and attribute):
        raise PluginError(f"{kind} {spec.id!r}: factory {spec.factory!r} is not 'module:attribute'")


def check_fields(declared: Any, what: str) -> None:
    """Check the types of a dataclass' fields, as far as they are plain.

    Raises:
        PluginError: beginning with `what`, naming the field, its value and what is allowed.
    """
    types = get_type_hints(type(declared))
    for field in fields(declared):
        value, wanted = getattr(declared, field.name), types[field.name]
        if not _fits(value, wanted):
            raise PluginError(f"{what}: {field.name} must be {_named(wanted)}, not {value!r}")


def _fits(value: object, wanted: Any) -> bool:
    plain = get_origin(wanted) or wanted
    if plain is tuple:
        return isinstance(value, tuple) and all(isinstance(one, str) for one in value)
    return isinstance(value, plain) and (plain is not int or not isinstance(value, bool))


def _named(wanted: Any) -> str:
    plain = get_origin(wanted) or wanted
    if plain is tuple:
        return "a tuple of text, as ('trades',)"
    if issubclass(plain, Enum):
        return f"one of {', '.join(f'{plain.__name__}.{one.name}' for one in plain)}"
    return _NAMES.get(plain) or str(plain.__name__)
