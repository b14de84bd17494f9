"""Tables: exact decimals, and rows on another tick."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pytest

from flowdeck.cli._tables import regroup, table
from flowdeck.instruments import Instrument, InstrumentId
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
    from flowdeck.kinds import CORE_KINDS, Kinds

    rows = Kinds(CORE_KINDS)["bars"].empty(1)
    rows["delta_min"], rows["delta_max"] = -1, 2**62
    columns = table("bars", rows, SAMPLE_INSTRUMENT).to_pylist()[0]
    assert columns["delta_min"] == Decimal("-0.001")
    assert columns["delta_max"] == Decimal(2**62).scaleb(-3)
    assert np.all(rows["delta_min"] == -1)
