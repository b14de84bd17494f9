"""How kernels are compiled: ahead of the first call, cached on disk, without the interpreter's lock.

Every entry has one explicit signature, so that no combination of strides or read-only flags compiles anything while a
window waits. Columns may have any stride and may be read-only; numba refuses a read-only array where the signature
does not say so.

A cache entry belongs to the file of its entry, not to those of its helpers: after a change in `pixels.py` touch the
files that use it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

from numba import njit, types

__all__ = [
    "BUFFER",
    "BYTES",
    "COLUMN",
    "GRID",
    "INTS",
    "MASK",
    "NUMBERS",
    "PANE",
    "WORDS",
    "WORDS_2D",
    "entry",
    "helper",
    "types",
]

Function = TypeVar("Function", bound=Callable[..., Any])

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


def entry(signature: Any) -> Callable[[Function], Function]:
    """Compile a kernel that Python calls, or load it from its cache, when its module is imported."""
    return cast("Callable[[Function], Function]", njit(signature, cache=True, nogil=True, error_model="numpy"))


def helper(function: Function) -> Function:
    """Mark a function that only kernels call; it is compiled into each of them."""
    return cast("Function", njit(nogil=True, error_model="numpy")(function))
