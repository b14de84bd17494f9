"""Text: reference pictures at three scales, fallback, widths. Pictures change on purpose only.

`FLOWDECK_UPDATE_PICTURES=1 ./run pytest tests/canvas` writes them anew; look at them before they are committed.
"""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from flowdeck.canvas import FontSet, RasterCanvas
from flowdeck.specs import Anchor, Font

REFERENCES = Path(__file__).parent / "reference"
WORDS = "BTCUSDT 15s \u00b7 bid \u00d7 ask \u2013 \u0394 \u03a3 \u00b5 \u25b2\u25bc \u2192 \u2026 \u2265 \u20bf"
THEMES = {
    "dark": (0x10151D, 0xFFE8ECF2, 0xFF8792A3, 0xFF4FD9B6, 0xFFF2636F, 0xFF08110F),
    "light": (0xFBFCFE, 0xFF141A23, 0xFF5C6776, 0xFF077357, 0xFFCB2F40, 0xFFFFFFFF),
}


def scene(theme: str, scale: float) -> RasterCanvas:
    """Words and figures in every size of the chart, on bare ground, on a tint and on a solid fill."""
    ground, primary, tertiary, bought, solid, on_solid = THEMES[theme]
    canvas = RasterCanvas(330, 168, scale)
    canvas.clear(ground)
    at = np.array([6.0])
    for row, (size, bold) in enumerate([(10.0, False), (11.0, False), (11.0, True), (12.0, False), (13.0, True)]):
        canvas.labels(at, at + 4 + row * 18.0, [WORDS], primary, size_px=size, bold=bold)
    canvas.labels(at, np.array([106.0]), ["To live"], tertiary, size_px=15.0)
    canvas.labels(np.array([80.0]), np.array([106.0]), ["61,659.8"], bought, font=Font.FIGURES, size_px=18.0, bold=True)
    edges = np.linspace(6.0, 246.0, 6)
    canvas.rects(
        edges, edges + 47.0, np.full(6, 126.0), np.full(6, 145.0), np.where(np.arange(6) % 2, solid, 0x302FC6A0)
    )
    values = np.array([0.4, 12.4, 140.0, -7.8, 61.0, 1234.5])
    shades = np.where(np.arange(6) % 2, on_solid, primary)
    canvas.numbers(edges + 44.0, np.full(6, 135.5), values, shades, Anchor.RIGHT, np.array([1, 1, 0, 1, 0, 0], np.int8))
    canvas.numbers(edges + 44.0, np.full(6, 156.0), values, bought, Anchor.RIGHT, 1, signed=True, bold=True)
    return canvas


@pytest.mark.parametrize("theme", ["dark", "light"])
@pytest.mark.parametrize("scale", [1.0, 1.5, 2.0])
def test_text_looks_as_it_did(theme: str, scale: float) -> None:
    picture = REFERENCES / f"text-{theme}-{scale:g}x.png"
    drawn = scene(theme, scale)
    if os.environ.get("FLOWDECK_UPDATE_PICTURES"):
        drawn.png(picture)
    rgb = np.asarray(Image.open(picture).convert("RGB")).astype(np.uint32)
    kept = 0xFF000000 | rgb[..., 0] << 16 | rgb[..., 1] << 8 | rgb[..., 2]
    np.testing.assert_array_equal(drawn.buffer, kept)


def ink(text: str, fonts: FontSet | None = None, font: Font = Font.UI) -> np.ndarray:
    """The columns and rows that a label darkens."""
    canvas = RasterCanvas(200, 40, 1.0, fonts)
    canvas.clear(0xFFFFFFFF)
    canvas.labels(np.array([100.0]), np.array([20.0]), [text], 0xFF000000, font=font)
    return np.argwhere(canvas.buffer != 0xFFFFFFFF)


@pytest.mark.parametrize("character", "\u2212\u0394\u03a3\u00b5\u25b2\u25bc\u2192\u00d7\u2013\u2026\u2265\u20bf\u2715")
@pytest.mark.parametrize("font", list(Font))
def test_every_sign_of_the_chart_has_a_glyph(character: str, font: Font) -> None:
    missing = ink("\U0010fffe", font=font)
    drawn = ink(character, font=font)
    assert drawn.size
    assert not np.array_equal(drawn, missing)


def test_what_no_font_has_is_a_visible_box() -> None:
    box = ink("\U0001f600")
    assert np.ptp(box[:, 0]) >= 7
    np.testing.assert_array_equal(box, ink("\u6f22"))


def test_control_characters_are_spaces() -> None:
    np.testing.assert_array_equal(ink("a\tb\nc"), ink("a b c"))


@pytest.mark.parametrize("font", list(Font))
def test_the_width_of_a_text_is_where_the_next_one_begins(font: Font) -> None:
    canvas = RasterCanvas(400, 40)
    left = canvas.text_width("Resting, BTC ", font)
    assert left + canvas.text_width("150", font) == pytest.approx(canvas.text_width("Resting, BTC 150", font))
    assert canvas.text_width("", font) == 0.0


@pytest.mark.parametrize("scale", [1.25, 1.5, 2.0])
def test_words_are_as_wide_at_every_scale(scale: float) -> None:
    one, other = RasterCanvas(10, 10), RasterCanvas(10, 10, scale)
    assert other.text_width("Liquidity heatmap") == pytest.approx(one.text_width("Liquidity heatmap"), rel=0.01)


@pytest.mark.parametrize("anchor", list(Anchor))
def test_anchors_place_a_text_by_its_width(anchor: Anchor) -> None:
    canvas = RasterCanvas(200, 40)
    canvas.clear(0)
    canvas.labels(np.array([100.0]), np.array([20.0]), ["HHHH"], 0xFFFFFFFF, anchor)
    columns = np.argwhere(canvas.buffer != 0xFF000000)[:, 1]
    width = canvas.text_width("HHHH")
    left = 100.0 - {Anchor.LEFT: 0.0, Anchor.CENTRE: 0.5, Anchor.RIGHT: 1.0}[anchor] * width
    assert left <= columns.min() <= left + 2
    assert left + width - 2 <= columns.max() + 1 <= left + width + 1


@pytest.mark.parametrize("size", [10.0, 11.0, 12.0, 13.0, 15.0, 18.0, 22.0])
def test_words_and_figures_of_a_size_share_a_baseline(size: float) -> None:
    bottoms = []
    for font, bold in ((Font.UI, False), (Font.UI, True), (Font.FIGURES, False), (Font.FIGURES, True)):
        canvas = RasterCanvas(60, 60)
        canvas.clear(0)
        canvas.labels(np.array([10.0]), np.array([30.3]), ["1"], 0xFFFFFFFF, font=font, size_px=size, bold=bold)
        strong = np.argwhere((canvas.buffer & 255) > 100)
        bottoms.append(int(strong[:, 0].max()))
    assert len(set(bottoms)) == 1
