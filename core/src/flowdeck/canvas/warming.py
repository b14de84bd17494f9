"""Kernels load from their cache in a fifth of a second and compile in seconds the first time ever: on a thread."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from functools import cache
from importlib import import_module
from types import ModuleType

__all__ = ["warm"]


@cache
def warm() -> Future[ModuleType]:
    """Begin to load the drawing kernels on a thread, once a process; the answer is done when they are there.

    Drawing before that waits for them. A window that finds the future not done after a moment should say that the
    kernels are being compiled: the first start ever takes seconds.
    """
    thread = ThreadPoolExecutor(1, "flowdeck-canvas-warm")
    future = thread.submit(import_module, "flowdeck.canvas.kernels")
    thread.shutdown(wait=False)
    return future
