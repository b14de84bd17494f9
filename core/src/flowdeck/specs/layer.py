"""Layers: what they are handed, what they draw on which plane, and what they say of a point."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Protocol

import numpy as np
import numpy.typing as npt

from flowdeck.specs.canvas import Canvas
from flowdeck.specs.view import View
from flowdeck.streams import StreamKey, StreamRequest

__all__ = ["Changes", "ChartPoint", "Layer", "Plane", "Readout", "SeriesView"]


class Plane(IntEnum):
    """What is painted when; a layer draws on each plane in turn, so that it can lie under and over others."""

    BACKDROP = 0
    ZONE = 1
    BAR = 2
    MARK = 3
    LABEL = 4


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
