"""One aggregator instance at work: batches in, checked batches under canonical keys out, faults kept in."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import replace

from pydantic import BaseModel

from flowdeck.errors import PluginError, StreamError
from flowdeck.kinds import Kinds, Mode
from flowdeck.plugins.info import Registered
from flowdeck.plugins.manager import PluginManager
from flowdeck.specs import Aggregator, AggregatorContext, AggregatorSpec
from flowdeck.streams import Batch, StreamKey

__all__ = ["Deriver"]

_MOST_OUTPUTS = 1_000
"""What one batch may change is one batch a key; an aggregator that yields so many more does not end."""

Canonical = Callable[[StreamKey], StreamKey]


class Deriver:
    """An aggregator for one instrument and run, on whichever single thread uses it.

    Attributes:
        alive: False once the plugin raised, broke its contract or was suspended: it then derives nothing more.
        spent_s: Seconds spent in it.
    """

    def __init__(
        self,
        manager: PluginManager,
        registered: Registered[AggregatorSpec],
        params: Mapping[StreamKey, BaseModel],
        canonical: Canonical,
    ) -> None:
        self._manager, self._registered, self._canonical = manager, registered, canonical
        self._params = dict(params)
        self._names: dict[StreamKey, StreamKey] = {}
        self._aggregator: Aggregator | None = None
        self.alive = False
        self.spent_s = 0.0

    def start(self, context: AggregatorContext) -> bool:
        """Make the instance, which may import and compile for seconds; False when that failed."""
        try:
            self._aggregator = self._manager.create(self._registered, context)
        except PluginError:
            return False
        return all(self.add(key, params) for key, params in tuple(self._params.items()))

    def add(self, key: StreamKey, params: BaseModel) -> bool:
        """Begin to derive another key."""
        self._params[key] = params
        self.alive = False
        with self._manager.guard(self._registered.plugin, "process"):
            assert self._aggregator is not None
            self._aggregator.add(params)
            self.alive = True
        return self.alive

    def remove(self, key: StreamKey) -> None:
        """Stop to derive a key."""
        params = self._params.pop(key, None)
        if params is not None and self.alive:
            with self._manager.guard(self._registered.plugin, "process"):
                assert self._aggregator is not None
                self._aggregator.remove(params)

    def process(self, batch: Batch, *, timed: bool = True) -> list[Batch]:
        """What a batch changes; nothing once the instance is not alive.

        Args:
            batch: One input batch.
            timed: Whether a slow call counts against the plugin.
        """
        if not self.alive:
            return []
        outputs: list[Batch] | None = None
        began = time.perf_counter()
        with self._manager.guard(self._registered.plugin, "process"):
            outputs = self._outputs(batch)
        elapsed = time.perf_counter() - began
        self.spent_s += elapsed
        self.alive = outputs is not None
        if timed:
            self._manager.slow(self._registered.plugin, "process", elapsed * 1e3)
        return [out for out in outputs or () if out.key in self._params and self._tells(out)]

    def finer(self, key: StreamKey) -> StreamKey | None:
        """The finer stream that a key can be rolled up from."""
        finer: BaseModel | None = None
        with self._manager.guard(self._registered.plugin, "derives_from"):
            assert self._aggregator is not None
            finer = self._aggregator.derives_from(self._params[key])
        if finer is None:
            return None
        values = {name: value for name, value in finer if value is not None}
        return self._canonical(StreamKey.of(key.kind, key.instrument, run=key.run, **values))

    def _outputs(self, batch: Batch) -> list[Batch]:
        assert self._aggregator is not None
        outputs: list[Batch] = []
        for out in self._aggregator.process(batch):
            outputs.append(self._checked(out))
            if len(outputs) > _MOST_OUTPUTS + len(self._params):
                raise StreamError(f"{self._registered.spec.id} yields without end: {len(outputs)} batches for one")
        return outputs

    def _checked(self, batch: Batch) -> Batch:
        key = self._names.get(batch.key)
        if key is None:
            if batch.key.kind not in self._registered.spec.provides:
                raise StreamError(f"{self._registered.spec.id} does not provide {batch.key.kind!r}")
            key = self._names[batch.key] = self._canonical(batch.key)
        self._kinds[key.kind].check(batch)
        return batch if key == batch.key else replace(batch, key=key)

    def _tells(self, batch: Batch) -> bool:
        return len(batch) > 0 or self._kinds[batch.key.kind].mode is Mode.REPLACE

    @property
    def _kinds(self) -> Kinds:
        return self._manager.kinds
