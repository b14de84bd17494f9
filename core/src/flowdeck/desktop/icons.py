"""Icons, drawn for Flowdeck: strokes on a grid of 24, in any colour."""

from __future__ import annotations

from functools import lru_cache

from PySide6.QtCore import QByteArray, QRectF, Qt
from PySide6.QtGui import QColor, QIcon, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer

__all__ = ["ICONS", "icon", "paint", "pixmap"]

_CIRCLE = '<circle cx="12" cy="12" r="9"/>'

ICONS = {
    "active": f'{_CIRCLE}<path d="M8 12.4l2.8 2.8L16 9.6"/>',
    "camera": '<path d="M3.5 8.5h4l1.6-2.6h5.8l1.6 2.6h4v10.6h-17z"/><circle cx="12" cy="13.4" r="3.3"/>',
    "chevron": '<path d="M6.5 9.5l5.5 5.5 5.5-5.5"/>',
    "chevron_right": '<path d="M9.5 6.5l5.5 5.5-5.5 5.5"/>',
    "close": '<path d="M6 6l12 12M18 6L6 18"/>',
    "copy": '<rect x="8.5" y="8.5" width="11.5" height="11.5" rx="2"/><path d="M15.5 5.5v-1.5h-11.5v11.5h1.5"/>',
    "disabled": (
        '<rect x="6.5" y="5" width="3.6" height="14" rx="1"/><rect x="13.9" y="5" width="3.6" height="14" rx="1"/>'
    ),
    "dock": '<rect x="3.5" y="4.5" width="17" height="15" rx="2"/><path d="M14.5 4.5v15"/>',
    "error": f'{_CIRCLE}<path d="M9.2 9.2l5.6 5.6M14.8 9.2l-5.6 5.6"/>',
    "eye": '<path d="M2.5 12c4.4-8 14.6-8 19 0c-4.4 8-14.6 8-19 0z"/><circle cx="12" cy="12" r="2.9"/>',
    "eye_off": '<path d="M2.5 12c4.4-8 14.6-8 19 0c-4.4 8-14.6 8-19 0z"/><path d="M4.5 4.5l15 15"/>',
    "folder": '<path d="M3.5 6h6l2 2.5h9v10.5h-17z"/>',
    "gear": (
        '<circle cx="12" cy="12" r="3"/><circle cx="12" cy="12" r="6.6"/>'
        '<path d="M12 2.5v2.9M12 18.6v2.9M2.5 12h2.9M18.6 12h2.9'
        'M5.3 5.3l2 2M16.7 16.7l2 2M18.7 5.3l-2 2M7.3 16.7l-2 2"/>'
    ),
    "history": '<path d="M4 12a8.3 8.3 0 1 0 2.6-6M6.6 2.8v3.4h3.4M12 7.5v5l3.4 2"/>',
    "incompatible": f'{_CIRCLE}<path d="M5.8 5.8l12.4 12.4"/>',
    "layers": '<path d="M12 3.5l9 4.8-9 4.8-9-4.8zM3.5 12.5l8.5 4.5 8.5-4.5M3.5 16.3l8.5 4.5 8.5-4.5"/>',
    "live": '<circle cx="12" cy="12" r="5" fill="{colour}" stroke="none"/>',
    "missing": f'{_CIRCLE}<path d="M9.4 9.6a2.7 2.7 0 1 1 3.7 2.6c-.8.4-1.1.9-1.1 1.7M12 16.6v.2"/>',
    "pause": '<path d="M8.5 5.5v13M15.5 5.5v13"/>',
    "play": '<path d="M7.5 5l11 7-11 7z"/>',
    "plus": '<path d="M12 5v14M5 12h14"/>',
    "puzzle": (
        '<path d="M4.5 8h4.3c-1.3-4.9 5.9-4.9 4.6 0h4.6v4.3c4.9-1.3 4.9 5.9 0 4.6v3.6h-13.5v-4.2c4 1 4-5 0-4z"/>'
    ),
    "reset": '<path d="M5 12a7.5 7.5 0 1 0 2.3-5.4M7.3 2.9v3.8h3.9"/>',
    "retry": '<path d="M4.5 11a7.7 7.7 0 0 1 13.8-3.8M18.6 3.5v4h-4M19.5 13a7.7 7.7 0 0 1-13.8 3.8M5.4 20.5v-4h4"/>',
    "search": '<circle cx="10.8" cy="10.8" r="6.5"/><path d="M15.7 15.7l4.8 4.8"/>',
    "shield": '<path d="M12 3l7.5 2.8v5.7c0 4.5-3 7.7-7.5 9.5c-4.5-1.8-7.5-5-7.5-9.5v-5.7zM12 8.5v4.5M12 15.8v.2"/>',
    "sliders": (
        '<path d="M3.5 8h9M18.5 8h2M3.5 16h2M11.5 16h9"/><circle cx="15.5" cy="8" r="2.6"/>'
        '<circle cx="8.5" cy="16" r="2.6"/>'
    ),
    "step_back": '<path d="M17.5 5.5l-9 6.5 9 6.5zM6.5 5.5v13"/>',
    "step_forward": '<path d="M6.5 5.5l9 6.5-9 6.5zM17.5 5.5v13"/>',
    "stop": '<rect x="6" y="6" width="12" height="12" rx="1"/>',
    "warning": '<path d="M12 4l9 15.5h-18zM12 10v4.5M12 16.9v.2"/>',
}
"""Name to the inside of an SVG with a view box of 24 by 24."""

_SVG = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24" fill="none" stroke="{colour}" '
    'stroke-width="{width}" stroke-linecap="round" stroke-linejoin="round">{inside}</svg>'
)


@lru_cache(maxsize=256)
def _renderer(name: str, colour: str, width: float) -> QSvgRenderer:
    return QSvgRenderer(
        QByteArray(_SVG.format(colour=colour, width=width, inside=ICONS[name].replace("{colour}", colour)).encode())
    )


def paint(painter: QPainter, name: str, colour: QColor, rect: QRectF) -> None:
    """Draw an icon; its stroke is about 1.3 px wide at any size."""
    width = round(1.3 * 24 / max(rect.width(), 8.0), 2)
    painter.save()
    painter.setOpacity(painter.opacity() * colour.alphaF())
    _renderer(name, colour.name(), width).render(painter, rect)
    painter.restore()


@lru_cache(maxsize=512)
def _pixmap(name: str, rgba: int, size_px: int, scale: float) -> QPixmap:
    picture = QPixmap(round(size_px * scale), round(size_px * scale))
    picture.setDevicePixelRatio(scale)
    picture.fill(Qt.GlobalColor.transparent)
    painter = QPainter(picture)
    paint(painter, name, QColor.fromRgba(rgba), QRectF(0, 0, size_px, size_px))
    painter.end()
    return picture


def pixmap(name: str, colour: QColor, size_px: int = 16, scale: float = 1.0) -> QPixmap:
    """An icon as a picture of `size_px` in width and height, for screens with `scale` device pixels a px."""
    return _pixmap(name, colour.rgba(), size_px, scale)


def icon(name: str, colour: QColor, size_px: int = 16) -> QIcon:
    """An icon for a button, sharp on screens of scale 1 and 2."""
    result = QIcon()
    for scale in (1.0, 2.0):
        result.addPixmap(pixmap(name, colour, size_px, scale))
    return result
