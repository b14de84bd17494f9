"""What drawing is made of: canvas, view, planes, series, layers. No Qt, no pixels of any back end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from typing import Protocol

import numpy as np
import numpy.typing as npt

from flowdeck.instruments import Instrument
from flowdeck.streams import StreamKey, StreamRequest
from flowdeck.timeframes import Timeframe

__all__ = [
    "Anchor",
    "Canvas",
    "Changes",
    "ChartPoint",
    "Font",
    "Layer",
    "Lod",
    "Marker",
    "Plane",
    "Readout",
    "SeriesView",
    "Theme",
    "View",
]

Array = npt.NDArray[np.float64]
Colours = npt.NDArray[np.uint32] | int
"""0xAARRGGBB, one for all or one each."""


class Plane(IntEnum):
    """What is painted when; a layer draws on each plane in turn, so that it can lie under and over others."""

    BACKDROP = 0
    ZONE = 1
    BAR = 2
    MARK = 3
    LABEL = 4


class Anchor(StrEnum):
    """Which point of a text lies at its (x, y); all are centred vertically on the figures."""

    LEFT = "left"
    CENTRE = "centre"
    RIGHT = "right"


class Font(StrEnum):
    """Words are set in the ui family, every number that can change in the figures family."""

    UI = "ui"
    FIGURES = "figures"


class Marker(StrEnum):
    """Shapes of markers."""

    CIRCLE = "circle"
    SQUARE = "square"
    DIAMOND = "diamond"
    TRIANGLE_UP = "triangle_up"
    TRIANGLE_DOWN = "triangle_down"


class Lod(IntEnum):
    """Level of detail: the lower of what bar pitch and row height allow."""

    FULL = 0
    DELTA = 1
    PROFILE = 2
    CANDLE = 3
    LINE = 4


class Canvas(Protocol):
    """Arrays to pixels. x and y are in the view's units; arrays are of equal length; colours 0xAARRGGBB.

    Coordinates are clipped to the pane; edges snap to device pixels; sizes named `px` are device-independent.
    """

    def rects(self, x0: Array, x1: Array, y0: Array, y1: Array, fill: Colours) -> None:
        """Filled rectangles between two corners, at least one device pixel in either direction."""
        ...

    def segments(
        self, x0: Array, y0: Array, x1: Array, y1: Array, colour: Colours, width: float = 1.0, *, dash_px: float = 0.0
    ) -> None:
        """Straight lines `width` px wide, dashed when `dash_px` is not 0."""
        ...

    def polyline(self, x: Array, y: Array, colour: int, width: float = 1.0) -> None:
        """One connected line; a NaN breaks it."""
        ...

    def markers(self, x: Array, y: Array, size_px: Array | float, colour: Colours, shape: Marker) -> None:
        """Filled shapes, `size_px` from edge to edge."""
        ...

    def numbers(
        self,
        x: Array,
        y: Array,
        values: Array,
        colour: Colours,
        anchor: Anchor = Anchor.RIGHT,
        decimals: npt.NDArray[np.int8] | int = 0,
        *,
        signed: bool = False,
        bold: bool = False,
        size_px: float = 11.0,
        grouped: bool = False,
    ) -> None:
        """Thousands of figures a frame; minus is U+2212, `signed` writes a plus, a NaN draws nothing.

        `grouped` writes a comma between thousands. A value that rounds to zero has no sign.
        """
        ...

    def labels(
        self,
        x: Array,
        y: Array,
        texts: Sequence[str],
        colour: Colours,
        anchor: Anchor = Anchor.LEFT,
        *,
        font: Font = Font.UI,
        size_px: float = 11.0,
        bold: bool = False,
    ) -> None:
        """A few strings."""
        ...

    def heat(
        self, x0: float, x1: float, y0: float, y1: float, grid: npt.NDArray[np.uint16], ramp: npt.NDArray[np.uint32]
    ) -> None:
        """A quantised grid, shape (rows upwards, columns), stretched between two corners without smoothing.

        `ramp` holds a colour for each value of the grid, shape (65536,); alpha 0 leaves what is below.
        """
        ...

    def text_width(self, text: str, font: Font = Font.UI, size_px: float = 11.0, *, bold: bool = False) -> float:
        """Width of a text in px."""
        ...


@dataclass(frozen=True)
class Theme:
    """Colours by token, 0xAARRGGBB: `theme["trade.buy"]`.

    Attributes:
        name: `dark` or `light`.
        colours: Token to colour, for example `bg.canvas`, `text.primary`, `trade.poc`, `ui.accent`, `chart.grid`.
        ramps: Name to its stops, from nothing to the upper cut-off.
    """

    name: str
    colours: Mapping[str, int] = field(hash=False)
    ramps: Mapping[str, tuple[int, ...]] = field(default_factory=dict, hash=False)

    def __getitem__(self, token: str) -> int:
        return self.colours[token]


@dataclass(frozen=True)
class View:
    """What one pane shows: x in ns relative to `origin_ns` (or bar index), y in price or value.

    Attributes:
        instrument: Steps of price and size.
        run: The run shown, None for live.
        timeframe: Of the bars.
        grouping: Ticks per price row, as chosen or as the zoom asks for.
        origin_ns: Time at x = 0, ns UTC; on the grid of the timeframe.
        x0: Left edge.
        x1: Right edge.
        y0: Bottom edge.
        y1: Top edge.
        width_px: Width of the pane, device-independent.
        height_px: Height of the pane, device-independent.
        scale: Device pixels per px.
        lod: Level of detail of bars.
        theme: Colours.
        now_ns: The clock of the run or of live data, ns UTC.
    """

    instrument: Instrument
    run: str | None
    timeframe: Timeframe
    grouping: int
    origin_ns: int
    x0: float
    x1: float
    y0: float
    y1: float
    width_px: float
    height_px: float
    scale: float
    lod: Lod
    theme: Theme
    now_ns: int

    @property
    def start_ns(self) -> int:
        """Time at the left edge, ns UTC."""
        return self.origin_ns + int(self.x0)

    @property
    def stop_ns(self) -> int:
        """Time at the right edge, ns UTC."""
        return self.origin_ns + int(self.x1)

    @property
    def x_per_px(self) -> float:
        """Units of x in a px."""
        return (self.x1 - self.x0) / max(self.width_px, 1.0)

    @property
    def y_per_px(self) -> float:
        """Units of y in a px."""
        return (self.y1 - self.y0) / max(self.height_px, 1.0)

    @property
    def pitch_px(self) -> float:
        """Width of a bar in px."""
        return self.timeframe.duration_ns / self.x_per_px

    @property
    def row_height(self) -> float:
        """Height of a price row in quote units."""
        return float(self.instrument.tick_size) * self.grouping

    @property
    def row_px(self) -> float:
        """Height of a price row in px."""
        return self.row_height / self.y_per_px

    def x_of(self, ts: npt.NDArray[np.int64]) -> Array:
        """The x of times (ns UTC), shape as given."""
        return (ts - self.origin_ns).astype(np.float64)

    def key(self, kind: str, **params: object) -> StreamKey:
        """The key of a kind for the instrument and run shown."""
        return StreamKey.of(kind, self.instrument.id, run=self.run, **params)


class SeriesView(Protocol):
    """The rows of one stream, columnar and read-only; sorted by identity for upsert kinds, by receipt otherwise."""

    @property
    def key(self) -> StreamKey: ...

    @property
    def version(self) -> int:
        """Grows with every change."""
        ...

    @property
    def complete(self) -> bool:
        """Whether all requested history has arrived."""
        ...

    @property
    def covered(self) -> tuple[tuple[int, int], ...]:
        """Half-open intervals of ns UTC that are complete."""
        ...

    def __len__(self) -> int: ...

    def column(self, name: str) -> npt.NDArray[np.generic]:
        """One field of all rows, contiguous, read-only, shape (n,). Valid until the next change."""
        ...

    def span(self, start_ns: int, stop_ns: int) -> slice:
        """The rows whose time field lies in [start_ns, stop_ns)."""
        ...


class Changes(Protocol):
    """What happened since the last frame."""

    def series(self, key: StreamKey) -> SeriesView | None:
        """The series of a key that this layer requested, or None before its first batch."""
        ...

    @property
    def changed(self) -> Mapping[StreamKey, tuple[int, int]]:
        """Per changed key the half-open interval of ns UTC in which rows changed."""
        ...


@dataclass(frozen=True)
class ChartPoint:
    """A point of a pane: x and y in the view's units, with the view."""

    x: float
    y: float
    view: View

    @property
    def ts(self) -> int:
        """The time at x, ns UTC."""
        return self.view.origin_ns + int(self.x)


@dataclass(frozen=True)
class Readout:
    """What a layer says of a point.

    Attributes:
        title: Heading, the time of the bar.
        note: Beside the heading, in secondary text.
        lines: Label, figure, and the theme token of the figure's colour.
        cell: The hovered cell as (x0, x1, y0, y1), outlined by the host; None outlines nothing.
    """

    title: str
    note: str = ""
    lines: tuple[tuple[str, str, str], ...] = ()
    cell: tuple[float, float, float, float] | None = None


class Layer(Protocol):
    """Draws streams. A layer reads the host's series and keeps no copy of them."""

    def requests(self, view: View) -> Sequence[StreamRequest]:
        """The streams that it reads for this view; asked again, debounced, when the view changes."""
        ...

    def update(self, changes: Changes) -> None:
        """Take what changed; called before `draw` when anything did."""
        ...

    def draw(self, canvas: Canvas, view: View, plane: Plane) -> None:
        """Draw one plane. Called for every plane of every frame: no I/O, no waiting."""
        ...

    def value_range(self, view: View) -> tuple[float, float] | None:
        """Lowest and highest y that matter in the view's x range, or None when it has no say."""
        ...

    def inspect(self, at: ChartPoint) -> Readout | None:
        """Explain what lies at a point, or None when nothing does."""
        ...
