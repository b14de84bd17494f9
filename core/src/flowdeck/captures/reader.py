"""Reading a capture: streamed, in bounded memory, past every line that cannot be used."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from stat import S_ISDIR, S_ISREG

import msgspec

from flowdeck.captures.frames import Control, Frame, Problem
from flowdeck.captures.index import CaptureIndex, Mark
from flowdeck.captures.inflate import GZIP_MAGIC, Damage, Inflater
from flowdeck.errors import CaptureError, FrameError, HeldFrame

__all__ = ["LONGEST_LINE", "CaptureReader", "span"]

LONGEST_LINE = 32 * 1024 * 1024
"""Bytes; the longest honest line, an exchangeInfo of a whole exchange, has about 15 MiB."""

_KEPT_PROBLEMS = 100
_KEPT_HELD = 1_000
_EXCERPT_BYTES = 40
_STAMP_DIGITS = (18, 19)  # 1973 to 2286
_LATEST_NS = 2**63 - 1  # 2262
_new = tuple.__new__
_CONTROL = b'{"flowdeck"'


class CaptureReader:
    """Reads frames and control lines in file order. A line that cannot be used is noted and left out.

    Each iteration reads the file from the start (or the mark) and counts anew.

    Attributes:
        path: The capture.
        size: Its size, bytes.
        position: How far it has been read, compressed bytes: `position / size` is the progress.
        lines: Lines seen.
        frames: Frames yielded.
        problem_count: All problems.
    """

    def __init__(self, path: Path | str, *, start: Mark | None = None, longest_line: int = LONGEST_LINE) -> None:
        """Look at a capture; nothing stays open until it is iterated.

        Args:
            path: The file.
            start: Where to begin, from the file's `CaptureIndex`; None for the beginning.
            longest_line: Longer lines, in bytes, are noted and left out without being held.

        Raises:
            CaptureError: when the file is missing, unreadable, empty or not gzip; one line that names it.
        """
        self.path = Path(path)
        self._start = start
        self._longest_line = longest_line
        self.size = _check(self.path)
        self._reset()

    def _reset(self) -> None:
        self.position = self._start.offset if self._start else 0
        self.lines = self._start.line - 1 if self._start else 0
        self.frames = 0
        self._problems: list[Problem] = []
        self._held: dict[int, int] = {}  # lines of frames that a parser holds back, by number
        self.problem_count = 0
        self._last_ts = 0

    def __iter__(self) -> Iterator[Frame | Control]:
        return chain.from_iterable(self.blocks())

    def blocks(self) -> Iterator[list[Frame | Control]]:
        """The same as iteration, a few thousand lines at once.

        Raises:
            CaptureError: when the file holds not a single line, or cannot be read any further.
        """
        self._reset()
        for lines in self._line_blocks():
            block = self._block(lines)
            self.frames += sum(isinstance(item, Frame) for item in block)
            if block:
                yield block
        if not self.lines:
            raise CaptureError(f"{self.path}: holds no frames{self.first_problem}")

    def problem(self, line: int, reason: str) -> Problem:
        """Note that a line could not be used, for example after a parser's `FrameError`."""
        problem = Problem(self.path.name, line, reason)
        self.problem_count += 1
        if len(self._problems) < _KEPT_PROBLEMS:
            self._problems.append(problem)
        return problem

    @property
    def problems(self) -> list[Problem]:
        """The first 100 problems, by line: those of lines themselves are noted blocks ahead of a parser's."""
        return sorted(self._problems, key=lambda problem: problem.line)

    def refuse(self, line: int, error: FrameError) -> bool:
        """Note what a parser raised for a line; whether a frame was lost by it (one that is only held back is not)."""
        if not isinstance(error, HeldFrame):
            self.problem(line, str(error))
            return True
        if error.belied:
            self.problem(self._held.pop(error.belied, line), str(error))
        if error.held:
            self._held[error.held] = line
            if len(self._held) > _KEPT_HELD:
                del self._held[next(iter(self._held))]
        return bool(error.belied)

    @property
    def first_problem(self) -> str:
        """What went wrong first, to stand behind an error of the whole file; empty when nothing did."""
        return f"; {self.problems[0]}" if self._problems else ""

    def _line_blocks(self) -> Iterator[list[bytes]]:
        torn = _Torn(self._longest_line)
        try:
            with self.path.open("rb") as file:
                file.seek(self.position)
                inflater = Inflater(file)
                for piece in inflater.pieces():
                    self.position = inflater.position
                    yield from self._lines_of(piece, torn)
        except OSError as error:
            raise CaptureError(f"{self.path}: {error.strerror or error}") from error
        if torn:
            yield [torn.take()]

    def _lines_of(self, piece: bytes | Damage, torn: _Torn) -> Iterator[list[bytes]]:
        if isinstance(piece, Damage):
            self.problem(self.lines + 1, piece.reason + (", in the middle of a line" if torn else ""))
            self.lines += bool(torn)
            torn.drop()
            return
        lines = piece.split(b"\n")
        tail = lines.pop()
        if lines:
            torn.add(lines[0])
            lines[0] = torn.take()
            yield lines
        torn.add(tail)

    def _block(self, lines: list[bytes]) -> list[Frame | Control]:
        block: list[Frame | Control] = []
        for line in lines:
            self.lines = number = self.lines + 1
            stamp, _, data = line.partition(b" ")
            if not (data and len(stamp) in _STAMP_DIGITS and stamp.isdigit()) or (ts := int(stamp)) > _LATEST_NS:
                self._note_bad(line)
                continue
            if ts < self._last_ts:
                self._note_backwards(ts)
            self._last_ts = ts
            # tuple.__new__ halves what the constructor of a named tuple costs, once a line
            block.append(self._control(ts, data) if data.startswith(_CONTROL) else _new(Frame, (number, ts, data)))
        return block

    def _note_backwards(self, ts: int) -> None:
        back_s = (self._last_ts - ts) / 1e9
        self.problem(self.lines, f"receipt time runs backwards by {back_s:.9g} s; the frame is kept")

    def _note_bad(self, line: bytes) -> None:
        if line == _OVERLONG:
            self.problem(self.lines, f"line is longer than {self._longest_line} bytes")
        elif line.strip():
            self.problem(self.lines, f"not '<ns> <JSON>': {_excerpt(line)}")

    def _control(self, ts: int, data: bytes) -> Control | Frame:
        """The control record of a line; damaged ones go on as frames, for a parser to refuse."""
        try:
            record = msgspec.json.decode(data)["flowdeck"]
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return Frame(self.lines, ts, data)
        return Control(self.lines, ts, record) if isinstance(record, dict) else Frame(self.lines, ts, data)


_OVERLONG = b"\0overlong"


class _Torn:
    """The beginning of a line whose end is not read yet; gives up a line that grows beyond the limit."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._parts: list[bytes] = []
        self._size = 0

    def __bool__(self) -> bool:
        return self._size > 0

    def add(self, part: bytes) -> None:
        self._size += len(part)
        if self._size > self._limit:
            self._parts = [_OVERLONG]
        else:
            self._parts.append(part)

    def take(self) -> bytes:
        line = b"".join(self._parts)
        self.drop()
        return line

    def drop(self) -> None:
        self._parts = []
        self._size = 0


def span(path: Path | str) -> tuple[int, int]:
    """Receipt of the first and the last line of a capture, ns UTC.

    Quick where a sidecar exists; else the whole file is decompressed (about 300 MB of text a second).

    Raises:
        CaptureError: as `CaptureReader`, and when no line carries a time.
    """
    index = CaptureIndex.load(Path(path))
    first = next(iter(CaptureReader(path)), None)
    if first is None:
        raise CaptureError(f"{path}: no line carries a receipt time")
    last = first.ts
    for block in CaptureReader(path, start=index.marks[-1] if index else None).blocks():
        last = max(last, *(item.ts for item in block))
    return first.ts, last


def _check(path: Path) -> int:
    try:
        found = path.stat()
        if not S_ISREG(found.st_mode) and not S_ISDIR(found.st_mode):  # opening a pipe would wait for its writer
            raise CaptureError(f"{path}: not a file; pipes and devices cannot be read twice")
        with path.open("rb") as file:
            magic = file.read(len(GZIP_MAGIC))
    except OSError as error:
        raise CaptureError(f"{path}: {error.strerror or error}") from error
    if not magic:
        raise CaptureError(f"{path}: the file is empty")
    if magic != GZIP_MAGIC:
        raise CaptureError(f"{path}: not a capture: not gzip data")
    return found.st_size


def _excerpt(data: bytes) -> str:
    """The beginning of some bytes, printable on one line."""
    text = ascii(data[:_EXCERPT_BYTES])[2:-1]
    return text + ("…" if len(data) > _EXCERPT_BYTES else "")
