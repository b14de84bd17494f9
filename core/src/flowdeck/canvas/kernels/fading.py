"""A finished picture made paler, and grey."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from flowdeck.canvas.kernels.signatures import BUFFER, WORDS_2D
from flowdeck.compiling import helper, kernel, types

__all__ = ["fade"]

_BYTE = np.uint32(0xFF)
_OPAQUE = np.uint32(0xFF000000)
_RED, _GREEN, _BLUE = np.uint32(54), np.uint32(183), np.uint32(19)  # Rec. 709 in 256ths
_8, _16 = np.uint32(8), np.uint32(16)


@helper
def _luma(red: np.uint32, green: np.uint32, blue: np.uint32) -> np.uint32:
    """How bright a pixel looks, 0 to 255."""
    return np.uint32(np.uint32(red * _RED + green * _GREEN + blue * _BLUE) >> _8)


@kernel(types.void(BUFFER, types.int64, types.int64, types.int64, types.int64, WORDS_2D, types.boolean))
def fade(
    buffer: npt.NDArray[np.uint32],
    top: int,
    bottom: int,
    left: int,
    right: int,
    tables: npt.NDArray[np.uint32],
    grey: bool,
) -> None:
    """Look every channel of an area up in its table (red, green, blue; 256 each), with `grey` by its brightness."""
    for row in range(max(top, 0), min(bottom, buffer.shape[0])):
        for column in range(max(left, 0), min(right, buffer.shape[1])):
            pixel = buffer[row, column]
            red, green, blue = pixel >> _16 & _BYTE, pixel >> _8 & _BYTE, pixel & _BYTE
            if grey:
                red = green = blue = _luma(red, green, blue)
            mixed = np.uint32(tables[0, red] << _16) | np.uint32(tables[1, green] << _8) | tables[2, blue]
            buffer[row, column] = np.uint32(_OPAQUE | mixed)
