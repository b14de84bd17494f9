"""A plugin with one layer that can be told to fail, for window tests."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from pydantic import BaseModel, ConfigDict

from flowdeck.hookspecs import hookimpl
from flowdeck.specs import Canvas, Changes, ChartPoint, LayerSpec, Plane, Readout, SettingsSpec, View, setting
from flowdeck.streams import StreamRequest

trouble: list[Exception] = []
"""What the next draws raise."""


class SketchSettings(BaseModel):
    """One setting of each owner."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    width_px: int = setting(2, "Width of the line", unit="px", ge=1, le=9)
    memory_mb: int = setting(16, "Kept by the engine", unit="MB", scope="engine", ge=1)


class Sketch:
    """Draws the closes of bars as a line."""

    def __init__(self, context: Any) -> None:
        self._context = context
        self._closes: Any = None
        self.widths: list[int] = []

    def requests(self, view: View) -> Sequence[StreamRequest]:
        return [StreamRequest(view.key("bars", timeframe=view.timeframe), view.start_ns)]

    def update(self, changes: Changes) -> None:
        for key in changes.changed:
            self._closes = changes.series(key)

    def draw(self, canvas: Canvas, view: View, plane: Plane) -> None:
        if trouble:
            raise trouble[0]
        if plane is Plane.BAR and self._closes is not None and len(self._closes):
            x = view.x_of(np.asarray(self._closes.column("ts"), np.int64))
            canvas.polyline(
                x, np.asarray(self._closes.column("close"), np.float64), 0xFF00FF00, self._context.settings.width_px
            )

    def value_range(self, view: View) -> tuple[float, float] | None:
        return None

    def inspect(self, at: ChartPoint) -> Readout | None:
        return Readout("A bar", lines=(("Close", "1.0", "text.primary"),))


@hookimpl
def register_layers() -> Iterable[LayerSpec]:
    yield LayerSpec("sketch", "Sketch", f"{__name__}:Sketch", requires=("bars",))


@hookimpl
def register_settings() -> SettingsSpec:
    return SettingsSpec(f"{__name__}:SketchSettings")
