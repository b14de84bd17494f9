"""What every aggregator must do."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
from pydantic import BaseModel

from flowdeck.kinds import Mode
from flowdeck.series import Series
from flowdeck.specs import Aggregator, AggregatorSpec, resolve
from flowdeck.streams import Batch, StreamKey
from flowdeck.testing.context import FakeAggregatorContext
from flowdeck.testing.contracts.base import Contract
from flowdeck.testing.samples import SAMPLE_INSTRUMENT

__all__ = ["AggregatorContract"]


class AggregatorContract(Contract):
    """Output depends on the input alone, never on how it was cut; parameters do not disturb each other."""

    @classmethod
    def aggregator_params(cls, spec: AggregatorSpec) -> list[BaseModel]:
        """Two parameter sets to test with; override where the model needs other fields."""
        model = resolve(spec.params)
        if "timeframe" not in model.model_fields:
            return [model()]
        return [model.model_validate({"timeframe": text}) for text in ("1m", "15s")]

    def test_output_does_not_depend_on_how_the_input_was_cut(self, aggregator_spec: AggregatorSpec) -> None:
        for params in self.aggregator_params(aggregator_spec):
            whole = self._derive(aggregator_spec, [params], 10**9)
            for size in (1, 7, 256):
                _assert_same(whole, self._derive(aggregator_spec, [params], size))

    def test_parameters_do_not_disturb_each_other(self, aggregator_spec: AggregatorSpec) -> None:
        every = self.aggregator_params(aggregator_spec)
        together = self._derive(aggregator_spec, every, 97)
        apart: dict[StreamKey, Series] = {}
        for params in every:
            apart |= self._derive(aggregator_spec, [params], 97)
        _assert_same(apart, together)

    def test_batches_keep_the_contract_of_their_kind(self, aggregator_spec: AggregatorSpec) -> None:
        every, kinds, seen = self.aggregator_params(aggregator_spec), self.kinds(), 0
        for batch in self._process(self._aggregator(aggregator_spec, every), self._input(aggregator_spec, every, 97)):
            assert batch.key.kind in aggregator_spec.provides
            assert (batch.key.instrument, batch.key.run) == (SAMPLE_INSTRUMENT.id, "run-1")
            assert batch.seq == 0, "the bus numbers batches"
            kinds[batch.key.kind].check(batch)
            seen += len(batch)
        assert seen, "nothing was derived from the sample"

    def test_the_current_state_agrees_with_what_was_published(self, aggregator_spec: AggregatorSpec) -> None:
        for params in self.aggregator_params(aggregator_spec):
            aggregator = self._aggregator(aggregator_spec, [params])
            state = self._collect(self._process(aggregator, self._input(aggregator_spec, [params], 97)))
            current = aggregator.current(params)
            series = state.get(current.key)
            if series is None or series.kind.mode is not Mode.UPSERT:
                continue
            before = series.rows().tobytes()
            series.apply(Batch(current.key, current.rows.copy()))
            assert series.rows().tobytes() == before

    def test_removed_parameters_yield_nothing_more(self, aggregator_spec: AggregatorSpec) -> None:
        every = self.aggregator_params(aggregator_spec)
        aggregator = self._aggregator(aggregator_spec, every)
        kept = {
            batch.key
            for batch in self._process(
                self._aggregator(aggregator_spec, every[1:]), self._input(aggregator_spec, every, 97)
            )
        }
        aggregator.remove(every[0])
        assert {batch.key for batch in self._process(aggregator, self._input(aggregator_spec, every, 97))} == kept

    def test_finer_parameters_are_parameters_too(self, aggregator_spec: AggregatorSpec) -> None:
        for params in self.aggregator_params(aggregator_spec):
            finer = self._aggregator(aggregator_spec, [params]).derives_from(params)
            assert finer is None or (type(finer) is type(params) and finer != params)

    def _aggregator(self, spec: AggregatorSpec, every: Iterable[BaseModel]) -> Aggregator:
        context = FakeAggregatorContext(run="run-1", settings=self.settings(), kinds=self.kinds())
        aggregator: Aggregator = resolve(spec.factory)(context)
        for params in every:
            aggregator.add(params)
        return aggregator

    def _input(self, spec: AggregatorSpec, every: Iterable[BaseModel], size: int) -> Iterator[Batch]:
        for kind in spec.requires:
            fields = [dict(_texts(params)) for params in every] if kind in {"bars", "footprint"} else [{}]
            for params in fields:
                key = StreamKey.of(kind, SAMPLE_INSTRUMENT.id, run="run-1", **params)
                rows = np.concatenate([batch.rows for batch in self.samples(key)] or [self.kinds()[kind].empty()])
                for at in range(0, len(rows), size):
                    yield Batch(key, rows[at : at + size].copy())

    @staticmethod
    def _process(aggregator: Aggregator, batches: Iterable[Batch]) -> Iterator[Batch]:
        for batch in batches:
            before = batch.rows.tobytes()
            yield from aggregator.process(batch)
            assert batch.rows.tobytes() == before, "an aggregator may not change its input"

    def _collect(self, batches: Iterable[Batch]) -> dict[StreamKey, Series]:
        state: dict[StreamKey, Series] = {}
        for batch in batches:
            state.setdefault(batch.key, Series(batch.key, self.kinds()[batch.key.kind])).apply(batch)
        return state

    def _derive(self, spec: AggregatorSpec, every: list[BaseModel], size: int) -> dict[StreamKey, Series]:
        return self._collect(self._process(self._aggregator(spec, every), self._input(spec, every, size)))


def _texts(params: BaseModel) -> Iterator[tuple[str, Any]]:
    for name, value in params.model_dump(mode="json", exclude_defaults=True).items():
        if name in {"timeframe", "grouping"}:
            yield name, value


def _assert_same(expected: dict[StreamKey, Series], found: dict[StreamKey, Series]) -> None:
    assert set(found) == set(expected)
    for key, series in expected.items():
        np.testing.assert_array_equal(found[key].rows(), series.rows(), err_msg=str(key))
