"""Which files draw: the bundled families, a file, an installed family, and what happens when there is none."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from flowdeck.canvas import FontSet, RasterCanvas, text
from flowdeck.canvas import fonts as module
from flowdeck.canvas.fonts import families, find_family
from flowdeck.specs import Font


def bundled(font: Font) -> Path:
    return families(FontSet(), font)[0].file(400)


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A system whose only installed fonts are those that the test copies here."""
    monkeypatch.setattr(module, "_folders", lambda: (tmp_path, tmp_path / "absent"))
    caches = (module._installed, find_family, text._typeface, text._typesetter)
    for kept in caches:
        kept.cache_clear()
    yield tmp_path
    for kept in caches:
        kept.cache_clear()


def test_bundled_families_draw_when_nothing_is_chosen() -> None:
    assert [family.name for family in families(FontSet(), Font.UI)] == ["Inter", "JetBrains Mono"]
    assert [family.name for family in families(FontSet(), Font.FIGURES)] == ["JetBrains Mono", "Inter"]
    assert FontSet().notices() == ()


def test_a_font_file_is_used_and_falls_back_on_the_bundled_ones() -> None:
    fonts = FontSet(ui=str(bundled(Font.FIGURES)))
    assert fonts.notices() == ()
    assert families(fonts, Font.UI)[0].file(400) == bundled(Font.FIGURES)
    chosen, plain = RasterCanvas(9, 9, fonts=fonts), RasterCanvas(9, 9)
    assert chosen.text_width("iiii") != plain.text_width("iiii")
    assert chosen.text_width("iiii") == pytest.approx(chosen.text_width("WWWW"), abs=0.1)


def test_bundled_families_can_be_chosen_by_name() -> None:
    assert find_family("inter") == families(FontSet(), Font.UI)[0]


def test_an_installed_family_is_found_by_name(installed: Path) -> None:
    shutil.copy(bundled(Font.FIGURES), installed / "some-file.ttf")
    (installed / "broken.ttf").write_bytes(b"not a font")
    module._bundled.cache_clear()
    family = module._installed()["jetbrains mono"]
    assert family.file(700) == installed / "some-file.ttf"


@pytest.mark.parametrize("wanted", ["No Such Family", "/nowhere/font.ttf", __file__])
def test_a_font_that_is_not_there_is_named_and_replaced(installed: Path, wanted: str) -> None:
    fonts = FontSet(figures=wanted)
    (notice,) = fonts.notices()
    assert wanted in notice
    assert "JetBrains Mono takes its place" in notice
    canvas, plain = RasterCanvas(60, 20, fonts=fonts), RasterCanvas(60, 20)
    for each in (canvas, plain):
        each.numbers(np.array([50.0]), np.array([10.0]), np.array([12.5]), 0xFFFFFFFF, decimals=1)
    np.testing.assert_array_equal(canvas.buffer, plain.buffer)


def test_digits_of_a_proportional_family_are_as_wide_as_the_widest() -> None:
    fonts = FontSet(figures=str(bundled(Font.UI)))
    canvas = RasterCanvas(9, 9, fonts=fonts)
    widths = {canvas.text_width(digit * 4, Font.FIGURES) for digit in "0123456789"}
    assert len(widths) == 1
    assert canvas.text_width("1.1", Font.FIGURES) < canvas.text_width("111", Font.FIGURES)


def test_weights_choose_the_nearest_file_of_a_static_family() -> None:
    family = module.Family("Static", ((400, Path("r")), (700, Path("b"))))
    assert family.file(500) == Path("r")
    assert family.file(600) == Path("b")


@pytest.mark.parametrize(("style", "weight"), [("Regular", 400), ("SemiBold", 600), ("Bold", 700), ("ExtraBold", 800)])
def test_styles_tell_the_weight(style: str, weight: int) -> None:
    assert module._weight(style) == weight
