"""What hands do to a chart: panning, zooming, fitting, dragging axes and separators."""

from __future__ import annotations

from math import exp, isfinite
from typing import Final

from flowdeck.chart.bars import newest_close
from flowdeck.chart.core import ChartCore
from flowdeck.chart.parts import Redraw, Zone, ZoneKind
from flowdeck.chart.theme import sizes
from flowdeck.specs import Placement

__all__ = ["Navigation"]

_LOOSE_PX: Final = 12.0
"""How far a drag wanders up or down before it takes the price scale along, while that fits itself."""
_AXIS_PX: Final = 180.0
"""Dragging an axis so far scales it by e."""
_LARGEST_FACTOR: Final = 64.0


class Navigation(ChartCore):
    """The part of the chart host that moves the window. Sizes are px, y downwards."""

    _wandered = 0.0

    @property
    def pinned(self) -> bool:
        """Whether the window follows the newest bar."""
        return self._window.time.pinned

    def pan_px(self, dx: float, dy: float) -> None:
        """Move the picture right and down; until `drag_end` the readout stays away.

        Small wandering up and down leaves a price scale that fits itself alone.
        """
        if not (isfinite(dx) and isfinite(dy)):
            return
        self._dragging = True
        if dx:
            self._window.moved()
            self._window.time.pan(dx)
        if dy and not self._holds_price(dy):
            self._window.moved()
            self._window.price.pan(dy)
        self._touch(Redraw.FULL)

    def drag_end(self) -> None:
        """The drag is over: the readout comes back, and the next drag wanders anew."""
        self._wandered, self._dragging = 0.0, False
        self._touch(Redraw.CURSOR)

    def pan_steps(self, bars: int, rows: int) -> None:
        """Move the picture by whole bars to the right and whole rows down."""
        self._window.moved()
        if bars:
            self._window.time.pan(bars * self._window.time.pitch_px)
        if rows:
            self._window.price.pan(rows * self._row_px())
        self._touch(Redraw.FULL)

    def zoom(self, factor_x: float, factor_y: float, at_px: tuple[float, float] | None = None) -> None:
        """Stretch time and price: time about the newest bar while pinned, else about the point (None: the middle).

        Over a subpane, price stands for the pane's own values. A factor of 1 leaves a scale alone.
        """
        across, down = _sane(factor_x), _sane(factor_y)
        if across != 1.0:
            self._window.moved()
            self._window.time.zoom(across, None if at_px is None else at_px[0] - self._layout.plot.left)
        if down != 1.0:
            self._window.moved()
            self._zoom_value(down, at_px)
        self._touch(Redraw.FULL)

    def fit(self, *, x: bool = True, y: bool = True, pane: str = "") -> None:
        """Fit time to the newest bars at a readable pitch, and prices (or a pane's values) to what is shown."""
        director = self._director
        director.fit_time |= x
        director.fit_price |= y and not pane
        director.fit_pane = (pane if y else "") or director.fit_pane
        self._touch(Redraw.FULL)

    def to_live(self) -> None:
        """Follow the newest bar again; the price scale fits itself again when the last price is out of sight."""
        self._window.moved()
        self._window.time.to_newest(sizes().bar_margin)
        last, price = newest_close(self._bars()), self._window.price
        if last is None or not price.y0 <= last <= price.y1:
            price.auto = True
        self._touch(Redraw.FULL)

    def drag_axis(self, axis: Zone, delta_px: float) -> None:
        """Scale what an axis shows about the pane's middle: right widens bars, up stretches prices."""
        factor = _sane(exp(delta_px / _AXIS_PX if isfinite(delta_px) else 0.0))
        self._window.moved()
        if axis.kind is ZoneKind.TIME_AXIS:
            self._window.time.zoom(factor)
        elif axis.kind is ZoneKind.PRICE_AXIS:
            self._window.price.zoom(1.0 / factor)
        elif axis.kind is ZoneKind.VALUE_AXIS and axis.id in self._window.values:
            self._window.values[axis.id].zoom(1.0 / factor)
        self._touch(Redraw.FULL)

    def drag_separator(self, separator: Zone, delta_px: float) -> None:
        """Move the left edge of a strip or the top edge of a pane; the plot takes what is left."""
        band = self._layout.band(separator.id)
        if band is None:
            return
        size = band.rect.width if separator.moves == "x" else band.rect.height
        self._chosen_px[band.id] = self._chosen_px.get(band.id, size) - delta_px
        self._arrange()
        self._touch(Redraw.FULL)

    def restore_separator(self, separator: Zone) -> None:
        """Give a strip or pane the size that its layer prefers."""
        self._chosen_px.pop(separator.id, None)
        self._arrange()
        self._touch(Redraw.FULL)

    def _holds_price(self, dy: float) -> bool:
        self._wandered += dy
        return self._window.price.auto and abs(self._wandered) < _LOOSE_PX

    def _row_px(self) -> float:
        """Height of a price row."""
        row = self._subject.tick * self._window.grouping if self._subject is not None else 0.0
        return row / self._window.price.per_px

    def _zoom_value(self, factor: float, at_px: tuple[float, float] | None) -> None:
        zone = self._layout.hit(*at_px) if at_px is not None else Zone(ZoneKind.PLOT)
        band = self._layout.band(zone.id) if zone.id else None
        if band is not None and band.placement is Placement.TABLE:
            return
        if band is not None and band.placement is Placement.SUBPANE:
            scale, top = self._window.values[band.id], band.rect.top
        else:
            scale, top = self._window.price, self._layout.plot.top
        scale.zoom(factor, None if at_px is None else at_px[1] - top)


def _sane(factor: float) -> float:
    """A factor that a slip of the hand or a broken device cannot make absurd."""
    if not isfinite(factor) or factor <= 0.0:
        return 1.0
    return max(1.0 / _LARGEST_FACTOR, min(factor, _LARGEST_FACTOR))
