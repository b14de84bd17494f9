"""Whatever the order of switches, faults and retries: what is handed out belongs to active plugins, nothing leaks."""

from collections import Counter
from collections.abc import Callable, Iterable

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flowdeck.hookspecs import hookimpl
from flowdeck.kinds import CORE_KINDS, KindSpec, Mode
from flowdeck.plugins.manager import PluginManager, Services
from flowdeck.specs import LayerSpec, PluginContext, PluginState

Load = Callable[..., PluginManager]


class Moody:
    """A plugin that holds one thing while it is active, and refuses to load while it is told to."""

    def __init__(self, name: str, held: Counter[str]) -> None:
        self.name, self.held, self.broken = name, held, False

    @hookimpl
    def register_kinds(self) -> Iterable[KindSpec]:
        yield KindSpec(self.name, np.dtype([("ts", "i8")]), 1, Mode.APPEND)

    @hookimpl
    def register_layers(self) -> Iterable[LayerSpec]:
        yield LayerSpec(self.name, self.name, "builtins:dict")

    @hookimpl
    def plugin_activate(self, context: PluginContext) -> None:
        self.held[self.name] += 1
        context.on_dispose(lambda: self.held.subtract([self.name]))
        if self.broken:
            raise RuntimeError("moody")


NAMES = ("a", "b", "c")
STEPS = st.tuples(
    st.sampled_from(["enable", "disable", "retry", "fault", "break", "mend", "deliver"]), st.sampled_from(NAMES)
)


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(STEPS, max_size=25), st.booleans())
def test_any_sequence_leaves_the_host_consistent(load: Load, steps: list[tuple[str, str]], later: bool) -> None:
    held: Counter[str] = Counter()
    plugins = {name: Moody(name, held) for name in NAMES}
    manager = load(**plugins)
    queue: list[Callable[[], None]] = []
    if later:
        manager.attach(Services(), call_soon=queue.append)
    told = dict.fromkeys(NAMES, PluginState.ACTIVE)
    manager.on_change(told.__setitem__)
    for step, name in steps:
        if step == "fault":
            manager.fault(name, "draw", "odd")
        elif step in {"break", "mend"}:
            plugins[name].broken = step == "break"
        elif step == "deliver":
            _deliver(queue)
        else:
            getattr(manager, step)(name)
        active = [one for one in NAMES if manager.active(one)]
        assert sorted(layer.spec.id for layer in manager.layers()) == active
    _deliver(queue)
    assert told == {name: manager.info(name).state for name in NAMES}
    assert {name for name in NAMES if held[name]} == set(active_of(manager))
    assert max(held.values()) <= 1
    assert {kind.name for kind in manager.kinds} == {kind.name for kind in CORE_KINDS} | set(active_of(manager))
    manager.close()
    assert not any(held.values())


def active_of(manager: PluginManager) -> list[str]:
    return [info.name for info in manager.plugins() if info.state is PluginState.ACTIVE]


def _deliver(queue: list[Callable[[], None]]) -> None:
    while queue:
        queue.pop(0)()
