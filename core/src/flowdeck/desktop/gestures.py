"""The mouse on the chart: drags, wheel, clicks and hovering become calls of the chart host."""

from __future__ import annotations

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QMouseEvent, QWheelEvent

from flowdeck.chart.host import ChartHost
from flowdeck.chart.parts import Zone, ZoneKind

__all__ = ["Gestures", "cursor_of"]

_CLICK_SLOP_PX = 3.0
_ZOOM_PER_DEGREE = 1.0 + 0.2 / 15
"""A notch of 15 degrees zooms by a fifth; touchpads send parts of it."""

_AXES = {ZoneKind.PRICE_AXIS, ZoneKind.VALUE_AXIS, ZoneKind.TIME_AXIS}


def cursor_of(zone: Zone) -> Qt.CursorShape:
    """The mouse cursor over a zone."""
    if zone.kind is ZoneKind.TIME_AXIS or zone.moves == "x":
        return Qt.CursorShape.SizeHorCursor
    if zone.kind in {ZoneKind.PRICE_AXIS, ZoneKind.VALUE_AXIS} or zone.moves == "y":
        return Qt.CursorShape.SizeVerCursor
    return Qt.CursorShape.CrossCursor if zone.kind is not ZoneKind.NONE else Qt.CursorShape.ArrowCursor


class Gestures:
    """Follows one mouse over one chart.

    Args:
        host: The chart.
        text_scale: Px of the mouse for one px of the chart.
    """

    def __init__(self, host: ChartHost, text_scale: float = 1.0) -> None:
        self._host = host
        self.text_scale = text_scale
        self._pressed: tuple[QPointF, Zone] | None = None
        self._last = QPointF()
        self._moved = False

    @property
    def dragging(self) -> bool:
        """Whether a button is held and the mouse has moved."""
        return self._pressed is not None and self._moved

    def zone(self, event: QMouseEvent) -> Zone:
        """What of the chart lies under the mouse."""
        at = self._at(event)
        return self._host.hit(at.x(), at.y())

    def press(self, event: QMouseEvent) -> None:
        """The left button goes down."""
        at = self._at(event)
        self._pressed, self._last, self._moved = (at, self._host.hit(at.x(), at.y())), at, False

    def move(self, event: QMouseEvent) -> None:
        """The mouse moves: a drag while the button is held, else hovering."""
        at = self._at(event)
        if self._pressed is None:
            snap = not event.modifiers() & Qt.KeyboardModifier.AltModifier
            self._host.hover(at.x(), at.y(), snap=snap)
            return
        start, zone = self._pressed
        self._moved = self._moved or (at - start).manhattanLength() > _CLICK_SLOP_PX
        if self._moved:
            self._drag(zone, at - self._last)
            self._last = at

    def release(self) -> None:
        """The left button goes up: the end of a drag, or a click that pins the readout."""
        if self._pressed is None:
            return
        zone, self._pressed = self._pressed[1], None
        if self._moved:
            self._host.drag_end()
        elif zone.kind not in _AXES | {ZoneKind.SEPARATOR, ZoneKind.NONE}:
            self._host.pin_readout()

    def double_click(self, event: QMouseEvent) -> None:
        """Fit the axis or pane under the mouse; a separator goes back to where it was."""
        zone = self.zone(event)
        self._pressed = None
        if zone.kind is ZoneKind.SEPARATOR:
            self._host.restore_separator(zone)
        elif zone.kind is ZoneKind.TIME_AXIS:
            self._host.fit(y=False)
        elif zone.kind in {ZoneKind.PRICE_AXIS, ZoneKind.VALUE_AXIS}:
            self._host.fit(x=False, pane=zone.id)
        elif zone.kind is not ZoneKind.NONE:
            self._host.unpin_readout()
            self._host.fit(pane=zone.id if zone.kind is ZoneKind.SUBPANE else "")

    def wheel(self, event: QWheelEvent) -> None:
        """Zoom time at the cursor; Shift: price; Ctrl: both."""
        degrees = (event.angleDelta().y() or event.angleDelta().x()) / 8
        factor = _ZOOM_PER_DEGREE**degrees
        at = self._at(event)
        price = bool(event.modifiers() & (Qt.KeyboardModifier.ShiftModifier | Qt.KeyboardModifier.ControlModifier))
        time = not event.modifiers() & Qt.KeyboardModifier.ShiftModifier
        self._host.zoom(factor if time else 1.0, factor if price else 1.0, (at.x(), at.y()))

    def _at(self, event: QMouseEvent | QWheelEvent) -> QPointF:
        """Where the mouse is, px of the chart."""
        return event.position() / self.text_scale

    def _drag(self, zone: Zone, by: QPointF) -> None:
        if zone.kind is ZoneKind.SEPARATOR:
            self._host.drag_separator(zone, by.x() if zone.moves == "x" else by.y())
        elif zone.kind in _AXES:
            self._host.drag_axis(zone, by.x() if zone.kind is ZoneKind.TIME_AXIS else by.y())
        elif zone.kind is not ZoneKind.NONE:
            self._host.pan_px(by.x(), by.y())
