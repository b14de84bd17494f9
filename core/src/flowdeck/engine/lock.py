"""One engine a data folder."""

from __future__ import annotations

import json
import os
import sys
from datetime import UTC, datetime
from pathlib import Path

from filelock import FileLock, Timeout

from flowdeck.errors import EngineError

__all__ = ["FolderLock"]


class FolderLock:
    """Held from `acquire` to `release`, and by nobody once the process is gone, however it went."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = FileLock(folder / ".lock")
        self._owner = folder / ".lock.json"

    def acquire(self) -> None:
        """Take the folder.

        Raises:
            EngineError: when another process holds it, naming that process, or when it cannot be written.
        """
        try:
            self._lock.acquire(timeout=0)
            self._owner.write_text(json.dumps(_self()), "utf-8")
        except Timeout:
            raise EngineError(
                f"data folder {self._folder} is in use by {self._holder()}: "
                "attach to that engine, end it, or choose another folder with --data-dir"
            ) from None
        except OSError as error:
            reason = error.strerror or error
            raise EngineError(
                f"data folder {self._folder} cannot be locked: {reason}; "
                "mend its owner or mode, or choose another with --data-dir"
            ) from error

    def release(self) -> None:
        """Give it back; harmless when it is not held."""
        if self._lock.is_locked:
            self._owner.unlink(missing_ok=True)
            self._lock.release()

    def _holder(self) -> str:
        try:
            owner = json.loads(self._owner.read_text("utf-8"))
            return f"process {owner['pid']} ({owner['command']}, since {owner['since']})"
        except (OSError, ValueError, KeyError, TypeError):
            return "another process"


def _self() -> dict[str, object]:
    command = " ".join([Path(sys.argv[0]).name, *sys.argv[1:3]]) if sys.argv else "python"
    return {"pid": os.getpid(), "command": command, "since": f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC"}
