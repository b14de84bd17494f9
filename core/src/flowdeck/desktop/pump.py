"""When a frame is made: only when something changed, never more often than the screen shows one."""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter

from PySide6.QtCore import QObject, Qt, QTimer, Signal

__all__ = ["FramePump"]

_HIDDEN_INTERVAL_S = 0.1
_LATER_MS = 50


class FramePump(QObject):
    """Turns any number of requests into at most one frame per refresh of the screen.

    `frame` fires on the GUI thread. While nobody sees the window it fires ten times a second at most, so that the
    mailbox is still emptied; the receiver draws nothing then.

    Args:
        refresh_hz: Of the screen.
        clock: Seconds, monotonic.
    """

    frame = Signal()
    _asked = Signal()

    def __init__(self, refresh_hz: float = 60.0, clock: Callable[[], float] = perf_counter) -> None:
        super().__init__()
        self._clock = clock
        self._interval_s = 1.0 / max(refresh_hz, 1.0)
        self._seen = True
        self._last = -1.0
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._fire)
        self._asked.connect(self.request, Qt.ConnectionType.QueuedConnection)

    def set_refresh(self, refresh_hz: float) -> None:
        """The window moved to a screen with another refresh rate."""
        self._interval_s = 1.0 / max(refresh_hz, 1.0)

    def set_seen(self, *, seen: bool) -> None:
        """Whether anybody can see the window."""
        if seen and not self._seen:
            self._timer.stop()
        self._seen = seen
        if seen:
            self.request()

    def request(self) -> None:
        """Ask for a frame as soon as one is due."""
        self._ask(0)

    def request_later(self) -> None:
        """Ask for a look within a moment, for what becomes due by itself."""
        self._ask(_LATER_MS)

    def _ask(self, at_least_ms: int) -> None:
        wait_ms = max(self._wait_ms(), at_least_ms)
        if not self._timer.isActive() or self._timer.remainingTime() > wait_ms:
            self._timer.start(wait_ms)

    def request_from_any_thread(self) -> None:
        """Ask from another thread."""
        self._asked.emit()

    def stop(self) -> None:
        """No frame any more until one is asked for."""
        self._timer.stop()

    def _wait_ms(self) -> int:
        interval = self._interval_s if self._seen else _HIDDEN_INTERVAL_S
        return max(0, round((self._last + interval - self._clock()) * 1000))

    def _fire(self) -> None:
        self._last = self._clock()
        self.frame.emit()
