"""Two ways to write the same message: a header, and the rows that it announces.

`flowdeck.v1` is binary: four bytes (little endian) that say how long the header is, the header as a msgpack map, then
the rows as they lie in memory. `flowdeck.v1.json` is one JSON object; rows stand under `rows` or `columns`.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal, NamedTuple, Protocol

import msgspec
import numpy as np
import numpy.typing as npt

from flowdeck.errors import ProtocolError
from flowdeck.streams import Rows
from flowdeck.wire.protocol import BINARY, JSON, MAX_HEADER

__all__ = ["BinaryCodec", "Codec", "Header", "JsonCodec", "Message", "Style", "codec_for", "rows_of"]

Header = dict[str, Any]
Message = bytes | str


class Style(NamedTuple):
    """How rows are written as JSON.

    Attributes:
        shape: `rows`, an object each, or `columns`, an array a field.
        int64: `number`, or `text` for readers whose numbers end at 2^53, as JavaScript's do.
    """

    shape: Literal["rows", "columns"] = "rows"
    int64: Literal["number", "text"] = "number"


_PLAIN_STYLE = Style()

_LENGTH = struct.Struct("<I")
_EMPTY = memoryview(b"")
_BINARY_CHUNK = 1 << 20
_JSON_CHUNK_ROWS = 1000
# what msgspec lets through beside its own errors: bad UTF-8, depth bombs, unhashable keys inside values
_BAD_INPUT = (msgspec.MsgspecError, ValueError, RecursionError, TypeError, OverflowError)


class Codec(Protocol):
    """Messages to bytes and back; the server holds one a client."""

    @property
    def text(self) -> bool:
        """Whether messages travel as WebSocket text."""
        ...

    def encode(self, header: Mapping[str, Any], rows: Rows | None = None, style: Style = _PLAIN_STYLE) -> bytes:
        """One message."""
        ...

    def decode(self, message: Message) -> tuple[Header, memoryview]:
        """A message's header, and the bytes of its rows without a copy.

        Raises:
            ProtocolError: for anything that is not such a message, and nothing else.
        """
        ...

    def chunk_rows(self, itemsize: int) -> int:
        """How many rows of history go into one message, so that writing one never holds up the others."""
        ...


class BinaryCodec:
    """`flowdeck.v1`."""

    text = False

    def __init__(self) -> None:
        self._encoder = msgspec.msgpack.Encoder(enc_hook=_plain, decimal_format="string")
        self._decoder = msgspec.msgpack.Decoder(dict[str, Any])

    def encode(self, header: Mapping[str, Any], rows: Rows | None = None, style: Style = _PLAIN_STYLE) -> bytes:  # noqa: ARG002 - rows have one shape here
        """Length, header, rows; one copy of the rows."""
        head = self._encoder.encode(header)
        body = _EMPTY if rows is None or not len(rows) else np.ascontiguousarray(rows).view(np.uint8).data
        return b"".join((_LENGTH.pack(len(head)), head, body))

    def decode(self, message: Message) -> tuple[Header, memoryview]:
        """See `Codec.decode`."""
        if isinstance(message, str):
            raise ProtocolError(f"{BINARY} messages are binary; for text connect with the subprotocol {JSON}")
        if len(message) < _LENGTH.size:
            raise ProtocolError(f"truncated: a message of {len(message)} bytes has no header")
        view = memoryview(message)
        stop = _LENGTH.size + _LENGTH.unpack_from(message)[0]
        if stop > min(len(message), MAX_HEADER):
            raise ProtocolError(f"truncated: the header would end at byte {stop} of {len(message)}")
        try:
            return self._decoder.decode(view[_LENGTH.size : stop]), view[stop:]
        except _BAD_INPUT as error:
            raise ProtocolError(f"the header is not a msgpack map: {error}") from error

    def chunk_rows(self, itemsize: int) -> int:
        """About a megabyte."""
        return max(1, _BINARY_CHUNK // itemsize)


class JsonCodec:
    """`flowdeck.v1.json`."""

    text = True

    def __init__(self) -> None:
        self._encoder = msgspec.json.Encoder(enc_hook=_plain, decimal_format="string")
        self._decoder = msgspec.json.Decoder(dict[str, Any])

    def encode(self, header: Mapping[str, Any], rows: Rows | None = None, style: Style = _PLAIN_STYLE) -> bytes:
        """One object; numbers that JSON has no word for (NaN, infinity) are null."""
        if rows is None:
            return self._encoder.encode(header)
        columns = {name: _figures(rows[name], style) for name in rows.dtype.names or ()}
        if style.shape == "columns":
            return self._encoder.encode({**header, "columns": columns})
        objects = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
        return self._encoder.encode({**header, "rows": objects})

    def decode(self, message: Message) -> tuple[Header, memoryview]:
        """See `Codec.decode`; rows stay in the header."""
        if not isinstance(message, str):
            raise ProtocolError(f"{JSON} messages are text; for binary connect with the subprotocol {BINARY}")
        try:
            return self._decoder.decode(message), _EMPTY
        except _BAD_INPUT as error:
            raise ProtocolError(f"not a JSON object: {error}") from error

    def chunk_rows(self, itemsize: int) -> int:  # noqa: ARG002 - text is as long as its figures
        """A thousand, about two milliseconds of writing."""
        return _JSON_CHUNK_ROWS


def codec_for(subprotocol: str | None) -> Codec:
    """The codec of a negotiated subprotocol; a script that asked for none speaks JSON."""
    return BinaryCodec() if subprotocol == BINARY else JsonCodec()


def rows_of(payload: memoryview, dtype: np.dtype[np.void], count: object) -> Rows:
    """A batch's rows, shape (count,), as a read-only view of the message.

    Raises:
        ProtocolError: when the payload is not `count` rows of that dtype.
    """
    if not isinstance(count, int) or count < 0 or len(payload) != count * dtype.itemsize:
        raise ProtocolError(f"{len(payload)} bytes are not {count!r} rows of {dtype.itemsize} bytes")
    return np.frombuffer(payload, dtype) if count else np.empty(0, dtype)


def _figures(column: npt.NDArray[np.generic], style: Style) -> list[Any]:
    if style.int64 == "text" and column.dtype.kind in "iu" and column.dtype.itemsize == 8:
        return [str(value) for value in column.tolist()]
    values: list[Any] = column.tolist()
    return values


def _plain(value: Any) -> Any:
    """Values that msgspec has no word for."""
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, np.ndarray | set | frozenset):
        return list(value)
    if isinstance(value, Path | Decimal | date):
        return str(value)
    raise NotImplementedError(f"{type(value).__name__} cannot travel")
