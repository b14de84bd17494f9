"""What one would write with Qt's own means, in the same kind of view: text per cell, and a picture per candle."""

from __future__ import annotations

from itertools import groupby
from typing import Any

import pyqtgraph as pg
from benchmarks.rendering.cells import BARS, FIGURE_PX, ROWS, SIZE_PX, TEXT, Cells
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QPainter, QPicture
from PySide6.QtWidgets import QGraphicsItem
from typing_extensions import override

__all__ = ["Peer", "PicturePerCandle", "TextPerCell"]

Cell = tuple[float, float, str, str, QColor]


class CellItem(QGraphicsItem):
    """What both peers share: the cells as Qt likes them, made once, and where they lie on screen."""

    def __init__(self) -> None:
        super().__init__()
        cells = Cells()
        columns = (cells.bar.tolist(), cells.row.tolist(), cells.bid.tolist(), cells.ask.tolist(), cells.tint.tolist())
        self.cells: list[Cell] = [
            (bar, row, str(int(bid)), str(int(ask)), QColor.fromRgba(tint))
            for bar, row, bid, ask, tint in zip(*columns, strict=True)
        ]
        self.font = QFont("JetBrains Mono")
        self.font.setPixelSize(int(FIGURE_PX))
        self.text = QColor.fromRgba(TEXT)

    @override
    def boundingRect(self) -> QRectF:
        return QRectF(0, 0, BARS, ROWS)

    def draw(self, painter: QPainter, cells: list[Cell], scale: tuple[float, float, float, float]) -> None:
        """Fill and two figures a cell, in pixels."""
        x_px, y_px, left, top = scale
        for bar, row, bid, ask, tint in cells:
            x, y = left + bar * x_px, top + row * y_px
            painter.fillRect(QRectF(x, y, x_px - 1, abs(y_px) - 1), tint)
            painter.drawText(QPointF(x + 1, y + abs(y_px) * 0.75), bid)
            painter.drawText(QPointF(x + x_px / 2, y + abs(y_px) * 0.75), ask)

    def begin(self, painter: QPainter) -> tuple[float, float, float, float]:
        """From here on in pixels; pixels a bar, pixels a row, and where the origin lies."""
        transform = painter.worldTransform()
        painter.resetTransform()
        painter.setFont(self.font)
        painter.setPen(self.text)
        return transform.m11(), transform.m22(), transform.dx(), transform.dy()


class TextPerCell(CellItem):
    """drawText and fillRect for each cell of each frame."""

    @override
    def paint(self, painter: QPainter, option: Any, widget: Any = None) -> None:
        self.draw(painter, self.cells, self.begin(painter))


class PicturePerCandle(CellItem):
    """A recorded QPicture a candle; figures keep their size, so that every zoom records it anew."""

    @override
    def paint(self, painter: QPainter, option: Any, widget: Any = None) -> None:
        x_px, y_px, left, top = self.begin(painter)
        for bar, group in groupby(self.cells, key=lambda cell: cell[0]):
            picture = QPicture()
            recorder = QPainter(picture)
            recorder.setFont(self.font)
            recorder.setPen(self.text)
            self.draw(recorder, [(0.0, *cell[1:]) for cell in group], (x_px, y_px, 0.0, 0.0))
            recorder.end()
            painter.drawPicture(QPointF(left + bar * x_px, top), picture)


class Peer:
    """One item alone in a view box; its frame is a new range, then whatever Qt makes of it."""

    def __init__(self, item: CellItem) -> None:
        self.view = pg.GraphicsView(useOpenGL=False, background="#090c11")
        self.box = pg.ViewBox(border=None, enableMouse=False, enableMenu=False, defaultPadding=0.0)
        self.view.setCentralItem(self.box)
        self.view.viewport().setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.box.addItem(item)
        self.view.resize(*SIZE_PX)
        self.view.show()

    def close(self) -> None:
        """Away with it."""
        self.view.close()

    def move(self, step: int) -> None:
        """Pan and zoom a little, the cells stay in sight."""
        swing = (step % 20 - 10) / 100.0
        self.box.setRange(
            xRange=(-1.0 + swing, BARS + 1.0 + 2 * swing), yRange=(-1.0 - swing, ROWS + 1.0 + swing), padding=0
        )
