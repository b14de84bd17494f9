"""Errors that crossed the wire: the code says which class they are again."""

from __future__ import annotations

from flowdeck import errors
from flowdeck.errors import EngineError, FlowdeckError, ProtocolError

__all__ = ["remote_error"]

_BY_CODE: dict[str, type[FlowdeckError]] = {
    "request": ProtocolError,
    **{cls.code: cls for name in errors.__all__ if issubclass(cls := getattr(errors, name), FlowdeckError)},
}


def remote_error(code: object, message: object) -> FlowdeckError:
    """The error that a reply's code and message stand for; codes of the wire itself are an EngineError."""
    error = _BY_CODE.get(str(code), EngineError)(str(message))
    error.code = str(code)
    return error
