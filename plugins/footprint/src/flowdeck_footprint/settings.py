"""The plugin's settings, and the parameters of its streams' keys."""

from __future__ import annotations

from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field, field_validator

from flowdeck.errors import TimeframeError
from flowdeck.specs import setting
from flowdeck.timeframes import Timeframe

__all__ = ["BarsParams", "FigureUnit", "FootprintParams", "FootprintSettings", "RowFigure"]


class BarsParams(BaseModel):
    """Parameters of `bars` keys."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    timeframe: str = Field(description="How long a bar lasts: 15s, 1m, 4h, 7d", max_length=12)

    @field_validator("timeframe")
    @classmethod
    def _by_time(cls, text: str) -> str:
        try:
            timeframe = Timeframe.parse(text)
        except TimeframeError as error:
            raise ValueError(str(error)) from error
        if not timeframe.is_time:
            raise ValueError(f"{timeframe} bars are not offered; allowed are time bars such as 15s, 1m, 4h, 7d")
        return str(timeframe)

    @property
    def bar(self) -> Timeframe:
        """The timeframe, parsed."""
        return Timeframe.parse(self.timeframe)


class FootprintParams(BarsParams):
    """Parameters of `footprint` keys."""

    grouping: int = Field(1, description="Price row in ticks", ge=1, le=1_000_000_000)


class RowFigure(StrEnum):
    """What the one figure of a row says at the second level of detail."""

    DELTA = "delta"
    VOLUME = "volume"


class FigureUnit(StrEnum):
    """Unit of the figures."""

    BASE = "base"
    QUOTE = "quote"
    NOTIONAL = "notional"


class FootprintSettings(BaseModel):
    """How the footprint looks, and how much of the past stays open to late trades."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    late_trades_mb: int = setting(
        16,
        "Memory per instrument for closed bars that a late trade can still correct; older late trades are reported",
        scope="engine",
        unit="MB",
        ge=1,
        le=4096,
    )
    figure_unit: FigureUnit = setting(
        FigureUnit.BASE, "Unit of figures: base currency, quote currency, or notional shortened to k, M, B"
    )
    row_figure: RowFigure = setting(RowFigure.DELTA, "The figure of a row when there is room for one only")
    min_volume_base: float = setting(
        0.0, "Cells with less volume than this on a side show no figure", unit="base", ge=0.0, le=1e12
    )
    tint_max: float = setting(0.46, "Strength of a cell's tint at the largest visible volume", ge=0.0, le=0.6)
    show_delta: bool = setting(default=True, description="Write each bar's delta below it")
    show_volume: bool = setting(default=True, description="Write each bar's volume below it")
    show_poc: bool = setting(default=True, description="Outline the row with most volume (point of control)")
    show_candle: bool = setting(default=True, description="Draw body and wick on the spine beside the cells")
