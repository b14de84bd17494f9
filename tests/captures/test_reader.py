"""Reading captures: what is good is kept, what is not is named by file and line."""

import gzip
import os
import random
import tracemalloc
from pathlib import Path

import pytest

from flowdeck.captures import CaptureReader, Control, Frame, span
from flowdeck.errors import CaptureError
from flowdeck.testing.captures import CaptureBuilder
from flowdeck.testing.damage import damage, tear


def _frames(reader: CaptureReader) -> list[Frame]:
    return [item for item in reader if isinstance(item, Frame)]


def _random_lines(builder: CaptureBuilder, count: int, seed: str = "a") -> CaptureBuilder:
    """Lines that do not compress away, so that a cut or a flipped byte hits in the middle."""
    dice = random.Random(seed)
    for _ in range(count):
        builder.stamped(f'{{"x":"{dice.getrandbits(400):x}"}}')
    return builder


def test_frames_come_with_line_and_receipt_in_file_order(tmp_path: Path) -> None:
    builder = CaptureBuilder().start().trade("100.0", "1").trade("100.1", "2")
    items = list(CaptureReader(builder.write(tmp_path / "a.gz")))
    assert isinstance(items[0], Control)
    assert items[0].record["source"] == "binance"
    assert [item.line for item in items] == [1, 2, 3]
    assert [item.ts for item in items] == [int(line.split(b" ")[0]) for line in builder.lines]
    assert isinstance(items[2], Frame)
    assert items[2].data == builder.lines[2].partition(b" ")[2]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "the file is empty"),
        (b"1700000040000000000 {}\n", "not gzip data"),
        (b"PK\x03\x04 some archive", "not gzip data"),
        (gzip.compress(b""), "holds no frames"),
        (b"\x1f\x8b\x08" + b"\xff" * 100, "holds no frames"),
    ],
)
def test_a_file_that_is_no_capture_is_one_line_with_its_name(tmp_path: Path, content: bytes, reason: str) -> None:
    path = tmp_path / "bad.gz"
    path.write_bytes(content)
    with pytest.raises(CaptureError, match=reason) as error:
        list(CaptureReader(path))
    assert str(path) in str(error.value)
    assert "\n" not in str(error.value)


def test_a_file_cut_off_before_its_first_line_says_so(tmp_path: Path) -> None:
    path = tmp_path / "cut.gz"
    path.write_bytes(gzip.compress(b"1700000040000000000 {}\n")[:10])
    with pytest.raises(CaptureError, match=r"holds no frames; cut.gz:1: the file is cut off here"):
        list(CaptureReader(path))


def test_a_pipe_is_refused_before_it_is_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.gz")
    held = os.open(tmp_path / "pipe.gz", os.O_RDWR)  # so that a reader that opens it after all need not wait
    try:
        os.write(held, b"some bytes")
        with pytest.raises(CaptureError, match=r"pipe\.gz: not a file"):
            CaptureReader(tmp_path / "pipe.gz")
    finally:
        os.close(held)


def test_bytes_that_are_no_text_are_quoted_on_one_line(tmp_path: Path) -> None:
    path = tmp_path / "a.gz"
    path.write_bytes(gzip.compress(b"\xef\xbb\x07x\n1700000040000000000 {}\n"))
    reader = CaptureReader(path)
    assert len(_frames(reader)) == 1
    assert [problem.reason for problem in reader.problems] == [r"not '<ns> <JSON>': \xef\xbb\x07x"]


@pytest.mark.parametrize("name", ["missing.gz", "."])
def test_a_missing_file_and_a_folder_are_said(tmp_path: Path, name: str) -> None:
    with pytest.raises(CaptureError, match=r"No such file|Is a directory"):
        CaptureReader(tmp_path / name)


@pytest.mark.parametrize(
    "line",
    ["", "nonsense", "1700000040000000000", "17000 {}", "99999999999999999999999 {}", "-1700000040000000000 {}"],
)
def test_a_line_without_a_receipt_time_is_left_out_and_its_neighbours_are_kept(tmp_path: Path, line: str) -> None:
    builder = CaptureBuilder().trade("100.0", "1").line(line).trade("100.1", "2")
    reader = CaptureReader(builder.write(tmp_path / "a.gz"))
    assert [frame.line for frame in _frames(reader)] == [1, 3]
    assert reader.lines == 3
    if line:
        assert [str(problem).split(": ")[0] for problem in reader.problems] == ["a.gz:2"]
    else:
        assert not reader.problems


def test_a_last_line_without_an_end_counts_in_a_whole_file(tmp_path: Path) -> None:
    path = tmp_path / "a.gz"
    path.write_bytes(gzip.compress(b"1700000040000000000 {}\n1700000040000000001 {}"))
    reader = CaptureReader(path)
    assert len(_frames(reader)) == 2
    assert not reader.problems


def test_a_torn_tail_reads_up_to_the_last_good_line(tmp_path: Path) -> None:
    builder = _random_lines(CaptureBuilder(), 400)
    whole = _frames(CaptureReader(builder.write(tmp_path / "a.gz")))
    for cut in (1, 9, 1_000, 7_777):
        reader = CaptureReader(tear(builder.write(tmp_path / "torn.gz"), cut))
        frames = _frames(reader)
        assert frames == whole[: len(frames)]
        assert len(frames) >= len(whole) - cut // 30 - 3
        assert reader.problem_count == 1
        assert "cut off" in reader.problems[0].reason
        assert reader.problems[0].line == len(frames) + 1


def test_damage_in_one_member_costs_only_lines_of_that_member(tmp_path: Path) -> None:
    builder = CaptureBuilder()
    for seed in "abc":
        _random_lines(builder, 200, seed).member()
    path = builder.write(tmp_path / "a.gz")
    whole = _frames(CaptureReader(path))
    reader = CaptureReader(damage(path, path.stat().st_size // 2, 20))
    kept = [frame.data for frame in _frames(reader)]
    assert kept[:200] == [frame.data for frame in whole[:200]]
    assert kept[-200:] == [frame.data for frame in whole[-200:]]
    assert 400 < len(kept) < 600
    assert "damaged" in reader.problems[0].reason
    assert 200 < reader.problems[0].line <= 400


def test_a_wrong_checksum_is_said_and_its_lines_are_kept(tmp_path: Path) -> None:
    path = _random_lines(CaptureBuilder(), 50).write(tmp_path / "a.gz")
    reader = CaptureReader(damage(path, path.stat().st_size - 8))
    assert len(_frames(reader)) == 50
    assert [problem.reason for problem in reader.problems] == ["the compressed data is damaged (incorrect data check)"]


def test_garbage_between_and_after_members_is_passed_over(tmp_path: Path) -> None:
    first = CaptureBuilder().trade("100.0", "1").write(tmp_path / "1.gz").read_bytes()
    path = tmp_path / "a.gz"
    path.write_bytes(first + b"garbage" * 30_000 + first + b"tail")
    reader = CaptureReader(path)
    assert len(_frames(reader)) == 2
    assert reader.problem_count == 2


def test_padding_with_zeros_is_no_problem(tmp_path: Path) -> None:
    path = CaptureBuilder().trade("100.0", "1").write(tmp_path / "a.gz")
    path.write_bytes(path.read_bytes() + bytes(1_000))
    reader = CaptureReader(path)
    assert len(_frames(reader)) == 1
    assert not reader.problems


def test_members_join_in_the_middle_of_a_line(tmp_path: Path) -> None:
    path = tmp_path / "a.gz"
    path.write_bytes(gzip.compress(b'1700000040000000000 {"a"') + gzip.compress(b":1}\n"))
    assert [frame.data for frame in _frames(CaptureReader(path))] == [b'{"a":1}']


def test_receipt_running_backwards_is_said_once_a_jump_and_the_frames_are_kept(tmp_path: Path) -> None:
    builder = CaptureBuilder().trade("1", "1").advance(-5).trade("2", "1").trade("3", "1")
    reader = CaptureReader(builder.write(tmp_path / "a.gz"))
    assert len(_frames(reader)) == 3
    assert [(problem.line, problem.reason) for problem in reader.problems] == [
        (2, "receipt time runs backwards by 4.999 s; the frame is kept")
    ]


def test_an_absurdly_long_line_is_left_out_without_being_held(tmp_path: Path) -> None:
    path = CaptureBuilder().trade("1", "1").stamped(b"x" * 80_000_000).trade("2", "1").write(tmp_path / "a.gz")
    tracemalloc.start()
    reader = CaptureReader(path, longest_line=10_000_000)
    frames = _frames(reader)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert [frame.line for frame in frames] == [1, 3]
    assert [str(problem) for problem in reader.problems] == ["a.gz:2: line is longer than 10000000 bytes"]
    assert peak < 40_000_000


def test_problems_are_bounded_and_counted(tmp_path: Path) -> None:
    builder = CaptureBuilder()
    for _ in range(500):
        builder.line("nonsense")
    reader = CaptureReader(builder.trade("1", "1").write(tmp_path / "a.gz"))
    assert len(_frames(reader)) == 1
    assert reader.problem_count == 500
    assert len(reader.problems) == 100


def test_windows_line_ends_are_read(tmp_path: Path) -> None:
    path = tmp_path / "a.gz"
    path.write_bytes(gzip.compress(b'1700000040000000000 {"a":1}\r\n'))
    assert [frame.data.strip() for frame in _frames(CaptureReader(path))] == [b'{"a":1}']


def test_reading_twice_counts_anew(tmp_path: Path) -> None:
    reader = CaptureReader(CaptureBuilder().trade("1", "1").line("x").write(tmp_path / "a.gz"))
    for _ in range(2):
        assert len(_frames(reader)) == 1
        assert (reader.frames, reader.lines, reader.problem_count) == (1, 2, 1)
    assert reader.position == reader.size


def test_span_is_first_and_last_receipt(tmp_path: Path) -> None:
    builder = CaptureBuilder().trade("1", "1").advance(60).trade("1", "1").line("torn")
    path = builder.write(tmp_path / "a.gz")
    assert span(path) == (builder.now - 60_000_000_000 - 2_000_000, builder.now - 1_000_000)
