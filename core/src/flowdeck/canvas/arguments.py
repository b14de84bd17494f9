"""Arguments of the primitives as the kernels take them; wrong lengths are named."""

from __future__ import annotations

from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from flowdeck.specs import Array, Colours

__all__ = ["column", "columns", "decimals_of", "device_px", "one_or_each", "words"]

Scalar = TypeVar("Scalar", bound=np.generic)


def column(values: npt.ArrayLike) -> Array:
    """Values as aligned float64, shape (n,); one value alone as (1,)."""
    array = np.asarray(values, np.float64)
    if array.ndim != 1:
        array = array.reshape(-1)
    return array if array.flags.aligned else array.copy()


def columns(primitive: str, **values: npt.ArrayLike) -> list[Array]:
    """Columns of equal length; single values are repeated.

    Raises:
        ValueError: when lengths differ.
    """
    arrays = [column(value) for value in values.values()]
    count = arrays[0].size
    if all(array.size == count for array in arrays):
        return arrays
    count = max(array.size for array in arrays)
    for name, array in zip(values, arrays, strict=True):
        if array.size not in {1, count}:
            raise ValueError(f"{primitive}: {name} has {array.size} values where another argument has {count}")
    return [np.broadcast_to(array, count) if array.size == 1 else array for array in arrays]


def decimals_of(primitive: str, decimals: npt.ArrayLike, count: int) -> npt.NDArray[np.int8]:
    """Decimals as aligned int8, one for all or one each; kernels clamp them."""
    array = np.asarray(decimals).reshape(-1)
    if array.dtype != np.int8:
        array = np.clip(array, 0, 15).astype(np.int8)
    return one_or_each(primitive, "decimals", array if array.flags.aligned else array.copy(), count)


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
