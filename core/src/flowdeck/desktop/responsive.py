"""What keeps the interpreter from holding up the GUI thread."""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["leave_alone_what_stays", "short_turns"]

_TURN_S = 0.001


@contextmanager
def short_turns() -> Iterator[None]:
    """Threads of Python hand over after a millisecond meanwhile instead of after five.

    A frame gives the interpreter away some thirty times, at each kernel and each paint, and gets it back only when the
    thread that decodes the engine's messages has had its turn.
    """
    usual = sys.getswitchinterval()
    sys.setswitchinterval(_TURN_S)
    try:
        yield
    finally:
        sys.setswitchinterval(usual)


def leave_alone_what_stays() -> None:
    """Take all that lives now out of garbage collections: modules and widgets stay, and looking at them takes 60 ms."""
    gc.collect()
    gc.freeze()
