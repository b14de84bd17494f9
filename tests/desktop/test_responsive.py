"""The interpreter while the window runs."""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator

import pytest

from flowdeck.config import load_config
from flowdeck.desktop.app import Launch, run
from flowdeck.desktop.responsive import leave_alone_what_stays, short_turns
from flowdeck.desktop.shell import Shell


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


def test_both_hold_in_a_window_that_runs(thawed: None, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[tuple[float, int]] = []
    usual = Shell.tick

    def tick(shell: Shell) -> None:
        usual(shell)
        if gc.get_freeze_count():
            seen.append((sys.getswitchinterval(), gc.get_freeze_count()))
            shell.interrupt()

    monkeypatch.setattr(Shell, "tick", tick)
    monkeypatch.setattr("flowdeck.plugins.manager.discover", dict)
    assert run(load_config(), Launch(attach="ws://127.0.0.1:9")) == 0
    assert seen[0][0] == pytest.approx(0.001)
