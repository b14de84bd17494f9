"""`flowdeck export` from an engine elsewhere."""

from __future__ import annotations

import csv
from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path
from typing import ClassVar, Self

import pytest

from flowdeck.cli import main
from flowdeck.instruments import Instrument
from flowdeck.streams import EndOfStream, StreamEvent, StreamKey, StreamRequest
from flowdeck.testing import SAMPLE_INSTRUMENT, SAMPLE_START, sample_batches, sample_trades
from flowdeck.testing.samples import naive_footprint
from flowdeck.timeframes import Timeframe

MINUTE_NS = 60_000_000_000


class _FakeClient:
    """An engine elsewhere that knows the sample."""

    asked: ClassVar[list[StreamRequest]] = []

    def __init__(self, url: str, token: str | None) -> None:
        self.url = url

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *error: object) -> None:
        pass

    async def open(self, request: StreamRequest) -> _FakeRemote:
        self.asked.append(request)
        return _FakeRemote(request.key)


class _FakeRemote:
    def __init__(self, key: StreamKey) -> None:
        self.key = key
        self.instrument = Instrument.from_dict(SAMPLE_INSTRUMENT.to_dict() | {"venue": "sample"})

    async def cancel(self) -> None:
        self.key = StreamKey.parse("trades/sample/GONE")

    async def __aiter__(self) -> AsyncIterator[StreamEvent]:
        for batch in sample_batches(self.key):
            yield batch
        yield EndOfStream(self.key, "done")


@pytest.mark.parametrize(("tick", "opened"), [("0.1", [5]), ("0.5", [5, 1])])
def test_an_engine_is_read_in_one_request_or_rebinned_from_its_ticks(
    tick: str, opened: list[int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("flowdeck.cli._exporting.Client", _FakeClient)
    monkeypatch.setattr(_FakeClient, "asked", [])
    out = tmp_path / "cells.csv"
    words = ["export", "footprint", "--attach", "ws://engine", "--instrument", "sample:BTCUSDT", "--out", str(out)]
    assert main.main([*words, "--grouping", "5", "--tick-size", tick, "--from", "2023-11-14T22:14"]) == 0
    assert [request.key.grouping for request in _FakeClient.asked] == opened
    assert all(not request.live and request.start == SAMPLE_START for request in _FakeClient.asked)
    other = Instrument(SAMPLE_INSTRUMENT.id, Decimal(tick), SAMPLE_INSTRUMENT.lot_size)
    expected = naive_footprint(sample_trades(), other, Timeframe.parse("1m"), 5)
    with out.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert sorted((int(row["ts"]) // MINUTE_NS, int(row["row"])) for row in rows) == sorted(expected)
    lots = sum(cell[0] + cell[1] for cell in expected.values())
    assert sum(Decimal(row["bid_qty"]) + Decimal(row["ask_qty"]) for row in rows) == lots * other.lot_size
