"""What the window remembers from one start to the next: written to the desktop's file a moment after it changed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal

from flowdeck.config import save_desktop
from flowdeck.errors import ConfigError

__all__ = ["Memory"]

_DELAY_MS = 800


class Memory(QObject):
    """Collects values by dotted key and writes them together.

    `failed` says once why they cannot be written.
    """

    failed = Signal(str)

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path
        self._pending: dict[str, Any] = {}
        self._told = False
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_DELAY_MS)
        self._timer.timeout.connect(self.write)

    def keep(self, key: str, value: Any) -> None:
        """Remember a value; None forgets the key."""
        self._pending[key] = value
        self._timer.start()

    def write(self) -> None:
        """Write what was not written yet."""
        self._timer.stop()
        pending, self._pending = self._pending, {}
        for key, value in pending.items():
            try:
                save_desktop(self._path, key, value)
            except ConfigError as error:
                if not self._told:
                    self._told = True
                    self.failed.emit(str(error))
                return
