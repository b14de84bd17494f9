"""What a capture holds, line by line."""

from __future__ import annotations

from typing import Any, NamedTuple

__all__ = ["Control", "Frame", "Problem"]


class Frame(NamedTuple):
    """One frame as it was received.

    Attributes:
        line: Line number in the capture, from 1.
        ts: Local receipt, ns UTC.
        data: The raw JSON.
    """

    line: int
    ts: int
    data: bytes


class Control(NamedTuple):
    """One control line: what stands under `flowdeck`, for example `{"event": "disconnect", "reason": "…"}`.

    Attributes:
        line: Line number in the capture, from 1.
        ts: Local time, ns UTC.
        record: The record; docs/captures.md lists what it may say.
    """

    line: int
    ts: int
    record: dict[str, Any]


class Problem(NamedTuple):
    """Why a line, or the file at that line, could not be used.

    Attributes:
        file: Name of the capture, without its folder.
        line: Line number, from 1.
        reason: One line.
    """

    file: str
    line: int
    reason: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.reason}"
