"""How long a serving process lives: until it is told to stop, or its parent goes."""

from __future__ import annotations

import asyncio

__all__ = ["Lifetime"]


class Lifetime:
    """Told by signals, by the pipe to a parent process and by control requests; all on the loop's thread.

    Attributes:
        keep_recording: Whether the process outlives its parent.
        reason: Why it ends; empty while it lives.
        failed: Whether it ends by a failure.
    """

    def __init__(self, *, keep_recording: bool = False) -> None:
        self.keep_recording = keep_recording
        self.reason = ""
        self.failed = False
        self._over = asyncio.Event()

    def keep(self) -> None:
        """Go on when the parent goes."""
        self.keep_recording = True

    def parent_gone(self) -> None:
        """The parent's end of the pipe is closed, however it went."""
        if not self.keep_recording:
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
