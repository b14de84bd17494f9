"""The words of the wire: names of the protocols, limits, reasons to close, and how a kind is announced."""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum
from typing import Any

import numpy as np

from flowdeck.errors import FlowdeckError, ProtocolError
from flowdeck.kinds import KindSpec, Mode

__all__ = [
    "BINARY",
    "JSON",
    "MAX_HEADER",
    "MAX_MESSAGE",
    "MAX_REQUEST",
    "PROTOCOL",
    "CloseCode",
    "kind_from_dict",
    "kind_to_dict",
    "parse_dtype",
]

PROTOCOL = 1
"""Version of the protocol, announced in the hello; both subprotocol names carry it."""

BINARY = "flowdeck.v1"
JSON = "flowdeck.v1.json"

MAX_REQUEST = 64 << 10
"""Largest message that a client may send, bytes."""

MAX_HEADER = 16 << 20
"""Largest header of a binary message, bytes; text tables travel in it."""

MAX_MESSAGE = 256 << 20
"""Largest message that a client accepts, bytes."""


class CloseCode(IntEnum):
    """WebSocket close codes in use (RFC 6455, section 7.4.1)."""

    GOING_AWAY = 1001
    PROTOCOL = 1002
    POLICY = 1008
    TOO_BIG = 1009
    INTERNAL = 1011
    TRY_LATER = 1013


def kind_to_dict(kind: KindSpec) -> dict[str, Any]:
    """How a kind is announced when a stream is opened: dtype as (field, type) pairs, packed, little endian."""
    return {
        "name": kind.name,
        "dtype": [[name, kind.dtype[name].newbyteorder("<").str] for name in kind.dtype.names or ()],
        "version": kind.version,
        "mode": str(kind.mode),
        "identity": list(kind.identity),
        "time": kind.time,
    }


def kind_from_dict(data: Mapping[str, Any]) -> KindSpec:
    """Read what `kind_to_dict` wrote.

    Raises:
        ProtocolError: when it does not describe a kind.
    """
    try:
        return KindSpec(
            str(data["name"]),
            parse_dtype(data["dtype"]),
            int(data["version"]),
            Mode(data["mode"]),
            tuple(str(name) for name in data["identity"]),
            str(data["time"]),
        )
    except (KeyError, TypeError, ValueError, FlowdeckError) as error:
        raise ProtocolError(f"not the announcement of a kind: {error}") from error


def parse_dtype(fields: Any) -> np.dtype[np.void]:
    """A packed structured dtype from (field, type) pairs.

    Raises:
        ProtocolError: when they are not, or name a type that holds objects.
    """
    try:
        dtype: np.dtype[np.void] = np.dtype([(str(name), str(code)) for name, code in fields])
    except (TypeError, ValueError, SyntaxError) as error:
        raise ProtocolError(f"not a dtype: {error}") from error
    if dtype.hasobject or not dtype.names or not dtype.itemsize:
        raise ProtocolError(f"rows of {dtype} cannot travel")
    return dtype
