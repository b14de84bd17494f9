"""`coverage.sqlite`: which intervals of which streams are complete on disk."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Mapping
from pathlib import Path

from flowdeck.engine.intervals import Interval, Intervals, merge_intervals
from flowdeck.errors import EngineError
from flowdeck.kinds import CoverageReason
from flowdeck.streams import StreamKey

__all__ = ["CoverageLog"]

_SCHEMA = """
CREATE TABLE IF NOT EXISTS coverage (
    key TEXT NOT NULL, ts_from INTEGER NOT NULL, ts_to INTEGER NOT NULL, reason TEXT NOT NULL,
    PRIMARY KEY (key, ts_from)) WITHOUT ROWID;
"""


class CoverageLog:
    """Intervals per stream; every method may be called on any thread.

    A heartbeat extends them only after the flush that it vouches for, so that a killed engine leaves a gap by itself.
    Until `open` the log is empty and in memory.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._db = _connect(":memory:")

    def open(self, path: Path) -> None:
        """Open the file, made when absent; what was `open` at the end of the last engine becomes `gap`.

        Raises:
            EngineError: when it cannot be used.
        """
        with self._lock:
            self._db.close()
            try:
                self._db = _connect(path)
                self._end_open(CoverageReason.GAP)
            except sqlite3.Error as error:
                raise EngineError(f"{path}: {error}; move the file away, the engine makes a new one") from error

    def extend(self, vouched: Mapping[StreamKey, Intervals]) -> None:
        """One heartbeat: these intervals are on disk; each grows what it touches, or begins anew."""
        with self._lock:
            self._db.execute("BEGIN")
            for key, intervals in vouched.items():
                for interval in intervals:
                    self._extend(str(key), interval)
            self._db.execute("COMMIT")

    def close_open(self, key: StreamKey, reason: CoverageReason) -> None:
        """The open interval of a stream has ended, because of a gap or on purpose."""
        with self._lock:
            self._db.execute("UPDATE coverage SET reason=? WHERE key=? AND reason=?", (reason, str(key), _OPEN))

    def intervals(self, key: StreamKey) -> Intervals:
        """What is complete of a stream, ascending half-open intervals of ns UTC."""
        with self._lock:
            rows = self._db.execute("SELECT ts_from, ts_to FROM coverage WHERE key=?", (str(key),)).fetchall()
        return merge_intervals(rows)

    def rows(self, key: StreamKey) -> list[tuple[int, int, str]]:
        """Intervals with why each ended, ascending."""
        with self._lock:
            query = "SELECT ts_from, ts_to, reason FROM coverage WHERE key=? ORDER BY ts_from"
            return self._db.execute(query, (str(key),)).fetchall()

    def keys(self) -> list[StreamKey]:
        """Every stream with an interval."""
        with self._lock:
            found = self._db.execute("SELECT DISTINCT key FROM coverage ORDER BY key").fetchall()
        return [StreamKey.parse(key) for (key,) in found]

    def delete_run(self, run: str) -> None:
        """Forget a run."""
        gone = [(str(key),) for key in self.keys() if key.run == run]
        with self._lock:
            self._db.executemany("DELETE FROM coverage WHERE key=?", gone)

    def close(self) -> None:
        """End open intervals as `closed`, and the file."""
        with self._lock:
            self._end_open(CoverageReason.CLOSED)
            self._db.close()
            self._db = _connect(":memory:")

    def _end_open(self, reason: CoverageReason) -> None:
        self._db.execute("UPDATE coverage SET reason=? WHERE reason=?", (reason, _OPEN))

    def _extend(self, key: str, interval: Interval) -> None:
        start, stop = interval
        within = "SELECT 1 FROM coverage WHERE key=? AND ts_from<=? AND ts_to>=?"
        if self._db.execute(within, (key, start, stop)).fetchone():
            return
        touching = "key=? AND ts_from<=? AND ts_to>=?"
        found = self._db.execute(
            f"SELECT min(ts_from), max(ts_to) FROM coverage WHERE {touching}",  # noqa: S608 -- a constant
            (key, stop, start),
        ).fetchone()
        if found[0] is not None:
            start, stop = min(start, found[0]), max(stop, found[1])
            self._db.execute(f"DELETE FROM coverage WHERE {touching}", (key, stop, start))  # noqa: S608 -- a constant
        self._db.execute("INSERT INTO coverage VALUES (?, ?, ?, ?)", (key, start, stop, _OPEN))


_OPEN = CoverageReason.OPEN


def _connect(path: Path | str) -> sqlite3.Connection:
    db = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
    db.execute("PRAGMA journal_mode=WAL")
    db.execute("PRAGMA synchronous=NORMAL")
    db.executescript(_SCHEMA)
    return db
