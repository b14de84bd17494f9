"""What is known of plugins on both sides, as one row each: the window's process here, the engine's there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from flowdeck.plugins.info import PluginInfo
from flowdeck.specs import PluginState

__all__ = ["Filter", "PluginFacts", "facts_of", "matching"]

Filter = Literal["all", "active", "attention"]
_BAD = {PluginState.FAILED, PluginState.FAULTED, PluginState.INCOMPATIBLE}


@dataclass(frozen=True)
class PluginFacts:
    """One plugin on both sides.

    Attributes:
        name: Its entry point.
        title: Its name for users.
        summary: One line.
        version: Of its distribution.
        licence: Of its distribution.
        roles: What it registered, on either side.
        requires: Kinds that it reads.
        provides: Kinds that it produces.
        here: Its state in the window's process; None when it is missing here.
        there: Its state in the engine; None when it is missing there.
        there_known: Whether the engine has said which plugins it has.
        reason: Why it is not active, with the side; empty when it is.
        traceback: Of its failure.
        side: Where the reason comes from.
        has_settings: Whether it has settings.
    """

    name: str
    title: str
    summary: str
    version: str
    licence: str
    roles: tuple[str, ...]
    requires: tuple[str, ...]
    provides: tuple[str, ...]
    here: PluginState | None
    there: PluginState | None
    there_known: bool
    reason: str
    traceback: str
    side: Literal["window", "engine"]
    has_settings: bool

    @property
    def state(self) -> PluginState:
        """The state that a user reads: what is wrong on either side, else what it is here."""
        known = [state for state in (self.here, self.there) if state is not None]
        return max((state for state in known if state in _BAD), key=_ORDER.index, default=known[0])

    @property
    def missing(self) -> str:
        """`missing in the engine`, `missing in this window`, or nothing."""
        if self.there_known and self.there is None:
            return "missing in the engine"
        return "missing in this window" if self.here is None else ""

    @property
    def needs_attention(self) -> bool:
        """Whether somebody should look at it."""
        return self.state in _BAD or bool(self.missing)

    @property
    def can_toggle(self) -> bool:
        """Whether enabling and disabling it makes a difference."""
        return self.state is not PluginState.INCOMPATIBLE


_ORDER = [
    PluginState.DISCOVERED,
    PluginState.DISABLED,
    PluginState.ACTIVE,
    PluginState.INCOMPATIBLE,
    PluginState.FAILED,
    PluginState.FAULTED,
]


def facts_of(here: Iterable[PluginInfo], there: Mapping[str, Mapping[str, Any]] | None) -> list[PluginFacts]:
    """One row a plugin, by title."""
    local = {info.name: info for info in here}
    remote = there or {}
    rows = [_facts(local.get(name), remote.get(name), known=there is not None) for name in {*local, *remote}]
    return sorted(rows, key=lambda facts: facts.title.casefold())


def matching(rows: Iterable[PluginFacts], shown: Filter, search: str) -> list[PluginFacts]:
    """The rows that a filter and a search leave."""
    words = search.casefold().split()
    return [facts for facts in rows if _shown(facts, shown) and all(word in _text(facts) for word in words)]


def _shown(facts: PluginFacts, shown: Filter) -> bool:
    if shown == "active":
        return facts.state is PluginState.ACTIVE
    return shown == "all" or facts.needs_attention


def _text(facts: PluginFacts) -> str:
    parts = (facts.name, facts.title, facts.summary, *facts.roles, *facts.requires, *facts.provides)
    return " ".join(parts).casefold()


def _facts(here: PluginInfo | None, there: Mapping[str, Any] | None, *, known: bool) -> PluginFacts:
    engine = _info(there) if there is not None else None
    main = here or engine
    if main is None:
        raise ValueError("a plugin that is nowhere")
    state_there = engine.state if engine is not None else None
    bad_there = engine is not None and state_there in _BAD and (here is None or here.state not in _BAD)
    spoken = engine if bad_there and engine is not None else main
    sides = [side for side in (here, engine) if side is not None]
    return PluginFacts(
        name=main.name,
        title=main.title or main.name,
        summary=main.summary,
        version=main.version,
        licence=main.licence,
        roles=_joined(side.roles for side in sides),
        requires=_joined(side.requires for side in sides),
        provides=_joined(side.provides for side in sides),
        here=here.state if here is not None else None,
        there=state_there,
        there_known=known,
        reason=spoken.reason,
        traceback=spoken.traceback,
        side="engine" if bad_there or here is None else "window",
        has_settings=any(side.has_settings for side in sides),
    )


def _info(there: Mapping[str, Any]) -> PluginInfo:
    """What the engine wrote; fields that a newer engine adds are left out."""
    known: dict[str, Any] = {name: there[name] for name in PluginInfo.__dataclass_fields__ if name in there}
    for name in ("roles", "requires", "provides"):
        known[name] = tuple(known.get(name, ()))
    return PluginInfo(**{**known, "state": PluginState(there["state"])})


def _joined(parts: Iterable[Iterable[str]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for part in parts for name in part))
