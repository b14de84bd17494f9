"""One text that was rendered before, mixed in."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from flowdeck.canvas.kernels.pixels import FULL, alpha_of, clip, mix
from flowdeck.canvas.kernels.signatures import BUFFER, PANE, WORDS_2D
from flowdeck.compiling import kernel, types

__all__ = ["draw_mask"]


@kernel(types.void(BUFFER, PANE, WORDS_2D, types.int64, types.int64, types.uint32))
def draw_mask(
    buffer: npt.NDArray[np.uint32],
    pane: npt.NDArray[np.float64],
    mask: npt.NDArray[np.uint32],
    left: int,
    top: int,
    colour: np.uint32,
) -> None:
    """A mask of alphas 0 to 256 with its corner at a device pixel, clipped to the pane."""
    low_x, low_y, high_x, high_y = clip(pane)
    start, stop = max(left, low_x), min(left + mask.shape[1], high_x)
    alpha = alpha_of(colour)
    for row in range(max(top, low_y), min(top + mask.shape[0], high_y)):
        for column in range(start, stop):
            share = np.uint32(np.uint32(mask[row - top, column - left] * alpha) // FULL)
            buffer[row, column] = mix(buffer[row, column], colour, share)
