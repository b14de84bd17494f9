"""What each request does. A session has checked the fields and the token before it asks here."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flowdeck.engine import Engine, RunInfo
from flowdeck.errors import EngineError
from flowdeck.wire import requests as ask
from flowdeck.wire.lifetime import Lifetime

if TYPE_CHECKING:
    from pydantic import BaseModel

    from flowdeck.plugins.manager import PluginManager

__all__ = ["ConflictError", "Desk"]

Fields = dict[str, Any]
Publish = Callable[[str, Fields], None]
AlsoListen = Callable[[], Awaitable[int]]
Answer = Callable[[Any], Awaitable[Fields]]


class ConflictError(EngineError):
    """Settings were changed by somebody else in the meantime."""

    code = "conflict"


class Desk:
    """Answers requests about settings, plugins, runs, data and the process.

    Args:
        engine: Whose runs and data.
        manager: Whose plugins.
        lifetime: Of this process.
        publish: Tells every client of an event.
        also_listen: Opens the usual port too, and says which one it is.
    """

    def __init__(
        self, engine: Engine, manager: PluginManager, lifetime: Lifetime, publish: Publish, also_listen: AlsoListen
    ) -> None:
        self._engine, self._manager, self._lifetime = engine, manager, lifetime
        self._publish, self._also_listen = publish, also_listen
        self._answers: dict[type, Answer] = {**self._of_plugins(), **self._of_runs(), **self._of_the_engine()}

    def _of_plugins(self) -> dict[type, Answer]:
        return {
            ask.SettingsGet: self._settings_get,
            ask.SettingsPatch: self._settings_patch,
            ask.PluginList: self._plugin_list,
            ask.PluginEnable: self._plugin_enable,
            ask.PluginDisable: self._plugin_disable,
            ask.PluginRetry: self._plugin_retry,
        }

    def _of_runs(self) -> dict[type, Answer]:
        runs = self._engine.runs
        return {
            ask.RunList: self._run_list,
            ask.RunStart: self._run_start,
            ask.RunPlay: lambda request: self._run(runs.play(request.run)),
            ask.RunPause: lambda request: self._run(runs.pause(request.run)),
            ask.RunSeek: lambda request: self._run(runs.seek(request.run, request.ts)),
            ask.RunStep: lambda request: self._run(runs.step(request.run, request.frames)),
            ask.RunSpeed: lambda request: self._run(runs.speed(request.run, _speed(request.speed))),
            ask.RunStop: self._run_stop,
        }

    def _of_the_engine(self) -> dict[type, Answer]:
        return {
            ask.DataList: self._data_list,
            ask.Status: self._status,
            ask.StatusKick: self._status_kick,
            ask.InstrumentList: self._instrument_list,
            ask.SourceList: self._source_list,
            ask.Metrics: self._metrics,
            ask.EngineKeep: self._engine_keep,
            ask.EngineStop: self._engine_stop,
        }

    async def answer(self, request: object) -> Fields:
        """The fields of the answer.

        Raises:
            FlowdeckError: the refusal.
        """
        return await self._answers[type(request)](request)

    async def _settings_get(self, request: ask.SettingsGet) -> Fields:
        names = [request.plugin] if request.plugin else [info.name for info in self._manager.plugins()]
        found = {name: self._settings(name, self._manager.settings(name), request) for name in names}
        return {"settings": {name: fields for name, fields in found.items() if fields is not None}}

    def _settings(self, name: str, values: BaseModel | None, request: ask.SettingsGet) -> Fields | None:
        if values is None:
            return None
        fields = {"revision": self._manager.settings_revision(name), "values": values.model_dump(mode="json")}
        return {**fields, "schema": type(values).model_json_schema()} if request.with_schema else fields

    async def _settings_patch(self, request: ask.SettingsPatch) -> Fields:
        name, now = request.plugin, self._manager.settings_revision(request.plugin)
        if request.revision != now:
            raise ConflictError(f"settings of {name} are at revision {now}, not {request.revision}: get them again")
        values = self._manager.patch_settings(name, request.values, persist=request.persist, scope="engine")
        now = self._manager.settings_revision(name)
        changed = {"plugin": name, "revision": now, "values": values.model_dump(mode="json")}
        self._publish("settings", changed)
        return changed

    async def _plugin_list(self, _: ask.PluginList) -> Fields:
        return {"plugins": [info.to_dict() for info in self._manager.plugins()]}

    async def _plugin_enable(self, request: ask.PluginEnable) -> Fields:
        return {"plugin": self._manager.enable(request.plugin, persist=request.persist).to_dict()}

    async def _plugin_disable(self, request: ask.PluginDisable) -> Fields:
        return {"plugin": self._manager.disable(request.plugin, persist=request.persist).to_dict()}

    async def _plugin_retry(self, request: ask.PluginRetry) -> Fields:
        return {"plugin": self._manager.retry(request.plugin).to_dict()}

    async def _run_list(self, _: ask.RunList) -> Fields:
        return {"runs": [info.to_dict() for info in self._engine.runs.list()]}

    async def _run_start(self, request: ask.RunStart) -> Fields:
        capture = Path(request.capture)
        start = self._engine.runs.start
        return await self._run(start(capture, speed=_speed(request.speed), paused=request.paused, at=request.at))

    async def _run(self, info: Awaitable[RunInfo]) -> Fields:
        return {"run": (await info).to_dict()}

    async def _run_stop(self, request: ask.RunStop) -> Fields:
        await self._engine.runs.stop(request.run)
        return {}

    async def _data_list(self, _: ask.DataList) -> Fields:
        return {"streams": [held.to_dict() for held in await self._engine.describe()]}

    async def _status(self, _: ask.Status) -> Fields:
        return {"sources": self._engine.statuses()}

    async def _status_kick(self, request: ask.StatusKick) -> Fields:
        self._engine.kick(request.source)
        return {}

    async def _instrument_list(self, request: ask.InstrumentList) -> Fields:
        return {"instruments": [instrument.to_dict() for instrument in self._engine.instruments(request.run)]}

    async def _source_list(self, _: ask.SourceList) -> Fields:
        return {"sources": [registered.spec for registered in self._manager.sources()]}

    async def _metrics(self, _: ask.Metrics) -> Fields:
        return {"metrics": self._engine.metrics()}

    async def _engine_keep(self, _: ask.EngineKeep) -> Fields:
        self._lifetime.keep()
        return {"port": await self._also_listen()}

    async def _engine_stop(self, _: ask.EngineStop) -> Fields:
        self._lifetime.stop("it was asked to stop")
        return {}


def _speed(speed: float | str | None) -> float | None:
    """None is as fast as can be, on the wire as in `Runs`."""
    return None if speed == "max" or speed is None else float(speed)
