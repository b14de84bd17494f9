"""A plugin's hands: tasks, streams, folders, and everything undone in reverse."""

import asyncio
import gc
from collections.abc import AsyncIterator, Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest

from flowdeck.config import Config, EngineConfig
from flowdeck.errors import ConfigError, EngineError, StreamError
from flowdeck.hookspecs import hookimpl
from flowdeck.plugins.manager import PluginManager, Services
from flowdeck.specs import PluginContext, PluginState
from flowdeck.streams import EndOfHistory, StreamEvent, StreamKey, StreamRequest

Load = Callable[..., PluginManager]
REQUEST = StreamRequest(StreamKey.parse("trades/binance-usdm/BTCUSDT"))


class Starter:
    """A plugin that spawns what the test gives it."""

    def __init__(self, *works: Callable[[PluginContext], Coroutine[Any, Any, None]]) -> None:
        self._works = works

    @hookimpl
    def plugin_activate(self, context: PluginContext) -> None:
        for work in self._works:
            context.spawn(work(context), name=work.__name__)


class Stream:
    """Events that never end by themselves, until they are cancelled."""

    def __init__(self) -> None:
        self._over = asyncio.Event()
        self.cancelled = 0

    def cancel(self) -> None:
        self.cancelled += 1
        self._over.set()

    async def __aiter__(self) -> AsyncIterator[StreamEvent]:
        yield EndOfHistory(REQUEST.key, 0, 0)
        await self._over.wait()


async def _turns(number: int = 10) -> None:
    for _ in range(number):
        await asyncio.sleep(0)


async def test_a_task_runs_on_the_loop_that_is_attached_and_is_cancelled_when_the_plugin_goes(load: Load) -> None:
    log: list[str] = []

    async def poll(_: PluginContext) -> None:
        log.append("started")
        try:
            await asyncio.Event().wait()
        finally:
            log.append("cancelled")

    manager = load(poller=Starter(poll))
    await _turns()
    assert log == []
    manager.attach(Services(loop=asyncio.get_running_loop()))
    await _turns()
    assert log == ["started"]
    assert "poller: poll" in {task.get_name() for task in asyncio.all_tasks()}
    manager.disable("poller")
    await _turns()
    assert log == ["started", "cancelled"]


async def test_a_task_that_raises_faults_its_plugin(load: Load) -> None:
    async def poll(_: PluginContext) -> None:
        raise ValueError("lost")

    manager = load(poller=Starter(poll))
    manager.attach(Services(loop=asyncio.get_running_loop()))
    await _turns()
    assert manager.info("poller").state is PluginState.FAULTED
    assert manager.info("poller").reason == "task: ValueError: lost"
    manager.retry("poller")
    assert manager.active("poller")
    await _turns()
    assert not manager.active("poller")


async def test_a_task_that_ends_is_forgotten(load: Load) -> None:
    async def once(_: PluginContext) -> None:
        return

    manager = load(poller=Starter(once, once))
    manager.attach(Services(loop=asyncio.get_running_loop()))
    await _turns()
    assert not manager.context("poller")._disposers


@pytest.mark.parametrize("attached", [True, False])
async def test_a_task_that_never_ran_goes_without_a_warning(attached: bool, load: Load) -> None:
    async def never(_: PluginContext) -> None:
        raise AssertionError

    manager = load(poller=Starter(never))
    if attached:
        manager.attach(Services(loop=asyncio.get_running_loop()))
    manager.disable("poller")
    await _turns()
    assert manager.info("poller").state is PluginState.DISABLED


def test_a_loop_that_ends_before_a_task_took_its_first_step_leaves_no_warning(load: Load) -> None:
    async def never(_: PluginContext) -> None:
        raise AssertionError

    loop = asyncio.new_event_loop()
    manager = load(poller=Starter(never))
    manager.attach(Services(loop=loop))
    loop.call_soon(loop.stop)
    loop.run_forever()
    for task in asyncio.all_tasks(loop):
        task.cancel()
    loop.run_until_complete(_turns())
    loop.close()
    gc.collect()
    assert manager.active("poller")


async def test_a_task_of_a_plugin_enabled_later_runs_too(load: Load) -> None:
    done = asyncio.Event()

    async def signal(_: PluginContext) -> None:
        done.set()

    manager = load(poller=Starter(signal))
    manager.disable("poller")
    manager.attach(Services(loop=asyncio.get_running_loop()))
    manager.enable("poller")
    await asyncio.wait_for(done.wait(), 5)


def test_tasks_run_on_a_loop_of_another_thread_and_end_with_it(load: Load) -> None:
    loop = asyncio.new_event_loop()
    log: list[str] = []

    async def poll(_: PluginContext) -> None:
        log.append("started")
        loop.stop()
        await asyncio.Event().wait()

    manager = load(poller=Starter(poll))
    manager.attach(Services(loop=loop))
    loop.run_forever()
    assert log == ["started"]
    manager.disable("poller")
    loop.run_until_complete(_turns())
    assert not asyncio.all_tasks(loop)
    loop.close()
    manager.enable("poller")
    assert manager.info("poller").reason == "activate: RuntimeError: Event loop is closed"


async def test_a_stream_is_read_until_the_plugin_goes(load: Load) -> None:
    stream, events = Stream(), list[StreamEvent]()

    async def read(context: PluginContext) -> None:
        async for event in context.open(REQUEST):
            events.append(event)

    manager = load(reader=Starter(read))
    manager.attach(Services(loop=asyncio.get_running_loop(), open=lambda _: stream))
    await _turns()
    assert len(events) == 1
    assert not stream.cancelled
    manager.disable("reader")
    await _turns()
    assert stream.cancelled


async def test_a_stream_that_is_left_is_cancelled_and_forgotten(load: Load) -> None:
    stream = Stream()
    manager = load(reader=Starter())
    manager.attach(Services(open=lambda _: stream))
    context = manager.context("reader")
    events = context.open(REQUEST)
    await anext(events)
    await events.aclose()  # type: ignore[attr-defined]
    assert stream.cancelled == 1
    assert not context._disposers


async def test_a_stream_that_was_never_read_is_cancelled_when_the_plugin_goes(load: Load) -> None:
    stream = Stream()
    manager = load(reader=Starter())
    manager.attach(Services(open=lambda _: stream))
    manager.context("reader").open(REQUEST)
    manager.disable("reader")
    assert stream.cancelled == 1


async def test_what_the_process_does_not_provide_says_so(load: Load) -> None:
    context = load(reader=Starter()).context("reader")
    with pytest.raises(StreamError, match="no streams can be opened in a headless process"):
        context.open(REQUEST)
    with pytest.raises(EngineError, match="nothing computes in a headless process"):
        context.compute(sum, [1, 2])


async def test_compute_goes_to_the_worker(load: Load) -> None:
    async def worker(kernel: Callable[..., Any], *arrays: Any) -> Any:
        return kernel(*arrays)

    manager = load(reader=Starter())
    manager.attach(Services(compute=worker))
    assert await manager.context("reader").compute(sum, [1, 2]) == 3


def test_the_live_clock_is_wall_time(load: Load) -> None:
    clock = load(reader=Starter()).context("reader").clock
    assert clock.now > 1_700_000_000_000_000_000
    assert (clock.speed, clock.epoch) == (1.0, 0)


def test_a_plugin_has_a_folder_of_its_own(load: Load, tmp_path: Path) -> None:
    context = load(reader=Starter()).context("reader")
    assert context.folder == tmp_path / "data" / "plugins" / "reader"
    assert context.folder.is_dir()
    assert context.side == "headless"


def test_a_folder_that_cannot_be_made_names_the_remedy(load: Load, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    manager = load(Config(engine=EngineConfig(data=tmp_path / "file")), reader=Starter())
    with pytest.raises(ConfigError, match=r"folder of plugin reader .* cannot be written .*--data-dir"):
        manager.context("reader").folder  # noqa: B018 - reading it makes it


def test_the_log_names_the_plugin(load: Load, capsys: pytest.CaptureFixture[str]) -> None:
    context = load(reader=Starter()).context("reader")
    context.log.info("hello", n=1)
    line = "".join(capsys.readouterr())
    assert "hello" in line
    assert "reader" in line
