"""What one client may take of an engine, so that no client is felt by the others."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from flowdeck.wire.protocol import CloseCode

__all__ = ["CutError", "Limits", "RequestRate"]


class CutError(Exception):
    """This client is told why, and closed."""

    def __init__(self, close: CloseCode, code: str, message: str) -> None:
        super().__init__(message)
        self.close, self.code, self.message = close, code, message


@dataclass(frozen=True)
class Limits:
    """Bounds of the server.

    Attributes:
        clients: Connections at a time.
        streams: Open streams of one client.
        requests_per_s: Messages that a client may send, in the long run.
        burst: Messages that it may send at once.
        in_flight: Requests of one client that are being answered; more wait.
        stall_s: A client that takes no data for so long is closed.
        ping_s: How often an idle client is pinged, and how long it may take to answer.
        auth_s: How long a client may take to authenticate where that is required.
    """

    clients: int = 256
    streams: int = 256
    requests_per_s: float = 200.0
    burst: int = 500
    in_flight: int = 16
    stall_s: float = 30.0
    ping_s: float = 20.0
    auth_s: float = 10.0


class RequestRate:
    """A bucket that fills with time; each message takes one from it."""

    def __init__(self, limits: Limits, clock: Callable[[], float]) -> None:
        self._limits, self._clock = limits, clock
        self._left, self._at = float(limits.burst), clock()

    def take(self) -> None:
        """Count one message.

        Raises:
            CutError: when the client sends faster than it may.
        """
        now = self._clock()
        self._left = min(self._limits.burst, self._left + (now - self._at) * self._limits.requests_per_s)
        self._at = now
        if self._left < 1:
            may = f"{self._limits.requests_per_s:g} requests a second"
            raise CutError(CloseCode.POLICY, "flood", f"too many requests: {may} are allowed")
        self._left -= 1
