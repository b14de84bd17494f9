"""Bars and footprint from trades: one pass over each batch serves every timeframe and grouping."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Final, Generic, Protocol, TypeVar

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel

from flowdeck.errors import StreamError
from flowdeck.specs import AggregatorContext
from flowdeck.streams import Batch, Rows, StreamKey
from flowdeck.timeframes import Timeframe
from flowdeck_footprint.barstate import BarState
from flowdeck_footprint.cellstate import CellState
from flowdeck_footprint.kernels.head import DAMAGED, HORIZON, LATE, LATE_FROM, REFUSED
from flowdeck_footprint.settings import BarsParams, FootprintParams, FootprintSettings

__all__ = ["BarsAggregator", "FootprintAggregator"]

_ROLL_UPS: Final = tuple(Timeframe.parse(text) for text in ("1d", "1h", "1m"))
_MB: Final = 1_000_000

Params = TypeVar("Params", bound=BarsParams)
_In_contra = TypeVar("_In_contra", bound=BarsParams, contravariant=True)


_Step = Callable[[Rows, int], tuple[int, list[int]]]
_parts = Batch.parts


class _State(Protocol[_In_contra]):
    head: npt.NDArray[np.int64]
    sealed: Rows
    budget_bytes: int

    def assign(self, slots: Sequence[_In_contra]) -> None: ...
    def add(self, trades: Rows, first: int) -> tuple[int, list[int]]: ...
    def roll_up(self, params: _In_contra, finer: Rows, first: int) -> tuple[int, list[int]]: ...
    def make_room(self) -> None: ...
    def rows(self, slot: _In_contra) -> Rows: ...


class _TradesAggregator(Generic[Params]):
    """What both aggregators do; implements `specs.Aggregator`.

    Its input is `trades`, or rows of its own kind at finer parameters, each row once and in order of time, to be
    rolled up. Trades that come later than what is held, and impossible ones, are counted and reported in the log.
    """

    _model: type[Params]
    _kind: str

    def __init__(self, context: AggregatorContext, state: _State[Params]) -> None:
        self._context = context
        self._state = state
        self._every: list[Params] = []
        self._keys: list[StreamKey] = []
        self._reported = 0
        self._add: _Step = state.add
        self._trades: StreamKey | None = None

    @property
    def late(self) -> int:
        """Trades refused because their bars were forgotten."""
        return int(self._state.head[0, LATE])

    @property
    def damaged(self) -> int:
        """Trades refused because of an impossible price, size or time."""
        return int(self._state.head[0, DAMAGED])

    def add(self, params: BaseModel) -> None:
        """See `specs.Aggregator.add`."""
        params = self._checked(params)
        if params not in self._every:
            self._assign([*self._every, params])

    def remove(self, params: BaseModel) -> None:
        """See `specs.Aggregator.remove`."""
        if params in self._every:
            self._assign([other for other in self._every if other != params])

    def process(self, batch: Batch) -> list[Batch]:
        """See `specs.Aggregator.process`; a long batch may answer with several batches a key, later ones newer.

        Raises:
            StreamError: when rows of this kind cannot be rolled up into what is derived here.
        """
        if batch.key is not self._trades:  # the bus hands out one key a stream
            if batch.key.kind == self._kind:
                return self._roll_up(batch)
            self._trades = batch.key
        rows = batch.rows
        done, bounds = self._add(rows, 0)
        changed = _parts(self._state.sealed, bounds, self._keys, batch.recv_ts)
        return changed if done == len(rows) else changed + self._rest(rows, done, self._add, batch.recv_ts)

    def current(self, params: BaseModel) -> Batch:
        """See `specs.Aggregator.current`: everything held, for any of it may still be corrected by a late trade."""
        return Batch(self._key(self._checked(params)), self._state.rows(self._checked(params)))

    def _assign(self, every: list[Params]) -> None:
        self._every = every
        self._keys = [self._key(params) for params in every]
        self._state.budget_bytes = _budget(self._context)
        self._state.assign(every)

    def _checked(self, params: BaseModel) -> Params:
        if not isinstance(params, self._model):
            raise StreamError(f"{self._kind}: parameters must be {self._model.__name__}, not {params!r}")
        return params

    def _key(self, params: Params) -> StreamKey:
        texts = params.model_dump(mode="json", exclude_defaults=True)
        return StreamKey.of(self._kind, self._context.instrument.id, run=self._context.run, **texts)

    def _roll_up(self, batch: Batch) -> list[Batch]:
        finer = self._model.model_validate(dict(batch.key.params))
        for params in self._every:
            if not _rolls_up(finer, params):
                raise StreamError(f"{self._key(params)} cannot be rolled up from {batch.key}")
        return self._rest(batch.rows, 0, partial(self._state.roll_up, finer), batch.recv_ts)

    def _rest(self, rows: Rows, done: int, step: _Step, recv_ts: int) -> list[Batch]:
        """What changes by the rows from a position on that a kernel reached, with room made where it stopped short."""
        changed: list[Batch] = []
        while (done := self._position(done)) < len(rows):
            self._state.make_room()
            done, bounds = step(rows, done)
            changed += _parts(self._state.sealed, bounds, self._keys, recv_ts)
        return changed

    def _position(self, done: int) -> int:
        """The position that a kernel reached; it is inverted where trades were refused, so that this is looked at."""
        if done >= 0:
            return done
        if self._state.head[0, REFUSED] > 2 * self._reported:
            self._report()
        return ~done

    def _report(self) -> None:
        """Say that trades were refused: at the first, then whenever their number has doubled."""
        control = self._state.head[0]
        self._reported = int(control[REFUSED])
        self._context.log.warning(
            "trades refused",
            kind=self._kind,
            instrument=str(self._context.instrument.id),
            late=int(control[LATE]),
            oldest_late_ts=int(control[LATE_FROM]),
            held_from_ts=int(control[HORIZON]),
            damaged=int(control[DAMAGED]),
            remedy="raise late_trades_mb of the footprint plugin to hold bars for longer",
        )


class BarsAggregator(_TradesAggregator[BarsParams]):
    """Makes `bars`."""

    _model = BarsParams
    _kind = "bars"

    def __init__(self, context: AggregatorContext) -> None:
        super().__init__(context, BarState(context.instrument, context.kinds["bars"], _budget(context)))

    def derives_from(self, params: BaseModel) -> BaseModel | None:
        """See `specs.Aggregator.derives_from`."""
        finer = _finer_timeframe(self._checked(params).bar)
        return None if finer is None else BarsParams(timeframe=str(finer))


class FootprintAggregator(_TradesAggregator[FootprintParams]):
    """Makes `footprint`."""

    _model = FootprintParams
    _kind = "footprint"

    def __init__(self, context: AggregatorContext) -> None:
        super().__init__(context, CellState(context.instrument, context.kinds["footprint"], _budget(context)))

    def derives_from(self, params: BaseModel) -> BaseModel | None:
        """See `specs.Aggregator.derives_from`; finer ones have rows of one tick, as stored roll-ups do."""
        own = self._checked(params)
        stored = own.bar in _ROLL_UPS and own.grouping > 1
        finer = own.bar if stored else _finer_timeframe(own.bar)
        if finer is None and own.grouping > 1:
            finer = own.bar
        return None if finer is None else FootprintParams(timeframe=str(finer), grouping=1)

    def _assign(self, every: list[FootprintParams]) -> None:
        super()._assign(sorted(every, key=lambda params: params.grouping))


def _finer_timeframe(bar: Timeframe) -> Timeframe | None:
    """The coarsest stored timeframe below `bar` that rolls up into it."""
    return next((finer for finer in _ROLL_UPS if finer != bar and finer.divides(bar)), None)


def _rolls_up(finer: BarsParams, params: BarsParams) -> bool:
    if isinstance(finer, FootprintParams) and isinstance(params, FootprintParams) and params.grouping % finer.grouping:
        return False
    return finer.bar.divides(params.bar)


def _budget(context: AggregatorContext) -> int:
    settings = context.settings if isinstance(context.settings, FootprintSettings) else FootprintSettings()
    return settings.late_trades_mb * _MB
