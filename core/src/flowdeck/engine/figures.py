"""What a source publishes must be figures: one that is none would fail every study that reads it."""

from __future__ import annotations

import numpy as np

from flowdeck.errors import StreamError
from flowdeck.instruments import Instrument
from flowdeck.streams import Batch

__all__ = ["check_figures"]


def check_figures(batch: Batch, instrument: Instrument | None) -> None:
    """Check prices and quantities of a root stream; without a known instrument only that they are finite.

    Raises:
        StreamError: for one that is not finite.
        InstrumentError: for one that is beyond 2^53 steps of its instrument.
    """
    names = batch.rows.dtype.names or ()
    for name in ("price", "qty"):
        if name not in names:
            continue
        values = batch.rows[name]
        if not np.isfinite(values).all():
            raise StreamError(f"{batch.key}: {name} {values[~np.isfinite(values)][0]!s} is no figure")
        if instrument is not None:
            (instrument.ticks if name == "price" else instrument.lots)(values)
