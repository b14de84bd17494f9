"""An engine as a source: `flowdeck process` takes its root streams from the engine that collects them.

Core-internal: the plugin is made by the command and is found by no entry point.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from flowdeck.errors import PluginError
from flowdeck.hookspecs import hookimpl
from flowdeck.instruments import Instrument
from flowdeck.specs import KeySet, PluginContext, Publish, SettingsSpec, SourceContext, SourceSpec, setting
from flowdeck.wire.client import Client
from flowdeck.wire.reconnect import ReconnectingClient
from flowdeck.wire.relay import UPSTREAM, Relay

__all__ = ["UPSTREAM", "UpstreamPlugin", "UpstreamSettings", "UpstreamSource"]


class UpstreamSettings(BaseModel):
    """Which engine, and how far back."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    url: str = setting("ws://127.0.0.1:8765", "Engine that collects.", scope="engine")
    token_file: str = setting("", "File with its token; needed beyond loopback.", scope="engine")
    history_h: float = setting(24.0, "How far back a stream begins.", scope="engine", unit="h", ge=0)


class UpstreamPlugin:
    """Declares the source for the given kinds, of every venue."""

    def __init__(self, kinds: Sequence[str]) -> None:
        self._kinds = tuple(kinds)

    @hookimpl
    def register_settings(self) -> SettingsSpec:
        """Address and token."""
        return SettingsSpec(f"{__name__}:UpstreamSettings")

    @hookimpl
    def register_sources(self) -> Iterable[SourceSpec]:
        """The one source."""
        yield SourceSpec(UPSTREAM, "Collecting engine", f"{__name__}:UpstreamSource", provides=self._kinds)


class UpstreamSource:
    """A `Source` that reads another engine."""

    def __init__(self, context: PluginContext) -> None:
        settings = context.settings
        assert isinstance(settings, UpstreamSettings)
        self._settings = settings
        self._token = _read_token(settings.token_file)

    async def instruments(self) -> AsyncIterator[Instrument]:
        """What the other engine knows now."""
        async with Client(self._settings.url, self._token) as client:
            answer = await client.request("instrument.list")
        for described in answer["instruments"]:
            yield Instrument.from_dict(described)

    async def run(self, keys: KeySet, publish: Publish, context: SourceContext) -> None:
        """Carry the wanted streams over, across reconnects, until cancelled."""
        relay = Relay(publish, context, self._settings.history_h)
        async with ReconnectingClient(self._settings.url, self._token, on_state=relay.link_changed) as link:
            link.on_event(relay.event)
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(relay.kicked(link))
                await relay.carry_wanted(tasks, link, keys)


def _read_token(path: str) -> str | None:
    if not path:
        return None
    try:
        return Path(path).expanduser().read_text("ascii").strip()
    except (OSError, ValueError) as error:
        raise PluginError(f"token file {path} cannot be read: {error}") from error
