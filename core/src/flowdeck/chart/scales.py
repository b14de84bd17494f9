"""Scales: from time and value to px and back, with the rules of panning, zooming and pinning. Pure arithmetic."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["PITCH_LIMITS_PX", "TimeScale", "ValueScale"]

PITCH_LIMITS_PX = (0.1, 480.0)
"""Narrowest and widest bar; beyond them a chart shows nothing that another timeframe would not show better."""

_BARS_IN_SIGHT = 2.0


@dataclass
class TimeScale:
    """The window of time, x in ns relative to an origin.

    While pinned, the newest bar ends `margin_px` left of the free part's right edge; the margin is what the user last
    dragged it to. Panning the newest bar out of sight unpins, panning it back in pins again.

    Attributes:
        bar_ns: Length of a bar, ns.
        pitch_px: Width of a bar, px.
        width_px: Width of the window, px.
        reserved_px: Part of it, at the right, that a strip covers.
        newest: Where the newest bar ends; None before there is one.
        margin_px: Room between the newest bar and the reserved part.
        pinned: Whether the window follows the newest bar.
        right: The x of the right edge, when it does not.
    """

    bar_ns: int
    pitch_px: float
    width_px: float
    reserved_px: float = 0.0
    newest: float | None = None
    margin_px: float = 0.0
    pinned: bool = True
    right: float = 0.0

    @property
    def per_px(self) -> float:
        """Time in a px, ns."""
        return self.bar_ns / self.pitch_px

    @property
    def x1(self) -> float:
        """The x of the right edge."""
        if self.pinned and self.newest is not None:
            return self.newest + (self.margin_px + self.reserved_px) * self.per_px
        return self.right

    @property
    def x0(self) -> float:
        """The x of the left edge."""
        return self.x1 - self.width_px * self.per_px

    @property
    def free_px(self) -> float:
        """Width that no strip covers, px."""
        return max(1.0, self.width_px - self.reserved_px)

    def at(self, px: float) -> float:
        """The x at a distance from the left edge."""
        return self.x0 + px * self.per_px

    def pan(self, dx_px: float) -> None:
        """Move the picture by `dx_px` to the right, but never its newest bar far out of sight on the left."""
        right = self.x1 - dx_px * self.per_px
        if self.newest is not None:
            keep_px = min(_BARS_IN_SIGHT * self.pitch_px, self.free_px)
            right = min(right, self.newest + (self.width_px - keep_px) * self.per_px)
        self._settle(right)

    def zoom(self, factor: float, at_px: float | None = None) -> None:
        """Widen bars by `factor`: about the newest bar when pinned, else about `at_px` (None: the middle)."""
        px = self.width_px / 2 if at_px is None else at_px
        anchor = self.at(px)
        self.pitch_px = _clamp(self.pitch_px * factor, *PITCH_LIMITS_PX)
        if not (self.pinned and self.newest is not None):
            self.right = anchor + (self.width_px - px) * self.per_px

    def resize(self, width_px: float, reserved_px: float) -> None:
        """Another width; bars keep theirs, and the right edge its time."""
        right = self.x1
        self.width_px, self.reserved_px = max(1.0, width_px), _clamp(reserved_px, 0.0, width_px)
        self.right = right

    def rebar(self, bar_ns: int) -> None:
        """Bars of another length, as wide in px as before; the right edge keeps its time."""
        self.right, self.bar_ns = self.x1, bar_ns

    def to_newest(self, margin_px: float) -> None:
        """Pin the newest bar, `margin_px` left of the reserved part."""
        self.pinned, self.margin_px = True, margin_px

    def show(self, x0: float, x1: float) -> None:
        """Show exactly this window, as far as the limits of zoom allow."""
        pitch_px = self.bar_ns * self.width_px / max(x1 - x0, 1.0)
        self.pitch_px = _clamp(pitch_px, *PITCH_LIMITS_PX)
        self.pinned, self.right = False, x1

    def fit_pitch(self, bars: int, reference_px: float, widest_px: float) -> None:
        """The reference pitch, wider when so few bars leave the window empty, but whole px."""
        filling_px = (self.free_px - self.margin_px) / max(bars, 1)
        self.pitch_px = float(int(_clamp(filling_px, reference_px, widest_px)))

    def _settle(self, right: float) -> None:
        self.right = right
        if self.newest is None:
            return
        margin_px = (right - self.newest) / self.per_px - self.reserved_px
        self.pinned = margin_px >= 0.0
        self.margin_px = max(0.0, margin_px)


@dataclass
class ValueScale:
    """A vertical scale, y upwards, that fits itself until the user moves it.

    Attributes:
        y0: Value at the bottom edge.
        y1: Value at the top edge.
        height_px: Height, px.
        auto: Whether it follows what is shown.
        smallest: Smallest span that can be zoomed to.
        limit: How far from zero the window may reach, either way.
    """

    y0: float = 0.0
    y1: float = 1.0
    height_px: float = 1.0
    auto: bool = True
    smallest: float = 1e-9
    limit: float = 1e18

    @property
    def per_px(self) -> float:
        """Value in a px."""
        return (self.y1 - self.y0) / max(self.height_px, 1.0)

    def at(self, px: float) -> float:
        """The value at a distance from the top edge."""
        return self.y1 - px * self.per_px

    def px(self, y: float) -> float:
        """The distance of a value from the top edge."""
        return (self.y1 - y) / self.per_px

    def resize(self, height_px: float) -> None:
        """Another height; a px keeps its value, and the middle its place, once there is a height."""
        if self.height_px > 1.0:
            middle, half = (self.y0 + self.y1) / 2, self.per_px * height_px / 2
            self.y0, self.y1 = middle - half, middle + half
        self.height_px = max(1.0, height_px)

    def pan(self, dy_px: float) -> None:
        """Move the picture down by `dy_px`; the scale no longer fits itself."""
        self._set(self.y0 + dy_px * self.per_px, self.y1 + dy_px * self.per_px)

    def zoom(self, factor: float, at_px: float | None = None) -> None:
        """Stretch by `factor` about a distance from the top edge (None: the middle); it no longer fits itself."""
        anchor = self.at(self.height_px / 2 if at_px is None else at_px)
        self._set(anchor - (anchor - self.y0) / factor, anchor + (self.y1 - anchor) / factor)

    def fit(self, low: float, high: float, above_px: float, below_px: float) -> None:
        """Show exactly this range between margins, which shrink in a pane too low for them."""
        share = min(1.0, self.height_px / 2 / max(above_px + below_px, 1.0))
        inner_px = max(1.0, self.height_px - (above_px + below_px) * share)
        span = max(high - low, self.smallest)
        middle, per_px = (low + high) / 2, span / inner_px
        self.y0 = middle - span / 2 - below_px * share * per_px
        self.y1 = middle + span / 2 + above_px * share * per_px

    def comfortable(self, low: float, high: float, above_px: float, below_px: float) -> bool:
        """Whether a range is in sight with half its margins left, and fills at least 60 % of the rest."""
        share = min(1.0, self.height_px / 2 / max(above_px + below_px, 1.0)) / 2
        inside = low >= self.y0 + below_px * share * self.per_px and high <= self.y1 - above_px * share * self.per_px
        usable = (self.y1 - self.y0) - (above_px + below_px) * 2 * share * self.per_px
        return inside and max(high - low, self.smallest) >= 0.6 * usable

    def _set(self, y0: float, y1: float) -> None:
        span = _clamp(y1 - y0, self.smallest, 2 * self.limit)
        middle = _clamp((y0 + y1) / 2, span / 2 - self.limit, self.limit - span / 2)
        self.y0, self.y1, self.auto = middle - span / 2, middle + span / 2, False


def _clamp(value: float, low: float, high: float) -> float:
    return max(low, min(value, high))
