"""Finding plugins by their entry points, without importing any."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from importlib.metadata import Distribution, EntryPoint, entry_points

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from flowdeck.config import Config
from flowdeck.plugins.info import PluginInfo
from flowdeck.specs import PluginState
from flowdeck.version import API_VERSION, __version__

__all__ = ["GROUP", "Found", "api_problem", "core_requirements", "discover", "list_installed"]

GROUP = "flowdeck.plugins"


@dataclass(frozen=True)
class Found:
    """A plugin as its metadata describe it.

    Attributes:
        name: Its entry point.
        entry: What imports it; None for one that was handed in.
        module: The module or namespace that was handed in.
        requires: `Requires-Dist` of its distribution.
        problem: Why it cannot be loaded whatever its code says; empty when it can be tried.
    """

    name: str
    entry: EntryPoint | None = None
    module: object = None
    distribution: str = ""
    version: str = ""
    summary: str = ""
    author: str = ""
    licence: str = ""
    requires: tuple[str, ...] = ()
    problem: str = ""

    @property
    def incompatible(self) -> str:
        """Why this core's API is outside the range it asks for; empty when it is within."""
        return api_problem(self.requires)

    def info(self) -> PluginInfo:
        """What can be said without importing it."""
        return PluginInfo(
            name=self.name,
            title=self.name.replace("_", " ").capitalize(),
            summary=self.summary,
            version=self.version,
            distribution=self.distribution,
            author=self.author,
            licence=self.licence,
        )


def discover() -> dict[str, Found]:
    """The installed plugins by name, in the order of their names. Nothing is imported."""
    found: dict[str, Found] = {}
    for entry in sorted(entry_points(group=GROUP), key=lambda entry: (entry.name, _owner(entry))):
        new = _found(entry)
        known = found.get(entry.name)
        if known is not None:
            both = f"{known.distribution or known.name} and {new.distribution or new.name}"
            new = Found(entry.name, problem=f"two distributions call a plugin {entry.name!r}: {both}; remove one")
        found[entry.name] = new
    return found


def list_installed(config: Config) -> list[PluginInfo]:
    """What can be said of the installed plugins without importing them: discovered, disabled or incompatible."""
    return [_listed(found, config) for found in discover().values()]


def api_problem(requires: Iterable[str], api: str = API_VERSION, version: str = __version__) -> str:
    """Why a core of this API and version is outside the `Requires-Dist: flowdeck` given; empty when it is not."""
    for requirement in core_requirements(requires):
        allowed = requirement.specifier
        if not (allowed.contains(api, prereleases=True) or allowed.contains(version, prereleases=True)):
            return f"it needs flowdeck {allowed}, this is {version}; install a version of it made for {api}"
    return ""


def core_requirements(requires: Iterable[str]) -> list[Requirement]:
    """The requirements on the core among `Requires-Dist` lines; those that cannot be read are left to `pip check`."""
    readable = (requirement for line in requires if (requirement := _requirement(line)) is not None)
    return [one for one in readable if canonicalize_name(one.name) == "flowdeck" and _applies(one)]


def _requirement(line: str) -> Requirement | None:
    try:
        return Requirement(line)
    except InvalidRequirement:
        return None


def _applies(requirement: Requirement) -> bool:
    return requirement.marker is None or requirement.marker.evaluate({"extra": ""})


def _owner(entry: EntryPoint) -> str:
    return entry.dist.name if entry.dist is not None else ""


def _found(entry: EntryPoint) -> Found:
    distribution = entry.dist
    if distribution is None:
        return Found(entry.name, entry)
    return Found(
        entry.name,
        entry,
        distribution=distribution.name,
        version=distribution.version,
        summary=_field(distribution, "Summary"),
        author=_author(distribution),
        licence=_field(distribution, "License-Expression") or _field(distribution, "License"),
        requires=tuple(distribution.requires or ()),
    )


def _author(distribution: Distribution) -> str:
    return _field(distribution, "Author") or _field(distribution, "Author-email").partition("<")[0].strip(' "')


def _field(distribution: Distribution, name: str) -> str:
    return next(iter(distribution.metadata.get_all(name) or ()), "")


def _listed(found: Found, config: Config) -> PluginInfo:
    section = config.plugin(found.name)
    state, reason = PluginState.DISCOVERED, ""
    if not section.enabled:
        state = PluginState.DISABLED
    elif found.problem:
        state, reason = PluginState.FAILED, found.problem
    elif found.incompatible:
        state, reason = PluginState.INCOMPATIBLE, found.incompatible
    elif problems := config.plugin_problems(found.name):
        state, reason = PluginState.FAILED, str(problems[0])
    return replace(found.info(), state=state, reason=reason, required=section.required)
