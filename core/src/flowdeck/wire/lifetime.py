"""How long a serving process lives: until it is told to stop, or its parent goes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

__all__ = ["Lifetime"]


def _nothing() -> None:
    """Nobody cares."""


class Lifetime:
    """Told by signals, by the pipe to a parent process and by control requests; all on the loop's thread.

    Attributes:
        keep_recording: Whether the process outlives its parent.
        reason: Why it ends; empty while it lives.
        failed: Whether it ends by a failure.
        on_kept: Called when the parent goes and the process stays.
    """

    def __init__(self, *, keep_recording: bool = False) -> None:
        self.keep_recording = keep_recording
        self.reason = ""
        self.failed = False
        self.on_kept: Callable[[], object] = _nothing
        self._over = asyncio.Event()

    def keep(self) -> None:
        """Go on when the parent goes."""
        self.keep_recording = True

    def parent_gone(self) -> None:
        """The parent's end of the pipe is closed, however it went."""
        if self.keep_recording:
            self.on_kept()
        else:
            self.stop("its window has gone")

    def fail(self, reason: str) -> None:
        """End the process, because it cannot go on."""
        self.failed = not self.reason
        self.stop(reason)

    def stop(self, reason: str) -> None:
        """End the process, cleanly."""
        if not self.reason:
            self.reason = reason
        self._over.set()

    async def over(self) -> str:
        """Wait for the end; why."""
        await self._over.wait()
        return self.reason
