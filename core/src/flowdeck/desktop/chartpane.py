"""The middle of the window: the chart, the banner over it, the way back to live; a word while kernels are compiled."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QLabel, QStackedLayout, QVBoxLayout, QWidget
from typing_extensions import override

from flowdeck.chart.host import ChartHost
from flowdeck.chart.parts import Banner
from flowdeck.desktop.banner import BannerBar
from flowdeck.desktop.chartview import ChartView
from flowdeck.desktop.labels import label
from flowdeck.desktop.look import Look
from flowdeck.desktop.widgets import Bar, button

__all__ = ["ChartPane"]


class ChartPane(Bar):
    """Holds at most one chart."""

    live_asked = Signal()
    banner_acted = Signal(str, str)

    def __init__(self, look: Look) -> None:
        super().__init__("chartpane")
        self.view: ChartView | None = None
        self._look = look
        self._stack = QStackedLayout(self)
        self._stack.setContentsMargins(0, 0, 0, 0)
        self._message = label("Preparing the chart", tone="secondary", size="label")
        self._note: QLabel = label(tone="tertiary")
        self._stack.addWidget(self._placeholder())
        self.banner = BannerBar(look, self)
        self.banner.acted.connect(self.banner_acted)
        self.to_live = button("To live", "plain", self.live_asked.emit)
        self.to_live.setParent(self)
        self.to_live.setToolTip("Back to the newest bar (L)")
        self.to_live.hide()
        look.changed.connect(self._recolour)
        self._recolour()
        self.setMinimumSize(320, 240)

    def _placeholder(self) -> QWidget:
        page = QWidget()
        layout = QVBoxLayout(page)
        layout.addStretch(1)
        for part in (self._message, self._note):
            layout.addWidget(part, 0, Qt.AlignmentFlag.AlignHCenter)
        layout.addStretch(1)
        return page

    def _recolour(self) -> None:
        self.to_live.setIcon(self._look.icon("chevron_right", "ui.accent", 14))

    def say(self, text: str, note: str = "") -> None:
        """What to read while there is no chart."""
        self._message.setText(text)
        self._note.setText(note)

    def texts(self) -> str:
        """What is read while there is no chart."""
        return f"{self._message.text()} {self._note.text()}".strip()

    def show_chart(self, host: ChartHost) -> ChartView:
        """Show a chart from now on."""
        view = self.view = ChartView(host, self)
        self._stack.addWidget(view)
        self._stack.setCurrentWidget(view)
        view.fill()
        for over in (self.banner, self.to_live):
            over.raise_()
        view.setFocus()
        return view

    def show_banners(self, banners: Sequence[Banner]) -> None:
        """Show the first of these."""
        self.banner.show_banner(banners[0] if banners else None, self._room_px()[0])

    def show_pinned(self, *, pinned: bool) -> None:
        """Offer the way back to the newest bar when it is not followed."""
        if self.to_live.isHidden() != pinned:
            self.to_live.setVisible(not pinned)
            self._place()

    def _room_px(self) -> tuple[int, int]:
        return self.view.room_px if self.view is not None else (self.width(), self.height())

    def _place(self) -> None:
        size = self.to_live.sizeHint()
        right, foot = self._room_px()
        self.to_live.move(right - size.width() - 12, foot - size.height() - 10)
        self.to_live.resize(size)
        self.to_live.raise_()

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._place()
        self.banner.show_banner(self.banner.banner, self._room_px()[0])
