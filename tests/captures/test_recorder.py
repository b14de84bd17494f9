"""Recording from a source: never blocking, never dropping silently."""

import threading
from pathlib import Path

import pytest

from flowdeck.captures import CaptureReader, CaptureRecorder, CaptureWriter, Control, Frame
from flowdeck.errors import CaptureError

_START = 1_700_000_000_000_000_000


def test_a_recorder_writes_what_its_tap_is_told(tmp_path: Path) -> None:
    recorder = CaptureRecorder(tmp_path, "binance", "binance-usdm", ts=_START)
    recorder.control(_START, event="connect", url="wss://host")
    recorder.frame(_START + 1, b'{"a":1}')
    recorder.rest(_START + 2, "https://host/depth", "BTCUSDT", b'{"lastUpdateId":1}')
    recorder.close()
    recorder.close()
    assert recorder.path.name == "binance-usdm-20231114-221320.gz"
    items = list(CaptureReader(recorder.path))
    assert [item.record["event"] for item in items if isinstance(item, Control)] == ["start", "connect", "rest"]
    assert [item.data for item in items if isinstance(item, Frame)] == [b'{"a":1}', b'{"lastUpdateId":1}']


def test_a_second_recording_in_the_same_second_gets_a_name_of_its_own(tmp_path: Path) -> None:
    first, second = (CaptureRecorder(tmp_path, "binance", "binance-spot", ts=_START) for _ in range(2))
    first.close()
    second.close()
    assert first.path != second.path


def test_a_full_queue_drops_and_the_capture_says_how_many(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("flowdeck.captures.recorder._QUEUE", 4)
    writing, go_on, drained = threading.Event(), threading.Event(), threading.Event()
    honest = CaptureWriter.frame

    def slow(writer: CaptureWriter, ts: int, data: bytes) -> None:
        if data == b'{"slow":1}':
            writing.set()
            go_on.wait(10)
        honest(writer, ts, data)
        if data == b'{"i":3}':
            drained.set()

    monkeypatch.setattr(CaptureWriter, "frame", slow)
    recorder = CaptureRecorder(tmp_path, "binance", "binance-spot", ts=_START)
    recorder.frame(_START, b'{"slow":1}')
    assert writing.wait(10)
    for i in range(10):
        recorder.frame(_START + i, b'{"i":%d}' % i)
    go_on.set()
    assert drained.wait(10)
    recorder.frame(_START + 20, b'{"after":1}')
    recorder.close()
    assert recorder.dropped == 6
    items = list(CaptureReader(recorder.path))
    assert [item.record for item in items if isinstance(item, Control)][1:] == [{"event": "overrun", "dropped": 6}]
    assert [item.data for item in items if isinstance(item, Frame)][-2:] == [b'{"i":3}', b'{"after":1}']


def test_a_disk_that_refuses_ends_recording_and_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(writer: CaptureWriter, ts: int, data: bytes) -> None:
        raise CaptureError(f"{writer.path}: cannot be written: No space left on device")

    recorder = CaptureRecorder(tmp_path, "binance", "binance-spot", ts=_START)
    monkeypatch.setattr(CaptureWriter, "frame", refuse)
    recorder.frame(_START, b"{}")
    recorder.close()
    recorder.frame(_START, b"{}")
    assert "No space left" in recorder.failure
