"""How kernels are compiled: when their module is imported, cached on disk, without the interpreter's lock.

Every kernel has one explicit signature, so that no combination of strides or read-only flags compiles anything later,
while somebody waits. Numba forgets a cached kernel when the file of its entry changes, but not when that of a helper
does; here it does, or an update would go on computing with the code of the old one.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any, TypeVar, cast

import numpy as np
from numba import from_dtype, njit, types
from numba.core.dispatcher import Dispatcher

__all__ = ["helper", "kernel", "rows_type", "types"]

Function = TypeVar("Function", bound=Callable[..., Any])


def kernel(signature: Any) -> Callable[[Function], Function]:
    """Compile a function that Python calls, or load it from its cache, when its module is imported."""

    def compiled(function: Function) -> Function:
        entry: Any = njit(cache=True, nogil=True, error_model="numpy")(function)
        _tie_to_sources(entry)
        entry.compile(signature)
        entry.disable_compile()
        return cast("Function", entry)

    return compiled


def helper(function: Function) -> Function:
    """Mark a function that only kernels call; it is compiled into each of them."""
    return cast("Function", njit(nogil=True, error_model="numpy", forceinline=True)(function))


def rows_type(dtype: np.dtype[np.void], *, writable: bool = False) -> Any:
    """The type of an array of structured rows, shape (n,), for signatures.

    Rows to read may have any stride and be read-only, as those of batches are; rows to write are contiguous.
    """
    return types.Array(from_dtype(dtype), 1, "C") if writable else types.Array(from_dtype(dtype), 1, "A", readonly=True)


def _tie_to_sources(entry: Any) -> None:
    """Make a cached kernel stale when a file beside it, above it or beside one of its helpers changes."""
    index = getattr(entry._cache, "_cache_file", None)  # noqa: SLF001 - numba has no public way to say so
    if index is not None:
        names = entry.py_func.__globals__.values()
        functions = [entry.py_func, *(value.py_func for value in names if isinstance(value, Dispatcher))]
        folders = {Path(function.__code__.co_filename).parent for function in functions}
        folders.add(Path(entry.py_func.__code__.co_filename).parents[1])
        index._source_stamp = (index._source_stamp, _digest(frozenset(folders)))  # noqa: SLF001 - as above


@cache
def _digest(folders: frozenset[Path]) -> str:
    """One hash of the sources in some folders."""
    sources = sorted(source for folder in folders for source in folder.glob("*.py"))
    return sha256(b"".join(source.read_bytes() for source in sources)).hexdigest()
