"""The layers of a chart: made, guarded, timed, and dropped when their plugin goes."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from time import perf_counter
from typing import TypeVar

from flowdeck.chart.parts import LayerInfo
from flowdeck.chart.roster import Plugins, RegisteredLayer
from flowdeck.chart.subscriptions import ALL_TIME, Subscriptions
from flowdeck.errors import FlowdeckError, PluginError
from flowdeck.series import Series
from flowdeck.specs import Canvas, Layer, LayerSpec, Plane, PluginState, View
from flowdeck.streams import StreamKey

__all__ = ["Deck", "Slot"]

T = TypeVar("T")

_SAMPLES = 16
_GONE = frozenset({PluginState.DISABLED, PluginState.DISCOVERED})


@dataclass
class Slot:
    """One layer on the chart.

    Attributes:
        plugin: The plugin that it belongs to.
        spec: Its declaration.
        visible: Whether the user wants to see it.
        layer: The instance; None while it was never shown, is faulted, or paints by itself (`LayerSpec.item`).
        reason: Why it is faulted; empty otherwise.
        keys: The streams that it asked for.
        pending: What changed since it was last told, half-open intervals of ns UTC by key.
        costs: Newest costs, ms a frame.
        spent_ms: What it took so far in the frame being composed.
    """

    plugin: str
    spec: LayerSpec
    visible: bool
    layer: Layer | None = None
    reason: str = ""
    keys: frozenset[StreamKey] = frozenset()
    pending: dict[StreamKey, tuple[int, int]] = field(default_factory=dict)
    costs: deque[float] = field(default_factory=lambda: deque(maxlen=_SAMPLES))
    spent_ms: float = 0.0

    @property
    def id(self) -> str:
        """The layer's id."""
        return self.spec.id

    @property
    def shown(self) -> bool:
        """Whether it takes part in the picture."""
        return self.visible and not self.reason

    def note(self, key: StreamKey, interval: tuple[int, int]) -> None:
        """Remember that rows changed."""
        known = self.pending.get(key, interval)
        self.pending[key] = (min(known[0], interval[0]), max(known[1], interval[1]))


class _Changes:
    """Implements `flowdeck.specs.Changes` for one layer and one update."""

    def __init__(self, subscriptions: Subscriptions, changed: Mapping[StreamKey, tuple[int, int]]) -> None:
        self._subscriptions = subscriptions
        self.changed = changed

    def series(self, key: StreamKey) -> Series | None:
        """See `Changes.series`."""
        return self._subscriptions.series(key)


class Deck:
    """All layers of a chart in painting order. A layer that raises takes only its own plugin's layers with it.

    Args:
        plugins: Where layers come from.
        wanted: Ids of the layers to show; None shows those that want to be.
    """

    def __init__(self, plugins: Plugins, wanted: Iterable[str] | None) -> None:
        self._plugins = plugins
        self._wanted = None if wanted is None else frozenset(wanted)
        self._changed: Callable[[], None] = lambda: None
        self._slots: dict[str, Slot] = {}
        self._unsubscribe = plugins.on_change(lambda _plugin, _state: self.refresh())
        self.refresh()

    def __iter__(self) -> Iterator[Slot]:
        return iter(sorted(self._slots.values(), key=lambda slot: (slot.spec.order, slot.id)))

    def __getitem__(self, layer: str) -> Slot:
        return self._slots[layer]

    def __contains__(self, layer: object) -> bool:
        return layer in self._slots

    def on_change(self, callback: Callable[[], None]) -> None:
        """Call back when layers came, went or failed."""
        self._changed = callback

    def shown(self) -> list[Slot]:
        """The slots with a layer that takes part in the picture."""
        return [slot for slot in self if slot.shown and slot.layer is not None]

    @property
    def behind(self) -> bool:
        """Whether a layer in the picture has not been told of something that changed."""
        return any(slot.pending for slot in self.shown())

    def close(self) -> None:
        """Let go of the plugin manager and of every layer."""
        self._unsubscribe()
        self._slots.clear()

    def refresh(self) -> None:
        """Take over what the plugin manager says now."""
        registered = {each.spec.id: each for each in self._plugins.layers()}
        for slot in list(self._slots.values()):
            self._judge(slot, registered.get(slot.id))
        for each in registered.values():
            if each.spec.id not in self._slots:
                self._slots[each.spec.id] = Slot(each.plugin, each.spec, self._wants(each.spec))
        self._make(registered)
        self._changed()

    def set_visible(self, layer: str, *, visible: bool) -> None:
        """Show or hide a layer; a hidden one is kept, so that showing it again is immediate."""
        self._slots[layer].visible = visible
        self.refresh()

    def call(self, slot: Slot, where: str, call: Callable[[], T]) -> T | None:
        """Call into a layer behind the guard; None after it failed, and then its slot is faulted."""
        result, done = None, False
        start = perf_counter()
        with self._plugins.guard(slot.plugin, where):
            result = call()
            done = True
        slot.spent_ms += (perf_counter() - start) * 1e3
        if not done:
            self._drop(slot.plugin)
        return result

    def draw(self, slot: Slot, layer: Layer, canvas: Canvas, view: View, plane: Plane) -> None:
        """Draw one plane of a layer behind the guard."""
        self.call(slot, "draw", lambda: layer.draw(canvas, view, plane))

    def update(self, subscriptions: Subscriptions) -> None:
        """Tell every layer in the picture what changed since it was last told."""
        for slot in self.shown():
            if slot.pending:
                changes = _Changes(subscriptions, slot.pending)
                slot.pending = {}
                self._update(slot, changes)

    def _update(self, slot: Slot, changes: _Changes) -> None:
        if (layer := slot.layer) is not None:
            self.call(slot, "update", lambda: layer.update(changes))

    def note(self, key: StreamKey, interval: tuple[int, int]) -> None:
        """Remember for every layer that reads `key` that rows changed."""
        for slot in self._slots.values():
            if key in slot.keys:
                slot.note(key, interval)

    def asked(self, slot: Slot, keys: frozenset[StreamKey]) -> None:
        """Remember what a layer reads; keys that are new to it count as changed."""
        for key in keys - slot.keys:
            slot.note(key, ALL_TIME)
        slot.keys = keys

    def account(self, *, drawn: bool) -> float:
        """End a frame: what layers took in it, ms. The plugin manager is told, and suspends those that are too slow.

        Args:
            drawn: Whether layers were drawn; otherwise they only explained a point, which is no cost of a frame.
        """
        total = sum(slot.spent_ms for slot in self._slots.values())
        for slot in self.shown():
            if drawn:
                slot.costs.append(slot.spent_ms)
            if drawn or slot.spent_ms:
                self._plugins.slow(slot.plugin, "draw" if drawn else "inspect", slot.spent_ms)
        for slot in self._slots.values():
            slot.spent_ms = 0.0
        return total

    def forget(self) -> None:
        """Other streams will be read: forget which were."""
        for slot in self._slots.values():
            slot.keys, slot.pending = frozenset(), {}

    def infos(self, placed: Callable[[Slot], bool]) -> tuple[LayerInfo, ...]:
        """Rows of the layers panel; `placed` says whether a shown layer has room."""
        return tuple(self._info(slot, placed) for slot in self)

    def faulted(self) -> list[Slot]:
        """The slots that failed, of visible layers."""
        return [slot for slot in self if slot.reason and slot.visible]

    def _wants(self, spec: LayerSpec) -> bool:
        return spec.visible if self._wanted is None else spec.id in self._wanted

    def _judge(self, slot: Slot, registered: RegisteredLayer | None) -> None:
        """Keep, fault or remove a slot, by what became of its plugin."""
        info = self._plugins.info(slot.plugin)
        if info.state is PluginState.ACTIVE and registered is not None:
            slot.reason = ""
        elif info.state in _GONE or info.state is PluginState.ACTIVE:
            del self._slots[slot.id]
        else:
            self._fault(slot, info.reason)

    def _make(self, registered: Mapping[str, RegisteredLayer]) -> None:
        for slot in list(self._slots.values()):
            if slot.shown and slot.layer is None and slot.id in registered and not slot.spec.item:
                self._create(slot, registered[slot.id])

    def _create(self, slot: Slot, registered: RegisteredLayer) -> None:
        try:
            slot.layer = self._plugins.create(registered, self._plugins.context(slot.plugin))
        except PluginError as error:
            self._fault(slot, str(error))
            return
        slot.pending = dict.fromkeys(slot.keys, ALL_TIME)

    def _drop(self, plugin: str) -> None:
        for slot in self._slots.values():
            if slot.plugin == plugin:
                self._fault(slot, self._reason(plugin))
        self._changed()

    def _reason(self, plugin: str) -> str:
        try:
            return self._plugins.info(plugin).reason or "it raised"
        except FlowdeckError as error:
            return str(error)

    @staticmethod
    def _fault(slot: Slot, reason: str) -> None:
        slot.layer, slot.reason = None, reason or "it stopped"
        slot.keys, slot.pending = frozenset(), {}
        slot.costs.clear()

    @staticmethod
    def _info(slot: Slot, placed: Callable[[Slot], bool]) -> LayerInfo:
        samples = tuple(slot.costs)
        if slot.reason:
            state = "faulted"
        elif not slot.visible:
            state = "hidden"
        else:
            state = "shown" if placed(slot) else "collapsed"
        return LayerInfo(
            slot.id,
            slot.spec.title,
            slot.plugin,
            slot.spec.placement,
            slot.visible,
            state,  # type: ignore[arg-type] # one of the four words above
            slot.reason,
            sum(samples) / len(samples) if samples else 0.0,
            samples,
        )
