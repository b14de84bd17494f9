"""How kernels that plugins share are compiled: cached on disk, without the interpreter's lock, one `def` a variant.

A cache entry belongs to the file of its kernel, not to those of its helpers: after a change of a helper in another
file touch the files that use it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numpy as np
from numba import from_dtype, njit, types

__all__ = ["helper", "kernel", "rows_type", "types"]

Function = TypeVar("Function", bound=Callable[..., Any])


def kernel(signature: Any) -> Callable[[Function], Function]:
    """Compile a function that Python calls, or load it from its cache, when its module is imported.

    The one explicit signature keeps anything from being compiled later, while somebody waits.
    """
    return cast("Callable[[Function], Function]", njit(signature, cache=True, nogil=True, error_model="numpy"))


def helper(function: Function) -> Function:
    """Mark a function that only kernels call; it is compiled into each of them."""
    return cast("Function", njit(nogil=True, error_model="numpy", forceinline=True)(function))


def rows_type(dtype: np.dtype[np.void], *, writable: bool = False) -> Any:
    """The type of an array of structured rows, shape (n,), for signatures.

    Rows to read may have any stride and be read-only, as those of batches are; rows to write are contiguous.
    """
    return types.Array(from_dtype(dtype), 1, "C") if writable else types.Array(from_dtype(dtype), 1, "A", readonly=True)
