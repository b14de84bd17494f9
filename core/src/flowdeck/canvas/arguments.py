"""Arguments of the primitives as the kernels take them; wrong lengths are named."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from flowdeck.specs.drawing import Array, Colours

__all__ = ["column", "columns", "device_px", "one_or_each", "words"]

Scalar = TypeVar("Scalar", bound=np.generic)


def column(values: npt.ArrayLike) -> Array:
    """Values as aligned float64, shape (n,); one value alone as (1,)."""
    array = np.asarray(values, np.float64)
    if array.ndim != 1:
        array = array.reshape(-1)
    return array if array.flags.aligned else array.copy()


def columns(primitive: str, values: Mapping[str, npt.ArrayLike]) -> list[Array]:
    """Columns of equal length; single values are repeated.

    Raises:
        ValueError: when lengths differ.
    """
    arrays = [column(value) for value in values.values()]
    count = max((array.size for array in arrays if array.size != 1), default=1 if arrays[0].size else 0)
    for name, array in zip(values, arrays, strict=True):
        if array.size not in {1, count}:
            raise ValueError(f"{primitive}: {name} has {array.size} values where another argument has {count}")
    return [array if array.size == count else np.broadcast_to(array, count) for array in arrays]


def words(primitive: str, colours: Colours, count: int) -> npt.NDArray[np.uint32]:
    """Colours as aligned uint32, one or `count`."""
    if isinstance(colours, int):
        return np.array([colours & 0xFFFFFFFF], np.uint32)
    array = np.asarray(colours).reshape(-1).astype(np.uint32, copy=False)
    return one_or_each(primitive, "colour", array if array.flags.aligned else array.copy(), count)


def one_or_each(
    primitive: str, name: str, array: np.ndarray[Any, np.dtype[Scalar]], count: int
) -> np.ndarray[Any, np.dtype[Scalar]]:
    """An array of one value for all or one each.

    Raises:
        ValueError: when its length is neither.
    """
    if array.size not in {1, count}:
        raise ValueError(f"{primitive}: {name} has {array.size} values for {count} places; give one, or one each")
    return array


def device_px(size_px: float, scale: float, largest: float = 4096.0) -> float:
    """A size in device pixels from 0 to `largest`; 0 for a NaN."""
    size = size_px * scale
    return min(size, largest) if size > 0.0 else 0.0
