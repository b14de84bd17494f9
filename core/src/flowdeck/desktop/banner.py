"""The banner: one message over the top edge of the plot, with what can be done about it. Never a modal dialog."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QLabel, QPushButton, QWidget

from flowdeck.chart.parts import Banner
from flowdeck.desktop import icons
from flowdeck.desktop.labels import Elided, label
from flowdeck.desktop.look import Look
from flowdeck.desktop.widgets import IconButton, button, row

__all__ = ["ACTION_TEXTS", "NOTICE", "BannerBar"]

ACTION_TEXTS = {"details": "Details", "retry": "Retry", "try_now": "Try now", "capture": "Open a capture…"}
NOTICE = "window"
"""The `plugin` of a banner that is the window's own remark, which the user can dismiss."""
_ICONS = {"info": ("history", "ui.accent"), "warning": ("warning", "ui.warning"), "error": ("error", "ui.error")}
_INSET_PX = 12
_HEIGHT_PX = 38


class BannerBar(QFrame):
    """Shows the first of the banners; `acted` carries an action's name and the plugin or source that it is about."""

    acted = Signal(str, str)

    def __init__(self, look: Look, parent: QWidget) -> None:
        super().__init__(parent)
        self._look = look
        self._banner: Banner | None = None
        self.setProperty("role", "banner")
        self.setAccessibleName("Message")
        self._icon = QLabel()
        self._text = label(weight="medium")
        self._figure, self._note = label(figures=True), Elided(tone="secondary", middle=True)
        self._actions = {name: self._button(name, text) for name, text in ACTION_TEXTS.items()}
        self.dismiss = IconButton(look, "close", "Dismiss", kind="rowicon", size_px=14)
        self.dismiss.clicked.connect(lambda: self._act("dismiss"))
        said = (self._icon, self._text, self._figure, self._note)
        self.setLayout(row(*said, 4, None, *self._actions.values(), margins=(12, 0, 6, 0)))
        look.changed.connect(self._paint_icon)
        self.hide()

    def _button(self, name: str, text: str) -> QPushButton:
        return button(text, "link" if name in {"details", "retry"} else "plain", lambda: self._act(name))

    @property
    def banner(self) -> Banner | None:
        """What is shown."""
        return self._banner

    def action(self, name: str) -> QPushButton:
        """The button of an action."""
        return self._actions[name]

    def show_banner(self, banner: Banner | None, width_px: int) -> None:
        """Show a banner over a plot of this width, or none."""
        if banner is not None and banner != self._banner:
            self._fill(banner)
        self._banner = banner
        self.setVisible(banner is not None)
        if banner is not None:
            self._place(width_px)

    def _fill(self, banner: Banner) -> None:
        self._text.setText(banner.text)
        self._figure.setText(banner.figure)
        self._figure.setVisible(bool(banner.figure))
        self._note.show_text(banner.note)
        for name, action in self._actions.items():
            action.setVisible(name in banner.actions)
        self.dismiss.setVisible(banner.plugin == NOTICE)
        self._banner = banner
        self._paint_icon()

    def _paint_icon(self) -> None:
        if self._banner is not None:
            name, colour = _ICONS[self._banner.severity]
            scale = self.devicePixelRatioF()
            self._icon.setPixmap(icons.pixmap(name, self._look.colour(colour), 16, scale))

    def _place(self, width_px: int) -> None:
        room = max(200, width_px - 2 * _INSET_PX)
        wanted = self.sizeHint().width()
        width = room if wanted > room or self._banner_is_wide() else wanted
        self.setGeometry(_INSET_PX, _INSET_PX, width, self._look.scaled(_HEIGHT_PX))
        self.raise_()

    def _banner_is_wide(self) -> bool:
        return self._banner is not None and self._banner.kind in {"stale", "disconnected", "connecting"}

    def _act(self, name: str) -> None:
        if self._banner is not None:
            self.acted.emit(name, self._banner.plugin)

    def texts(self) -> str:
        """All that can be read, for tests and screen readers."""
        parts = (self._text, self._figure, self._note)
        return " ".join(part.text() for part in parts if part.text())
