"""Which font files draw words and figures: the user's, then the bundled ones."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module
from pathlib import Path

from PIL import ImageFont

from flowdeck.specs import Font

__all__ = ["Family", "FontSet", "families"]

_SUFFIXES = {".ttf", ".otf", ".ttc"}
_WEIGHTS = {"light": 300, "medium": 500, "semibold": 600, "demibold": 600, "extrabold": 800, "bold": 700, "black": 900}


@dataclass(frozen=True)
class Family:
    """One family of fonts.

    Attributes:
        name: As it calls itself.
        files: Font file by weight; a variable font stands under 400 and serves every weight.
    """

    name: str
    files: tuple[tuple[int, Path], ...]

    def file(self, weight: int) -> Path:
        """The file nearest to a weight."""
        return min(self.files, key=lambda item: (abs(item[0] - weight), item[0]))[1]


@dataclass(frozen=True)
class FontSet:
    """The two families of a chart, and their weights.

    Attributes:
        ui: Family for words: a font file, or the name of an installed family; empty for the bundled Inter.
        figures: Family for figures, likewise; empty for the bundled JetBrains Mono.
        ui_weights: Regular and bold weight of words, 100 to 900.
        figures_weights: Regular and bold weight of figures.
    """

    ui: str = ""
    figures: str = ""
    ui_weights: tuple[int, int] = field(default=(400, 600))
    figures_weights: tuple[int, int] = field(default=(400, 700))

    def family(self, font: Font) -> str:
        """What was asked for."""
        return self.ui if font is Font.UI else self.figures

    def weight(self, font: Font, *, bold: bool) -> int:
        """The weight in use."""
        return (self.ui_weights if font is Font.UI else self.figures_weights)[bold]

    def notices(self) -> tuple[str, ...]:
        """One line for each family that cannot be used, with what takes its place."""
        asked = (self.ui, Font.UI), (self.figures, Font.FIGURES)
        return tuple(
            f"font {wanted!r} is neither a font file nor an installed family; {_bundled(font).name} takes its place"
            for wanted, font in asked
            if wanted and find_family(wanted) is None
        )


def families(fonts: FontSet, font: Font) -> tuple[Family, ...]:
    """The families in which a glyph is looked for, in this order: the chosen one, the bundled ones."""
    other = Font.FIGURES if font is Font.UI else Font.UI
    wanted = fonts.family(font)
    chosen = find_family(wanted) if wanted else None
    chain = (chosen, _bundled(font), _bundled(other))
    return tuple(dict.fromkeys(family for family in chain if family is not None))


@cache
def find_family(wanted: str) -> Family | None:
    """The family of a font file or of a name, or None when there is neither."""
    path = Path(wanted).expanduser()
    if path.suffix.lower() in _SUFFIXES:
        described = _describe(path)
        return Family(described[0], ((400, path),)) if described else None
    for bundled in (_bundled(Font.UI), _bundled(Font.FIGURES)):
        if bundled.name.casefold() == wanted.casefold():
            return bundled
    return _installed().get(wanted.casefold())


@cache
def _bundled(font: Font) -> Family:
    package = import_module("fontpkg_inter" if font is Font.UI else "fontpkg_jetbrains_mono")
    upright = sorted(path for path in (package.ROOT / "files").glob("*.ttf") if "Italic" not in path.name)
    return Family(package.FAMILY, ((400, upright[0]),))


@cache
def _installed() -> dict[str, Family]:
    """Upright fonts of the system by family name in lower case; the folders are read once, when a name is asked for."""
    found: dict[str, dict[int, Path]] = {}
    names: dict[str, str] = {}
    for path in _font_files():
        described = _describe(path)
        if described and not {"italic", "oblique"} & set(described[1].lower().split()):
            key = described[0].casefold()
            names[key] = described[0]
            found.setdefault(key, {}).setdefault(_weight(described[1]), path)
    return {key: Family(names[key], tuple(sorted(files.items()))) for key, files in found.items()}


def _font_files() -> Iterator[Path]:
    for folder in _folders():
        if folder.is_dir():
            yield from sorted(path for path in folder.rglob("*") if path.suffix.lower() in _SUFFIXES)


def _folders() -> tuple[Path, ...]:
    home = Path.home()
    if sys.platform == "win32":
        windows = Path(os.environ.get("WINDIR", r"C:\Windows"))
        return (home / "AppData/Local/Microsoft/Windows/Fonts", windows / "Fonts")
    if sys.platform == "darwin":
        return (home / "Library/Fonts", Path("/Library/Fonts"), Path("/System/Library/Fonts"))
    data = Path(os.environ.get("XDG_DATA_HOME") or home / ".local/share")
    return (data / "fonts", home / ".fonts", Path("/usr/local/share/fonts"), Path("/usr/share/fonts"))


def _describe(path: Path) -> tuple[str, str] | None:
    """Family and style of a font file, or None when it is none."""
    try:
        family, style = ImageFont.truetype(path, 12, layout_engine=ImageFont.Layout.BASIC).getname()
    except (OSError, ValueError):
        return None
    return (family, style or "Regular") if family else None


def _weight(style: str) -> int:
    words = style.lower().replace("-", "").replace(" ", "")
    return next((weight for word, weight in _WEIGHTS.items() if word in words), 400)
