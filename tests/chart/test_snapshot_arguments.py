"""`flowdeck snapshot`: wrong usage is said in one line, before any work."""

import os
from pathlib import Path

import pytest

from flowdeck.cli._arguments import parse_when
from flowdeck.cli.main import main
from flowdeck.timeframes import DAY_NS


@pytest.fixture
def capture(tmp_path: Path) -> Path:
    path = tmp_path / "empty.gz"
    path.write_bytes(b"")
    return path


def refused(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    assert main(["snapshot", *words]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert len(said.err.strip().splitlines()) == 1
    return said.err


@pytest.mark.parametrize("words", [(), ("--capture", "x.gz", "--attach", "ws://127.0.0.1:1")])
def test_one_of_capture_and_attach_is_needed(capsys: pytest.CaptureFixture[str], words: tuple[str, ...]) -> None:
    assert "either --capture FILE or --attach URL" in refused(capsys, *words)


@pytest.mark.parametrize(
    ("option", "value", "words"),
    [
        ("--size", "wide", "is not WIDTHxHEIGHT"),
        ("--size", "100x900", "from 240 to 8192"),
        ("--size", "9000x900", "from 240 to 8192"),
        ("--scale", "9", "between 0.5 and 4.0"),
        ("--scale", "nan", "between 0.5 and 4.0"),
        ("--timeframe", "500t", "do not close by time"),
        ("--grouping", "0", "neither auto nor a number of ticks"),
        ("--instrument", "BTCUSDT", "is not VENUE:SYMBOL"),
        ("--from", "yesterday", "is not a time such as"),
        ("--to", "25:00", "is not a time such as"),
        ("--out", "chart.jpg", "written as .png"),
        ("--out", "nowhere/chart.png", "there is no folder nowhere"),
        ("--layers", "footprint,vwap", "no layer vwap; known are"),
        ("--layers", "", "names no layer"),
        ("--theme", "pink", "'pink' is neither dark nor light"),
    ],
)
def test_bad_values_name_the_value_and_what_is_allowed(
    capsys: pytest.CaptureFixture[str],
    capture: Path,
    option: str,
    value: str,
    words: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(capture.parent)
    assert words in refused(capsys, "--capture", str(capture), option, value)


def test_a_size_is_limited_with_its_scale(capsys: pytest.CaptureFixture[str], capture: Path) -> None:
    assert "at scale 4" in refused(capsys, "--capture", str(capture), "--size", "4000x900", "--scale", "4")


def test_a_folder_that_cannot_be_written_is_said_before_drawing(
    capsys: pytest.CaptureFixture[str], capture: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.access", lambda _path, mode, **_: mode != os.W_OK)  # root may write anywhere
    assert "no permission" in refused(capsys, "--capture", str(capture), "--out", str(capture.parent / "c.png"))


def test_a_folder_is_no_picture(capsys: pytest.CaptureFixture[str], capture: Path, tmp_path: Path) -> None:
    (tmp_path / "folder.png").mkdir()
    assert "is a folder" in refused(capsys, "--capture", str(capture), "--out", str(tmp_path / "folder.png"))


@pytest.mark.parametrize(
    ("text", "newest", "ns"),
    [
        ("2024-08-08T23:55:00", 0, 1_723_161_300 * 10**9),
        ("2024-08-09T01:55:00+02:00", 0, 1_723_161_300 * 10**9),
        ("2024-08-08", 0, 1_723_075_200 * 10**9),
        ("23:55", 1_723_161_585 * 10**9, 1_723_161_300 * 10**9),
        ("1723161300000000000", 0, 1_723_161_300 * 10**9),
        ("23:55:00.5", 5 * DAY_NS + 7, 5 * DAY_NS + 86_100 * 10**9 + 500_000_000),
    ],
)
def test_times_are_utc_and_times_of_day_belong_to_the_newest_data(text: str, newest: int, ns: int) -> None:
    when = parse_when(text, "--from")
    assert when is not None
    assert when(newest) == ns
