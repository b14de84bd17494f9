"""A plugin's settings: one frozen pydantic model, its values from the configuration or from a user's change."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Literal

from pydantic import BaseModel, ValidationError

from flowdeck.config import Config, InvalidConfigError, Problem, problems_of, save_desktop, save_engine
from flowdeck.errors import PluginError
from flowdeck.specs import SettingsSpec, resolve

__all__ = ["PluginSettings", "Scope"]

Scope = Literal["engine", "view"]


class PluginSettings:
    """The settings of one loaded plugin.

    Attributes:
        model: The model's class.
        value: The values as they stand.
        revision: Grows with every change, so that two editors notice each other.
    """

    def __init__(self, plugin: str, spec: SettingsSpec, config: Config) -> None:
        """Import the model and read its values from the configuration.

        Raises:
            PluginError: when the model is not a frozen one that forbids unknown fields and has defaults.
            InvalidConfigError: when configured values do not fit; it names file, key, value and what is allowed.
        """
        self._plugin, self._config = plugin, config
        self._prefix = f"plugins.{plugin}.settings"
        self.model = _checked(resolve(spec.model), spec.model)
        self.value = self._validated(config.plugin(plugin).settings, config.origin)
        self.revision = 1

    def changed(self, values: Mapping[str, Any], scope: Scope | None) -> BaseModel:
        """The settings with some values changed; nothing is stored.

        Raises:
            InvalidConfigError: naming key, value and what is allowed; also for a field of the other scope.
        """
        for name in values:
            owner = self.scope(name)
            if scope is not None and owner not in {scope, None}:
                problem = Problem(self._plugin, f"{self._prefix}.{name}", values[name], f"belongs to the {owner} side")
                raise InvalidConfigError([problem])
        return self._validated({**self.value.model_dump(), **values}, lambda _: f"settings of {self._plugin}")

    def scope(self, name: str) -> Scope | None:
        """Who owns a field; None for one that does not exist."""
        field = self.model.model_fields.get(name)
        if field is None:
            return None
        extra = field.json_schema_extra
        return "engine" if isinstance(extra, dict) and extra.get("scope") == "engine" else "view"

    def persist(self, value: BaseModel, names: Mapping[str, Any]) -> None:
        """Write the named fields, each into the file of its owner.

        Raises:
            ConfigError: naming the file and the remedy when it cannot be written.
        """
        texts = value.model_dump(mode="json", include=set(names))
        for name, text in texts.items():
            if self.scope(name) == "engine":
                save_engine(self._config.path, f"{self._prefix}.{name}", text)
            else:
                save_desktop(self._config.desktop_path, f"{self._prefix}.{name}", text)

    def take(self, value: BaseModel) -> None:
        """Make these the settings."""
        self.value = value
        self.revision += 1

    def _validated(self, values: Mapping[str, Any], source: Callable[[str], str]) -> BaseModel:
        try:
            return self.model.model_validate(dict(values))
        except ValidationError as error:
            raise InvalidConfigError(problems_of(error, self.model, source, self._prefix)) from error


def _checked(model: Any, name: str) -> type[BaseModel]:
    if not (isinstance(model, type) and issubclass(model, BaseModel)):
        raise PluginError(f"settings {name!r} is not a pydantic model")
    if not model.model_config.get("frozen") or model.model_config.get("extra") != "forbid":
        raise PluginError(f"settings {name!r} must be made with model_config = ConfigDict(frozen=True, extra='forbid')")
    if needed := [field for field, info in model.model_fields.items() if info.is_required()]:
        raise PluginError(f"settings {name!r}: {', '.join(needed)} has no default")
    return model
