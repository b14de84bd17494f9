"""Which part of the plugins a serving process uses: all, those for root streams, or those for derived ones."""

from __future__ import annotations

import asyncio
import time
from typing import Literal

from flowdeck.config import Config
from flowdeck.engine import Engine, Subscription
from flowdeck.errors import StreamError
from flowdeck.instruments import InstrumentId
from flowdeck.plugins.manager import PluginManager, Registered
from flowdeck.specs import AggregatorSpec, SourceSpec, StoreSpec
from flowdeck.streams import StreamKey, StreamRequest
from flowdeck.wire.upstream import UPSTREAM, UpstreamPlugin

__all__ = ["ROOT_KINDS", "Role", "RoleManager", "keep_reading"]

Role = Literal["serve", "collect", "process"]

ROOT_KINDS = ("trades", "depth", "quotes", "liquidations", "mark", "open_interest")
"""What a processing engine asks the collecting one for, beside the root kinds of its own plugins."""


class RoleManager(PluginManager):
    """The plugins of one serving process.

    `collect` has no aggregators and only stores of root kinds; `process` has no source but the collecting engine, and
    only stores of other kinds.

    Args:
        config: As for `PluginManager`.
        role: What the process does.
        safe_mode: As for `PluginManager`.
    """

    def __init__(self, config: Config, role: Role, *, safe_mode: bool = False) -> None:
        super().__init__(config, "engine", safe_mode=safe_mode)
        self._role = role

    def load_for_role(self) -> None:
        """Load the plugins, and for `process` the source that reads the collecting engine."""
        self.load({UPSTREAM: UpstreamPlugin(ROOT_KINDS)} if self._role == "process" else {})

    def sources(self) -> list[Registered[SourceSpec]]:
        """Producers of root streams."""
        found = super().sources()
        return [one for one in found if one.plugin == UPSTREAM] if self._role == "process" else found

    def aggregators(self) -> list[Registered[AggregatorSpec]]:
        """Makers of streams from streams."""
        return [] if self._role == "collect" else super().aggregators()

    def stores(self) -> list[Registered[StoreSpec]]:
        """Memories of streams."""
        found = super().stores()
        if self._role == "serve":
            return found
        derived = {kind for one in super().aggregators() for kind in one.spec.provides}
        wanted = self._role == "process"
        return [one for one in found if bool(derived & set(one.spec.requires)) is wanted]


def keep_reading(engine: Engine, manager: PluginManager, instrument: InstrumentId) -> list[asyncio.Task[None]]:
    """Read every root stream of an instrument to the engine's end, so that its source receives and is recorded."""
    specs = [one.spec for one in manager.sources() if not one.spec.venues or instrument.venue in one.spec.venues]
    kinds = sorted({kind for spec in specs for kind in spec.provides})
    if not kinds:
        raise StreamError(f"nothing to record: no source here serves {instrument}")
    requests = [StreamRequest(StreamKey.of(kind, instrument), start=time.time_ns()) for kind in kinds]
    return [asyncio.create_task(_drain(engine.open(request)), name=f"record {request.key}") for request in requests]


async def _drain(subscription: Subscription) -> None:
    async for _ in subscription:
        pass
