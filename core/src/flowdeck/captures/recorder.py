"""Recording what a source receives, from the event loop, without ever blocking it."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from flowdeck.captures.writer import CaptureWriter
from flowdeck.errors import CaptureError

__all__ = ["CaptureRecorder", "Recordable", "Tap"]

_QUEUE = 65_536


class Tap:
    """What a source calls with everything it receives; this one forgets it."""

    def frame(self, ts: int, data: bytes) -> None:
        """A frame as received at `ts`, ns UTC."""

    def control(self, ts: int, **record: Any) -> None:
        """A connect, a disconnect, or whatever else explains the frames."""

    def rest(self, ts: int, url: str, symbol: str, body: bytes) -> None:
        """A REST reply as received."""

    def close(self) -> None:
        """No more will come."""


@runtime_checkable
class Recordable(Protocol):
    """A source that can be recorded: tell it, before `run`, how to make the tap of each venue."""

    def record(self, tap: Callable[[str], Tap]) -> None:
        """Call the tap of a venue with everything received there; the source closes it when it ends."""
        ...


class CaptureRecorder(Tap):
    """A `Tap` that writes captures `FOLDER/MARKET-YYYYMMDD-HHMMSS.gz` on a thread behind a bounded queue.

    A queue that is full drops frames and says so in the capture: `{"event": "overrun", "dropped": n}`.

    Attributes:
        path: The file being written.
        dropped: Frames that were dropped since the start.
        failure: Why recording ended early; empty while it works.
    """

    def __init__(self, folder: Path, source: str, market: str, *, ts: int) -> None:
        """Create the file and start the thread.

        Raises:
            CaptureError: when the file cannot be created.
        """
        begun = datetime.fromtimestamp(ts / 1e9, UTC)
        self.path = _free(folder, f"{market}-{begun:%Y%m%d-%H%M%S}")
        self.dropped = 0
        self.failure = ""
        self._writer = CaptureWriter(self.path, source, market, ts=ts)
        self._queue: queue.Queue[Callable[[], None] | None] = queue.Queue(_QUEUE)
        self._unsaid = 0
        self._thread = threading.Thread(target=self._run, name=f"record {market}", daemon=True)
        self._thread.start()

    def frame(self, ts: int, data: bytes) -> None:
        """Queue a frame."""
        self._put(ts, partial(self._writer.frame, ts, data))

    def control(self, ts: int, **record: Any) -> None:
        """Queue a control line."""
        self._put(ts, partial(self._writer.control, ts, **record))

    def rest(self, ts: int, url: str, symbol: str, body: bytes) -> None:
        """Queue a REST reply."""
        self._put(ts, partial(self._writer.rest, ts, url, symbol, body))

    def close(self) -> None:
        """Write what is queued and close the file; waits for the thread."""
        if self._thread.is_alive():
            self._queue.put(None)
            self._thread.join()
        self._writer.close()

    def _put(self, ts: int, job: Callable[[], None]) -> None:
        if self.failure:
            return
        try:
            if self._unsaid:
                self._queue.put_nowait(partial(self._writer.control, ts, event="overrun", dropped=self._unsaid))
                self._unsaid = 0
            self._queue.put_nowait(job)
        except queue.Full:
            self.dropped += 1
            self._unsaid += 1

    def _run(self) -> None:
        while (job := self._queue.get()) is not None:
            try:
                job()
            except CaptureError as error:
                self.failure = str(error)
                return


def _free(folder: Path, stem: str) -> Path:
    path, n = folder / f"{stem}.gz", 1
    while path.exists():
        n += 1
        path = folder / f"{stem}-{n}.gz"
    return path
