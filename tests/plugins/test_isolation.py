"""What happens when an active plugin raises, is slow, or is needed."""

import asyncio
import threading
from collections.abc import Callable, Iterable
from typing import Any

import pytest
import structlog

from flowdeck.config import Config, PluginConfig
from flowdeck.errors import PluginError
from flowdeck.hookspecs import hookimpl
from flowdeck.plugins.manager import PluginManager, Services
from flowdeck.specs import AggregatorSpec, LayerSpec, PluginContext, PluginFault, PluginState

Load = Callable[..., PluginManager]


class Line:
    """A plugin with a layer, an aggregator and something to dispose of."""

    def __init__(self, name: str = "line", log: list[str] | None = None) -> None:
        self.name, self.log = name, [] if log is None else log

    @hookimpl
    def register_layers(self) -> Iterable[LayerSpec]:
        yield LayerSpec(self.name, "Line", "flowdeck.errors:no_such_factory")

    @hookimpl
    def register_aggregators(self) -> Iterable[AggregatorSpec]:
        yield AggregatorSpec(self.name, "Line", "operator:truediv", params="builtins:dict")

    @hookimpl
    def plugin_activate(self, context: PluginContext) -> None:
        context.on_dispose(lambda: self.log.append(f"{self.name} first"))
        context.on_dispose(lambda: self.log.append(f"{self.name} second"))

    @hookimpl
    def plugin_deactivate(self, context: PluginContext) -> None:
        self.log.append(f"{self.name} deactivated on the {context.side}")

    @hookimpl
    def plugin_faulted(self, fault: PluginFault) -> None:
        self.log.append(f"{self.name} hears that {fault.plugin} failed in {fault.where}")


@pytest.mark.parametrize("where", ["process", "update", "draw", "inspect", "store", "source"])
@pytest.mark.parametrize("error", [ZeroDivisionError("x"), SystemExit(1), BaseException("odd"), RecursionError()])
def test_what_is_raised_behind_a_guard_faults_that_plugin_alone(where: str, error: BaseException, load: Load) -> None:
    manager = load(line=Line(), other=Line("other"))
    with manager.guard("line", where):
        raise error
    info = manager.info("line")
    assert info.state is PluginState.FAULTED
    assert info.reason.startswith(f"{where}: {type(error).__name__}")
    assert "raise error" in info.traceback
    assert [one.plugin for one in manager.layers()] == ["other"]
    assert not manager.active("line")
    assert manager.active("other")


@pytest.mark.parametrize("error", [KeyboardInterrupt(), GeneratorExit()])
def test_ctrl_c_and_the_closing_of_generators_are_no_faults(error: BaseException, load: Load) -> None:
    manager = load(line=Line())
    with pytest.raises(type(error)), manager.guard("line", "process"):
        raise error
    assert manager.active("line")


async def test_the_cancellation_of_the_running_task_is_no_fault(load: Load) -> None:
    manager = load(line=Line())

    async def work() -> None:
        with manager.guard("line", "task"):
            await asyncio.Event().wait()

    task = asyncio.create_task(work())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert manager.active("line")


def _take_the_result_of_a_cancelled_future() -> None:
    loop = asyncio.new_event_loop()
    future = loop.create_future()
    future.cancel()
    loop.close()
    future.result()


def test_a_cancellation_that_nobody_asked_for_is_a_fault(load: Load) -> None:
    manager = load(line=Line())
    with manager.guard("line", "draw"):
        _take_the_result_of_a_cancelled_future()
    assert manager.info("line").reason == "draw: CancelledError"


async def test_a_cancellation_that_nobody_asked_for_is_a_fault_in_a_task_too(load: Load) -> None:
    manager = load(line=Line())
    with manager.guard("line", "process"):
        raise asyncio.CancelledError
    assert manager.info("line").reason == "process: CancelledError"


def test_a_guard_that_catches_nothing_changes_nothing(load: Load) -> None:
    manager = load(line=Line())
    with manager.guard("line", "draw"):
        pass
    assert manager.active("line")
    assert manager.guard("line", "draw") is manager.guard("line", "draw")


def test_the_consequences_follow_in_order_callbacks_disposal_then_the_others(load: Load) -> None:
    log: list[str] = []
    manager = load(line=Line("line", log), other=Line("other", log))
    manager.on_change(lambda name, state: log.append(f"{name} is {state}"))
    manager.fault("line", "draw", ValueError("x"))
    assert log == ["line is faulted", "line second", "line first", "other hears that line failed in draw"]


def test_only_the_first_fault_of_a_plugin_counts(load: Load) -> None:
    manager = load(line=Line())
    changes: list[PluginState] = []
    manager.on_change(lambda _, state: changes.append(state))
    manager.fault("line", "draw", ValueError("first"))
    manager.fault("line", "draw", ValueError("second"))
    assert manager.info("line").reason == "draw: ValueError: first"
    assert changes == [PluginState.FAULTED]


def test_a_plugin_that_raises_when_another_failed_is_faulted_too_and_the_third_still_hears(load: Load) -> None:
    class Bad(Line):
        @hookimpl
        def plugin_faulted(self, fault: PluginFault) -> None:
            raise RuntimeError("cannot hear this")

    log: list[str] = []
    manager = load(line=Line(), bad=Bad("bad"), third=Line("third", log))
    manager.fault("line", "draw", "x")
    assert manager.info("bad").reason == "hook plugin_faulted: RuntimeError: cannot hear this"
    assert "third hears that line failed in draw" in log
    assert "third hears that bad failed in hook plugin_faulted" in log
    assert manager.active("third")


def test_a_disposer_that_raises_does_not_keep_the_others_from_running(load: Load) -> None:
    class Bad(Line):
        @hookimpl
        def plugin_activate(self, context: PluginContext) -> None:
            context.on_dispose(lambda: self.log.append("kept"))
            context.on_dispose(lambda: 1 / 0)

    log: list[str] = []
    manager = load(bad=Bad("bad", log), side="engine")
    with structlog.testing.capture_logs() as lines:
        manager.disable("bad")
    assert log == ["bad deactivated on the engine", "kept"]
    assert manager.info("bad").state is PluginState.DISABLED
    assert [line["where"] for line in lines] == ["dispose"]


def test_a_fault_on_a_worker_thread_takes_effect_at_once_and_is_told_on_the_owners_thread(load: Load) -> None:
    manager = load(line=Line())
    queue: list[Callable[[], None]] = []
    manager.attach(Services(), call_soon=queue.append)
    told: list[int] = []
    manager.on_change(lambda *_: told.append(threading.get_ident()))

    def work() -> None:
        with manager.guard("line", "store"):
            raise OSError("disk")

    worker = threading.Thread(target=work)
    worker.start()
    worker.join()
    assert not manager.active("line")
    assert not told
    for function in queue:
        function()
    assert told == [threading.get_ident()]


def test_a_retry_before_the_consequences_were_drawn_draws_them_first_and_once(load: Load) -> None:
    log: list[str] = []
    manager = load(line=Line("line", log))
    queue: list[Callable[[], None]] = []
    manager.attach(Services(), call_soon=queue.append)
    manager.on_change(lambda name, state: log.append(f"{name} is {state}"))
    manager.fault("line", "draw", "x")
    manager.retry("line")
    for function in queue:
        function()
    assert log == ["line is faulted", "line second", "line first", "line is active"]
    assert manager.active("line")


def test_many_threads_that_fault_one_plugin_draw_the_consequences_once(load: Load) -> None:
    manager = load(line=Line())
    changes: list[PluginState] = []
    manager.on_change(lambda _, state: changes.append(state))
    gate = threading.Barrier(8)

    def work() -> None:
        gate.wait()
        with manager.guard("line", "process"):
            raise ValueError

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert changes == [PluginState.FAULTED]


@pytest.mark.parametrize(
    ("calls", "suspended"),
    [
        ([51, 51, 51], True),
        ([51, 51], False),
        ([51, 51, 50, 51, 51], False),
        ([51, 51, 3, 51, 51, 51], True),
        ([50] * 10, False),
    ],
)
def test_three_slow_calls_running_suspend_a_plugin(calls: list[float], suspended: bool, load: Load) -> None:
    manager = load(line=Line())
    for elapsed_ms in calls:
        manager.slow("line", "draw", elapsed_ms)
    assert manager.active("line") is not suspended
    if suspended:
        assert manager.info("line").reason == "slow: draw took 51 ms: over 50 ms in 3 calls running"
        assert manager.retry("line").state is PluginState.ACTIVE


def test_slow_calls_are_counted_per_entry(load: Load) -> None:
    manager = load(line=Line())
    for where in ("draw line", "process", "draw line", "process"):
        manager.slow("line", where, 80)
    assert manager.active("line")


def test_a_factory_is_imported_and_called(load: Load) -> None:
    manager = load(line=Line())
    assert manager.create(manager.aggregators()[0], 6, 3) == 2
    assert manager.resolve(manager.aggregators()[0], "params") is dict


def test_a_factory_that_raises_or_is_missing_faults_the_plugin_and_says_so_to_the_caller(load: Load) -> None:
    manager = load(line=Line(), other=Line("other"))
    aggregator = manager.aggregators()[0]
    with pytest.raises(PluginError, match=r"line of plugin line .* faulted: create line: ZeroDivisionError"):
        manager.create(aggregator, 1, 0)
    with pytest.raises(PluginError, match="is not to be had, it is faulted"):
        manager.create(aggregator, 1, 1)
    with pytest.raises(PluginError, match="has no no_such_factory"):
        manager.create(manager.layers()[0])
    assert not manager.active("other")


def test_a_required_plugin_that_fails_to_load_is_fatal_with_a_remedy(load: Load) -> None:
    def broken() -> Any:
        raise ValueError("no disk")

    log: list[str] = []
    config = Config(plugins={"store": PluginConfig(required=True)})
    with pytest.raises(
        PluginError, match=r"required plugin store is failed: hook: ValueError: no disk; mend .*store\.req"
    ):
        load(config, line=Line("line", log), store={"register_stores": broken})
    assert log[-1] == "line first"


def test_a_required_plugin_that_is_not_installed_is_fatal(load: Load) -> None:
    with pytest.raises(PluginError, match="required plugin store is not installed"):
        load(Config(plugins={"store": PluginConfig(required=True)}), line=Line())


def test_a_required_plugin_that_faults_ends_the_process_through_its_owner(load: Load) -> None:
    manager = load(Config(plugins={"line": PluginConfig(required=True)}), line=Line())
    ends: list[PluginFault] = []
    manager.attach(Services(), fatal=ends.append)
    manager.fault("line", "store", "disk full")
    assert [(fault.plugin, fault.reason) for fault in ends] == [("line", "disk full")]
    assert manager.fatal is ends[0]


def test_a_required_plugin_that_faults_in_a_command_fails_the_command(load: Load) -> None:
    manager = load(Config(plugins={"line": PluginConfig(required=True)}), line=Line())
    with (
        pytest.raises(PluginError, match="required plugin line failed in process: ValueError"),
        manager.guard("line", "process"),
    ):
        raise ValueError


def test_faults_are_logged_where_somebody_reads_the_log(load: Load) -> None:
    manager = load(line=Line(), side="engine")
    with structlog.testing.capture_logs() as lines:
        manager.fault("line", "draw", ValueError("x"))
    assert lines == [
        {
            "event": "plugin fault",
            "log_level": "warning",
            "plugin": "line",
            "where": "draw",
            "reason": "ValueError: x",
        }
    ]
