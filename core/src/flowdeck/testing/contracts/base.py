"""What the suites share: the plugin under test and what it declares."""

from __future__ import annotations

import inspect
from importlib import import_module
from types import ModuleType
from typing import Any

import pytest
from pydantic import BaseModel

from flowdeck.kinds import CORE_KINDS, Kinds
from flowdeck.specs import Aggregator, AggregatorSpec, Spec, resolve
from flowdeck.streams import Batch, StreamKey
from flowdeck.testing.context import FakeAggregatorContext
from flowdeck.testing.samples import sample_batches

__all__ = ["Contract"]

_ROLES = ("source", "aggregator", "store", "layer")


class Contract:
    """Base of the suites. Subclasses name the plugin; pytest runs each check once per spec that it declares.

    Attributes:
        plugin: Import path of the module that the entry point names.
    """

    plugin: str = ""

    def __init_subclass__(cls) -> None:
        """Leave out the checks of roles that the plugin does not have, so that none is reported as skipped."""
        super().__init_subclass__()
        if cls.plugin:
            missing = [f"{role}_spec" for role in _ROLES if not cls.declared(f"register_{role}s")]
            for name, check in inspect.getmembers(cls, inspect.isfunction):
                if name.startswith("test_") and set(missing) & set(inspect.signature(check).parameters):
                    setattr(cls, name, None)

    @classmethod
    def module(cls) -> ModuleType:
        """The module with the hook implementations."""
        return import_module(cls.plugin)

    @classmethod
    def declared(cls, hook: str) -> list[Any]:
        """What a `register_*` hook yields; empty when the plugin does not implement it."""
        implementation = getattr(cls.module(), hook, None)
        return list(implementation() or ()) if implementation else []

    @classmethod
    def kinds(cls) -> Kinds:
        """The core's kinds and the plugin's own."""
        return Kinds((*CORE_KINDS, *cls.declared("register_kinds")))

    @classmethod
    def settings(cls) -> BaseModel | None:
        """The plugin's settings at their defaults; override to test with others."""
        implementation = getattr(cls.module(), "register_settings", None)
        spec = implementation() if implementation else None
        return resolve(spec.model)() if spec else None

    @classmethod
    def samples(cls, key: StreamKey) -> list[Batch]:
        """Input under `key`: the core's sample, or what the plugin's own aggregator makes of one; else override."""
        return sample_batches(key) or cls._derived(key)

    @classmethod
    def _derived(cls, key: StreamKey) -> list[Batch]:
        for spec in cls.declared("register_aggregators"):
            if key.kind in spec.provides:
                context = FakeAggregatorContext(run=key.run, settings=cls.settings(), kinds=cls.kinds())
                aggregator: Aggregator = resolve(spec.factory)(context)
                aggregator.add(resolve(spec.params).model_validate(dict(key.params)))
                made = [out for batch in cls._inputs(spec, key) for out in aggregator.process(batch)]
                return [Batch(key, out.rows.copy(), recv_ts=out.recv_ts) for out in made if out.key.kind == key.kind]
        return []

    @classmethod
    def _inputs(cls, spec: AggregatorSpec, key: StreamKey) -> list[Batch]:
        """Samples of what an aggregator reads, with the parameters that the core's own derived kinds have."""
        batches = []
        for kind in set(spec.requires) - {key.kind}:
            known = {"timeframe", "grouping"} if kind in {"bars", "footprint"} else set()
            params = {name: value for name, value in key.params if name in known}
            batches += cls.samples(key.derive(kind, **params))
        return batches

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        """One test per declared spec."""
        for role in _ROLES:
            if f"{role}_spec" in metafunc.fixturenames:
                specs: list[Spec] = self.declared(f"register_{role}s")
                metafunc.parametrize(f"{role}_spec", [pytest.param(spec, id=spec.id) for spec in specs])
