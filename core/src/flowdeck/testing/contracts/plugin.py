"""What every plugin's declarations must be."""

from __future__ import annotations

import subprocess
import sys

import pluggy
import pytest
from pydantic import BaseModel, ValidationError

from flowdeck import hookspecs
from flowdeck.specs import Spec, resolve
from flowdeck.testing.contracts.base import Contract

__all__ = ["DeclarationContract"]

_HEAVY = ("numba", "PySide6", "pyqtgraph", "pyarrow", "duckdb", "aiohttp", "pandas", "polars")
_HOOKS = (
    "register_sources",
    "register_aggregators",
    "register_stores",
    "register_layers",
    "register_panels",
    "register_venues",
    "register_transports",
    "register_routes",
    "register_commands",
    "register_health_checks",
)


class DeclarationContract(Contract):
    """Hooks are spelled right, specs are whole, factories exist, settings are described, declaring is cheap."""

    def test_every_hook_is_one_that_the_core_knows(self) -> None:
        manager = pluggy.PluginManager("flowdeck")
        manager.add_hookspecs(hookspecs)
        manager.register(self.module())
        manager.check_pending()

    def test_spec_ids_are_unique_and_factories_exist(self) -> None:
        for hook in _HOOKS:
            specs: list[Spec] = self.declared(hook)
            assert len({spec.id for spec in specs}) == len(specs), f"{hook} repeats an id"
            for spec in specs:
                assert spec.id
                assert spec.title
                assert callable(resolve(spec.factory)), f"{hook}: {spec.factory} cannot be called"

    def test_required_and_provided_kinds_are_registered(self) -> None:
        kinds = self.kinds()
        for hook in _HOOKS:
            for spec in self.declared(hook):
                own = {kind for kind in spec.provides if kind not in kinds}
                assert not own, f"{hook}: {spec.id} provides {own}, which register_kinds does not declare"

    def test_declaring_imports_nothing_heavy(self) -> None:
        script = (
            f"import sys, {self.plugin} as p\n"
            f"[list(getattr(p, hook)()) for hook in {_HOOKS} if hasattr(p, hook)]\n"
            f"print(*sorted({{m.partition('.')[0] for m in sys.modules}} & set({_HEAVY})))"
        )
        done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)  # noqa: S603 - our own interpreter
        assert not done.stdout.split(), (
            f"import of {self.plugin} loads {done.stdout.split()}; move them behind a factory"
        )

    def test_settings_are_frozen_closed_and_described(self) -> None:
        settings = self.settings()
        if settings is None:
            assert not hasattr(self.module(), "register_settings") or self.module().register_settings() is None
            return
        model = type(settings)
        assert model.model_config.get("frozen"), "settings must be frozen"
        self._expect_refusal(model, "no_such_key")
        for name, field in model.model_fields.items():
            assert field.description, f"{name} has no description"
            extra = field.json_schema_extra
            assert isinstance(extra, dict), f"{name} is not made by flowdeck.specs.setting"
            assert extra.get("scope") in {"engine", "view"}, f"{name} has no scope"

    @staticmethod
    def _expect_refusal(model: type[BaseModel], key: str) -> None:
        with pytest.raises(ValidationError):
            model.model_validate({key: 1})
