"""Replays: opening a capture in the engine, showing its run, leaving it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal

from flowdeck.chart.parts import Banner
from flowdeck.desktop.charting import Charting
from flowdeck.desktop.linkstatus import LinkState, LinkStatus, Reply
from flowdeck.desktop.session import Session
from flowdeck.errors import InstrumentError
from flowdeck.instruments import Instrument, InstrumentId

__all__ = ["Replaying"]


class Replaying(QObject):
    """Keeps at most one run on the chart. `changed` fires when the run, its place or its state are others."""

    changed = Signal()

    def __init__(self, charting: Charting, session: Session) -> None:
        super().__init__()
        self._charting, self._session = charting, session
        self._live = charting.instrument
        self._run, self._lost = "", False
        self._opening = ""
        self._waiting: tuple[Path, float | None] | None = None
        self.problem: Banner | None = None
        session.run_news.connect(self._run_changed)
        session.clock_news.connect(lambda run, _: self._run_changed(run))
        session.link_news.connect(self._link_changed)

    @property
    def run(self) -> dict[str, Any] | None:
        """The run that is shown, as `RunInfo.to_dict` writes it."""
        return self._session.runs.get(self._run)

    @property
    def opening(self) -> str:
        """Name of the capture that is being opened; empty when none is."""
        return self._opening

    def open(self, capture: Path, speed: float | None = 1.0) -> None:
        """Have the engine play a capture, as soon as there is an engine."""
        self._opening = capture.name
        self.problem = None
        self.changed.emit()
        if self._session.link.state is not LinkState.CONNECTED:
            self._waiting = (capture, speed)
            return
        wanted: float | str = "max" if speed is None else speed
        path = str(capture.expanduser().absolute())
        self._session.ask("run.start", lambda reply: self._started(capture, reply), capture=path, speed=wanted)

    def ask(self, name: str, fields: dict[str, Any]) -> None:
        """Ask something of the run that is shown: `pause`, `seek` and the like."""
        if self._run:
            self._session.ask(f"run.{name}", self._answered, run=self._run, **fields)

    def leave(self) -> None:
        """End the replay and go back to live data."""
        self.problem = None
        if self._run:
            run, self._run = self._run, ""
            if not self._lost:
                self._session.ask("run.stop", run=run)
            self._session.runs.pop(run, None)
            self._charting.set_replay(None)
            self._charting.show_instrument(self._live)
        self.changed.emit()

    def _started(self, capture: Path, reply: Reply) -> None:
        self._opening = ""
        if not reply.ok:
            self._fail(f"{capture.name} cannot be opened", reply.error)
            return
        if not self._run:
            self._live = self._charting.instrument
        elif not self._lost:
            self._session.ask("run.stop", run=self._run)
        info = reply.data["run"]
        self._run, self._lost = info["id"], False
        self._session.engine_event("run", {**self._session.runs.get(self._run, {}), **info})

    def _answered(self, reply: Reply) -> None:
        if reply.ok and "run" in reply.data:
            self._session.engine_event("run", reply.data["run"])
        elif not reply.ok:
            self._fail("The replay did not do that", reply.error)

    def _run_changed(self, run: str) -> None:
        if run != self._run or self.run is None:
            return
        if self.run["state"] == "failed":
            self._fail(f"The replay of {self.run['title']} failed", str(self.run.get("reason", "")))
        instrument = self._instrument_of(self.run)
        if instrument is not None:
            self._charting.show_instrument(instrument, self._run)
            self._charting.set_replay(self.run["now_ns"] or None)
        self.changed.emit()

    def _instrument_of(self, run: dict[str, Any]) -> InstrumentId | None:
        """What to show of a run: what is shown already, else its first instrument."""
        try:
            found = [Instrument.from_dict(dict(described)).id for described in run.get("instruments", ())]
        except InstrumentError:
            return None
        return self._charting.instrument if self._charting.instrument in found else next(iter(found), None)

    def _link_changed(self, status: LinkStatus) -> None:
        if status.state is LinkState.CONNECTED and self._waiting is not None:
            (capture, speed), self._waiting = self._waiting, None
            self.open(capture, speed)
        elif status.state is LinkState.LOST and self._run and not self._lost:
            self._lose()

    def _lose(self) -> None:
        """The engine went, and the run with it; the picture stays until the user turns to something else."""
        run = self._session.runs.get(self._run)
        self._lost = True
        if run is not None:
            run |= {"state": "failed", "reason": "ended with its engine"}
            self._fail(f"The replay of {run['title']} ended with its engine", "open the capture again")

    def _fail(self, text: str, note: str) -> None:
        self.problem = Banner("failed", "error", text, note=note, actions=("capture",))
        self.changed.emit()
