"""The values that a chart hands out: frames, zones, layers and banners. Plain data, fit for any front end."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import Literal

import numpy as np
import numpy.typing as npt

from flowdeck.specs import Placement

__all__ = ["Banner", "Frame", "LayerInfo", "Loading", "Rect", "Redraw", "Zone", "ZoneKind"]

Pixels = npt.NDArray[np.uint32]


class Redraw(IntEnum):
    """How much of the picture a frame composed."""

    NONE = 0
    """Nothing changed; the buffer is the last picture."""
    CURSOR = 1
    """Crosshair and readout over the saved picture."""
    OVERLAY = 2
    """Legend, tags and marks of state, then the cursor, over the saved picture."""
    FULL = 3
    """Everything, layers included."""


@dataclass(frozen=True, eq=False)
class Frame:
    """One picture.

    Attributes:
        buffer: 0xffRRGGBB, shape (height, width) in device pixels, C-contiguous. The host draws the next frame into
            the same buffer.
        level: What was composed.
        ms: Wall time of the whole frame.
        host_ms: The part of it that was not spent in layers.
    """

    buffer: Pixels
    level: Redraw
    ms: float
    host_ms: float


@dataclass(frozen=True)
class Rect:
    """An area in px of the whole chart, y downwards."""

    left: float
    top: float
    width: float
    height: float

    @property
    def right(self) -> float:
        return self.left + self.width

    @property
    def bottom(self) -> float:
        return self.top + self.height

    @property
    def middle(self) -> float:
        """Half way from top to bottom."""
        return self.top + self.height / 2

    def contains(self, x_px: float, y_px: float) -> bool:
        """Whether a point lies inside; the right and bottom edges do not belong."""
        return self.left <= x_px < self.right and self.top <= y_px < self.bottom


class ZoneKind(StrEnum):
    """What lies under a pixel."""

    PLOT = "plot"
    OVERLAY = "overlay"
    SIDE = "side"
    SUBPANE = "subpane"
    TABLE = "table"
    PRICE_AXIS = "price_axis"
    VALUE_AXIS = "value_axis"
    TIME_AXIS = "time_axis"
    SEPARATOR = "separator"
    NONE = "none"


@dataclass(frozen=True)
class Zone:
    """What lies under a pixel.

    Attributes:
        kind: The sort of area.
        id: The layer whose strip or pane it is; for a separator the layer whose size it changes; else empty.
        moves: For a separator, the direction in which it is dragged.
    """

    kind: ZoneKind
    id: str = ""
    moves: Literal["", "x", "y"] = ""


@dataclass(frozen=True)
class LayerInfo:
    """A row of the layers panel.

    Attributes:
        id: The layer's id.
        title: What a user reads.
        plugin: The plugin that it belongs to.
        placement: Where it lives.
        visible: Whether the user wants to see it.
        state: `shown`, `hidden` by the user, `collapsed` for lack of space, or `faulted`.
        reason: Why it is faulted; else empty.
        cost_ms: Mean cost of its newest samples, ms a frame; 0 before its first frame.
        samples: Up to 16 costs of single frames, oldest first, ms.
    """

    id: str
    title: str
    plugin: str
    placement: Placement
    visible: bool
    state: Literal["shown", "hidden", "collapsed", "faulted"]
    reason: str
    cost_ms: float
    samples: tuple[float, ...]


@dataclass(frozen=True)
class Banner:
    """A message over the top edge of the plot. The desktop shows it with buttons, a snapshot paints it.

    Attributes:
        kind: `stale`, `disconnected`, `connecting`, `faulted`, `failed` (a stream cannot be opened) or `empty`.
        severity: What its icon says.
        text: The message, in words.
        figure: A figure behind the text, for example `4.2 s`; empty when there is none.
        note: More, in secondary text.
        actions: What the user may do: `details`, `retry`, `try_now`, `capture`.
        plugin: The plugin or source that the actions are about.
    """

    kind: Literal["stale", "disconnected", "connecting", "faulted", "failed", "empty"]
    severity: Literal["info", "warning", "error"]
    text: str
    figure: str = ""
    note: str = ""
    actions: tuple[Literal["details", "retry", "try_now", "capture"], ...] = ()
    plugin: str = ""


@dataclass(frozen=True)
class Loading:
    """History that is on its way.

    Attributes:
        start_ns: Oldest time that is missing in the window, ns UTC.
        stop_ns: Where what has arrived begins, ns UTC.
        share: Part of the window's history that has arrived, 0 to 1.
    """

    start_ns: int
    stop_ns: int
    share: float
