"""The chart's picture as one item in a pyqtgraph view box."""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QRectF
from PySide6.QtGui import QImage, QPainter
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget
from typing_extensions import override

from flowdeck.desktop.guard import DrawGuard

__all__ = ["CanvasItem"]


class CanvasItem(QGraphicsItem):
    """Blits a buffer of 0xffRRGGBB, shape (height, width) in device pixels, at the item's origin.

    Args:
        failed: Told what painting raised, after painting.
    """

    def __init__(self, failed: Callable[[Exception], None]) -> None:
        super().__init__()
        self._failed = failed
        self._buffer: npt.NDArray[np.uint32] = np.full((1, 1), 0xFF000000, np.uint32)
        self._scale = 1.0
        self.blit_ms = 0.0
        self.setZValue(-1000)  # under the items of other plugins

    def show_buffer(self, buffer: npt.NDArray[np.uint32], scale: float) -> None:
        """Show this picture from the next repaint on; it is not copied."""
        if buffer.shape != self._buffer.shape or scale != self._scale:
            self.prepareGeometryChange()
        self._buffer, self._scale = buffer, scale
        self.update()

    @override
    def boundingRect(self) -> QRectF:
        height, width = self._buffer.shape
        return QRectF(0.0, 0.0, width / self._scale, height / self._scale)

    @override
    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        with DrawGuard(painter, self._failed):
            started = perf_counter()
            painter.drawImage(self.boundingRect().topLeft(), self._image())
            self.blit_ms = (perf_counter() - started) * 1000

    def _image(self) -> QImage:
        # A new wrapper each frame: GL paint engines cache an image that is changed in place.
        height, width = self._buffer.shape
        image = QImage(self._buffer.data, width, height, width * 4, QImage.Format.Format_RGB32)
        image.setDevicePixelRatio(self._scale)
        return image
