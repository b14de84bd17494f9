"""Keys have one text form; batches and requests refuse what breaks their contract."""

from typing import Literal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowdeck.errors import StreamError, TimeframeError
from flowdeck.instruments import InstrumentId
from flowdeck.kinds import CORE_KINDS, Kinds, KindSpec, Mode
from flowdeck.streams import Batch, Resolution, StreamKey, StreamRequest

BTC = InstrumentId("binance-usdm", "BTCUSDT")
words = st.text("abcXYZ09-_.&=?/ é", min_size=1, max_size=8)


@given(st.dictionaries(words.filter(lambda w: w != "run"), words, max_size=3), st.none() | words)
def test_a_key_survives_its_text(params: dict[str, str], run: str | None) -> None:
    key = StreamKey("footprint", BTC, tuple(sorted(params.items())), run)
    assert StreamKey.parse(str(key)) == key


def test_the_text_form_is_the_documented_one() -> None:
    key = StreamKey.of("footprint", BTC, timeframe="1m", grouping=None, run="r1")
    assert str(key) == "footprint/binance-usdm/BTCUSDT?timeframe=1m&run=r1"
    assert key.derive("bars", timeframe="1m") == StreamKey.of("bars", BTC, timeframe="1m", run="r1")


@pytest.mark.parametrize("text", ["", "trades", "trades/binance", "a/b/c/d", "a//c", "a/b/c?x", "a/b/c?x=1&&y"])
def test_what_is_no_key_is_refused(text: str) -> None:
    with pytest.raises(StreamError, match="stream key"):
        StreamKey.parse(text)


@pytest.mark.parametrize("grouping", ["0", "-1", "1.5", "ten", "²"])
def test_a_grouping_is_a_whole_number_of_ticks(grouping: str) -> None:
    with pytest.raises(StreamError, match="whole number of ticks"):
        _ = StreamKey.of("footprint", BTC, grouping=grouping).grouping


def test_a_key_without_or_with_a_bad_timeframe_says_so() -> None:
    with pytest.raises(StreamError, match="has no timeframe"):
        _ = StreamKey.of("trades", BTC).timeframe
    with pytest.raises(TimeframeError):
        _ = StreamKey.of("bars", BTC, timeframe="1x").timeframe


def test_rows_of_a_batch_cannot_be_changed() -> None:
    batch = Batch(StreamKey.of("trades", BTC), Kinds(CORE_KINDS)["trades"].empty(2))
    with pytest.raises(ValueError, match="read-only"):
        batch.rows["ts"] = 1


@pytest.mark.parametrize("rows", [np.zeros(2), np.zeros(2, [("a", "O")])])
def test_a_batch_holds_structured_rows_without_objects(rows: np.ndarray) -> None:
    with pytest.raises(StreamError, match="structured array without objects"):
        Batch(StreamKey.of("trades", BTC), rows)


@given(st.none() | st.integers(0, 2**62), st.booleans(), st.sampled_from(("oldest", "newest")))
def test_a_request_survives_its_dictionary(start: int | None, live: bool, order: Literal["oldest", "newest"]) -> None:
    request = StreamRequest(StreamKey.of("bars", BTC, timeframe="1m"), start, None, live, Resolution(10, 0.5), order)
    assert StreamRequest.from_dict(request.to_dict()) == request


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"key": 1},
        {"key": "a/b/c", "order": "sideways"},
        {"key": "a/b/c", "start": "now"},
        {"key": "a/b/c", "start": 1.5},
        {"key": "a/b/c", "since": 1},
        {"key": "a/b/c", "start": 5, "stop": 1, "live": False},
        {"key": "a/b/c", "stop": 9, "live": True},
        {"key": "a/b/c", "resolution": ["x", 1]},
    ],
)
def test_a_damaged_request_is_refused(data: dict[str, object]) -> None:
    with pytest.raises(StreamError):
        StreamRequest.from_dict(data)


def test_a_kind_must_make_sense() -> None:
    row = np.dtype([("ts", "i8"), ("a", "i8")])
    with pytest.raises(StreamError, match="upsert kinds, and only they"):
        KindSpec("x", row, 1, Mode.UPSERT)
    with pytest.raises(StreamError, match="no field b"):
        KindSpec("x", row, 1, Mode.UPSERT, ("b",))
    with pytest.raises(StreamError, match="without objects"):
        KindSpec("x", np.dtype([("ts", "O")]), 1, Mode.APPEND)


def test_a_kind_name_belongs_to_one_row() -> None:
    kinds = Kinds(CORE_KINDS)
    kinds.add(CORE_KINDS[0])
    with pytest.raises(StreamError, match="already registered"):
        kinds.add(KindSpec("trades", np.dtype([("ts", "i8")]), 1, Mode.APPEND))
    with pytest.raises(StreamError, match="no kind 'tradez'"):
        _ = kinds["tradez"]
