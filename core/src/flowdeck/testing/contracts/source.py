"""What every source must do."""

from __future__ import annotations

import asyncio

from flowdeck.specs import Source, SourceSpec, resolve
from flowdeck.streams import Batch, StreamKey
from flowdeck.testing.context import FakeKeys, FakeSourceContext
from flowdeck.testing.contracts.base import Contract

__all__ = ["SourceContract"]

_PATIENCE_S = 10.0


class SourceContract(Contract):
    """A source publishes the wanted keys and nothing else, and goes at once when it is cancelled."""

    def __init_subclass__(cls) -> None:
        """Without streams to ask for there is nothing to publish, so that check is left out."""
        super().__init_subclass__()
        if cls.plugin and not any("source_keys" in base.__dict__ for base in cls.__mro__ if base is not SourceContract):
            cls.test_it_publishes_every_wanted_key_and_no_other = None  # type: ignore[assignment,method-assign]

    @classmethod
    def source_keys(cls, spec: SourceSpec) -> list[StreamKey]:
        """Streams that can be had in a test; override together with `settings` that point to a local server."""
        del spec
        return []

    async def test_without_wanted_keys_it_publishes_nothing_and_ends_when_cancelled(
        self, source_spec: SourceSpec
    ) -> None:
        published: list[Batch] = []
        task = self._run(source_spec, FakeKeys(), published)
        for _ in range(20):
            await asyncio.sleep(0)
        await _cancel(task)
        assert not published

    async def test_it_publishes_every_wanted_key_and_no_other(self, source_spec: SourceSpec) -> None:
        wanted, published, kinds = self.source_keys(source_spec), list[Batch](), self.kinds()
        task = self._run(source_spec, FakeKeys(*wanted), published)
        try:
            async with asyncio.timeout(_PATIENCE_S):
                while not set(wanted) <= {batch.key for batch in published}:
                    await asyncio.sleep(0.01)
                    assert not task.done(), task
        finally:
            await _cancel(task)
        assert {batch.key for batch in published} == set(wanted)
        for batch in published:
            kinds[batch.key.kind].check(batch)
            assert batch.key.kind in source_spec.provides
            assert batch.key.instrument.venue in source_spec.venues

    def _run(self, spec: SourceSpec, keys: FakeKeys, published: list[Batch]) -> asyncio.Task[None]:
        context = FakeSourceContext(settings=self.settings())
        source: Source = resolve(spec.factory)(context)
        return asyncio.ensure_future(source.run(keys, published.append, context))


async def _cancel(task: asyncio.Task[None]) -> None:
    task.cancel()
    async with asyncio.timeout(_PATIENCE_S):
        await asyncio.gather(task, return_exceptions=True)
