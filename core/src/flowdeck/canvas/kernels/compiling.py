"""How kernels are compiled: ahead of the first call, cached on disk, without the interpreter's lock.

Every entry has one explicit signature, so that no combination of strides or read-only flags compiles anything while a
window waits. Columns may have any stride and may be read-only; numba refuses a read-only array where the signature
does not say so.

Numba forgets a cached kernel when the file of its entry changes, but not when that of a helper does; here it does, or
an update would go on drawing with the code of the old one.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from hashlib import sha256
from pathlib import Path
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

    def compiled(function: Function) -> Function:
        kernel: Any = njit(cache=True, nogil=True, error_model="numpy")(function)
        _tie_to_helpers(kernel)
        kernel.compile(signature)
        kernel.disable_compile()
        return cast("Function", kernel)

    return compiled


def helper(function: Function) -> Function:
    """Mark a function that only kernels call; it is compiled into each of them."""
    return cast("Function", njit(nogil=True, error_model="numpy", forceinline=True)(function))


def _tie_to_helpers(kernel: Any) -> None:
    """Make a cached kernel stale when any file that kernels use changes, not its own alone."""
    index = getattr(kernel._cache, "_cache_file", None)  # noqa: SLF001  numba has no public way to say so
    if index is not None:
        index._source_stamp = (index._source_stamp, _digest())  # noqa: SLF001  as above


@cache
def _digest() -> str:
    """One hash of all sources of the kernels."""
    folder = Path(__file__).parent
    sources = [*sorted(folder.glob("*.py")), folder.parent / "snapping.py"]
    return sha256(b"".join(source.read_bytes() for source in sources)).hexdigest()
