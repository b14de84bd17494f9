"""The crosshair: where it snaps to, and what its tags say. No painting here."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import floor

from flowdeck.chart.parts import Rect, Zone, ZoneKind
from flowdeck.chart.scene import Scene
from flowdeck.chart.states import Gap
from flowdeck.chart.ticks import clock, day_name, figure
from flowdeck.specs import ChartPoint, Placement, Readout, View
from flowdeck.timeframes import DAY_NS

__all__ = ["Cursor", "Hover", "cell_rect", "lines", "locate", "point_at"]

_TIMED = frozenset({ZoneKind.PLOT, ZoneKind.SUBPANE, ZoneKind.TABLE, ZoneKind.TIME_AXIS})
_PRICED = frozenset({ZoneKind.PLOT, ZoneKind.OVERLAY, ZoneKind.SIDE, ZoneKind.PRICE_AXIS})


@dataclass(frozen=True)
class Hover:
    """Where the pointer is, px, and whether the crosshair snaps to bar and row."""

    x_px: float
    y_px: float
    snap: bool = True


@dataclass(frozen=True)
class Cursor:
    """The crosshair of one frame. What does not apply where the pointer is, is None.

    Attributes:
        hover: The pointer.
        zone: What lies under it.
        line_x: Where the vertical line stands, px.
        line_y: Where the horizontal line stands, px.
        time: Text of the tag on the time axis.
        value: Text of the tag on the vertical axis.
        axis: The vertical axis that the tag stands on.
        bar: Left and right edge of the hovered bar, px.
        row: Top and bottom edge of the hovered price row, px.
        gap: The gap under the pointer.
        readout: What layers say of the point.
        cell: The hovered cell, to be outlined.
    """

    hover: Hover
    zone: Zone
    line_x: float | None = None
    line_y: float | None = None
    time: str = ""
    value: str = ""
    axis: Rect | None = None
    bar: tuple[float, float] | None = None
    row: tuple[float, float] | None = None
    gap: Gap | None = None
    readout: Readout | None = None
    cell: Rect | None = None


def locate(scene: Scene, hover: Hover) -> Cursor:
    """The crosshair for a pointer, without what layers say."""
    zone = scene.layout.hit(hover.x_px, hover.y_px)
    view = scene.plot
    if view is None or zone.kind in {ZoneKind.NONE, ZoneKind.SEPARATOR}:
        return Cursor(hover, zone)
    cursor = Cursor(hover, zone)
    if zone.kind in _TIMED:
        cursor = _at_time(cursor, scene, view)
    if zone.kind in _PRICED:
        return _at_price(cursor, scene, view)
    return _at_value(cursor, scene)


def lines(scene: Scene, cursor: Cursor) -> list[tuple[str, Rect]]:
    """The lines of the crosshair, each with the pane that it crosses: its layer, or empty for the plot.

    They are as wide as the whole device pixels nearest to 1 px, and lie on device pixels.
    """
    layout, found = scene.layout, list[tuple[str, Rect]]()
    wide = max(1, round(scene.scale)) / scene.scale
    if cursor.line_x is not None:
        left = round((cursor.line_x - wide / 2) * scene.scale) / scene.scale
        for name, rect in (("", layout.plot), *((band.id, band.rect) for band in layout.of(Placement.SUBPANE))):
            if rect.left <= left < rect.right:
                found.append((name, Rect(left, rect.top, wide, rect.height)))
    if cursor.line_y is not None:
        band = layout.band(cursor.zone.id) if cursor.axis is not layout.price_axis else None
        name, rect = (band.id, band.rect) if band is not None else ("", layout.plot)
        top = round((cursor.line_y - wide / 2) * scene.scale) / scene.scale
        if rect.top <= top < rect.bottom:
            found.append((name, Rect(rect.left, top, rect.width, wide)))
    return found


def point_at(scene: Scene, cursor: Cursor) -> tuple[ChartPoint, Rect] | None:
    """The point under the pointer in the view of its pane, with the pane; None outside of panes."""
    zone, plot = cursor.zone, scene.plot
    band = scene.layout.band(zone.id) if zone.id else None
    rect = band.rect if band is not None else scene.layout.plot
    view = scene.views.get(zone.id) if zone.id else plot
    if view is None or zone.kind in {ZoneKind.PRICE_AXIS, ZoneKind.TIME_AXIS, ZoneKind.VALUE_AXIS}:
        return None
    if zone.kind in {ZoneKind.NONE, ZoneKind.SEPARATOR}:
        return None
    x = view.x0 + (cursor.hover.x_px - rect.left) * view.x_per_px
    y = view.y1 - (cursor.hover.y_px - rect.top) * view.y_per_px
    return ChartPoint(x, y, view), rect


def cell_rect(cell: tuple[float, float, float, float], view: View, rect: Rect) -> Rect | None:
    """A cell (x0, x1, y0, y1) of a view in px, cut to its pane; None when it is out of sight."""
    left = max(rect.left, rect.left + (cell[0] - view.x0) / view.x_per_px)
    right = min(rect.right, rect.left + (cell[1] - view.x0) / view.x_per_px)
    top = max(rect.top, rect.top + (view.y1 - max(cell[2], cell[3])) / view.y_per_px)
    bottom = min(rect.bottom, rect.top + (view.y1 - min(cell[2], cell[3])) / view.y_per_px)
    return Rect(left, top, right - left, bottom - top) if right > left and bottom > top else None


def _at_time(cursor: Cursor, scene: Scene, view: View) -> Cursor:
    left = scene.layout.plot.left
    ts = view.origin_ns + int(view.x0 + (cursor.hover.x_px - left) * view.x_per_px)
    timeframe = view.timeframe
    index = timeframe.index(ts)
    opened, closed = timeframe.open_ns(index), timeframe.close_ns(index)
    bar = tuple(left + (at - view.origin_ns - view.x0) / view.x_per_px for at in (opened, closed))
    snapped = cursor.hover.snap
    line_x = (bar[0] + bar[1]) / 2 if snapped else cursor.hover.x_px
    words = _time_words(opened if snapped else ts, timeframe.duration_ns if snapped else 0)
    gap = next((gap for gap in scene.gaps if gap.start_ns <= ts < gap.stop_ns), None)
    if cursor.zone.kind is not ZoneKind.PLOT:
        gap = None
    return replace(cursor, line_x=line_x, time=words, bar=(bar[0], bar[1]), gap=gap)


def _at_price(cursor: Cursor, scene: Scene, view: View) -> Cursor:
    plot = scene.layout.plot
    price = view.y1 - (cursor.hover.y_px - plot.top) * view.y_per_px
    instrument, grouping = view.instrument, view.grouping
    row = floor(price / view.row_height)
    edges = tuple(plot.top + (view.y1 - edge * view.row_height) / view.y_per_px for edge in (row + 1, row))
    tick = row * grouping + grouping // 2
    line_y = (edges[0] + edges[1]) / 2
    if not cursor.hover.snap:
        tick, line_y = round(price / float(instrument.tick_size)), cursor.hover.y_px
    words = figure(float(instrument.prices([tick])[0]), instrument.price_decimals)
    axis = scene.layout.price_axis
    return replace(cursor, line_y=line_y, value=words, axis=axis, row=(edges[0], edges[1]))


def _at_value(cursor: Cursor, scene: Scene) -> Cursor:
    band, view = scene.layout.band(cursor.zone.id), scene.views.get(cursor.zone.id)
    if band is None or view is None or band.axis is None:
        return cursor
    value = view.y1 - (cursor.hover.y_px - band.rect.top) * view.y_per_px
    ticks = scene.values.get(band.id)
    decimals = ticks.decimals + 1 if ticks is not None else 0
    return replace(cursor, line_y=cursor.hover.y_px, value=figure(value, decimals), axis=band.axis)


def _time_words(ts: int, duration_ns: int) -> str:
    if duration_ns >= DAY_NS:
        return day_name(ts)
    return clock(ts, seconds=duration_ns % (60 * 10**9) != 0 or not duration_ns, date=True)
