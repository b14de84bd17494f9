"""Keeping a plugin's failure to itself: guards around every entry, and what follows when one catches."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from flowdeck.config import Config, InvalidConfigError
from flowdeck.errors import PluginError
from flowdeck.plugins.context import Services, Side
from flowdeck.plugins.faults import Guard, SlowCalls, describe
from flowdeck.plugins.loading import Loader, Plugin
from flowdeck.plugins.records import write_record
from flowdeck.plugins.roster import Roster
from flowdeck.specs import PluginFault, PluginState

__all__ = ["Isolation"]

CallSoon = Callable[[Callable[[], None]], object]
Changed = Callable[[str, PluginState], None]
Fatal = Callable[[PluginFault], object]


class Isolation(Roster):
    """Guards and faults.

    `guard`, `slow` and `fault` may be used on any thread. A fault takes effect at once: the plugin is not active, its
    specs are gone. Its consequences follow on the owner's thread: callbacks, disposal, `plugin_faulted` in the others.

    Attributes:
        fatal: The fault of a required plugin, which ends the process; None while there is none.
    """

    def __init__(self, config: Config, side: Side) -> None:
        super().__init__(config, side)
        self.fatal: PluginFault | None = None
        self._loader = Loader(config, side, self.guard)
        self._guards: dict[tuple[str, str], Guard] = {}
        self._slow = SlowCalls()
        self._lock = threading.Lock()
        self._callbacks: dict[object, Changed] = {}
        self._call_soon: CallSoon = _at_once
        self._on_fatal: Fatal = _raise

    def attach(self, services: Services, *, call_soon: CallSoon | None = None, fatal: Fatal | None = None) -> None:
        """Take what the process provides; contexts get it at once, and those of plugins enabled later.

        Args:
            services: Loop, streams, worker and clock for plugin contexts.
            call_soon: Runs a function soon on the owner's thread; it is called on any thread. Without it the
                consequences of a fault run where it happened.
            fatal: Called on the owner's thread when a required plugin faults; without it PluginError is raised.
        """
        self._loader.services = services
        self._call_soon, self._on_fatal = call_soon or _at_once, fatal or _raise
        for plugin in self._plugins.values():
            if plugin.context is not None:
                plugin.context.attach(services)

    def on_change(self, callback: Changed) -> Callable[[], None]:
        """Call back with name and state after each change, before what the plugin holds is disposed of."""
        token = object()
        self._callbacks[token] = callback
        return lambda: self._forget(token)

    def guard(self, plugin: str, where: str) -> Guard:
        """A context manager around an entry into a plugin: what it raises faults the plugin and goes no further.

        Cheap enough for every call (under 1 µs); may be nested.
        """
        guard = self._guards.get((plugin, where))
        if guard is None:
            guard = Guard(lambda error: self.fault(plugin, where, error))
            self._guards[plugin, where] = guard
        return guard

    def slow(self, plugin: str, where: str, elapsed_ms: float) -> None:
        """Account for a call that took so long; the third over 50 ms running suspends the plugin."""
        reason = self._slow.add(plugin, where, elapsed_ms)
        if reason:
            self.fault(plugin, "slow", reason)

    def fault(self, plugin: str, where: str, problem: BaseException | str) -> PluginFault:
        """Take a plugin out of service. The first fault counts; what a plugin raises once it is out is only logged.

        Raises:
            PluginError: for a required plugin in a process that attached no `fatal`.
        """
        found, fault = self._plugin(plugin), _fault(plugin, where, problem)
        with self._lock:
            counts = found.state is PluginState.ACTIVE
            if counts:
                found.become(PluginState.FAULTED, f"{where}: {fault.reason}", fault.traceback)
                found.pending = fault
        self._log(fault)
        if counts:
            self._call_soon(lambda: self._settle(found))
        return fault

    def _settle(self, plugin: Plugin) -> None:
        """Draw the consequences of a fault, once: soon after it, or before the plugin is enabled or disabled."""
        fault, plugin.pending = plugin.pending, None
        if fault is None:
            return
        self._changed(plugin)
        self._loader.undo(plugin)
        self._tell_others(fault)
        if plugin.section.required:
            self.fatal = fault
            self._on_fatal(fault)

    def _failed(self, plugin: Plugin, where: str, error: BaseException) -> None:
        """A step of loading did not succeed: nothing of the plugin stays."""
        fault = _fault(plugin.name, where, error)
        plugin.become(PluginState.FAILED, f"{where}: {fault.reason}", fault.traceback)
        plugin.problems = error.problems if isinstance(error, InvalidConfigError) else ()
        self._loader.undo(plugin)
        self._log(fault)
        self._tell_others(fault)

    def _changed(self, plugin: Plugin) -> None:
        for callback in tuple(self._callbacks.values()):
            callback(plugin.name, plugin.state)
        self._write_record()

    def _tell_others(self, fault: PluginFault) -> None:
        for other in self._plugins.values():
            if self.active(other.name):
                with self.guard(other.name, "hook plugin_faulted"):
                    self._loader.call(other, "plugin_faulted", fault=fault)

    def _write_record(self) -> None:
        write_record(self._config.engine.data, self._side, self.plugins())

    def _log(self, fault: PluginFault) -> None:
        """A command without engine or window says by itself what failed."""
        if self._side != "headless":
            import structlog

            log = structlog.get_logger(plugin=fault.plugin)
            log.warning("plugin fault", where=fault.where, reason=fault.reason)

    def _forget(self, token: object) -> None:
        self._callbacks.pop(token, None)


def _fault(plugin: str, where: str, problem: BaseException | str) -> PluginFault:
    reason, trace = describe(problem)
    return PluginFault(plugin, where, reason, trace, time.time_ns())


def _at_once(function: Callable[[], None]) -> None:
    function()


def _raise(fault: PluginFault) -> None:
    raise PluginError(f"required plugin {fault.plugin} failed in {fault.where}: {fault.reason}")
