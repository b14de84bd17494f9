"""A plugin whose layer is a pyqtgraph item that can be told to fail."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pyqtgraph as pg

from flowdeck.hookspecs import hookimpl
from flowdeck.specs import LayerSpec

trouble: list[Exception] = []


class Line(pg.InfiniteLine):  # type: ignore[misc] # pyqtgraph is not typed
    def __init__(self, context: Any) -> None:
        super().__init__(pos=60_000.0, angle=0, pen=pg.mkPen("#FF00FF", width=3))
        self.context = context

    def paint(self, *arguments: Any) -> None:
        if trouble:
            raise trouble[0]
        super().paint(*arguments)


def broken(_context: Any) -> Line:
    raise ValueError("no line today")


@hookimpl
def register_layers() -> Iterable[LayerSpec]:
    yield LayerSpec("line", "Line", f"{__name__}:Line", item=f"{__name__}:Line")
