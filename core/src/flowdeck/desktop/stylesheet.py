"""The Qt style sheet, written from the theme's tokens."""

from __future__ import annotations

from string import Template

from flowdeck.desktop.look import Look

__all__ = ["stylesheet"]

_TEMPLATE = Template("""
* { font-family: "$ui", "Segoe UI", "Noto Sans", sans-serif; font-size: ${body}px; color: $text_primary;
    outline: none; selection-background-color: $ui_accent_fill; selection-color: $ui_on_accent; }
QWidget#window, QDialog, QWidget#dialog { background: $bg_panel; }
QWidget#chartpane { background: $bg_canvas; }
QWidget#topbar { background: $bg_panel; border-bottom: 1px solid $border_subtle; }
QWidget#statusbar { background: $bg_panel; border-top: 1px solid $border_subtle; }
QWidget#dock, QWidget#dockstrip { background: $bg_panel; border-left: 1px solid $border_default; }
QWidget#replaybar { background: $bg_panel; border-top: 1px solid $border_subtle; }
QWidget#dialoghead { border-bottom: 1px solid $border_subtle; }
QWidget#dialogfoot { border-top: 1px solid $border_subtle; }
QFrame[role="line"] { background: $border_default; border: none; }
QFrame[role="hairline"] { background: $border_subtle; border: none; }
QFrame[role="card"] { background: $bg_raised; border: 1px solid $border_default; border-radius: 8px; }
QFrame[role="banner"] { background: $bg_overlay; border: 1px solid $border_strong; border-radius: 5px; }
QFrame[role="fault"] { background: $bg_panel; border: 1px solid $ui_error; border-radius: 8px; }

QLabel { background: transparent; }
QLabel[tone="secondary"] { color: $text_secondary; }
QLabel[tone="tertiary"] { color: $text_tertiary; }
QLabel[tone="warning"] { color: $ui_warning; }
QLabel[tone="error"] { color: $ui_error; }
QLabel[tone="accent"] { color: $ui_accent; }
QLabel[tone="buy"] { color: $trade_buy_text; }
QLabel[tone="sell"] { color: $trade_sell_text; }
QLabel[face="figures"] { font-family: "$figures", "DejaVu Sans Mono", monospace; }
QLabel[textsize="small"] { font-size: ${small}px; }
QLabel[textsize="label"] { font-size: ${label}px; }
QLabel[textsize="title"] { font-size: ${title}px; }
QLabel[textsize="price"] { font-size: ${price}px; }
QLabel[weight="medium"] { font-weight: 500; }
QLabel[weight="semibold"] { font-weight: 600; }
QLabel[role="tag"] { background: $bg_raised; border: 1px solid $border_default; border-radius: 3px;
    padding: 1px 6px; font-size: ${small}px; color: $text_secondary; }
QLabel[role="tag"][face="figures"] { font-family: "$figures", monospace; }

QPushButton, QToolButton { background: transparent; border: 1px solid transparent; border-radius: 5px;
    padding: 0 10px; min-height: ${control}px; font-weight: 500; color: $text_secondary; }
QPushButton:hover, QToolButton:hover { background: $bg_hover; color: $text_primary; }
QPushButton:pressed, QToolButton:pressed { background: $bg_selected; }
QPushButton:focus, QToolButton:focus { border-color: $border_focus; }
QPushButton:disabled, QToolButton:disabled { color: $text_disabled; }
QPushButton[kind="plain"] { background: $bg_raised; border-color: $border_default; color: $text_primary; }
QPushButton[kind="plain"]:hover { background: $bg_hover; }
QPushButton[kind="plain"]:focus { border-color: $border_focus; }
QPushButton[kind="plain"]:disabled { color: $text_disabled; }
QPushButton[kind="primary"] { background: $ui_accent_fill; color: $ui_on_accent; border-color: $ui_accent_fill; }
QPushButton[kind="primary"]:hover { background: $ui_accent; }
QPushButton[kind="primary"]:disabled { background: $bg_raised; color: $text_disabled;
    border-color: $border_default; }
QPushButton[kind="fault"] { color: $ui_error; padding: 0 4px; font-weight: 400; font-size: ${small}px;
    min-height: 20px; }
QPushButton[kind="link"] { color: $ui_accent; padding: 0 4px; }
QPushButton[kind="chip"] { background: $bg_input; border-color: $border_default; color: $text_primary;
    padding: 0 12px; }
QPushButton[kind="chip"]:hover { background: $bg_hover; }
QPushButton[kind="chip"]:checked { border-color: $ui_accent; }
QPushButton[kind="chip"]:focus { border-color: $border_focus; }
QToolButton[kind="icon"] { padding: 0; min-width: 28px; max-width: 28px; min-height: 28px; max-height: 28px; }
QToolButton[kind="rowicon"] { padding: 0; min-width: 22px; max-width: 22px; min-height: 22px; max-height: 22px; }
QToolButton::menu-indicator, QPushButton::menu-indicator { image: none; width: 0; }

QFrame[role="segments"] { background: $bg_input; border: 1px solid $border_default; border-radius: 5px; }
QFrame[role="segments"] QPushButton { min-height: ${segment}px; padding: 0 8px; border-radius: 4px; margin: 1px; }
QFrame[role="segments"] QPushButton:checked { background: $bg_selected; border-color: $border_strong;
    color: $text_primary; font-weight: 600; }
QFrame[role="segments"] QPushButton:checked:focus { border-color: $border_focus; }
QFrame[role="segments"] QLineEdit { background: transparent; border: none; padding: 0 6px; }

QLineEdit, QSpinBox, QDoubleSpinBox, QComboBox, QPlainTextEdit, QTextEdit { background: $bg_input; color: $text_primary;
    border: 1px solid $border_default; border-radius: 5px; padding: 0 9px; min-height: ${control}px; }
QLineEdit:focus, QSpinBox:focus, QDoubleSpinBox:focus, QComboBox:focus { border-color: $border_focus; }
QLineEdit[bad="true"] { border-color: $ui_error; }
QLineEdit:disabled, QComboBox:disabled { color: $text_disabled; }
QLineEdit[face="figures"], QComboBox[face="figures"] { font-family: "$figures", monospace; }
QPlainTextEdit[face="figures"] { font-family: "$figures", monospace; font-size: ${small}px; border: none;
    background: transparent; color: $text_secondary; padding: 0; }
QComboBox::drop-down { border: none; width: 24px; }
QComboBox::down-arrow { image: none; }
QComboBox QAbstractItemView, QListView[role="popup"] { background: $bg_overlay; border: 1px solid $border_strong;
    border-radius: 5px; padding: 4px; }
QAbstractItemView::item { min-height: ${control}px; padding: 0 6px; border-radius: 3px; }
QAbstractItemView::item:selected, QAbstractItemView::item:hover { background: $bg_selected; color: $text_primary; }

QListWidget#nav { background: transparent; border: none; border-right: 1px solid $border_subtle; padding: 8px; }
QListWidget#nav::item { min-height: ${control}px; padding: 0 10px; border-radius: 5px; color: $text_secondary; }
QListWidget#nav::item:selected { background: $bg_selected; color: $text_primary; }
QListWidget { background: transparent; border: none; }

QMenu { background: $bg_overlay; border: 1px solid $border_strong; border-radius: 5px; padding: 4px; }
QMenu::item { min-height: ${control}px; padding: 0 24px 0 12px; border-radius: 3px; }
QMenu::item:selected { background: $bg_selected; }
QMenu::item:disabled { color: $text_disabled; }
QMenu::separator { height: 1px; background: $border_default; margin: 4px 6px; }
QToolTip { background: $bg_overlay; color: $text_primary; border: 1px solid $border_strong; padding: 4px 8px; }

QScrollArea, QScrollArea > QWidget > QWidget { background: transparent; border: none; }
QScrollArea#detail { border-left: 1px solid $border_subtle; }
QAbstractScrollArea::corner { background: transparent; border: none; }
QScrollBar:vertical { background: transparent; width: 10px; margin: 0; }
QScrollBar::handle:vertical { background: $border_strong; border-radius: 3px; min-height: 24px; margin: 2px; }
QScrollBar:horizontal { background: transparent; height: 10px; margin: 0; }
QScrollBar::handle:horizontal { background: $border_strong; border-radius: 3px; min-width: 24px; margin: 2px; }
QScrollBar::add-line, QScrollBar::sub-line { width: 0; height: 0; }
QScrollBar::add-page, QScrollBar::sub-page { background: transparent; }

QSlider::groove:horizontal { height: 3px; background: $border_strong; border-radius: 1px; }
QSlider::sub-page:horizontal { background: $ui_accent; border-radius: 1px; }
QSlider::handle:horizontal { background: $text_primary; border: 2px solid $ui_accent_fill; width: 10px; height: 10px;
    margin: -6px 0; border-radius: 7px; }
""")


def _tokens(look: Look) -> dict[str, str]:
    return {token.replace(".", "_"): look.css(token) for token in look.theme.colours}


def stylesheet(look: Look) -> str:
    """The style sheet of the whole application."""
    fonts = look.typography
    sizes = {size: fonts.px(size) for size in ("small", "body", "label", "title", "price")}
    heights = {"control": look.scaled(26), "segment": look.scaled(22)}
    return _TEMPLATE.substitute(_tokens(look), **heights, ui=fonts.ui, figures=fonts.figures, **sizes)
