"""The draw guard: an exception that leaves a Qt `paint` kills the interpreter (measured), so none leaves it."""

from __future__ import annotations

from collections.abc import Callable
from types import TracebackType
from typing import Self

from PySide6.QtCore import QTimer
from PySide6.QtGui import QPainter

__all__ = ["DrawGuard"]


class DrawGuard:
    """Restores the painter and reports what was raised inside, on the next turn of the event loop.

    Args:
        painter: The painter in use; None where nothing is painted.
        failed: Told the exception; there it is safe to hide the item that raised.
    """

    def __init__(self, painter: QPainter | None, failed: Callable[[Exception], None]) -> None:
        self._painter = painter
        self._failed = failed

    def __enter__(self) -> Self:
        if self._painter is not None:
            self._painter.save()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        if self._painter is not None:
            self._painter.restore()
        if not isinstance(error, Exception):
            return False
        QTimer.singleShot(0, lambda: self._failed(error))
        return True
