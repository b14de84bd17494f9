"""Paints the crosshair over a finished picture: lines under figures, tags, outline, readout."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from flowdeck.chart.axes import time_label_rects, value_label_rects
from flowdeck.chart.card import card_size, draw_card, place_card
from flowdeck.chart.composer import Composer
from flowdeck.chart.crosshair import Cursor, lines
from flowdeck.chart.layout import Band
from flowdeck.chart.parts import Rect
from flowdeck.chart.patches import blend, device
from flowdeck.chart.pens import box, outline
from flowdeck.chart.scene import Scene
from flowdeck.chart.states import draw_gap_label, gap_label_rect
from flowdeck.chart.tags import draw_tag, draw_time_tag, tag_rect, time_tag_rect
from flowdeck.specs import Placement

__all__ = ["draw_pointer"]

_DASH_PX = 4
_LIFT = {"dark": 0x1AFFFFFF, "light": 0x0D000000}
"""A hovered table column is lifted by 10 % (dark) or 5 % (light)."""


def draw_pointer(composer: Composer, scene: Scene, cursor: Cursor | None, explained: Cursor | None) -> None:
    """Take back the old crosshair and paint the new one.

    Args:
        composer: Whose picture it is painted over.
        scene: What the picture shows.
        cursor: Where the lines and tags are; None without a pointer over the chart.
        explained: Whose cell and readout are shown: the same point, or the one that was pinned.
    """
    composer.cursor.restore(composer.canvas.buffer)
    if cursor is not None:
        for pane, line in lines(scene, cursor):
            _line(composer, pane, line, scene)
        with composer.canvas.pixels():
            _columns(composer, scene, cursor)
            _tags(composer, scene, cursor)
    if explained is not None:
        with composer.canvas.pixels():
            _cell(composer, scene, explained)
            _card(composer, scene, explained)


def _line(composer: Composer, pane: str, line: Rect, scene: Scene) -> None:
    """A dashed line where nothing was painted over the pane's underlay, nor words over that."""
    buffer, scale = composer.canvas.buffer, composer.canvas.scale
    composer.cursor.save(buffer, line, scale)
    rows, columns = device(line, scale, buffer)
    seen = composer.underlay.uncovered(pane, buffer, rows, columns)
    period = max(1, round(_DASH_PX * scale))
    down, across = np.arange(rows.start, rows.stop)[:, None], np.arange(columns.start, columns.stop)
    seen &= ((down if line.height > line.width else across) // period) % 2 == 0
    if not pane and (legend := composer.under_legend(scene, line)) is not None:
        y, x = device(legend, scale, buffer)
        seen[y.start - rows.start : y.stop - rows.start, x.start - columns.start : x.stop - columns.start] = False
    part = buffer[rows, columns]
    buffer[rows, columns] = np.where(seen, blend(part, scene.theme["chart.crosshair"]), part)


def _columns(composer: Composer, scene: Scene, cursor: Cursor) -> None:
    """Lift the hovered column of tables, and edge the hovered row of side strips."""
    canvas, theme = composer.canvas, scene.theme
    for band in scene.layout.of(Placement.TABLE):
        if cursor.bar is not None:
            width = cursor.bar[1] - cursor.bar[0]
            column = _clipped(Rect(cursor.bar[0], band.rect.top, width, band.rect.height), band)
            composer.cursor.save(canvas.buffer, column, canvas.scale)
            box(canvas, column, _LIFT.get(theme.name, _LIFT["dark"]))
            outline(canvas, column, theme["border.strong"])
    for band in scene.layout.of(Placement.SIDE):
        if cursor.row is not None:
            for y in cursor.row:
                hairline = _clipped(Rect(band.rect.left, round(y - 0.5), band.rect.width, 1.0), band)
                composer.cursor.save(canvas.buffer, hairline, canvas.scale)
                box(canvas, hairline, theme["chart.crosshair"])


def _tags(composer: Composer, scene: Scene, cursor: Cursor) -> None:
    canvas, theme, layout = composer.canvas, scene.theme, scene.layout
    if cursor.gap is not None:
        rect = gap_label_rect(canvas, layout.plot, cursor.hover.x_px, cursor.gap)
        composer.cursor.save(canvas.buffer, rect, canvas.scale)
        draw_gap_label(canvas, theme, rect, cursor.gap, canvas.scale)
    if cursor.axis is not None and cursor.line_y is not None:
        _make_room(composer, scene, _value_labels(scene, cursor.axis, cursor.line_y))
        composer.cursor.save(canvas.buffer, tag_rect(cursor.axis, cursor.line_y), canvas.scale)
        fill = theme["chart.crosshair_tag"]
        draw_tag(canvas, cursor.axis, cursor.line_y, cursor.value, fill, 0xFFFFFFFF, canvas.scale)
    if cursor.line_x is not None:
        rect = time_tag_rect(canvas, layout.time_axis, cursor.line_x, cursor.time)
        _make_room(composer, scene, time_label_rects(canvas, layout.time_axis, scene.times, rect))
        composer.cursor.save(canvas.buffer, rect, canvas.scale)
        draw_time_tag(canvas, theme, rect, cursor.time, canvas.scale)


def _value_labels(scene: Scene, axis: Rect, y_px: float) -> list[Rect]:
    """The labels of a vertical axis that its tag would hide in part."""
    layout = scene.layout
    own = next((band.id for band in layout.bands if band.axis == axis), "")
    if own:
        return value_label_rects(axis, scene.values.get(own), tag_rect(axis, y_px))
    last = () if scene.last is None else (tag_rect(axis, scene.price_px(scene.last.price)).middle,)
    return value_label_rects(axis, scene.prices, tag_rect(axis, y_px), last)


def _make_room(composer: Composer, scene: Scene, labels: Iterable[Rect]) -> None:
    """Take away what a tag would leave half of."""
    for label in labels:
        composer.cursor.save(composer.canvas.buffer, label, composer.canvas.scale)
        box(composer.canvas, label, scene.theme["bg.canvas"])


def _cell(composer: Composer, scene: Scene, cursor: Cursor) -> None:
    if cursor.cell is not None:
        grown = _grown(cursor.cell, 1.5)
        composer.cursor.save(composer.canvas.buffer, grown, composer.canvas.scale)
        outline(composer.canvas, grown, scene.theme["text.primary"], 1.5)


def _card(composer: Composer, scene: Scene, cursor: Cursor) -> None:
    if cursor.readout is None:
        return
    canvas = composer.canvas
    at = (cursor.hover.x_px, cursor.hover.y_px)
    whole = scene.layout.whole
    room = Rect(4.0, 4.0, scene.layout.price_axis.left - 8.0, whole.height - scene.layout.time_axis.height - 8.0)
    rect = place_card(card_size(canvas, cursor.readout), at, cursor.bar or (at[0], at[0]), room)
    composer.cursor.save(canvas.buffer, rect, canvas.scale)
    draw_card(canvas, scene.theme, rect, cursor.readout, canvas.scale)


def _grown(rect: Rect, by: float) -> Rect:
    return Rect(rect.left - by / 2, rect.top - by / 2, rect.width + by, rect.height + by)


def _clipped(rect: Rect, band: Band) -> Rect:
    left, right = max(rect.left, band.rect.left), min(rect.right, band.rect.right)
    top, bottom = max(rect.top, band.rect.top), min(rect.bottom, band.rect.bottom)
    return Rect(left, top, max(0.0, right - left), max(0.0, bottom - top))
