"""`flowdeck plugin doctor`: what is wrong with a plugin, before and after it is loaded."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from importlib.metadata import PackageNotFoundError, distribution
from inspect import isfunction
from typing import Any

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from flowdeck.config import Config, near
from flowdeck.errors import PluginError
from flowdeck.plugins.discovery import Found, core_requirements, discover
from flowdeck.plugins.faults import Guard, describe
from flowdeck.plugins.hooks import HOOKS
from flowdeck.plugins.info import Registered
from flowdeck.plugins.manager import PluginManager
from flowdeck.specs import PluginState, resolve
from flowdeck.version import API_VERSION

__all__ = ["Examination", "examine"]


@dataclass(frozen=True)
class Examination:
    """What was found out about one plugin.

    Attributes:
        plugin: Its name; empty for the configuration as a whole.
        version: Of its distribution.
        state: What loading made of it.
        problems: What is wrong, each with its remedy; empty when nothing is.
        checks: What its health checks answered.
        traceback: Of its failure.
    """

    plugin: str
    version: str = ""
    state: str = ""
    problems: tuple[str, ...] = ()
    checks: tuple[str, ...] = ()
    traceback: str = ""


def examine(config: Config, name: str | None = None) -> list[Examination]:
    """Load the enabled plugins here and examine them, or the named one.

    Raises:
        PluginError: when the named plugin is not installed.
    """
    found = discover()
    if name is not None and name not in found:
        raise PluginError(f"no plugin {name!r} is installed{near(name, found)}")
    manager = PluginManager(config, "headless")
    stray = tuple(_demands(manager)) + tuple(_unused(config, found))
    try:
        result = [_examined(manager, found[one]) for one in found if name in {None, one}]
    finally:
        manager.close()
    return [*result, Examination("", problems=stray)] if stray and name is None else result


def _demands(manager: PluginManager) -> Iterator[str]:
    try:
        manager.load()
    except PluginError as error:
        yield str(error)


def _unused(config: Config, found: dict[str, Found]) -> Iterator[str]:
    for plugin in config.plugins:
        if plugin not in found:
            key = f"plugins.{plugin}"
            yield f"{config.origin(key)}: {key}: unused config for a plugin that is not installed{near(plugin, found)}"


def _examined(manager: PluginManager, found: Found) -> Examination:
    problems = [*_dependencies(found), *_unmarked(manager, found.name), *_specs(manager, found.name)]
    checks: list[str] = []
    for check in (one for one in manager.health_checks() if one.plugin == found.name):
        with Guard(partial(_note, problems, f"health check {check.spec.id}")):
            checks.append(f"{check.spec.title}: {resolve(check.spec.factory)()}")
    info = manager.info(found.name)
    if info.state in {PluginState.FAILED, PluginState.INCOMPATIBLE}:
        problems.insert(0, info.reason)
    return Examination(found.name, info.version, info.state, tuple(problems), tuple(checks), info.traceback)


def _note(problems: list[str], what: str, error: BaseException) -> None:
    """What a check raises is its answer, and no fault of the plugin."""
    problems.append(f"{what}: {describe(error)[0]}")


def _dependencies(found: Found) -> Iterator[str]:
    """What packaging.md asks of third parties: a range on the core, and nothing that the core brings."""
    if not found.distribution:
        return
    span = f"'flowdeck>={API_VERSION},<{_next_api()}'"
    core = core_requirements(found.requires)
    if not core:
        yield f"it does not say which flowdeck it needs; add {span} to its dependencies"
    for requirement in core:
        operators = {one.operator for one in requirement.specifier}
        if operators & {"==", "==="}:
            yield f"it pins flowdeck ({requirement.specifier}); ask for a range, {span}"
        elif not (operators & {">=", ">", "~="} and operators & {"<", "<=", "~="}):
            yield f"its range of flowdeck ({requirement.specifier or 'any'}) is open; close it, {span}"
    for name in _redeclared(found):
        yield f"it redeclares {name}, which comes with flowdeck and must have one version; remove it"


def _redeclared(found: Found) -> Iterator[str]:
    try:
        core = {canonicalize_name(Requirement(line).name) for line in distribution("flowdeck").requires or ()}
    except PackageNotFoundError:
        return
    for line in found.requires:
        try:
            requirement = Requirement(line)
        except InvalidRequirement:
            continue
        optional = "extra" in str(requirement.marker or "")
        if canonicalize_name(requirement.name) in core and not optional:
            yield str(requirement)


def _next_api() -> str:
    major, minor = API_VERSION.split(".")
    return f"{major}.{int(minor) + 1}"


def _unmarked(manager: PluginManager, name: str) -> Iterator[str]:
    """Functions that look like hooks and that pluggy does not see."""
    module = manager.module(name)
    for attribute, value in vars(module).items() if hasattr(module, "__dict__") else ():
        if isfunction(value) and not hasattr(value, "flowdeck_impl") and attribute.startswith(("register_", "plugin_")):
            if attribute in HOOKS:
                yield f"{attribute} is not marked with @hookimpl and is never called"
            elif hint := near(attribute, HOOKS, alike=0.85):
                yield f"{attribute} is no hook and is never called{hint}"


def _specs(manager: PluginManager, name: str) -> Iterator[str]:
    """Factories that cannot be imported, kinds that nobody registers."""
    for sort, registered in [one for one in manager.declared() if one[1].plugin == name]:
        yield from _unknown_kinds(manager, sort, registered)
        try:
            manager.resolve(registered)
        except PluginError:
            yield f"{sort} {registered.spec.id}: {manager.info(name).reason}"
            return


def _unknown_kinds(manager: PluginManager, sort: str, registered: Registered[Any]) -> Iterator[str]:
    spec = registered.spec
    for kind in (*spec.requires, *spec.provides):
        if kind not in manager.kinds:
            known = [one.name for one in manager.kinds]
            yield f"{sort} {spec.id}: no plugin registers kind {kind!r}{near(kind, known)}"
