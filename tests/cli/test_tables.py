"""Tables: exact decimals, and rows on another tick."""

from __future__ import annotations

import csv
import resource
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest

from flowdeck.cli._tables import regroup, table, trades_off_tick, writing
from flowdeck.errors import FlowdeckError
from flowdeck.instruments import Instrument, InstrumentId
from flowdeck.kinds import CORE_KINDS, Kinds
from flowdeck.testing import SAMPLE_INSTRUMENT, sample_trades
from flowdeck.testing.samples import naive_footprint, sample_footprint
from flowdeck.timeframes import Timeframe


@pytest.mark.parametrize(("tick", "grouping"), [("0.1", 1), ("0.5", 1), ("0.25", 7), ("3", 2), ("0.05", 10)])
def test_regrouping_equals_binning_the_trades_themselves(tick: str, grouping: int) -> None:
    trades, frame = sample_trades(), Timeframe.parse("1m")
    rows = regroup(sample_footprint(trades, frame), SAMPLE_INSTRUMENT, Decimal(tick), grouping)
    other = Instrument(InstrumentId("sample", "BTCUSDT"), Decimal(tick), SAMPLE_INSTRUMENT.lot_size)
    expected = naive_footprint(trades, other, frame, grouping)
    names = ("bid_lots", "ask_lots", "bid_trades", "ask_trades")
    assert {(int(row["index"]), int(row["row"])): tuple(int(row[name]) for name in names) for row in rows} == expected


def test_negative_and_large_amounts_keep_every_digit() -> None:
    rows = Kinds(CORE_KINDS)["bars"].empty(1)
    rows["delta_min"], rows["delta_max"] = -1, 2**62
    columns = table("bars", rows, SAMPLE_INSTRUMENT).to_pylist()[0]
    assert columns["delta_min"] == Decimal("-0.001")
    assert columns["delta_max"] == Decimal(2**62).scaleb(-3)
    assert np.all(rows["delta_min"] == -1)


@pytest.mark.parametrize(("tick", "off"), [("0.1", False), ("0.05", False), ("0.3", True), ("1000", True)])
def test_trades_between_the_ticks_asked_for_are_counted(tick: str, off: bool) -> None:
    rows = sample_footprint(sample_trades(), Timeframe.parse("1m"))
    ticks = [int(row["row"]) * SAMPLE_INSTRUMENT.tick_size % Decimal(tick) != 0 for row in rows]
    counts = [int(row["bid_trades"] + row["ask_trades"]) for row in rows]
    counted = trades_off_tick(rows, SAMPLE_INSTRUMENT, Decimal(tick))
    assert counted == sum(count for count, between in zip(counts, ticks, strict=True) if between)
    assert (counted > 0) == off


def test_amounts_beyond_64_bits_keep_every_digit() -> None:
    rows = Kinds(CORE_KINDS)["trades"].empty(1)
    rows["price"], rows["qty"] = 999_999_999_999.0, 1.0
    columns = table("trades", rows, SAMPLE_INSTRUMENT, decimals=8).to_pylist()[0]
    assert columns["price"] == Decimal(999_999_999_999)


def test_csv_writes_small_amounts_without_an_exponent(tmp_path: Path) -> None:
    rows = Kinds(CORE_KINDS)["trades"].empty(2)
    rows["price"], rows["qty"] = (8e-7, 1e-8), (1e-8, 3.0)
    fine = replace(SAMPLE_INSTRUMENT, tick_size=Decimal("1E-8"), lot_size=Decimal("1E-8"))
    with writing(tmp_path / "a.csv") as writer:
        writer.write(table("trades", rows, fine))
    with (tmp_path / "a.csv").open() as file:
        written = [(row["price"], row["qty"]) for row in csv.DictReader(file)]
    assert written == [("0.00000080", "0.00000001"), ("0.00000001", "3.00000000")]


@pytest.mark.parametrize("name", ["a.csv", "a.parquet"])
def test_a_full_disk_is_one_line_and_leaves_nothing_behind(name: str, tmp_path: Path) -> None:
    out = tmp_path / "tables" / name
    out.parent.mkdir()
    rows = Kinds(CORE_KINDS)["trades"].empty(5_000)
    rows["ts"] = np.random.default_rng(1).integers(0, 2**62, len(rows))
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4_096, limits[1]))
    try:
        with pytest.raises(FlowdeckError, match=f"{name}: cannot be written"), writing(out) as writer:
            writer.write(table("trades", rows, SAMPLE_INSTRUMENT))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert list(out.parent.iterdir()) == []
