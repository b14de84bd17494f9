"""The declarations of all active plugins: who owns which id."""

from __future__ import annotations

from typing import Any

from flowdeck.errors import PluginError
from flowdeck.kinds import CORE_KINDS, Kinds
from flowdeck.plugins.hooks import SORTS, Declared
from flowdeck.plugins.info import Registered

__all__ = ["Registry"]


class Registry:
    """Kinds and specs by owner. An id has one owner.

    Attributes:
        kinds: The core's kinds and those of the plugins that are registered.
    """

    def __init__(self) -> None:
        self.kinds = Kinds(CORE_KINDS)
        self._owners: dict[tuple[str, str], str] = {("kind", kind.name): "the core" for kind in CORE_KINDS}
        self._specs: dict[str, tuple[Registered[Any], ...]] = dict.fromkeys(SORTS, ())

    def add(self, plugin: str, declared: Declared) -> None:
        """Register everything a plugin declares, or nothing.

        Raises:
            PluginError: when an id is taken; it names both plugins.
        """
        ids = [("kind", kind.name) for kind in declared.kinds]
        ids += [(sort, spec.id) for sort, specs in declared.specs.items() for spec in specs]
        self._claim(plugin, ids)
        for kind in declared.kinds:
            self.kinds.add(kind)
        for sort, specs in declared.specs.items():
            self._specs[sort] += tuple(Registered(plugin, spec) for spec in specs)

    def remove(self, plugin: str) -> None:
        """Forget everything a plugin declared."""
        for sort, name in [key for key, owner in self._owners.items() if owner == plugin]:
            del self._owners[sort, name]
            if sort == "kind":
                self.kinds.remove(name)
        for sort, specs in self._specs.items():
            self._specs[sort] = tuple(one for one in specs if one.plugin != plugin)

    def of(self, sort: str) -> tuple[Registered[Any], ...]:
        """The specs of one sort, in the order of registration."""
        return self._specs[sort]

    def _claim(self, plugin: str, ids: list[tuple[str, str]]) -> None:
        for sort, name in ids:
            owner = self._owners.get((sort, name))
            if owner is not None:
                raise PluginError(f"{sort} {name!r} of plugin {plugin} is already registered by {_by(owner)}")
        for number, (sort, name) in enumerate(ids):
            if (sort, name) in ids[:number]:
                raise PluginError(f"{sort} {name!r} is declared twice by plugin {plugin}")
        self._owners.update(dict.fromkeys(ids, plugin))


def _by(owner: str) -> str:
    return owner if owner == "the core" else f"plugin {owner}"
