"""The contract suites pass plugins that keep the contract, and catch those that do not."""

import asyncio
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from pydantic import BaseModel, ConfigDict

from flowdeck.hookspecs import hookimpl
from flowdeck.kinds import CORE_KINDS, Kinds, KindSpec, Mode
from flowdeck.series import Series
from flowdeck.specs import (
    AggregatorSpec,
    Coverage,
    LayerSpec,
    Placement,
    Plane,
    Retention,
    SettingsSpec,
    SourceSpec,
    StoreSpec,
    Usage,
)
from flowdeck.streams import Batch, StreamKey, StreamRequest
from flowdeck.testing import PluginContract

_COUNT = KindSpec("seen", np.dtype([("ts", "i8"), ("n", "i8")]), 1, Mode.UPSERT, ("ts",))


class Counter:
    """An aggregator that counts trades a second."""

    def __init__(self, context: Any) -> None:
        self._context, self._on, self._counts = context, False, dict[int, int]()

    def add(self, params: BaseModel) -> None:
        self._on = True

    def remove(self, params: BaseModel) -> None:
        self._on = False

    def process(self, batch: Batch) -> Iterable[Batch]:
        if self._on:
            for ts in batch.rows["ts"] // 10**9:
                self._counts[int(ts)] = self._counts.get(int(ts), 0) + 1
            yield self._rows(sorted({int(ts) for ts in batch.rows["ts"] // 10**9}))

    def current(self, params: BaseModel) -> Batch:
        return self._rows(sorted(self._counts))

    def derives_from(self, params: BaseModel) -> None:
        return None

    def _rows(self, seconds: list[int]) -> Batch:
        key = StreamKey.of("seen", self._context.instrument.id, run=self._context.run)
        return Batch(key, _COUNT.rows({"ts": np.array(seconds, np.int64), "n": [self._counts[s] for s in seconds]}))


class PerBatch(Counter):
    """Counts only the batch at hand: the answer depends on how the input was cut."""

    def process(self, batch: Batch) -> Iterable[Batch]:
        self._counts.clear()
        yield from super().process(batch)


class Forgetful(Counter):
    """Says something else in `current` than what it published."""

    def current(self, params: BaseModel) -> Batch:
        self._counts = dict.fromkeys(self._counts, 0)
        return super().current(params)


class Deaf(Counter):
    """Goes on after it was removed."""

    def remove(self, params: BaseModel) -> None:
        pass


class Trades:
    """A layer that marks trades."""

    kind, field = "trades", "price"

    def __init__(self, context: Any) -> None:
        self._series: Any = None

    def requests(self, view: Any) -> list[StreamRequest]:
        self._key = view.key(self.kind)
        return [StreamRequest(self._key)]

    def update(self, changes: Any) -> None:
        self._series = changes.series(self._key)

    def draw(self, canvas: Any, view: Any, plane: Plane) -> None:
        if self._series is not None and plane is Plane.MARK:
            x, y = view.x_of(self._series.column("ts")), self._series.column(self.field)
            canvas.numbers(x, y, y, 0xFFFFFFFF)

    def value_range(self, view: Any) -> tuple[float, float] | None:
        return None

    def inspect(self, at: Any) -> None:
        return None


class Uneven(Trades):
    def draw(self, canvas: Any, view: Any, plane: Plane) -> None:
        if self._series is not None:
            y = self._series.column("price")
            canvas.numbers(view.x_of(self._series.column("ts"))[1:], y, y, 0xFFFFFFFF)


class Hasty(Trades):
    def draw(self, canvas: Any, view: Any, plane: Plane) -> None:
        canvas.numbers(*[self._series.column("price")] * 3, 0xFFFFFFFF)


class Upside(Trades):
    def value_range(self, view: Any) -> tuple[float, float] | None:
        return (2.0, 1.0)


class Foreign(Trades):
    def requests(self, view: Any) -> list[StreamRequest]:
        self._key = view.key("quotes")
        return [StreamRequest(self._key)]


class Disk:
    """A store that pickles nothing: one .npy file a key."""

    def __init__(self, context: Any) -> None:
        self._folder, self._new = context.folder, dict[StreamKey, list[Batch]]()

    def _file(self, key: StreamKey) -> Path:
        return Path(self._folder) / (str(key).replace("/", "_").replace("?", "_") + ".npy")

    def append(self, batch: Batch) -> None:
        self._new.setdefault(batch.key, []).append(batch)

    def flush(self) -> Coverage:
        covered: dict[StreamKey, tuple[tuple[int, int], ...]] = {}
        for key, batches in self._new.items():
            file = self._file(key)
            rows = np.concatenate([*([np.load(file)] if file.exists() else []), *(batch.rows for batch in batches)])
            np.save(file, rows)
            covered[key] = ((int(rows["ts"].min()), int(rows["ts"].max()) + 1),)
        self._new.clear()
        return Coverage(covered)

    def read(self, request: StreamRequest) -> Iterator[Batch]:
        if self._file(request.key).exists():
            series = Series(request.key, Kinds(CORE_KINDS)["trades"])
            series.apply(Batch(request.key, np.load(self._file(request.key))))
            part = series.span(request.start or 0, request.stop or 2**62)
            parts = [slice(at, min(at + 500, part.stop)) for at in range(part.start, part.stop, 500)]
            for one in reversed(parts) if request.order == "newest" else parts:
                rows = series.rows(one)
                yield Batch(request.key, rows, covered=(int(rows["ts"][0]), int(rows["ts"][-1]) + 1))

    def usage(self) -> Usage:
        held = [np.load(file)["ts"] for file in self._folder.glob("*.npy")]
        ts = np.concatenate(held)
        return Usage(0, len(ts), int(ts.min()), int(ts.max()))

    def prune(self, policy: Retention) -> Usage:
        return self.usage()

    def delete_run(self, run: str) -> Usage:
        for file in self._folder.glob(f"*run={run}*"):
            file.unlink()
        return self.usage()


class Amnesiac(Disk):
    def flush(self) -> Coverage:
        covered = super().flush()
        for file in self._folder.glob("*.npy"):
            np.save(file, np.load(file)[:-1])
        return covered


class Sweeping(Disk):
    def delete_run(self, run: str) -> Usage:
        for file in self._folder.glob("*.npy"):
            file.unlink()
        return Usage()


class Quiet:
    """A source that publishes what is wanted."""

    def __init__(self, context: Any) -> None:
        pass

    async def run(self, keys: Any, publish: Callable[[Batch], None], context: Any) -> None:
        for key in keys.current():
            publish(Batch(key, Kinds(CORE_KINDS)[key.kind].empty(1)))
        await asyncio.Event().wait()


class Chatty(Quiet):
    async def run(self, keys: Any, publish: Callable[[Batch], None], context: Any) -> None:
        publish(Batch(StreamKey.parse("trades/sample/ETHUSDT"), Kinds(CORE_KINDS)["trades"].empty(1)))
        await super().run(keys, publish, context)


class Seen(Trades):
    """A layer of what only the plugin's own aggregator makes."""

    kind, field = "seen", "n"


class Beside(Trades):
    """A layer of a strip, which has no time on its x axis and knows what time the chart shows."""

    def draw(self, canvas: Any, view: Any, plane: Plane) -> None:
        assert (view.x0, view.x1) == (0.0, view.width_px)
        assert view.stop_ns - view.start_ns == 600 * 10**9
        super().draw(canvas, view, plane)


class OpenSettings(BaseModel):
    model_config = ConfigDict(frozen=True)

    width: int = 1


def _plugin(monkeypatch: pytest.MonkeyPatch, **hooks: Any) -> type[PluginContract]:
    module = ModuleType("plugin_under_test")
    for name, values in hooks.items():
        setattr(module, name, hookimpl(specname=name)(lambda values=values: values))
    monkeypatch.setitem(sys.modules, module.__name__, module)
    return type("TestSubject", (PluginContract,), {"plugin": module.__name__})


def _factory(cls: type) -> str:
    setattr(sys.modules[__name__], cls.__name__, cls)
    return f"{__name__}:{cls.__name__}"


def _run_all(suite: type[PluginContract], role: str, spec: Any, **fixtures: Any) -> list[str]:
    """Names of the checks that fail for a spec."""
    failed = []
    for name in dir(suite):
        check = getattr(suite, name)
        if not name.startswith("test_") or check is None or f"{role}_spec" not in check.__code__.co_varnames:
            continue
        try:
            arguments = {f"{role}_spec": spec} | {
                key: make(name) for key, make in fixtures.items() if key in check.__code__.co_varnames
            }
            outcome = check(suite(), **arguments)
            if asyncio.iscoroutine(outcome):
                asyncio.run(outcome)
        except (AssertionError, AttributeError, KeyError, TimeoutError):
            failed.append(name)
    return failed


@pytest.mark.parametrize(
    ("cls", "caught"),
    [
        (Counter, ""),
        (PerBatch, "test_output_does_not_depend_on_how_the_input_was_cut"),
        (Forgetful, "test_the_current_state_agrees_with_what_was_published"),
        (Deaf, "test_removed_parameters_yield_nothing_more"),
    ],
)
def test_aggregators_are_held_to_their_contract(cls: type, caught: str, monkeypatch: pytest.MonkeyPatch) -> None:
    spec = AggregatorSpec("seen", "Seen", _factory(cls), requires=("trades",), provides=("seen",))
    suite = _plugin(monkeypatch, register_aggregators=[spec], register_kinds=[_COUNT])
    assert _run_all(suite, "aggregator", spec) == ([caught] if caught else [])


@pytest.mark.parametrize(
    ("cls", "caught"),
    [
        (Trades, ""),
        (Uneven, "test_it_draws_its_data_and_twice_the_same"),
        (Hasty, "test_it_draws_before_any_data_arrived"),
        (Upside, "test_a_value_range_is_a_range"),
        (Foreign, "test_requests_name_streams_that_the_spec_requires"),
    ],
)
def test_layers_are_held_to_their_contract(cls: type, caught: str, monkeypatch: pytest.MonkeyPatch) -> None:
    spec = LayerSpec("trades", "Trades", _factory(cls), requires=("trades",))
    failed = _run_all(_plugin(monkeypatch, register_layers=[spec]), "layer", spec)
    assert caught in failed if caught else not failed


def test_a_layer_is_tried_where_it_lives(monkeypatch: pytest.MonkeyPatch) -> None:
    spec = LayerSpec("beside", "Beside", _factory(Beside), requires=("trades",), placement=Placement.SIDE)
    assert not _run_all(_plugin(monkeypatch, register_layers=[spec]), "layer", spec)


def test_a_layer_is_tried_with_what_the_plugins_own_aggregator_makes(monkeypatch: pytest.MonkeyPatch) -> None:
    spec = LayerSpec("seen", "Seen", _factory(Seen), requires=("seen",))
    makers = [AggregatorSpec("seen", "Seen", _factory(Counter), requires=("trades",), provides=("seen",))]
    suite = _plugin(monkeypatch, register_layers=[spec], register_aggregators=makers, register_kinds=[_COUNT])
    assert not _run_all(suite, "layer", spec)
    alone = _plugin(monkeypatch, register_layers=[spec], register_kinds=[_COUNT])
    assert _run_all(alone, "layer", spec) == ["test_it_draws_its_data_and_twice_the_same"]


@pytest.mark.parametrize(
    ("cls", "caught"),
    [
        (Disk, ""),
        (Amnesiac, "test_what_was_flushed_is_read_back_after_a_restart"),
        (Sweeping, "test_deleting_a_run_deletes_its_rows_alone"),
    ],
)
def test_stores_are_held_to_their_contract(
    cls: type, caught: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    spec = StoreSpec("disk", "Disk", _factory(cls), requires=("trades",))
    suite = _plugin(monkeypatch, register_stores=[spec])

    def folder(name: str) -> Path:
        (tmp_path / name).mkdir()
        return tmp_path / name

    failed = _run_all(suite, "store", spec, tmp_path=folder)
    assert caught in failed if caught else not failed


@pytest.mark.parametrize("cls", [Quiet, Chatty])
def test_sources_are_held_to_their_contract(cls: type, monkeypatch: pytest.MonkeyPatch) -> None:
    spec = SourceSpec("quiet", "Quiet", _factory(cls), provides=("trades",), venues=("sample",))
    suite = _plugin(monkeypatch, register_sources=[spec])
    keys = classmethod(lambda _cls, _spec: [StreamKey.parse("trades/sample/BTCUSDT")])
    subject = type("TestSubject", (suite,), {"source_keys": keys})
    failed = _run_all(subject, "source", spec)
    assert bool(failed) == (cls is Chatty)


def test_a_role_that_the_plugin_lacks_adds_no_check(monkeypatch: pytest.MonkeyPatch) -> None:
    suite = _plugin(monkeypatch, register_layers=[LayerSpec("trades", "Trades", _factory(Trades), ("trades",))])
    checks = [name for name in dir(suite) if name.startswith("test_") and getattr(suite, name) is not None]
    assert "test_a_value_range_is_a_range" in checks
    assert "test_a_flush_says_what_it_covers" not in checks
    assert "test_it_publishes_every_wanted_key_and_no_other" not in checks


def test_settings_must_be_closed_and_described(monkeypatch: pytest.MonkeyPatch) -> None:
    module = ModuleType("plugin_under_test")
    spec = SettingsSpec(_factory(OpenSettings))
    module.register_settings = hookimpl(specname="register_settings")(lambda: spec)  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, module.__name__, module)
    suite = type("TestSubject", (PluginContract,), {"plugin": module.__name__})
    with pytest.raises(pytest.fail.Exception, match="DID NOT RAISE"):
        suite().test_settings_are_frozen_closed_and_described()


def test_a_misspelled_hook_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    module = ModuleType("plugin_under_test")
    module.register_layer = hookimpl(lambda: iter(()))  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, module.__name__, module)
    suite = type("TestSubject", (PluginContract,), {"plugin": module.__name__})
    with pytest.raises(Exception, match="register_layer"):
        suite().test_every_hook_is_one_that_the_core_knows()
