"""The instruments that the engine knows, live and per run."""

from __future__ import annotations

from collections.abc import Callable

from flowdeck.instruments import Instrument, InstrumentId

__all__ = ["InstrumentBook"]

Changed = Callable[[Instrument, str | None, bool], None]
"""Called with the instrument, its run, and whether steps that were known before changed."""


class InstrumentBook:
    """Instruments by id and run; the newest statement wins."""

    def __init__(self, on_change: Changed) -> None:
        self._known: dict[tuple[InstrumentId, str | None], Instrument] = {}
        self._on_change = on_change

    def get(self, instrument: InstrumentId, run: str | None = None) -> Instrument | None:
        """The instrument, or None when nobody stated it."""
        return self._known.get((instrument, run))

    def all(self, run: str | None = None) -> list[Instrument]:
        """Those of a run, or the live ones, by id."""
        return sorted((one for (_, of), one in self._known.items() if of == run), key=lambda one: one.id)

    def state(self, instrument: Instrument, run: str | None = None) -> None:
        """Take a statement; the same one again says nothing."""
        before = self._known.get((instrument.id, run))
        if before == instrument:
            return
        self._known[instrument.id, run] = instrument
        moved = before is not None and _steps(before) != _steps(instrument)
        self._on_change(instrument, run, moved)

    def forget(self, run: str) -> None:
        """The run is gone."""
        self._known = {key: one for key, one in self._known.items() if key[1] != run}


def _steps(instrument: Instrument) -> tuple[object, object]:
    return instrument.tick_size, instrument.lot_size
