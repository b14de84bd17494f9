"""The `.idx` sidecar: where each gzip member of a capture begins, for seeking."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, Self

from flowdeck.captures.inflate import GZIP_MAGIC

__all__ = ["CaptureIndex", "Mark", "index_path"]


class Mark(NamedTuple):
    """The beginning of a gzip member.

    Attributes:
        ts: Receipt of its first line, ns UTC.
        offset: Where it begins in the file, bytes.
        line: Number of its first line, from 1.
        checkpoint: Offset of the newest member, this one or an earlier one, from which every book of the capture can
            be rebuilt: all symbols have a REST snapshot between it and here.
    """

    ts: int
    offset: int
    line: int
    checkpoint: int


def index_path(capture: Path) -> Path:
    """Where the sidecar of a capture lies: `NAME.gz.idx`."""
    return capture.with_name(capture.name + ".idx")


@dataclass(frozen=True)
class CaptureIndex:
    """The marks of a capture, oldest first; never empty."""

    marks: tuple[Mark, ...]

    @classmethod
    def load(cls, capture: Path) -> Self | None:
        """Read the sidecar; None when there is none, or when it does not belong to this file.

        A torn last line, as kill -9 leaves it, is left out.
        """
        try:
            text = index_path(capture).read_text("ascii")
            marks = tuple(_marks(text))
            fits = bool(marks) and _fits(capture, marks[-1])
        except (OSError, ValueError):
            return None
        return cls(marks) if fits else None

    def before(self, ts: int) -> Mark:
        """The last mark at or before `ts`, or the first."""
        return self.marks[max(0, bisect_right(self.marks, ts, key=lambda mark: mark.ts) - 1)]

    def at(self, offset: int) -> Mark:
        """The last mark at or before a file offset, or the first; `at(mark.checkpoint)` is where a book seek begins."""
        return self.marks[max(0, bisect_right(self.marks, offset, key=lambda mark: mark.offset) - 1)]


def _marks(text: str) -> list[Mark]:
    complete = text[: text.rfind("\n") + 1]
    return [Mark(*map(int, line.split())) for line in complete.splitlines()]


def _fits(capture: Path, mark: Mark) -> bool:
    with capture.open("rb") as file:
        file.seek(mark.offset)
        return file.read(len(GZIP_MAGIC)) == GZIP_MAGIC
