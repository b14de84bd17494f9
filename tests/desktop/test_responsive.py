"""The interpreter while the window runs."""

from __future__ import annotations

import gc
import subprocess
import sys
from collections.abc import Iterator

import pytest

from flowdeck.desktop.responsive import leave_alone_what_stays, short_turns


@pytest.fixture
def thawed() -> Iterator[None]:
    yield
    gc.unfreeze()


def test_turns_are_short_meanwhile() -> None:
    usual = sys.getswitchinterval()
    with short_turns():
        assert sys.getswitchinterval() == pytest.approx(0.001)
    assert sys.getswitchinterval() == usual


def test_what_stays_is_not_looked_at_again(thawed: None) -> None:
    before = len(gc.get_objects())
    leave_alone_what_stays()
    assert gc.get_freeze_count() > 0.5 * before
    assert len(gc.get_objects()) < 0.1 * before


_WINDOW = """
import gc, sys
from flowdeck.config import load_config
from flowdeck.desktop.app import Launch, run
from flowdeck.desktop.shell import Shell

usual = Shell.tick

def tick(shell):
    usual(shell)
    if gc.get_freeze_count():
        print(sys.getswitchinterval())
        shell.interrupt()

Shell.tick = tick
sys.exit(run(load_config(), Launch(attach="ws://127.0.0.1:9")))
"""


def test_both_hold_in_a_window_that_runs() -> None:
    # a process of its own: a window that ran to its end takes Qt's application with it
    done = subprocess.run([sys.executable, "-c", _WINDOW], capture_output=True, text=True, check=True, timeout=120)
    assert float(done.stdout.split()[0]) == pytest.approx(0.001)
