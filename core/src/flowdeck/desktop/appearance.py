"""How the window looks: from the configuration to theme and fonts, and the page that changes it."""

from __future__ import annotations

from PySide6.QtGui import QFont, QFontInfo

from flowdeck.canvas import FontSet
from flowdeck.chart.theme import load_theme
from flowdeck.config import AppearanceConfig
from flowdeck.desktop import fonts
from flowdeck.desktop.look import Typography
from flowdeck.specs import Theme

__all__ = ["chart_fonts", "fonts_offered", "theme_of", "typography_of"]


def theme_of(appearance: AppearanceConfig) -> Theme:
    """The theme that is chosen."""
    return load_theme(appearance.theme, appearance.colours)


def typography_of(appearance: AppearanceConfig) -> Typography:
    """The families that are chosen, the packaged ones where a family is not installed; and the size."""
    ui = _installed(appearance.ui_font, fonts.UI)
    figures = _installed(appearance.figures_font, fonts.FIGURES)
    return Typography(ui, figures, appearance.font_size_px)


def chart_fonts(typography: Typography) -> FontSet:
    """The families for the canvas; the packaged ones go by the empty name."""
    ui = "" if typography.ui == fonts.UI else typography.ui
    return FontSet(ui, "" if typography.figures == fonts.FIGURES else typography.figures)


def fonts_offered() -> dict[str, tuple[str, ...]]:
    """Families to choose from, by field of `AppearanceConfig`."""
    return {"ui_font": tuple(fonts.families()), "figures_font": tuple(fonts.families(fixed=True))}


def _installed(family: str, otherwise: str) -> str:
    return family if QFontInfo(QFont(family)).family() == family else otherwise
