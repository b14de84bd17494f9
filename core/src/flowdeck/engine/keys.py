"""From what a reader asks for to the one canonical stream that answers: who provides it, from what, how."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from pydantic import BaseModel, ValidationError

from flowdeck.errors import FlowdeckError, PluginError, StreamError
from flowdeck.plugins.info import Registered
from flowdeck.plugins.manager import PluginManager
from flowdeck.specs import AggregatorSpec
from flowdeck.streams import StreamKey

__all__ = ["Resolved", "Resolver", "Roots"]


class Roots(Protocol):
    """Who provides root streams: the live sources, and the runs."""

    def provider(self, key: StreamKey) -> str | None:
        """The plugin that provides a root stream, or None.

        Raises:
            StreamError: for a run that there is not.
        """
        ...

    def alias(self, key: StreamKey) -> StreamKey:
        """The key under which the provider publishes what is asked for."""
        ...


@dataclass(frozen=True)
class Resolved:
    """What a key comes to.

    Attributes:
        key: Canonical: parameters at their default are left out, the feed of the root is stated.
        plugin: The plugin that provides it.
        aggregator: What derives it; None for a root stream.
        params: The key's parameters, validated; None for a root stream.
        inputs: Canonical keys that it is derived from.
    """

    key: StreamKey
    plugin: str
    aggregator: Registered[AggregatorSpec] | None = None
    params: BaseModel | None = None
    inputs: tuple[StreamKey, ...] = ()


class Resolver:
    """Resolves keys and remembers the answers until `forget`."""

    def __init__(self, manager: PluginManager, roots: Roots, *, derive: bool = True) -> None:
        self._manager, self._roots, self._derive = manager, roots, derive
        self._known: dict[StreamKey, Resolved] = {}

    def forget(self) -> None:
        """Providers changed: work everything out anew."""
        self._known.clear()

    def canonical(self, key: StreamKey) -> StreamKey:
        """The canonical key; raises as `resolve`."""
        return self.resolve(key).key

    def resolve(self, key: StreamKey) -> Resolved:
        """Who provides a key, and from what.

        Raises:
            StreamError: when nothing does, or a parameter is unknown or out of range; it names what is allowed.
        """
        found = self._known.get(key)
        if found is None:
            found = self._known[key] = self._resolve(key, ())
        return found

    def _resolve(self, key: StreamKey, path: tuple[str, ...]) -> Resolved:
        kind = self._manager.kinds[key.kind].name
        if kind in path:
            raise StreamError(f"{key}: aggregators form a circle: {' from '.join((*path, kind))}")
        # asked first, because it knows whether there is such a run
        root = self._roots.provider(key)
        registered = self._aggregator(kind)
        if registered is not None:
            return self._derived(key, registered, (*path, kind))
        if root is None:
            raise StreamError(f"nothing here provides {key}: no active plugin has {key.kind} of {key.instrument.venue}")
        return Resolved(self._root_key(key), root)

    def _aggregator(self, kind: str) -> Registered[AggregatorSpec] | None:
        if not self._derive:
            return None
        return next((entry for entry in self._manager.aggregators() if kind in entry.spec.provides), None)

    def _root_key(self, key: StreamKey) -> StreamKey:
        allowed = {("feed", "raw")} if key.kind == "trades" else set()
        for name, value in key.params:
            if (name, value) not in allowed:
                hint = "feed=raw is the only one" if allowed else "it takes none"
                raise StreamError(f"{key}: {key.kind} has no parameter {name}={value}; {hint}")
        return self._roots.alias(key)

    def _derived(self, key: StreamKey, registered: Registered[AggregatorSpec], path: tuple[str, ...]) -> Resolved:
        params = self._params(key, registered)
        texts = {name: _text(value) for name, value in _changed(params)}
        canonical = StreamKey(key.kind, key.instrument, tuple(sorted(texts.items())), key.run)
        inputs = [self._input(canonical, params, kind, path) for kind in registered.spec.requires]
        return Resolved(canonical, registered.plugin, registered, params, tuple(inputs))

    def _params(self, key: StreamKey, registered: Registered[AggregatorSpec]) -> BaseModel:
        model, reason = self._model(registered), f"plugin {registered.plugin} failed on its parameters"
        with self._manager.guard(registered.plugin, "params"):
            try:
                return model.model_validate(dict(key.params))
            except ValidationError as error:
                reason = _reasons(error, model)
            except FlowdeckError as error:  # pydantic lets pass what its validators raise
                reason = str(error)
        raise StreamError(f"{key}: {reason}")

    def _model(self, registered: Registered[AggregatorSpec]) -> type[BaseModel]:
        if not registered.spec.params:
            return _NoParams
        try:
            model: type[BaseModel] = self._manager.resolve(registered, "params")
        except PluginError as error:
            raise StreamError(f"nothing here provides {'/'.join(registered.spec.provides)}: {error}") from error
        return model

    def _input(self, key: StreamKey, params: BaseModel, kind: str, path: tuple[str, ...]) -> StreamKey:
        """The input of one required kind; parameters that its own model knows are carried over."""
        registered = self._aggregator(kind)
        carried: Iterable[str] = self._model(registered).model_fields if registered else ()
        values = {name: _text(value) for name, value in params if name in carried and value is not None}
        return self._resolve(key.derive(kind, **values), path).key


class _NoParams(BaseModel, extra="forbid", frozen=True):
    pass


def _changed(params: BaseModel) -> list[tuple[str, object]]:
    fields = type(params).model_fields
    return [(name, value) for name, value in params if fields[name].is_required() or value != fields[name].default]


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _reasons(error: ValidationError, model: type[BaseModel]) -> str:
    return "; ".join(_reason(detail["loc"], detail["type"], detail["msg"], model) for detail in error.errors())


def _reason(loc: tuple[int | str, ...], kind: str, message: str, model: type[BaseModel]) -> str:
    name = ".".join(map(str, loc)) or "parameters"
    if kind == "extra_forbidden":
        return f"there is no parameter {name}; allowed are {', '.join(model.model_fields) or 'none'}"
    return f"{name}: {message.removeprefix('Value error, ')}"
