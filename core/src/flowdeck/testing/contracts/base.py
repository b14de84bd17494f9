"""What the suites share: the plugin under test and what it declares."""

from __future__ import annotations

import inspect
from importlib import import_module
from types import ModuleType
from typing import Any

import pytest
from pydantic import BaseModel

from flowdeck.kinds import CORE_KINDS, Kinds
from flowdeck.specs import Spec, resolve
from flowdeck.streams import Batch, StreamKey
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
        """Input under `key`; override for kinds that only the plugin knows."""
        return sample_batches(key)

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        """One test per declared spec."""
        for role in _ROLES:
            if f"{role}_spec" in metafunc.fixturenames:
                specs: list[Spec] = self.declared(f"register_{role}s")
                metafunc.parametrize(f"{role}_spec", [pytest.param(spec, id=spec.id) for spec in specs])
