"""Layout: which part of the chart is plot, strip, pane, axis or separator."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

from flowdeck.chart.parts import Rect, Zone, ZoneKind
from flowdeck.chart.theme import sizes
from flowdeck.specs import LayerSpec, Placement

__all__ = ["Band", "Layout", "arrange"]

_GRIP_PX: Final = 3.0  # a separator is a hairline; it is caught from this far on either side
_PLOT_WISH: Final = {"x": 640.0, "y": 420.0}
"""Below these sizes of the plot strips and panes begin to shrink."""
_PLOT_MIN: Final = {"x": 160.0, "y": 120.0}
"""Sizes that a user's dragging leaves to the plot."""


@dataclass(frozen=True)
class Band:
    """A strip or pane of one layer.

    Attributes:
        id: The layer.
        placement: Where it lives.
        rect: Where it draws.
        axis: Where its values are labelled; None for strips, which share the price axis, and for tables.
    """

    id: str
    placement: Placement
    rect: Rect
    axis: Rect | None = None


@dataclass(frozen=True)
class Layout:
    """Every area of a chart. Strips and panes without room are absent.

    Attributes:
        whole: The chart.
        plot: The price plot.
        price_axis: Right of it.
        time_axis: Below everything, as wide as the plot.
        corner: Right of the time axis.
        bands: Strips and panes.
        separators: Areas that are dragged, with what they move.
    """

    whole: Rect
    plot: Rect
    price_axis: Rect
    time_axis: Rect
    corner: Rect
    bands: tuple[Band, ...] = ()
    separators: tuple[tuple[Rect, Zone], ...] = field(default=())

    def band(self, layer: str) -> Band | None:
        """The strip or pane of a layer, if it has room."""
        return next((band for band in self.bands if band.id == layer), None)

    def of(self, *placements: Placement) -> list[Band]:
        """The bands of some placements, in order."""
        return [band for band in self.bands if band.placement in placements]

    @property
    def overlay_px(self) -> float:
        """Width of the plot that overlay strips cover."""
        return sum(band.rect.width for band in self.of(Placement.OVERLAY))

    def hit(self, x_px: float, y_px: float) -> Zone:
        """What lies at a point."""
        for rect, zone in self.separators:
            if rect.contains(x_px, y_px):
                return zone
        for band in self.bands:
            if band.rect.contains(x_px, y_px):
                return Zone(ZoneKind(band.placement.value), band.id)
            if band.axis is not None and band.axis.contains(x_px, y_px):
                return Zone(ZoneKind.VALUE_AXIS, band.id)
        for rect, kind in (
            (self.plot, ZoneKind.PLOT),
            (self.price_axis, ZoneKind.PRICE_AXIS),
            (self.time_axis, ZoneKind.TIME_AXIS),
        ):
            if rect.contains(x_px, y_px):
                return Zone(kind)
        return Zone(ZoneKind.NONE)


def arrange(
    width_px: float,
    height_px: float,
    specs: Sequence[LayerSpec],
    chosen: Mapping[str, float],
    axis_px: float = 0.0,
) -> Layout:
    """Allot the space of a chart.

    Args:
        width_px: Width of the chart.
        height_px: Height of the chart.
        specs: The layers that are shown, in painting order.
        chosen: Sizes that the user dragged, by layer.
        axis_px: Width that the labels of the price axis need; the axis is at least as wide as the design's.
    """
    axis_width = min(max(sizes().price_axis, axis_px), width_px / 2)
    time_height = min(sizes().time_axis, height_px / 4)
    sides = _of(specs, Placement.SIDE)
    panes = [*_of(specs, Placement.TABLE), *_of(specs, Placement.SUBPANE)]
    widths = _allot("x", width_px - axis_width, sides, chosen)
    heights = _allot("y", height_px - time_height, panes, chosen)
    plot_width = max(1.0, width_px - axis_width - sum(widths.values()))
    plot_height = max(1.0, height_px - time_height - sum(heights.values()))
    plot = Rect(0.0, 0.0, plot_width, plot_height)
    price_axis = Rect(width_px - axis_width, 0.0, axis_width, plot_height)
    strips = _strips(plot, sides, widths) + _overlays(plot, _of(specs, Placement.OVERLAY))
    lower = _panes(plot, price_axis, panes, heights)
    return Layout(
        whole=Rect(0.0, 0.0, width_px, height_px),
        plot=plot,
        price_axis=price_axis,
        time_axis=Rect(0.0, height_px - time_height, plot_width, time_height),
        corner=Rect(plot_width, height_px - time_height, width_px - plot_width, time_height),
        bands=(*strips, *lower),
        separators=tuple(_separator(band) for band in (*strips, *lower) if band.placement is not Placement.OVERLAY),
    )


def _of(specs: Sequence[LayerSpec], placement: Placement) -> list[LayerSpec]:
    return [spec for spec in specs if spec.placement is placement]


def _allot(
    direction: Literal["x", "y"], available_px: float, specs: Sequence[LayerSpec], chosen: Mapping[str, float]
) -> dict[str, float]:
    """Sizes of strips or panes: as chosen or preferred; while the plot is too small the last shrink first."""
    given = {spec.id: _size(spec, chosen.get(spec.id)) for spec in specs}
    floor = _PLOT_MIN[direction] if any(spec.id in chosen for spec in specs) else _PLOT_WISH[direction]
    for smaller in (lambda spec: spec.min_px, lambda spec: spec.collapsed_px, lambda _: 0):
        for spec in reversed(specs):
            if available_px - sum(given.values()) >= floor:
                break
            given[spec.id] = min(given[spec.id], float(smaller(spec)))
    return {name: size for name, size in given.items() if size > 0}


def _size(spec: LayerSpec, chosen_px: float | None) -> float:
    """As dragged: never under the minimum, but dragged far under it the strip folds to its collapsed size."""
    if chosen_px is None:
        return float(spec.preferred_px)
    if spec.collapsed_px and chosen_px < (spec.min_px + spec.collapsed_px) / 2:
        return float(spec.collapsed_px)
    return max(chosen_px, float(spec.min_px), 1.0)


def _strips(plot: Rect, specs: Sequence[LayerSpec], widths: Mapping[str, float]) -> list[Band]:
    bands, left = [], plot.right
    for spec in specs:
        if spec.id in widths:
            bands.append(Band(spec.id, spec.placement, Rect(left, plot.top, widths[spec.id], plot.height)))
            left += widths[spec.id]
    return bands


def _overlays(plot: Rect, specs: Sequence[LayerSpec]) -> list[Band]:
    bands, right = [], plot.right
    for spec in specs:
        width = min(float(spec.preferred_px), max(plot.width * sizes().overlay_max_share, float(spec.min_px)))
        if width > plot.width / 2:
            width = float(spec.collapsed_px)
        if width > 0:
            right -= width
            bands.append(Band(spec.id, spec.placement, Rect(right, plot.top, width, plot.height)))
    return bands


def _panes(plot: Rect, price_axis: Rect, specs: Sequence[LayerSpec], heights: Mapping[str, float]) -> list[Band]:
    bands, top = [], plot.bottom
    for spec in specs:
        if spec.id in heights:
            height = heights[spec.id]
            axis = Rect(price_axis.left, top, price_axis.width, height)
            own = axis if spec.placement is Placement.SUBPANE else None
            bands.append(Band(spec.id, spec.placement, Rect(0.0, top, plot.width, height), own))
            top += height
    return bands


def _separator(band: Band) -> tuple[Rect, Zone]:
    """The left edge of a side strip, the top edge of a pane."""
    rect = band.rect
    if band.placement is Placement.SIDE:
        return Rect(rect.left - _GRIP_PX, rect.top, 2 * _GRIP_PX, rect.height), Zone(ZoneKind.SEPARATOR, band.id, "x")
    return Rect(rect.left, rect.top - _GRIP_PX, rect.width, 2 * _GRIP_PX), Zone(ZoneKind.SEPARATOR, band.id, "y")
