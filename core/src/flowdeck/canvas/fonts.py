"""Which font files draw words and figures."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["FontSet"]


@dataclass(frozen=True)
class FontSet:
    """The two families of a chart.

    Attributes:
        ui: Family for words: a font file, or the name of an installed family; empty for the bundled Inter.
        figures: Family for figures, likewise; empty for the bundled JetBrains Mono.
    """

    ui: str = ""
    figures: str = ""
