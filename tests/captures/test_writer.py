"""Writing captures: members, sidecar, what a kill leaves behind."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from flowdeck.captures import CaptureIndex, CaptureReader, CaptureWriter, Control, Frame, Mark, index_path, span
from flowdeck.errors import CaptureError
from flowdeck.timeframes import SECOND_NS

_START = 1_700_000_000 * SECOND_NS


def _write(path: Path, seconds: int) -> list[int]:
    """One frame a second; the receipt times."""
    times = [_START + i * SECOND_NS for i in range(seconds)]
    with CaptureWriter(path, "binance", "binance-usdm", ts=_START) as writer:
        for ts in times:
            writer.frame(ts, b'{"ts":%d}' % ts)
    return times


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    times = _write(tmp_path / "a.gz", 35)
    reader = CaptureReader(tmp_path / "a.gz")
    first, *frames = reader
    assert isinstance(first, Control)
    assert (first.record["event"], first.record["source"], first.record["market"]) == (
        "start",
        "binance",
        "binance-usdm",
    )
    assert [frame.ts for frame in frames] == times
    assert not reader.problems


def test_a_member_begins_every_ten_seconds_and_the_sidecar_finds_it(tmp_path: Path) -> None:
    path = tmp_path / "a.gz"
    times = _write(path, 35)
    index = CaptureIndex.load(path)
    assert index is not None
    assert [mark.ts for mark in index.marks] == [times[0], times[10], times[20], times[30]]
    mark = index.before(times[25])
    reader = CaptureReader(path, start=mark)
    frames = [item for item in reader if isinstance(item, Frame)]
    assert [frame.ts for frame in frames] == times[20:]
    assert frames[0].line == 22  # the first line is the writer's own
    assert index.before(0) == index.marks[0]
    assert span(path) == (times[0], times[-1])


def test_a_checkpoint_is_the_member_from_which_every_book_can_be_rebuilt(tmp_path: Path) -> None:
    path = tmp_path / "a.gz"
    with CaptureWriter(path, "binance", "binance-usdm", ts=_START) as writer:
        for second in range(60):
            ts = _START + second * SECOND_NS
            writer.frame(ts, b"{}")
            if second in {12, 33}:
                writer.rest(ts, "https://host/depth?symbol=A", "A", b'{"lastUpdateId":1}')
            if second == 25:
                writer.rest(ts, "https://host/depth?symbol=B", "B", b'{"lastUpdateId":1}')
    index = CaptureIndex.load(path)
    assert index is not None
    marks = index.marks
    assert [mark.checkpoint for mark in marks] == [0, 0, *(marks[i].offset for i in (1, 1, 2, 2))]
    assert index.at(marks[5].checkpoint) == marks[2]


def test_line_breaks_in_a_frame_become_spaces(tmp_path: Path) -> None:
    with CaptureWriter(tmp_path / "a.gz", "binance", "binance-spot", ts=_START) as writer:
        writer.frame(_START, b'{\n "a":\r\n 1}')
    frames = [item for item in CaptureReader(tmp_path / "a.gz") if isinstance(item, Frame)]
    assert [frame.data for frame in frames] == [b'{  "a":   1}']


def test_a_file_that_exists_is_never_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "a.gz"
    path.write_bytes(b"precious")
    with pytest.raises(CaptureError, match="exists already"):
        CaptureWriter(path, "binance", "binance-spot", ts=_START)
    assert path.read_bytes() == b"precious"


def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(CaptureError, match="cannot be written"):
        CaptureWriter(tmp_path / "file" / "a.gz", "binance", "binance-spot", ts=_START)


@pytest.mark.parametrize("text", ["", "1 2", "a b c d\n", "1700000000000000000 999999 1 0\n", "\xff"])
def test_a_sidecar_that_does_not_belong_is_ignored(tmp_path: Path, text: str) -> None:
    path = tmp_path / "a.gz"
    _write(path, 2)
    index_path(path).write_text(text, "latin-1")
    assert CaptureIndex.load(path) is None
    assert span(path) == (_START, _START + SECOND_NS)


def test_a_torn_sidecar_keeps_its_whole_lines(tmp_path: Path) -> None:
    path = tmp_path / "a.gz"
    _write(path, 25)
    text = index_path(path).read_text("ascii")
    index_path(path).write_text(text[:-3], "ascii")
    index = CaptureIndex.load(path)
    assert index is not None
    assert len(index.marks) == 2
    assert isinstance(index.marks[0], Mark)


_ENDLESS = """
import sys
from flowdeck.captures import CaptureWriter
writer = CaptureWriter(sys.argv[1], "binance", "binance-usdm", ts=1_700_000_000_000_000_000)
for i in range(11_500):
    writer.frame(1_700_000_000_000_000_000 + i * 1_000_000, b'{"i":%d}' % i)
print("written", flush=True)
sys.stdin.read()
"""


def test_after_kill_9_all_but_the_last_second_is_readable(tmp_path: Path) -> None:
    path = tmp_path / "a.gz"
    process = subprocess.Popen(
        [sys.executable, "-c", _ENDLESS, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdin is not None
    assert process.stdout.readline() == "written\n"
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    process.stdout.close()
    process.stdin.close()
    reader = CaptureReader(path)
    frames = [item for item in reader if isinstance(item, Frame)]
    assert [frame.data for frame in frames] == [b'{"i":%d}' % i for i in range(len(frames))]
    assert len(frames) > 11_000  # flushed at 11 s; what is compressed by itself would end at 10 s
    assert reader.problem_count == 1
    index = CaptureIndex.load(path)
    assert index is not None
    assert len(index.marks) == 2
