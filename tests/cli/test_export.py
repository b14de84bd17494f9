"""`flowdeck export` against independent computations, and its refusals."""

from __future__ import annotations

import csv
import json
from collections import defaultdict
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow.parquet
import pytest

from flowdeck.captures import CaptureReader
from flowdeck.cli import main
from flowdeck.testing.captures import CaptureBuilder

MINUTE_NS = 60_000_000_000


def _export(kind: str, capture: Path, out: Path, *options: str) -> list[dict[str, str]]:
    assert main.main(["export", kind, "--capture", str(capture), "--out", str(out), *options]) == 0
    with out.open(newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """Seven trades over two minutes, tick and lot stated."""
    builder = CaptureBuilder().exchange_info("0.1", "0.001")
    for price, qty, side in (("100.1", "0.5", 1), ("100.3", "0.25", -1), ("99.9", "1.000", -1), ("100.1", "0.125", 1)):
        builder.trade(price, qty, side)
    builder.advance(60)
    for price, qty, side in (("100.0", "2", 1), ("101.0", "3", -1), ("100.0", "0.001", -1)):
        builder.trade(price, qty, side)
    return builder.write(tmp_path / "small.gz")


def test_footprint_cells_are_exact_decimals(small: Path, tmp_path: Path) -> None:
    rows = _export("footprint", small, tmp_path / "cells.csv", "--grouping", "2")
    assert list(rows[0]) == ["ts", "row", "bid_qty", "ask_qty", "bid_trades", "ask_trades"]
    first = int(rows[0]["ts"])
    assert first % MINUTE_NS == 0
    assert [(int(row["ts"]) - first, *list(row.values())[1:]) for row in rows] == [
        (0, "499", "1.000", "0.000", "1", "0"),
        (0, "500", "0.000", "0.625", "0", "2"),
        (0, "501", "0.250", "0.000", "1", "0"),
        (MINUTE_NS, "500", "0.001", "2.000", "1", "1"),
        (MINUTE_NS, "505", "3.000", "0.000", "1", "0"),
    ]


def test_another_tick_size_bins_through_the_price(small: Path, tmp_path: Path) -> None:
    rows = _export("footprint", small, tmp_path / "cells.csv", "--tick-size", "0.5")
    assert [(row["row"], row["bid_qty"], row["ask_qty"]) for row in rows] == [
        ("200", "1.000", "0.625"),  # 99.9 and 100.1 are nearest to 100.0
        ("201", "0.250", "0.000"),  # 100.3 to 100.5
        ("200", "0.001", "2.000"),
        ("202", "3.000", "0.000"),
    ]


def test_bars_have_base_units_and_running_delta(small: Path, tmp_path: Path) -> None:
    first, second = _export("bars", small, tmp_path / "bars.csv")
    assert {name: first[name] for name in ("open", "high", "low", "close", "buy_qty", "sell_qty", "trades")} == {
        "open": "100.1",
        "high": "100.3",
        "low": "99.9",
        "close": "100.1",
        "buy_qty": "0.625",
        "sell_qty": "1.250",
        "trades": "4",
    }
    assert (first["delta_min"], first["delta_max"]) == ("-0.750", "0.500")
    assert (second["delta_min"], second["delta_max"]) == ("-1.001", "2.000")
    assert int(second["index"]) == int(second["ts"]) // MINUTE_NS


def test_trades_are_written_as_received(small: Path, tmp_path: Path) -> None:
    rows = _export("trades", small, tmp_path / "trades.csv")
    assert list(rows[0]) == ["ts", "price", "qty", "side", "id", "count", "recv_ts"]
    assert [(row["price"], row["qty"], row["side"]) for row in rows][:2] == [
        ("100.1", "0.500", "1"),
        ("100.3", "0.250", "-1"),
    ]
    assert [row["id"] for row in rows] == [str(number) for number in range(1, 8)]


@pytest.mark.parametrize("kind", ["trades", "bars", "footprint"])
def test_parquet_holds_the_same_as_csv(kind: str, small: Path, tmp_path: Path) -> None:
    rows = _export(kind, small, tmp_path / "t.csv")
    out = tmp_path / "t.parquet"
    assert main.main(["export", kind, "--capture", str(small), "--out", str(out)]) == 0
    table_ = pyarrow.parquet.read_table(out)
    assert [[str(value) for value in row.values()] for row in table_.to_pylist()] == [
        list(row.values()) for row in rows
    ]


def test_an_interval_is_cut_out(small: Path, tmp_path: Path) -> None:
    ts = int(_export("bars", small, tmp_path / "b.csv")[1]["ts"])
    assert len(_export("bars", small, tmp_path / "b.csv", "--from", str(ts))) == 1
    assert len(_export("bars", small, tmp_path / "b.csv", "--to", str(ts))) == 1
    assert len(_export("trades", small, tmp_path / "b.csv", "--to", str(ts))) == 4
    assert _export("footprint", small, tmp_path / "b.csv", "--to", "2001-01-01T00:00") == []


def test_inferred_steps_are_said_and_stated_ones_are_not(
    small: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _export("footprint", small, tmp_path / "a.csv")
    assert "inferred" not in capsys.readouterr().err
    bare = CaptureBuilder().trade("100.25", "1").write(tmp_path / "bare.gz")
    _export("footprint", bare, tmp_path / "a.csv")
    assert "tick size 0.01 and lot size 1 are inferred" in capsys.readouterr().err
    _export("footprint", bare, tmp_path / "a.csv", "--tick-size", "0.25")
    assert "inferred" not in capsys.readouterr().err


def test_a_price_that_refines_the_steps_late_tells_all_rows_anew(tmp_path: Path) -> None:
    builder = CaptureBuilder()
    for _ in range(6_000):  # beyond the opening lines that steps are first inferred from
        builder.trade("100.5", "1")
    builder.trade("100.25", "1")
    capture = builder.write(tmp_path / "late.gz")
    rows = _export("footprint", capture, tmp_path / "a.csv")
    assert [(row["row"], row["ask_trades"]) for row in rows] == [("10025", "1"), ("10050", "6000")]
    trades = _export("trades", capture, tmp_path / "t.csv")
    assert [row["price"] for row in trades[-2:]] == ["100.50", "100.25"]
    assert len(trades) == 6_001


def test_damaged_lines_are_named_and_the_rest_is_exported(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    builder = CaptureBuilder().exchange_info("0.1", "0.1").trade("100.1", "1").stamped("oops").trade("100.1", "2")
    rows = _export("footprint", builder.write(tmp_path / "bad.gz"), tmp_path / "a.csv")
    assert [row["ask_qty"] for row in rows] == ["3.0"]
    assert "bad.gz:4: not JSON" in capsys.readouterr().err


def test_json_tells_what_was_written(small: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = str(tmp_path / "a.csv")
    assert main.main(["export", "footprint", "--capture", str(small), "--out", out, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["out"], told["rows"], told["instrument"]) == (out, 5, "binance-usdm:BTCUSDT")
    assert (told["tick_size"], told["lot_size"], told["inferred"], told["problem_count"]) == ("0.1", "0.001", False, 0)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["export", "candles"], "'candles' is not one of"),
        (["export", "bars", "--out", "x.csv", "--capture", "a", "--from", "25:00"], "--from"),
        (["export", "bars", "--out", "x.xlsx"], "--out"),
        (["export", "bars", "--out", "x.csv", "--timeframe", "1y"], "--timeframe"),
        (["export", "bars", "--out", "x.csv", "--grouping", "0"], "--grouping"),
        (["export", "footprint", "--out", "x.csv", "--tick-size", "-1"], "--tick-size"),
        (["export", "bars", "--out", "x.csv", "--tick-size", "0.1"], "--tick-size"),
        (["export", "bars", "--out", "x.csv", "--instrument", "BTC"], "--instrument"),
        (["export", "bars", "--out", "x.csv", "--from", "yesterday"], "--from"),
        (["export", "bars", "--out", "x.csv", "--capture", "a", "--attach", "ws://b"], "--attach"),
        (["replay"], "CAPTURE"),
        (["replay", "a.gz", "--speed", "fast"], "--speed"),
        (["replay", "a.gz", "--speed", "0"], "--speed"),
        (["replay", "a.gz", "--json"], "--json"),
    ],
)
def test_wrong_usage_is_one_line_and_exit_code_2(
    words: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main.main(words) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert said in error


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--capture", "missing.gz"], "missing.gz: No such file"),
        (["--capture", "empty.gz"], "empty.gz: the file is empty"),
        (["--capture", "small.gz", "--instrument", "binance-usdm:NOPE"], "it holds binance-usdm:BTCUSDT"),
        (["--capture", "small.gz", "--out", "no/folder/x.csv"], "no/folder/x.csv: cannot be written"),
        (["--attach", "ws://127.0.0.1:9"], "127.0.0.1:9"),
    ],
)
def test_what_cannot_be_done_is_one_line_and_exit_code_1(
    options: list[str],
    said: str,
    small: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty.gz").touch()
    out = [] if "--out" in options else ["--out", "x.csv"]
    assert main.main(["export", "bars", *options, *out]) == 1
    error = capsys.readouterr().err
    assert said in error
    assert error.count("\n") == 1
    assert not (tmp_path / "x.csv").exists()
    assert not list(tmp_path.glob(".*partial"))


def test_a_failed_export_leaves_the_older_table_alone(tmp_path: Path) -> None:
    out = tmp_path / "x.csv"
    out.write_text("precious")
    assert main.main(["export", "bars", "--capture", str(tmp_path / "missing.gz"), "--out", str(out)]) == 1
    assert out.read_text() == "precious"


def _independent(path: Path, grouping: int) -> dict[tuple[int, int], list[Any]]:
    """Cells of a capture by json, Decimal and dictionaries."""
    tick = Decimal("0.1") if "usdm" in path.name else Decimal("0.01")
    cells: dict[tuple[int, int], list[Any]] = defaultdict(lambda: [Decimal(0), Decimal(0), 0, 0])
    for item in CaptureReader(path):
        document = json.loads(item.data)  # type: ignore[union-attr]
        data = document.get("data", {})
        if data.get("e") != "trade":
            continue
        ts = data["T"] * 1_000_000 // MINUTE_NS * MINUTE_NS
        cell = cells[ts, int(Decimal(data["p"]) / tick) // grouping]
        side = 0 if data["m"] else 1
        cell[side] += Decimal(data["q"])
        cell[2 + side] += 1
    return cells


@pytest.mark.parametrize("market", ["usdm", "spot"])
@pytest.mark.parametrize("grouping", [1, 10])
def test_cells_of_both_real_captures_equal_an_independent_computation(
    market: str, grouping: int, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    capture: Path = request.getfixturevalue(f"{market}_capture")
    rows = _export("footprint", capture, tmp_path / "cells.csv", "--grouping", str(grouping))
    expected = _independent(capture, grouping)
    exported = {
        (int(row["ts"]), int(row["row"])): [
            *(Decimal(row["bid_qty"]), Decimal(row["ask_qty"])),
            *(int(row["bid_trades"]), int(row["ask_trades"])),
        ]
        for row in rows
    }
    assert exported == expected
    assert len(rows) == len(exported)


def test_a_tick_size_too_fine_for_any_price_is_one_line(
    small: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["export", "footprint", "--capture", str(small), "--out", str(tmp_path / "a.csv")]
    assert main.main([*words, "--tick-size", "1e-400"]) == 1
    assert "is not within 2^53 steps of 1E-400" in capsys.readouterr().err


def test_a_time_of_day_is_one_of_the_newest_datas_day(small: Path, tmp_path: Path) -> None:
    ts = int(_export("bars", small, tmp_path / "b.csv")[1]["ts"])
    clock = datetime.fromtimestamp(ts // 10**9, UTC).strftime("%H:%M")
    assert [int(row["ts"]) for row in _export("bars", small, tmp_path / "b.csv", "--from", clock)] == [ts]
    assert len(_export("trades", small, tmp_path / "b.csv", "--to", clock)) == 4


def test_an_end_before_the_beginning_is_wrong_usage(
    small: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["export", "bars", "--capture", str(small), "--out", str(tmp_path / "b.csv")]
    assert main.main([*words, "--from", "10:00", "--to", "09:00"]) == 2
    assert "--to: must be later than --from" in capsys.readouterr().err


@pytest.mark.parametrize("kind", ["trades", "bars", "footprint"])
def test_a_range_without_data_is_said_with_what_there_is(
    kind: str, small: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _export(kind, small, tmp_path / "b.csv", "--to", "2001-01-01", "--json") == []
    said = capsys.readouterr()
    facts = json.loads(said.out)
    assert f"--from and --to hold no {kind}; the data span" in said.err
    assert facts["rows"] == 0
    assert facts["data_from_ns"] < facts["data_to_ns"]


def test_a_wrong_kind_is_a_plain_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    assert main.main(["export", "foo", "--out", "x.csv"]) == 2
    assert "Value error" not in capsys.readouterr().err
