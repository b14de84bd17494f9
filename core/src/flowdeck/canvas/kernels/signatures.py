"""Types of what the canvas's kernels are handed. Columns may have any stride and may be read-only."""

from __future__ import annotations

from flowdeck.compiling import types

__all__ = ["BUFFER", "BYTES", "COLUMN", "GRID", "INTS", "MASK", "NUMBERS", "PANE", "WORDS", "WORDS_2D"]

BUFFER = types.Array(types.uint32, 2, "C")
"""The picture, 0xffRRGGBB."""
MASK = types.Array(types.uint8, 2, "C")
"""Coverage of the strokes being drawn."""
COLUMN = types.Array(types.float64, 1, "A", readonly=True)
"""Coordinates or values."""
WORDS = types.Array(types.uint32, 1, "A", readonly=True)
"""Colours, one for all or one each."""
WORDS_2D = types.Array(types.uint32, 2, "C", readonly=True)
"""Alpha 0 to 256 of a text."""
BYTES = types.Array(types.int8, 1, "A", readonly=True)
"""Decimals, one for all or one each."""
PANE = types.Array(types.float64, 1, "C", readonly=True)
"""Transform and clip, see `flowdeck.canvas.pane`."""
GRID = types.Array(types.uint16, 2, "A", readonly=True)
"""Quantised sizes."""
INTS = types.Array(types.int64, 1, "C", readonly=True)
"""Options."""
NUMBERS = types.Array(types.uint32, 4, "C", readonly=True)
"""Glyphs of figures: level, glyph, row, column."""
