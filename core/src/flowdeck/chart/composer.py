"""Paints a scene: layers plane by plane, with the chart's own marks between them in the design's order."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from functools import partial

from flowdeck.canvas import RasterCanvas
from flowdeck.chart.axes import draw_grid, draw_time_axis, draw_value_axis
from flowdeck.chart.banners import banner_rect, draw_banners
from flowdeck.chart.deck import Deck, Slot
from flowdeck.chart.dimming import dim
from flowdeck.chart.ground import Ground
from flowdeck.chart.layout import Band
from flowdeck.chart.legend import Legend
from flowdeck.chart.parts import Rect
from flowdeck.chart.patches import Patches, Underlay
from flowdeck.chart.pens import Text, box, text
from flowdeck.chart.scene import Scene
from flowdeck.chart.stamps import Stamps
from flowdeck.chart.states import draw_empty, draw_gaps, draw_head, draw_loading, draw_progress, head_rect
from flowdeck.chart.tags import LastPrice, draw_arrow, draw_last_line, draw_tag, tag_rect
from flowdeck.chart.theme import sizes
from flowdeck.chart.ticks import figure
from flowdeck.specs import Canvas, Placement, Plane, View

__all__ = ["Composer"]

_UNDER = (Plane.BACKDROP, Plane.ZONE)
_OVER = (Plane.BAR, Plane.MARK, Plane.LABEL)


class Composer:
    """Paints into one canvas. Whether layers succeed is told by the deck's guard.

    Args:
        canvas: Where to paint.

    Attributes:
        underlay: Panes before their bars, for the crosshair.
        marks: What overlay marks cover.
        cursor: What the crosshair covers.
    """

    def __init__(self, canvas: RasterCanvas) -> None:
        self.canvas = canvas
        self.underlay = Underlay()
        self.marks = Patches()
        self.cursor = Patches()
        self._keep: Sequence[tuple[str, Rect]] | None = ()
        self._legend: tuple[Legend, Hashable] | None = None
        self._stamps = Stamps()
        self._ground = Ground()

    def full(self, scene: Scene, deck: Deck, keep: Sequence[tuple[str, Rect]] | None) -> bool:
        """Paint everything but overlay and cursor; False when the picture must be begun anew, as when a layer failed.

        Args:
            scene: What to paint.
            deck: Whose layers.
            keep: Lines (pane and area) that will be painted under its bars; None keeps whole panes, for any line.
        """
        self._keep = keep
        for saved in (self.underlay.invalidate, self.marks.forget, self.cursor.forget):
            saved()
        slots = deck.shown()
        if not self._plot(scene, deck, slots):
            return False
        for band in scene.layout.bands:
            self._band(scene, deck, slots, band)
        if scene.dim:
            buffer, ground = self.canvas.buffer, scene.theme["bg.canvas"]
            dim(buffer, self.underlay, scene.layout, self.canvas.scale, scene.dim, ground)
        with self.canvas.pixels():
            self._frame(scene)
        return all(slot.layer is not None for slot in slots)

    def overlay(self, scene: Scene) -> None:
        """Paint legend, progress, replay head and banners over the picture, keeping what they cover."""
        self.cursor.restore(self.canvas.buffer)
        self.marks.restore(self.canvas.buffer)
        with self.canvas.pixels():
            for rect, draw in self._overlays(scene):
                self.marks.save(self.canvas.buffer, rect, self.canvas.scale)
                draw()

    def _overlays(self, scene: Scene) -> list[tuple[Rect, Callable[[], None]]]:
        """What lies over the picture: the area that each mark takes, and how it is painted."""
        canvas, theme, plot = self.canvas, scene.theme, scene.layout.plot
        view, loading = scene.plot, scene.loading
        marks: list[tuple[Rect, Callable[[], None]]] = []
        if view is not None and scene.head_mark_ns is not None:
            head = head_rect(view, plot, scene.head_mark_ns)
            if head is not None:
                marks.append((head, lambda: draw_head(canvas, theme, head)))
        if view is not None:
            legend, key = self._laid_out(view, plot, scene.legend)
            ground = theme["bg.canvas"]
            paint = partial(self._stamps.paint, canvas, "legend", key, legend.rect, ground, legend.draw)
            marks.append((legend.rect, paint))
        if loading is not None:
            line = Rect(plot.left, plot.top, plot.width, 2.0)
            marks.append((line, lambda: draw_progress(canvas, theme, plot, loading.share)))
        if scene.banners:
            area = banner_rect(plot, len(scene.banners))
            marks.append((area, lambda: draw_banners(canvas, theme, plot, scene.banners, canvas.scale)))
        return marks

    def under_legend(self, scene: Scene, rect: Rect) -> Rect | None:
        """The part of an area that the legend covers; None where it covers nothing of it."""
        if scene.plot is None or self._legend is None:
            return None
        legend = self._legend[0].rect
        left, right = max(rect.left, legend.left), min(rect.right, legend.right)
        top, bottom = max(rect.top, legend.top), min(rect.bottom, legend.bottom)
        return Rect(left, top, right - left, bottom - top) if left < right and top < bottom else None

    def _laid_out(self, view: View, plot: Rect, groups: tuple[tuple[Text, ...], ...]) -> tuple[Legend, Hashable]:
        """The legend and all that it depends on. Its words are measured only when they change."""
        key = (groups, plot, view.theme.name)
        if self._legend is None or self._legend[1] != key:
            self._legend = Legend(self.canvas, view, plot, groups), key
        return self._legend

    def _plot(self, scene: Scene, deck: Deck, slots: list[Slot]) -> bool:
        """Paint the plot, and the ground of everything; whether it was painted right at the first try."""
        laid = self._ground.lay(self.canvas, scene)
        view, rect = scene.plot, scene.layout.plot
        if view is None or scene.times is None:
            return True
        mine = [slot for slot in slots if slot.spec.placement is Placement.PLOT]
        backdrop = self._ground.watch(self.canvas)
        self._planes(deck, mine, view, rect, (Plane.BACKDROP,), backdrop.as_canvas())
        if not self._ground.learn(backdrop, laid=laid):
            return False
        with self.canvas.pane(*_area(rect), rect.left, rect.right, rect.bottom, rect.top):
            draw_gaps(self.canvas, scene.theme, rect, view, scene.gaps)
            draw_grid(self.canvas, scene.theme, rect, scene.prices, None if laid else scene.times)
            if scene.loading is not None:
                draw_loading(self.canvas, scene.theme, rect, view, scene.loading)
        self._planes(deck, mine, view, rect, (Plane.ZONE,))
        self._keep_under("", rect)
        self._planes(deck, mine, view, rect, _OVER)
        return True

    def _band(self, scene: Scene, deck: Deck, slots: list[Slot], band: Band) -> None:
        view = scene.views.get(band.id)
        slot = next((slot for slot in slots if slot.id == band.id), None)
        if view is None or slot is None:
            return
        self._planes(deck, [slot], view, band.rect, (Plane.BACKDROP,))
        rect = band.rect
        if band.placement is Placement.SUBPANE and scene.times is not None:
            with self.canvas.pane(*_area(rect), rect.left, rect.right, rect.bottom, rect.top):
                draw_grid(self.canvas, scene.theme, rect, scene.values.get(band.id), scene.times)
        self._planes(deck, [slot], view, rect, (Plane.ZONE,))
        self._keep_under(band.id, rect)
        self._planes(deck, [slot], view, rect, _OVER)

    def _keep_under(self, pane: str, rect: Rect) -> None:
        if self._keep is None:
            self.underlay.keep(pane, self.canvas.buffer, rect, self.canvas.scale)
            return
        for name, line in self._keep:
            if name == pane:
                self.underlay.keep_line(pane, self.canvas.buffer, line, self.canvas.scale)

    def _planes(
        self,
        deck: Deck,
        slots: list[Slot],
        view: View,
        rect: Rect,
        planes: tuple[Plane, ...],
        canvas: Canvas | None = None,
    ) -> None:
        """Some planes of some layers, each plane of all before the next."""
        with self.canvas.pane(*_area(rect), view.x0, view.x1, view.y0, view.y1):
            for plane in planes:
                for slot in slots:
                    layer = slot.layer
                    if layer is not None:
                        deck.draw(slot, layer, canvas or self.canvas, view, plane)

    def _frame(self, scene: Scene) -> None:
        """Axes, tags, separators and titles."""
        canvas, theme, layout = self.canvas, scene.theme, scene.layout
        if scene.empty is not None:
            draw_empty(canvas, theme, layout.plot, *scene.empty)
        last_px = scene.price_px(scene.last.price) if scene.last is not None else None
        if scene.last is not None and last_px is not None:
            draw_last_line(canvas, theme, layout.plot, last_px, scene.last)
        if scene.prices is not None:
            avoid = () if last_px is None else (tag_rect(layout.price_axis, last_px).middle,)
            draw_value_axis(canvas, theme, layout.price_axis, scene.prices, avoid)
        for band in layout.bands:
            ticks = scene.values.get(band.id)
            if band.axis is not None and ticks is not None:
                draw_value_axis(canvas, theme, band.axis, ticks)
        self._time_axis(scene)
        self._separators(scene)
        if scene.last is not None and last_px is not None:
            self._last_tag(scene, scene.last, last_px)

    def _time_axis(self, scene: Scene) -> None:
        """The labels of the time axis, which stand still while only prices move."""
        times, view, layout = scene.times, scene.plot, scene.layout
        if times is None or view is None:
            return
        theme, axis, corner = scene.theme, layout.time_axis, layout.corner
        area = Rect(axis.left, axis.top, corner.right - axis.left, axis.height)
        key = (view.origin_ns, view.x0, view.x1, view.timeframe, axis, corner, theme.name)
        draw = partial(draw_time_axis, self.canvas, theme, axis, corner, times)
        self._stamps.paint(self.canvas, "time axis", key, area, theme["bg.canvas"], draw)

    def _last_tag(self, scene: Scene, last: LastPrice, last_px: float) -> None:
        """The tag of the last price, and an arrow when that is out of sight."""
        canvas, theme, axis = self.canvas, scene.theme, scene.layout.price_axis
        rect = tag_rect(axis, last_px)
        fill, ink = theme[last.token()], theme["trade.on_solid"]
        words = figure(last.price, last.decimals)
        draw = partial(draw_tag, canvas, axis, last_px, words, fill, ink, scene.scale)
        self._stamps.paint(canvas, "last price", (words, fill, ink, rect.width), rect, theme["bg.canvas"], draw)
        draw_arrow(canvas, theme, axis, last_px, last)

    def _separators(self, scene: Scene) -> None:
        """Hairlines between areas, and the names of panes."""
        canvas, layout, line = self.canvas, scene.layout, scene.theme["border.subtle"]
        whole = layout.whole
        box(canvas, Rect(layout.price_axis.left, 0.0, 1.0, whole.height), line)
        box(canvas, Rect(0.0, layout.time_axis.top, whole.width, 1.0), line)
        for band in layout.bands:
            if band.placement is Placement.SIDE:
                box(canvas, Rect(band.rect.left, band.rect.top, 1.0, whole.height), line)
            elif band.placement is not Placement.OVERLAY:
                box(canvas, Rect(0.0, band.rect.top, whole.width, 1.0), line)
        for band in layout.of(Placement.SUBPANE):
            title = scene.titles.get(band.id, "")
            y = band.rect.top + 6.0 + sizes().small / 2
            text(canvas, band.rect.left + 12.0, y, title, scene.theme["text.secondary"])


def _area(rect: Rect) -> tuple[float, float, float, float]:
    return rect.left, rect.top, rect.width, rect.height
