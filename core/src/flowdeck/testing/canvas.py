"""A recording fake of the canvas: what a layer drew, as data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from flowdeck.specs import Anchor, Array, Colours, Font, Marker

__all__ = ["Call", "RecordingCanvas"]


@dataclass(frozen=True)
class Call:
    """One call of a primitive.

    Attributes:
        name: The primitive: `rects`, `numbers`, and so on.
        arguments: Every argument by name, defaults included; arrays as lists.
    """

    name: str
    arguments: dict[str, Any]

    def __getitem__(self, argument: str) -> Any:
        return self.arguments[argument]

    def __len__(self) -> int:
        """How many shapes, figures or strings the call draws."""
        return max((len(value) for value in self.arguments.values() if isinstance(value, list)), default=1)


@dataclass
class RecordingCanvas:
    """Implements `flowdeck.specs.Canvas` and keeps the calls in order.

    Attributes:
        calls: What was drawn.
        advance: Width of one character as a share of the text size, for `text_width`.
    """

    calls: list[Call] = field(default_factory=list)
    advance: float = 0.6

    def of(self, name: str) -> list[Call]:
        """The calls of one primitive."""
        return [call for call in self.calls if call.name == name]

    def clear(self) -> None:
        """Forget everything."""
        self.calls.clear()

    def texts(self) -> list[str]:
        """Every string drawn by `labels`, in order."""
        return [text for call in self.of("labels") for text in call["texts"]]

    def rects(self, x0: Array, x1: Array, y0: Array, y1: Array, fill: Colours) -> None:
        """See `Canvas.rects`."""
        self._keep("rects", x0=x0, x1=x1, y0=y0, y1=y1, fill=fill)

    def segments(
        self, x0: Array, y0: Array, x1: Array, y1: Array, colour: Colours, width: float = 1.0, *, dash_px: float = 0.0
    ) -> None:
        """See `Canvas.segments`."""
        self._keep("segments", x0=x0, y0=y0, x1=x1, y1=y1, colour=colour, width=width, dash_px=dash_px)

    def polyline(self, x: Array, y: Array, colour: int, width: float = 1.0) -> None:
        """See `Canvas.polyline`."""
        self._keep("polyline", x=x, y=y, colour=colour, width=width)

    def markers(self, x: Array, y: Array, size_px: Array | float, colour: Colours, shape: Marker) -> None:
        """See `Canvas.markers`."""
        self._keep("markers", x=x, y=y, size_px=size_px, colour=colour, shape=shape)

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
        """See `Canvas.numbers`."""
        self._keep(
            "numbers",
            x=x,
            y=y,
            values=values,
            colour=colour,
            anchor=anchor,
            decimals=decimals,
            signed=signed,
            bold=bold,
            size_px=size_px,
            grouped=grouped,
        )

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
        """See `Canvas.labels`."""
        self._keep(
            "labels", x=x, y=y, texts=list(texts), colour=colour, anchor=anchor, font=font, size_px=size_px, bold=bold
        )

    def heat(
        self, x0: float, x1: float, y0: float, y1: float, grid: npt.NDArray[np.uint16], ramp: npt.NDArray[np.uint32]
    ) -> None:
        """See `Canvas.heat`."""
        self._keep("heat", x0=x0, x1=x1, y0=y0, y1=y1, grid=grid, ramp=ramp)

    def text_width(self, text: str, font: Font = Font.UI, size_px: float = 11.0, *, bold: bool = False) -> float:
        """A fixed advance a character, so that layouts are the same on every machine."""
        del font, bold
        return len(text) * size_px * self.advance

    def _keep(self, name: str, **arguments: Any) -> None:
        plain = {key: value.tolist() if isinstance(value, np.ndarray) else value for key, value in arguments.items()}
        self.calls.append(Call(name, plain))
