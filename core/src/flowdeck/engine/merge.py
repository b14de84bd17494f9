"""Several inputs as one sequence in time, for an aggregator that reads more than one kind of the past."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

import numpy as np

from flowdeck.streams import Batch

__all__ = ["in_time_order"]

_STEP_NS = 1_000_000_000


def in_time_order(inputs: Sequence[Iterable[Batch]]) -> Iterable[Batch]:
    """The batches of all inputs (each oldest first) by their first time; one input passes through untouched.

    Several are cut at whole seconds, so that rows of one update, which share their time, stay together.
    """
    if len(inputs) == 1:
        return inputs[0]
    return heapq.merge(*(_cut(batches) for batches in inputs), key=_first)


def _cut(batches: Iterable[Batch]) -> Iterator[Batch]:
    for batch in batches:
        steps = _times(batch) // _STEP_NS
        edges = np.flatnonzero(steps[1:] != steps[:-1]) + 1
        for rows in np.split(batch.rows, edges) if len(batch) else ():
            yield replace(batch, rows=rows)


def _first(batch: Batch) -> int:
    return int(_times(batch)[0])


def _times(batch: Batch) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    times: np.ndarray[tuple[int], np.dtype[np.int64]] = batch.rows["ts"]
    return times
