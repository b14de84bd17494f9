"""What a pointer does to a chart: crosshair, readout, and pinning it."""

from __future__ import annotations

from dataclasses import replace

from flowdeck.chart.card import joined
from flowdeck.chart.core import ChartCore
from flowdeck.chart.crosshair import Cursor, Hover, cell_rect, locate, point_at
from flowdeck.chart.deck import Slot
from flowdeck.chart.parts import Rect, Redraw, Zone, ZoneKind
from flowdeck.chart.scene import Scene
from flowdeck.specs import ChartPoint, Layer, Placement, Readout, View

__all__ = ["Pointing"]


class Pointing(ChartCore):
    """The part of the chart host that answers the pointer."""

    def hit(self, x_px: float, y_px: float) -> Zone:
        """What lies at a point."""
        return self._layout.hit(x_px, y_px)

    def hover(self, x_px: float, y_px: float, *, snap: bool = True) -> None:
        """The pointer is here; with `snap` the crosshair takes the bar and the price row under it."""
        hover = Hover(x_px, y_px, snap)
        if hover != self._hover or self._dragging:
            self._touch(Redraw.CURSOR)
            self._hover, self._dragging = hover, False

    def leave(self) -> None:
        """The pointer has left."""
        if self._hover is not None:
            self._hover = None
            self._touch(Redraw.CURSOR)

    def pin_readout(self) -> None:
        """Keep what is said of the point under the pointer, wherever that point is moved."""
        cursor, scene = self._cursor, self._scene
        if cursor is None or scene is None or cursor.zone.kind is not ZoneKind.PLOT:
            return
        found = point_at(scene, cursor)
        if found is not None:
            self._pin = found[0].ts, found[0].y
            self._touch(Redraw.CURSOR)

    def unpin_readout(self) -> None:
        """Let the readout follow the pointer again."""
        if self._pin is not None:
            self._pin = None
            self._touch(Redraw.CURSOR)

    def readout(self) -> Readout | None:
        """What layers say of the pinned point or the one under the pointer, as of the last frame."""
        return self._explained.readout if self._explained is not None else None

    def point(self) -> ChartPoint | None:
        """The point under the pointer in the view of its pane, as of the last frame."""
        if self._cursor is None or self._scene is None:
            return None
        found = point_at(self._scene, self._cursor)
        return found[0] if found is not None else None

    @property
    def plot(self) -> tuple[Rect, View] | None:
        """Where the plot lies and what it shows, as of the last frame; a front end puts items of its own there."""
        if self._scene is None or self._scene.plot is None:
            return None
        return self._scene.layout.plot, self._scene.plot

    def _locate(self, scene: Scene) -> None:
        """Find out where crosshair and readout are in a scene."""
        self._cursor = locate(scene, self._hover) if self._hover is not None else None
        if self._pin is not None:
            self._explained = self._pinned_at(scene, *self._pin)
        else:
            asked = None if self._dragging else self._cursor
            self._explained = self._explain(scene, asked) if asked is not None else None

    def _pinned_at(self, scene: Scene, ts: int, price: float) -> Cursor | None:
        """The pinned point in a scene; None where it is out of sight."""
        view, plot = scene.plot, scene.layout.plot
        if view is None:
            return None
        x = plot.left + (ts - view.origin_ns - view.x0) / view.x_per_px
        y = plot.top + (view.y1 - price) / view.y_per_px
        if not plot.contains(x, y):
            return None
        return self._explain(scene, replace(locate(scene, Hover(x, y)), zone=Zone(ZoneKind.PLOT)))

    def _explain(self, scene: Scene, cursor: Cursor) -> Cursor:
        """The cursor with what the layers of its pane say of the point."""
        found = point_at(scene, cursor)
        if found is None:
            return cursor
        point, rect = found
        answers = (self._inspect(slot, point) for slot in self._asked(cursor.zone))
        readout = joined(answer for answer in answers if answer is not None)
        if readout is None:
            return cursor
        cell = cell_rect(readout.cell, point.view, rect) if readout.cell is not None else None
        return replace(cursor, readout=readout, cell=cell)

    def _asked(self, zone: Zone) -> list[Slot]:
        if zone.kind is ZoneKind.PLOT:
            return [slot for slot in self._deck.shown() if slot.spec.placement is Placement.PLOT]
        return [slot for slot in self._deck.shown() if slot.id == zone.id]

    def _inspect(self, slot: Slot, point: ChartPoint) -> Readout | None:
        layer = slot.layer
        return None if layer is None else self._deck.call(slot, "inspect", lambda: _checked(layer, point))


def _checked(layer: Layer, point: ChartPoint) -> Readout | None:
    """The layer's answer.

    Raises:
        TypeError: when it is not a readout.
        KeyError: when a line names a colour that the theme does not have.
    """
    answer = layer.inspect(point)
    if answer is None:
        return None
    if not isinstance(answer, Readout):
        raise TypeError(f"inspect() answered {answer!r}, which is not a Readout")
    for _, _, token in answer.lines:
        point.view.theme[token]
    return answer
