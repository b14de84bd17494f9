"""`context.compute`: nogil kernels on one worker, where the latest request for a kernel wins."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

__all__ = ["Compute"]


class Compute:
    """One worker thread."""

    def __init__(self) -> None:
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="compute")
        self._latest: dict[Callable[..., Any], Future[Any]] = {}

    def __call__(self, kernel: Callable[..., Any], *arrays: Any) -> Awaitable[Any]:
        """Run `kernel(*arrays)`; an earlier call of the same kernel that has not started is cancelled."""
        before = self._latest.get(kernel)
        if before is not None:
            before.cancel()
        future = self._latest[kernel] = self._worker.submit(kernel, *arrays)
        future.add_done_callback(lambda done: self._forget(kernel, done))
        return asyncio.wrap_future(future)

    def close(self) -> None:
        """End the worker once what runs is done; what waits is cancelled."""
        self._worker.shutdown(wait=False, cancel_futures=True)

    def _forget(self, kernel: Callable[..., Any], done: Future[Any]) -> None:
        if self._latest.get(kernel) is done:
            self._latest.pop(kernel, None)
