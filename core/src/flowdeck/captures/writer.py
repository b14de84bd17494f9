"""Writing a capture so that kill -9 costs at most the last second."""

from __future__ import annotations

import zlib
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import msgspec

from flowdeck.captures.index import Mark, index_path
from flowdeck.errors import CaptureError
from flowdeck.version import __version__

__all__ = ["MEMBER_NS", "CaptureWriter"]

MEMBER_NS = 10_000_000_000
"""A new gzip member begins when the one before is this old, ns of receipt time."""

_FLUSH_NS = 1_000_000_000
_LEVEL = 6


class CaptureWriter:
    """Writes one capture and its `.idx` sidecar. Blocking: call it from a thread of its own (`CaptureRecorder` does).

    Every second of receipt time what was compressed is handed to the operating system, so that a killed process
    leaves a file that reads up to there.
    """

    def __init__(self, path: Path | str, source: str, market: str, *, ts: int) -> None:
        """Create the file; its first line records version, source and market.

        Args:
            path: The file, conventionally `*.gz`; it must not exist.
            source: Id of the source's spec, for example `binance`.
            market: Venue of the instruments, for example `binance-usdm`.
            ts: Local time, ns UTC.

        Raises:
            CaptureError: when the file exists or cannot be written.
        """
        self.path = Path(path)
        self._source, self._market = source, market
        self._deflate: zlib._Compress | None = None
        self._member_ts = self._flush_ts = 0
        self._line = 0
        self._offset = 0
        self._snapshots: dict[str, int] = {}
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._file = self.path.open("xb", buffering=0)
            self._index = index_path(self.path).open("w", encoding="ascii", buffering=1)
        except OSError as error:
            if self.path.exists():
                raise CaptureError(f"{self.path}: exists already; captures are never overwritten") from error
            raise CaptureError(f"{self.path}: cannot be written: {error.strerror or error}") from error
        self.control(ts, event="start", version=__version__, source=source, market=market)

    def frame(self, ts: int, data: bytes) -> None:
        """Write one frame received at `ts` (ns UTC); line breaks inside it become spaces.

        Raises:
            CaptureError: when the disk refuses.
        """
        if self._deflate is None or ts - self._member_ts >= MEMBER_NS:
            self._begin(ts)
        if b"\n" in data or b"\r" in data:
            data = data.replace(b"\n", b" ").replace(b"\r", b" ")
        self._put(b"%d %b\n" % (ts, data))
        self._line += 1
        if ts - self._flush_ts >= _FLUSH_NS:
            self._flush(ts)

    def control(self, ts: int, **record: Any) -> None:
        """Write a control line, for example `control(ts, event="disconnect", reason="…")`."""
        self.frame(ts, msgspec.json.encode({"flowdeck": record}))

    def rest(self, ts: int, url: str, symbol: str, body: bytes) -> None:
        """Write a REST reply behind the control line that says what it answers.

        Args:
            ts: Receipt, ns UTC.
            url: What was asked.
            symbol: Whose answer it is; empty when it is not about one symbol.
            body: The JSON as received.
        """
        self.control(ts, event="rest", url=url, symbol=symbol)
        if symbol and "/depth" in url:
            self._snapshots[symbol] = self._offset_of_member
        self.frame(ts, body)

    def close(self) -> None:
        """End the last member and the sidecar; closing twice is harmless."""
        if self._file.closed:
            return
        try:
            if self._deflate is not None:
                self._write(self._deflate.flush())
        finally:
            self._file.close()
            self._index.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def _begin(self, ts: int) -> None:
        if self._deflate is not None:
            self._write(self._deflate.flush())
        self._deflate = zlib.compressobj(_LEVEL, zlib.DEFLATED, 31)
        self._member_ts = self._flush_ts = ts
        self._offset_of_member = self._offset
        checkpoint = min(self._snapshots.values(), default=0)
        mark = Mark(ts, self._offset, self._line + 1, checkpoint)
        self._index.write(" ".join(map(str, mark)) + "\n")

    def _flush(self, ts: int) -> None:
        assert self._deflate is not None
        self._flush_ts = ts
        self._write(self._deflate.flush(zlib.Z_SYNC_FLUSH))

    def _put(self, text: bytes) -> None:
        assert self._deflate is not None
        self._write(self._deflate.compress(text))

    def _write(self, data: bytes) -> None:
        try:
            while data:
                written = self._file.write(data)
                self._offset += written
                data = data[written:]
        except OSError as error:
            raise CaptureError(f"{self.path}: cannot be written: {error.strerror or error}") from error
