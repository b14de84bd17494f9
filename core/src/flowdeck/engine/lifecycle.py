"""The life of an engine: what begins and ends in which order, and what happens every second in between."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

from flowdeck.config import Config
from flowdeck.engine.bus import EndReason
from flowdeck.engine.memory import enforce
from flowdeck.engine.rooms import Rooms
from flowdeck.engine.subscription import Subscription
from flowdeck.plugins.context import Services
from flowdeck.plugins.manager import PluginManager
from flowdeck.specs import PluginFault, PluginState
from flowdeck.streams import StreamRequest

__all__ = ["Lifecycle"]

_SECOND_S = 1.0
_EVICT_TO = 0.9  # so that a full memory is not cut for every batch

Open = Callable[[StreamRequest], Subscription]


class Lifecycle:
    """Starts and stops the rooms, follows the plugins, and keeps the beat."""

    def __init__(self, config: Config, manager: PluginManager, rooms: Rooms, open_stream: Open) -> None:
        self._config, self._manager, self._rooms, self._open = config, manager, rooms, open_stream
        self._never = asyncio.Event()
        self._unfollow: Callable[[], object] | None = None
        self._memory_bytes = config.engine.memory_mb * 1024 * 1024

    async def start(self) -> None:
        """Lock, open, wire, measure; on failure nothing stays behind."""
        rooms, data = self._rooms, self._config.data_folder()
        rooms.lock.acquire()
        self._open_log(data)
        loop = asyncio.get_running_loop()
        services = Services(loop, self._open, rooms.compute, rooms.clock)
        self._manager.attach(services, call_soon=loop.call_soon_threadsafe, fatal=self._fatal)
        self._unfollow = self._manager.on_change(self._plugin_changed)
        for info in self._manager.plugins():
            if info.state is PluginState.ACTIVE:
                self._wire(info.name)
        rooms.watchdog.start()
        rooms.supervisor.start("beat", self._beat, rooms.task_died)
        rooms.supervisor.start("coverage heartbeat", self._heartbeat, rooms.task_died)

    async def stop(self) -> None:
        """The same in reverse; harmless when it was not started, or stopped already."""
        if self._unfollow is None:
            return
        self._unfollow()
        self._unfollow = None
        rooms = self._rooms
        await rooms.runs.close()
        await rooms.sources.stop()
        for stream in rooms.bus:
            rooms.pipeline.close(stream, "closed", "the engine is stopping")
        await rooms.supervisor.stop()
        await rooms.stores.close()
        self._manager.attach(Services())
        rooms.watchdog.stop()
        rooms.compute.close()
        rooms.history.close()
        rooms.log.close()
        rooms.lock.release()

    def _open_log(self, data: Path) -> None:
        opened = False
        try:
            self._rooms.log.open(data / "coverage.sqlite")
            opened = True
        finally:
            if not opened:
                self._rooms.lock.release()

    def _wire(self, plugin: str) -> None:
        rooms = self._rooms
        rooms.resolver.forget()
        rooms.stores.wire(plugin)
        rooms.sources.wire(plugin)
        rooms.runs.resume(plugin)
        rooms.roots.roots_changed()

    def _plugin_changed(self, plugin: str, state: PluginState) -> None:
        rooms, info = self._rooms, self._manager.info(plugin)
        rooms.events.emit("plugin", info.to_dict())
        if state is PluginState.ACTIVE:
            self._wire(plugin)
            return
        failed = state in {PluginState.FAULTED, PluginState.FAILED}
        if failed:
            fault = {"plugin": plugin, "where": "plugin", "reason": info.reason, "traceback": info.traceback}
            rooms.events.emit("fault", fault)
        self._unwire(plugin, "fault" if failed else "closed", info.reason or f"plugin {plugin} is {state}")

    def _unwire(self, plugin: str, reason: EndReason, detail: str) -> None:
        rooms = self._rooms
        rooms.runs.suspend(plugin, detail)
        rooms.pipeline.drop_plugin(plugin, reason, detail)
        for ending in (rooms.sources.unwire(plugin), rooms.stores.unwire(plugin)):
            rooms.supervisor.start(f"unwire {plugin}", ending, rooms.task_died, once=True)

    def _fatal(self, fault: PluginFault) -> None:
        """A plugin failed without which the user does not want to go on."""
        self._rooms.events.emit("fatal", {"plugin": fault.plugin, "where": fault.where, "reason": fault.reason})

    async def _beat(self) -> None:
        rooms = self._rooms
        while True:
            await rooms.supervisor.wait(self._never, _SECOND_S)
            rooms.pipeline.sweep()
            rooms.roots.vouch(rooms.clock.now)
            memories = [stream.memory for stream in rooms.bus]
            if sum(memory.nbytes for memory in memories) > self._memory_bytes:
                enforce(memories, int(self._memory_bytes * _EVICT_TO))
            rooms.runs.tick()
            rooms.events.emit("metrics", rooms.metrics.sample())

    async def _heartbeat(self) -> None:
        while True:
            await self._rooms.supervisor.wait(self._never, _SECOND_S)
            self._rooms.stores.beat()
