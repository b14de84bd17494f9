"""The look of the window: theme, fonts and icons in one object that everything painted asks."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QColor, QFont, QIcon

from flowdeck.desktop import fonts, icons
from flowdeck.specs import Theme

__all__ = ["Look", "Typography"]

_SIZES = {"micro": -2, "small": -1, "body": 0, "label": 1, "title": 3, "price": 6, "display": 10}
_WEIGHTS = {400: QFont.Weight.Normal, 500: QFont.Weight.Medium, 600: QFont.Weight.DemiBold, 700: QFont.Weight.Bold}


@dataclass(frozen=True)
class Typography:
    """Families and the size of body text; all other sizes keep their distance from it."""

    ui: str = fonts.UI
    figures: str = fonts.FIGURES
    body_px: int = 12

    def px(self, size: str) -> int:
        """Pixels of a named size (`small`, `body`, `label` …), never below 10."""
        return max(10, self.body_px + _SIZES[size])


class Look(QObject):
    """Theme and typography as they stand; `changed` fires when either is replaced."""

    changed = Signal()

    def __init__(self, theme: Theme, typography: Typography | None = None) -> None:
        super().__init__()
        self.theme = theme
        self.typography = typography or Typography()

    def set(self, theme: Theme, typography: Typography) -> None:
        """Replace both."""
        if (theme, typography) != (self.theme, self.typography):
            self.theme, self.typography = theme, typography
            self.changed.emit()

    def scaled(self, px: int) -> int:
        """A height or width of the pictures, which are drawn with body text of 12 px, for the size that is chosen."""
        return round(px * max(1.0, self.typography.body_px / 12))

    def colour(self, token: str) -> QColor:
        """The colour of a token such as `text.primary`."""
        return QColor.fromRgba(self.theme[token])

    def css(self, token: str) -> str:
        """The colour of a token, for a style sheet."""
        colour = self.colour(token)
        return f"rgba({colour.red()},{colour.green()},{colour.blue()},{colour.alpha()})"

    def ui(self, size: str = "body", weight: int = 400) -> QFont:
        """The font of words."""
        return self._font(self.typography.ui, size, weight)

    def figures(self, size: str = "body", weight: int = 400) -> QFont:
        """The font of numbers that can change."""
        return self._font(self.typography.figures, size, weight)

    def _font(self, family: str, size: str, weight: int) -> QFont:
        font = QFont(family)
        font.setPixelSize(self.typography.px(size))
        font.setWeight(_WEIGHTS[weight])
        return font

    def icon(self, name: str, colour: str = "text.secondary", size_px: int = 16) -> QIcon:
        """An icon in a token's colour."""
        return icons.icon(name, self.colour(colour), size_px)
