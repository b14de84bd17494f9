"""The footprint on the chart: five levels of detail, from figures in every cell to one stroke a pixel."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from pydantic import BaseModel

from flowdeck.specs import Canvas, Changes, ChartPoint, Lod, Plane, PluginContext, Readout, SeriesView, View
from flowdeck.streams import StreamKey, StreamRequest
from flowdeck_footprint.drawing.picture import paint
from flowdeck_footprint.drawing.strokes import Strokes
from flowdeck_footprint.readout import explain
from flowdeck_footprint.settings import FootprintSettings

__all__ = ["FootprintLayer"]

_MARGIN: Final = 0.5
"""Share of a screen that is read beyond the view on its left."""
_POC_FROM_PITCH: Final = 6.0
_REMEMBERED: Final = 8


class FootprintLayer:
    """Implements `specs.Layer`.

    While a new grouping has no rows in view, the rows of the grouping drawn last stay on the picture.
    """

    def __init__(self, context: PluginContext) -> None:
        settings = context.settings
        self._settings = settings if isinstance(settings, FootprintSettings) else FootprintSettings()
        self._series: dict[StreamKey, SeriesView | None] = {}
        self._drawn: StreamKey | None = None
        self._picture: tuple[object, Strokes] | None = None
        context.on_settings(self._on_settings)

    def requests(self, view: View) -> Sequence[StreamRequest]:
        """See `specs.Layer.requests`."""
        keys = [_bars_key(view)]
        if _wants_cells(view):
            wanted = _cells_key(view)
            keys.append(wanted)
            if self._drawn is not None and self._drawn != wanted and _same_but_grouping(self._drawn, wanted):
                keys.append(self._drawn)
        for key in keys:
            self._series[key] = self._series.pop(key, None)  # the newest last
        while len(self._series) > _REMEMBERED:
            del self._series[next(iter(self._series))]
        start = max(0, view.start_ns - round(_MARGIN * (view.stop_ns - view.start_ns)))
        return [StreamRequest(key, start=start, order="newest") for key in keys]

    def update(self, changes: Changes) -> None:
        """See `specs.Layer.update`."""
        for key in self._series:
            self._series[key] = changes.series(key)

    def draw(self, canvas: Canvas, view: View, plane: Plane) -> None:
        """See `specs.Layer.draw`; all of it lies on the plane of bars."""
        if plane is not Plane.BAR:
            return
        bars, cells = self._series.get(_bars_key(view)), self._cells(view)
        signature = (_place(view), self._settings, _state(bars), _state(cells))
        if self._picture is None or self._picture[0] != signature:
            self._picture = signature, paint(view, self._settings, bars, cells)
        self._picture[1].draw(canvas)

    def value_range(self, view: View) -> tuple[float, float] | None:
        """See `specs.Layer.value_range`: the range of the bars in view, in whole rows where rows are drawn."""
        bars = self._series.get(_bars_key(view))
        if bars is None:
            return None
        part = bars.span(view.start_ns - view.timeframe.duration_ns + 1, view.stop_ns)
        low, high = bars.column("low")[part], bars.column("high")[part]
        if not len(low):
            return None
        rows = view.instrument.ticks(np.array([low.min(), high.max()])) // view.grouping
        if view.lod > Lod.PROFILE:
            return float(low.min()), float(high.max())
        return float(rows[0] * view.row_height), float((rows[1] + 1) * view.row_height)

    def inspect(self, at: ChartPoint) -> Readout | None:
        """See `specs.Layer.inspect`."""
        cells = self._cells(at.view) if at.view.lod <= Lod.PROFILE else None
        return explain(at, self._series.get(_bars_key(at.view)), cells)

    def _cells(self, view: View) -> SeriesView | None:
        """The cells to draw: of the wanted grouping, or of the last one as long as that has none in view."""
        if not _wants_cells(view):
            return None
        wanted = _cells_key(view)
        series = self._series.get(wanted)
        if series is not None and (series.complete or _has_rows(series, view)):
            self._drawn = wanted
            return series
        if self._drawn is not None and _same_but_grouping(self._drawn, wanted):
            return self._series.get(self._drawn) or series
        return series

    def _on_settings(self, settings: BaseModel) -> None:
        if isinstance(settings, FootprintSettings):
            self._settings = settings


def _bars_key(view: View) -> StreamKey:
    return view.key("bars", timeframe=view.timeframe)


def _cells_key(view: View) -> StreamKey:
    return view.key("footprint", timeframe=view.timeframe, grouping=view.grouping if view.grouping > 1 else None)


def _wants_cells(view: View) -> bool:
    return view.lod <= Lod.PROFILE or (view.lod is Lod.CANDLE and view.pitch_px >= _POC_FROM_PITCH)


def _same_but_grouping(one: StreamKey, other: StreamKey) -> bool:
    return (one.instrument, one.run, one.param("timeframe")) == (other.instrument, other.run, other.param("timeframe"))


def _has_rows(series: SeriesView, view: View) -> bool:
    part = series.span(view.start_ns, view.stop_ns)
    return bool(part.stop > part.start)


def _state(series: SeriesView | None) -> tuple[StreamKey, int, int] | None:
    return None if series is None else (series.key, id(series), series.version)


def _place(view: View) -> tuple[object, ...]:
    """Everything of a view that the picture depends on; its clock is not."""
    edges = (view.x0, view.x1, view.y0, view.y1, view.width_px, view.height_px, view.scale)
    subject = (view.instrument, view.run, view.timeframe, view.grouping, view.origin_ns)
    return (*edges, *subject, view.lod, view.theme)
