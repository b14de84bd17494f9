"""Theme: tokens as the design states them, legible in every set of colours."""

import pytest

from flowdeck.chart.theme import COLOURS, THEMES, contrast, load_theme, sizes
from flowdeck.errors import ConfigError


def test_contrast_is_that_of_the_standard() -> None:
    assert contrast(0xFF000000, 0xFFFFFFFF) == 21.0
    assert contrast(0xFF777777, 0xFFFFFFFF) == pytest.approx(4.48, abs=0.005)


def test_colours_carry_their_alpha_in_front() -> None:
    theme = load_theme("dark")
    assert theme["bg.canvas"] == 0xFF090C11
    assert theme["chart.grid"] == 0x0BFFFFFF


@pytest.mark.parametrize("name", THEMES)
@pytest.mark.parametrize("colours", COLOURS)
def test_text_and_sides_are_legible_on_the_canvas(name: str, colours: str) -> None:
    theme = load_theme(name, colours)
    tokens = ("text.primary", "text.secondary", "text.tertiary", "trade.buy_text", "trade.sell_text")
    for token in tokens:
        assert contrast(theme[token], theme["bg.canvas"]) >= 4.5, token
    for side in ("buy", "sell"):
        assert contrast(theme["trade.on_solid"], theme[f"trade.{side}_solid"]) >= 4.5, side


def test_the_safe_set_replaces_every_use_of_buy_and_sell_and_the_ramp() -> None:
    plain, safe = load_theme("dark"), load_theme("dark", "colour_blind_safe")
    changed = {token for token in plain.colours if plain[token] != safe[token]}
    sides = {f"trade.{side}{use}" for side in ("buy", "sell") for use in ("", "_text", "_solid")}
    assert changed == sides | {"trade.on_solid"}
    assert safe.ramps["liquidity"] == plain.ramps["colour_blind_safe"] != plain.ramps["liquidity"]


def test_both_themes_have_the_same_tokens() -> None:
    dark, light = load_theme("dark"), load_theme("light")
    assert dark.colours.keys() == light.colours.keys()
    assert dark.ramps.keys() == light.ramps.keys()


@pytest.mark.parametrize(("name", "colours"), [("blue", "standard"), ("dark", "pink")])
def test_an_unknown_theme_names_those_that_exist(name: str, colours: str) -> None:
    with pytest.raises(ConfigError, match=r"dark, light|standard, colour_blind_safe"):
        load_theme(name, colours)


def test_sizes_are_the_design_s() -> None:
    assert (sizes().price_axis, sizes().time_axis, sizes().bar_pitch) == (68, 24, 80)
    assert sizes().lod_pitch == (68, 48, 14, 4, 0)
