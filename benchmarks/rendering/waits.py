"""How long events wait for the GUI thread while a capture is replayed into the window as fast as can be."""

from __future__ import annotations

from collections import deque
from pathlib import Path
from threading import Event, Thread
from time import perf_counter

import numpy as np
from PySide6.QtCore import QCoreApplication, QEvent, QEventLoop, QObject
from PySide6.QtWidgets import QApplication
from typing_extensions import override

from flowdeck.config import Config
from flowdeck.desktop.app import Launch, choice_of, dress, engine_link, prepare
from flowdeck.desktop.shell import Shell
from flowdeck.plugins.manager import PluginManager

__all__ = ["Waits", "waits_of_replay"]

_EVERY_S = 0.002
_ENDED = ("finished", "failed")


class Probe(QObject):
    """Has an event sent to itself every 2 ms by a thread, and notes when it arrives."""

    _KIND = QEvent.Type(QEvent.registerEventType())

    def __init__(self) -> None:
        super().__init__()
        self.waits_ms: list[float] = []
        self.counting = False
        self._sent: deque[float] = deque()
        self._over = Event()
        self._thread = Thread(target=self._send, name="probe", daemon=True)

    def begin(self) -> None:
        self._thread.start()

    def end(self) -> None:
        self._over.set()
        self._thread.join()

    def _send(self) -> None:
        while not self._over.wait(_EVERY_S):
            self._sent.append(perf_counter())
            QCoreApplication.postEvent(self, QEvent(self._KIND))

    @override
    def event(self, event: QEvent) -> bool:
        if event.type() != self._KIND:
            return super().event(event)
        wait = (perf_counter() - self._sent.popleft()) * 1e3
        if self.counting:
            self.waits_ms.append(wait)
        return True


class Waits:
    """The real window with an engine of its own."""

    def __init__(self, application: QApplication, config: Config) -> None:
        prepare(application)
        self._application = application
        manager = PluginManager(config, "desktop")
        manager.load()
        self.shell = Shell(config, manager, choice_of(config), engine_link(config, Launch(), manager.kinds))
        dress(application, self.shell)
        self.shell.window.resize(1920, 1080)
        self.shell.start()
        self.shell.begin_chart()

    def replay(self, capture: Path, samples: int, limit_s: float = 120.0) -> list[float]:
        """Replay again and again until there are so many samples; what each event waited, ms.

        Raises:
            RuntimeError: when the engine cannot be started or the capture not be replayed.
        """
        probe = Probe()
        probe.begin()
        until = perf_counter() + limit_s
        while len(probe.waits_ms) < samples and perf_counter() < until:
            self._once(capture, probe, until)
        probe.end()
        return probe.waits_ms

    def stop(self) -> None:
        """Close the window and end the engine."""
        self.shell.stop()

    def _once(self, capture: Path, probe: Probe, until: float) -> None:
        self.shell.replaying.leave()
        self.shell.replaying.open(capture, None)
        while perf_counter() < until:
            self._application.processEvents(QEventLoop.ProcessEventsFlag.WaitForMoreEvents)  # as exec() waits
            run = self.shell.replaying.run
            problem = self.shell.replaying.problem
            if problem is not None:
                raise RuntimeError(f"{problem.text}: {problem.note}")
            probe.counting = run is not None and run["state"] == "playing"
            if run is not None and run["state"] in _ENDED:
                return


def waits_of_replay(application: QApplication, config: Config, capture: Path, samples: int) -> np.ndarray:
    """The waits of so many events, ms."""
    window = Waits(application, config)
    try:
        return np.array(window.replay(capture, samples))
    finally:
        window.stop()
