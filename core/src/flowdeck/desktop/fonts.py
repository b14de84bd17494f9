"""Inter for words and JetBrains Mono for figures, from their packages: a bare machine has no font at all."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

from PySide6.QtGui import QFontDatabase

__all__ = ["FIGURES", "UI", "families", "load"]

UI = "Inter"
FIGURES = "JetBrains Mono"
_PACKAGES = ("fontpkg_inter", "fontpkg_jetbrains_mono")


@cache
def load() -> tuple[str, ...]:
    """Register the packaged fonts with Qt, once a process; the families that it now knows from them."""
    names: list[str] = []
    for package in _PACKAGES:
        for font in sorted((files(package) / "files").iterdir(), key=lambda path: path.name):
            if font.name.endswith(".ttf"):
                number = QFontDatabase.addApplicationFontFromData(font.read_bytes())
                names += QFontDatabase.applicationFontFamilies(number)
    return tuple(dict.fromkeys(names))


def families(*, fixed: bool = False) -> list[str]:
    """Families that can be chosen, the packaged one first."""
    first = FIGURES if fixed else UI
    known = QFontDatabase.families(QFontDatabase.WritingSystem.Latin)
    others = [name for name in known if name != first and not QFontDatabase.isPrivateFamily(name)]
    return [first, *(name for name in others if not fixed or QFontDatabase.isFixedPitch(name))]
