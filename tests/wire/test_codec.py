"""Messages survive both encodings; whatever else arrives is a ProtocolError and nothing else."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowdeck.errors import ProtocolError
from flowdeck.kinds import CORE_KINDS, KindSpec
from flowdeck.wire.codec import BinaryCodec, Codec, JsonCodec, Style, codec_for, rows_of
from flowdeck.wire.protocol import kind_from_dict, kind_to_dict, parse_dtype
from flowdeck.wire.requests import parse_request

KINDS = {kind.name: kind for kind in CORE_KINDS}
TRADES = KINDS["trades"]


def some_trades() -> Any:
    return TRADES.rows({"ts": [2**62 + 1, 5], "price": [1.5, np.nan], "side": [1, -1]})


def test_binary_rows_are_a_view_of_the_message() -> None:
    message = BinaryCodec().encode({"event": "batch", "n": 2}, some_trades())
    header, payload = BinaryCodec().decode(message)
    rows = rows_of(payload, TRADES.dtype, header["n"])
    assert rows.tobytes() == some_trades().tobytes()
    assert np.shares_memory(rows, np.frombuffer(message, np.uint8))
    with pytest.raises(ValueError, match="read-only"):
        rows["ts"] = 0


def test_binary_layout_is_length_header_rows() -> None:
    message = BinaryCodec().encode({"a": 1}, some_trades())
    assert message[:7] == b"\x04\x00\x00\x00" + b"\x81\xa1a"
    assert message[8:] == some_trades().tobytes()


def test_rows_that_are_not_contiguous_travel() -> None:
    rows = TRADES.rows({"ts": range(6)})[::2]
    _, payload = BinaryCodec().decode(BinaryCodec().encode({}, rows))
    assert rows_of(payload, TRADES.dtype, 3)["ts"].tolist() == [0, 2, 4]


def test_json_rows_are_objects_columns_and_texts() -> None:
    codec = JsonCodec()
    plain = json.loads(codec.encode({}, some_trades()))
    assert plain["rows"][0]["ts"] == 2**62 + 1
    assert plain["rows"][1]["price"] is None
    columns = json.loads(codec.encode({}, some_trades(), Style("columns", "text")))["columns"]
    assert columns["ts"] == [str(2**62 + 1), "5"]
    assert columns["side"] == [1, -1]


def test_a_script_without_subprotocol_speaks_json() -> None:
    assert codec_for(None).text
    assert not codec_for("flowdeck.v1").text


@pytest.mark.parametrize("kind", CORE_KINDS, ids=lambda kind: kind.name)
def test_every_kind_survives_its_announcement(kind: KindSpec) -> None:
    through_json = json.loads(JsonCodec().encode(kind_to_dict(kind)))
    assert kind_from_dict(through_json) == kind


@pytest.mark.parametrize(
    "dtype", [[], [["a", "O"]], [["a", "nonsense"]], 5, [["a"]], [["a", "f8"], ["a", "f8"]], "i8,", [["", "V0"]]]
)
def test_dtypes_that_cannot_travel_are_refused(dtype: Any) -> None:
    with pytest.raises(ProtocolError):
        parse_dtype(dtype)


@pytest.mark.parametrize(("size", "count"), [(44, 1), (46, 1), (45, 2), (0, 1), (45, -1), (45, "1"), (45, None)])
def test_rows_of_another_size_are_refused(size: int, count: Any) -> None:
    assert TRADES.dtype.itemsize == 45
    with pytest.raises(ProtocolError, match="rows of 45 bytes"):
        rows_of(memoryview(bytes(size)), TRADES.dtype, count)


@pytest.mark.parametrize(
    "message",
    [
        b"",
        b"\x01",
        b"\xff\xff\xff\xff\x80",
        b"\x01\x00\x00\x00\x90",
        b"\x03\x00\x00\x00\x81\xa1\xff",
        b"\x04\x00\x00\x00\x81\xa1\xff\x01",
        "text",
        (4 + 100_000).to_bytes(4, "little") + b"\x81\xa1a" + b"\x91" * 100_000 + b"\x01",
    ],
)
def test_damaged_binary_messages_are_refused(message: bytes | str) -> None:
    with pytest.raises(ProtocolError):
        BinaryCodec().decode(message)


@pytest.mark.parametrize("message", ["", "{", "[]", "null", '{"a":NaN}', '{"a":' + "[" * 100_000, '{"a":1e999}', b"{}"])
def test_damaged_json_messages_are_refused(message: bytes | str) -> None:
    with pytest.raises(ProtocolError):
        JsonCodec().decode(message)


def decode_fully(codec: Codec, message: bytes | str) -> None:
    """Everything that either side does with what it decoded."""
    header, payload = codec.decode(message)
    parse_request(header)
    rows_of(payload, TRADES.dtype, header.get("n"))


@given(st.binary(max_size=400) | st.text(max_size=100))
def test_random_input_is_at_most_a_protocol_error(message: bytes | str) -> None:
    for codec in (BinaryCodec(), JsonCodec()):
        with suppress(ProtocolError):
            decode_fully(codec, message)


@given(st.binary(max_size=200).map(lambda body: len(body).to_bytes(4, "little") + body))
def test_random_headers_are_at_most_a_protocol_error(message: bytes) -> None:
    with suppress(ProtocolError):
        decode_fully(BinaryCodec(), message)


GOOD = (
    {"id": 1, "request": "open", "key": "trades/venue/BTCUSDT", "start": 5, "credit": 9, "kind": {"version": 1}},
    {"id": 2, "request": "settings.patch", "plugin": "p", "revision": 1, "values": {"a": [1, 2.5, None, "x"]}},
    {"id": 3, "request": "run.seek", "run": "r1", "ts": 2**62},
    {"event": "batch", "stream": 1, "seq": 1, "epoch": 0, "recv_ts": 1, "covered": None, "n": 2},
)


@given(st.sampled_from(GOOD), st.lists(st.tuples(st.integers(0, 10**4), st.integers(1, 255)), max_size=4), st.data())
def test_flipped_and_truncated_messages_are_at_most_a_protocol_error(
    header: dict[str, Any], flips: list[tuple[int, int]], data: Any
) -> None:
    message = bytearray(BinaryCodec().encode(header, some_trades()))
    for at, bits in flips:
        message[at % len(message)] ^= bits
    cut = data.draw(st.integers(0, len(message)))
    with suppress(ProtocolError):
        decode_fully(BinaryCodec(), bytes(message[:cut]))


values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
)


@given(
    st.sampled_from(GOOD),
    st.dictionaries(st.sampled_from(("id", "request", "key", "start", "kind", "ts", "speed")), values),
)
def test_fields_of_any_type_are_at_most_a_protocol_error(header: dict[str, Any], changed: dict[str, Any]) -> None:
    with suppress(ProtocolError):
        decode_fully(BinaryCodec(), BinaryCodec().encode({**header, **changed}))
