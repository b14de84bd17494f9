"""Kernels load from their cache in a fifth of a second and compile in seconds the first time ever: on a thread."""

from __future__ import annotations

from concurrent.futures import Future
from functools import cache
from importlib import import_module
from threading import Thread

__all__ = ["warm"]


@cache
def warm() -> Future[None]:
    """Begin to load the drawing kernels on a thread, once a process; the answer is done when they are there.

    Drawing before that waits for them. A window that finds the future not done after a moment should say that the
    kernels are being compiled: the first start ever takes seconds.
    """
    future: Future[None] = Future()
    Thread(target=_load, args=(future,), name="flowdeck-canvas-warm", daemon=True).start()
    return future


def _load(future: Future[None]) -> None:
    try:
        import_module("flowdeck.canvas.kernels")
    except BaseException as error:  # noqa: BLE001  the waiting side raises it
        future.set_exception(error)
    else:
        future.set_result(None)
