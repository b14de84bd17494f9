"""The design's tokens: colours of a theme, and the sizes that every theme shares."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Final

from flowdeck.errors import ConfigError
from flowdeck.specs import Theme

__all__ = ["COLOURS", "THEMES", "Sizes", "contrast", "load_theme", "sizes", "text_scale"]

THEMES: Final = ("dark", "light")
COLOURS: Final = ("standard", "colour_blind_safe")
_LEGIBLE: Final = 4.5
_SMALLEST_TEXT_PX: Final = 10.0
_GROUPS: Final = ("bg", "border", "text", "trade", "ui", "chart")


@cache
def load_theme(name: str = "dark", colours: str = "standard") -> Theme:
    """The theme of that name, its buy and sell colours and liquidity ramp replaced by the safe set when asked for.

    Raises:
        ConfigError: for an unknown theme or set of colours; the text names those that exist.
    """
    if name not in THEMES:
        raise ConfigError(f"no theme {name!r}; there are {', '.join(THEMES)}")
    if colours not in COLOURS:
        raise ConfigError(f"no colours {colours!r}; there are {', '.join(COLOURS)}")
    tokens = _tokens()["themes"][name]
    flat = {f"{group}.{token}": _argb(text) for group in _GROUPS for token, text in tokens[group].items()}
    ramps = {ramp: tuple(_argb(stop) for stop in stops) for ramp, stops in tokens["ramp"].items()}
    if colours == "colour_blind_safe":
        flat |= _safe(tokens["trade_cvd_safe"], flat["bg.canvas"], flat["text.primary"])
        ramps["liquidity"] = ramps["colour_blind_safe"]
    return Theme(name, flat, ramps)


@dataclass(frozen=True)
class Sizes:
    """Sizes of the chart's parts, px, and shares of opacity, from the tokens."""

    price_axis: float
    time_axis: float
    bar_pitch: float
    bar_margin: float
    overlay_max_share: float
    price_gap: float
    time_gap: float
    small: float
    body: float
    label: float
    readout: float
    stale: float
    disconnected: float
    readout_background: float
    lod_hysteresis: float
    lod_pitch: tuple[float, ...]
    lod_row: tuple[float, ...]


@cache
def sizes() -> Sizes:
    """The sizes as the tokens state them."""
    tokens = _tokens()
    column, font, lod, opacity = tokens["column"], tokens["font"], tokens["lod"], tokens["opacity"]
    return Sizes(
        price_axis=column["price_axis"],
        time_axis=tokens["row"]["time_axis"],
        bar_pitch=column["bar_pitch_reference"],
        bar_margin=column["bar_right_margin"],
        overlay_max_share=column["vpvr_max_share"],
        price_gap=lod["axis_label_min_gap"]["price"],
        time_gap=lod["axis_label_min_gap"]["time"],
        small=font["size"]["small"],
        body=font["size"]["body"],
        label=font["size"]["label"],
        readout=font["figure_size"]["readout"],
        stale=opacity["stale_chart"],
        disconnected=opacity["disconnected_chart"],
        readout_background=opacity["readout_background"],
        lod_hysteresis=lod["hysteresis_px"],
        lod_pitch=tuple(level["min_pitch"] for level in lod["levels"]),
        lod_row=tuple(level["min_row"] for level in lod["levels"]),
    )


def text_scale(font_size_px: float) -> float:
    """How much larger than drawn a chart is shown for body text of this size; its own text is never below 10 px."""
    return max(font_size_px / sizes().body, _SMALLEST_TEXT_PX / sizes().small)


@cache
def _tokens() -> dict[str, Any]:
    tokens: dict[str, Any] = json.loads(files(__package__).joinpath("tokens.json").read_text("utf-8"))
    return tokens


def _safe(trade: dict[str, str], ground: int, ink: int) -> dict[str, int]:
    """Every buy and sell token of the colour-blind-safe set: one hue each, as dark or light in text as needed."""
    result = {"trade.on_solid": _argb(trade["on_solid"])}
    for side in ("buy", "sell"):
        colour = _argb(trade[side])
        shades = (_mixed(colour, ink, share / 20) for share in range(21))
        text = next((shade for shade in shades if contrast(shade, ground) >= _LEGIBLE), ink)
        result |= {f"trade.{side}": colour, f"trade.{side}_solid": colour, f"trade.{side}_text": text}
    return result


def contrast(a: int, b: int) -> float:
    """Contrast ratio of two opaque colours, 1 to 21 (WCAG 2.2, relative luminance)."""
    low, high = sorted((_luminance(a), _luminance(b)))
    return (high + 0.05) / (low + 0.05)


def _luminance(colour: int) -> float:
    channels = ((colour >> shift & 255) / 255 for shift in (16, 8, 0))
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _mixed(a: int, b: int, share: float) -> int:
    """Two opaque colours, `share` of the second."""
    mixed = (round((a >> shift & 255) * (1 - share) + (b >> shift & 255) * share) << shift for shift in (16, 8, 0))
    return 0xFF000000 | sum(mixed)


def _argb(text: str) -> int:
    """`#RRGGBB` or `#RRGGBBAA` as 0xAARRGGBB."""
    value = int(text[1:], 16)
    return 0xFF000000 | value if len(text) == 7 else (value & 0xFF) << 24 | value >> 8
