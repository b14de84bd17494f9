"""`flowdeck replay --headless`: what it sums up, and the way into the window."""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from flowdeck.cli import main
from flowdeck.engine import RunInfo
from flowdeck.engine.runs import Runs
from flowdeck.errors import CaptureError
from flowdeck.testing.captures import CaptureBuilder
from flowdeck.testing.damage import DAMAGED_LINES, tear


def _replay(path: Path, capsys: pytest.CaptureFixture[str], *options: str) -> dict[str, Any]:
    assert main.main(["replay", str(path), "--headless", "--speed", "max", "--json", *options]) == 0
    told: dict[str, Any] = json.loads(capsys.readouterr().out)
    return told


def test_every_kind_is_counted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    builder = CaptureBuilder().exchange_info("0.1", "0.1").agg_trade("100", "1").agg_trade("100.1", "2", s="ETHUSDT")
    builder.book_ticker("100", "1", "100.1", "2").mark_price("100", "100").force_order("99", "1")
    builder.snapshot([("100", "1")], [("101", "1")], announce=True).depth([("100", "2")])
    told = _replay(builder.write(tmp_path / "a.gz"), capsys)
    assert told["rows"] == {
        "bars/binance-usdm/BTCUSDT?timeframe=1m": 1,
        "bars/binance-usdm/ETHUSDT?timeframe=1m": 1,
        "depth/binance-usdm/BTCUSDT": 3,
        "footprint/binance-usdm/BTCUSDT?timeframe=1m": 1,
        "footprint/binance-usdm/ETHUSDT?timeframe=1m": 1,
        "liquidations/binance-usdm/BTCUSDT": 1,
        "mark/binance-usdm/BTCUSDT": 1,
        "quotes/binance-usdm/BTCUSDT": 1,
        "trades/binance-usdm/BTCUSDT": 1,
        "trades/binance-usdm/ETHUSDT": 1,
    }
    assert told["frames"] == 8
    assert [one["symbol"] for one in told["instruments"]] == ["BTCUSDT", "ETHUSDT"]


def test_an_instrument_that_shows_up_late_is_counted_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    builder = CaptureBuilder()
    for _ in range(6_000):
        builder.agg_trade("100", "1")
    builder.agg_trade("50", "1", s="ETHUSDT", a=1)
    rows = _replay(builder.write(tmp_path / "a.gz"), capsys)["rows"]
    assert rows["trades/binance-usdm/BTCUSDT"] == 6_000
    assert rows["trades/binance-usdm/ETHUSDT"] == 1


def test_every_sort_of_damage_is_one_line_and_good_frames_are_kept(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    builder = CaptureBuilder().trade("100", "1")
    for damaged in DAMAGED_LINES.values():
        builder.stamped(damaged).trade("100", "1")
    builder.line("no receipt").frame("kline_1m", {"e": "kline"}).advance(-9).trade("100", "1")
    told = _replay(builder.write(tmp_path / "bad.gz"), capsys)
    assert told["rows"]["trades/binance-usdm/BTCUSDT?feed=raw"] == len(DAMAGED_LINES) + 2
    assert told["problem_count"] == len(DAMAGED_LINES) + 2
    assert told["skipped"] == {"event kline": 1}
    lines = [int(problem.split(":")[1]) for problem in told["problems"]]
    assert lines == [*range(2, 2 * len(DAMAGED_LINES) + 1, 2), 2 * len(DAMAGED_LINES) + 2, 2 * len(DAMAGED_LINES) + 4]
    assert all("\n" not in problem and problem.startswith("bad.gz:") for problem in told["problems"])


def test_a_capture_that_was_cut_off_is_replayed_to_its_last_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    builder = CaptureBuilder()
    for i in range(500):
        builder.trade(f"{100 + i * i % 97 / 10}", f"{1 + i * 7919 % 1009 / 1000}")
    told = _replay(tear(builder.write(tmp_path / "torn.gz"), 1_000), capsys)
    assert 300 < told["rows"]["trades/binance-usdm/BTCUSDT?feed=raw"] < 500
    assert told["problem_count"] == 1
    assert "cut off" in told["problems"][0]


def test_the_summary_reads_well(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = CaptureBuilder().trade("100.5", "1").stamped("oops").write(tmp_path / "a.gz")
    assert main.main(["replay", str(path), "--headless", "--speed", "max"]) == 0
    out, err = capsys.readouterr()
    assert out.startswith("a.gz: 2 frames of 0.0 s in ")
    assert "           1  trades/binance-usdm/BTCUSDT?feed=raw\n" in out
    assert "tick 0.1, lot 1 (inferred from the data)" in out
    assert "           1  problems" in out
    assert "a.gz:2: not JSON" in err


def test_a_capture_of_strangers_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = CaptureBuilder().stamped('{"price":1}').write(tmp_path / "a.gz")
    assert main.main(["replay", str(path), "--headless"]) == 1
    error = capsys.readouterr().err
    assert "a.gz: no plugin knows these frames" in error
    assert error.count("\n") == 1


def test_lines_that_are_no_frames_at_all_are_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "a.gz"
    path.write_bytes(gzip.compress(b"some log\nof something\n"))
    assert main.main(["replay", str(path), "--headless"]) == 1
    assert "a.gz: holds no frames; a.gz:1: not '<ns> <JSON>': some log" in capsys.readouterr().err


def test_a_capture_without_a_row_is_explained(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = CaptureBuilder().depth([("100.0", "1")], []).write(tmp_path / "a.gz")
    assert main.main(["replay", str(path), "--headless", "--speed", "max"]) == 0
    out, err = capsys.readouterr()
    assert out.startswith("a.gz: 1 frames")
    assert "its frames gave no rows" in err


@pytest.mark.parametrize(("speed", "rate"), [("20", 20.0), ("max", None)])
def test_speed_is_that_of_the_run(
    speed: str, rate: float | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    speeds: list[float | None] = []
    start = Runs.start

    async def note(runs: Runs, capture: Path, **options: Any) -> RunInfo:
        speeds.append(options["speed"])
        return await start(runs, capture, **options)

    monkeypatch.setattr(Runs, "start", note)
    path = CaptureBuilder().trade("100", "1").advance(0.1).trade("100", "1").write(tmp_path / "a.gz")
    assert main.main(["replay", str(path), "--headless", "--speed", speed, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["frames"] == 2
    assert speeds == [rate]


def test_without_headless_the_window_opens_on_the_capture(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[dict[str, object]] = []
    monkeypatch.setattr("flowdeck.cli.chart.chart", lambda **options: opened.append(options))
    path = CaptureBuilder().trade("100", "1").write(tmp_path / "a.gz")
    assert main.main(["replay", str(path), "--speed", "max"]) == 0
    assert opened == [{"capture": path, "speed": "max"}]


def test_what_is_no_capture_is_said_before_a_window_opens(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("flowdeck.cli.chart.chart", lambda **options: pytest.fail("opened"))
    assert main.main(["replay", str(tmp_path / "missing.gz")]) == 1
    assert "missing.gz: No such file or directory" in capsys.readouterr().err


def test_both_real_captures_replay_without_a_problem(
    usdm_capture: Path, spot_capture: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    usdm, spot = _replay(usdm_capture, capsys), _replay(spot_capture, capsys)
    assert (usdm["frames"], spot["frames"]) == (93_954, 41_249)
    assert usdm["rows"]["trades/binance-usdm/BTCUSDT?feed=raw"] == 21_313
    assert spot["rows"]["quotes/binance-spot/BTCUSDT"] == 28_040
    assert usdm["problem_count"] == spot["problem_count"] == 0


@pytest.mark.parametrize(
    "words", [("replay", "--headless", "CAPTURE"), ("export", "bars", "--out", "x.csv", "--capture", "CAPTURE")]
)
def test_a_capture_without_permission_is_no_wrong_usage(
    words: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = CaptureBuilder().agg_trade("1", "1").write(tmp_path / "a.gz")

    def denied(_: object) -> None:
        raise CaptureError(f"{path}: Permission denied")

    monkeypatch.setattr("os.access", lambda *_, **__: False)
    monkeypatch.setattr("flowdeck.captures.opening.CaptureReader", denied)
    assert main.main([str(path) if word == "CAPTURE" else word for word in words]) == 1
    assert "a.gz: Permission denied" in capsys.readouterr().err
