"""However streams are wanted and lines are read, each stream gets all of its rows once, in order."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from types import SimpleNamespace
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flowdeck.captures import Control, Frame, Problem
from flowdeck.engine.feed import CaptureFeed, Slice
from flowdeck.engine.progress import Progress
from flowdeck.streams import Batch, StreamKey

KINDS = ("trades", "quotes", "depth")
SYMBOLS = ("BTC", "ETH")


class Reader:
    """A capture in memory."""

    def __init__(self, items: list[Frame | Control], block: int) -> None:
        self._items, self._block = items, block
        self.problems: list[Problem] = []
        self.problem_count = 0

    def blocks(self) -> Iterator[list[Frame | Control]]:
        for i in range(0, len(self._items), self._block):
            yield self._items[i : i + self._block]

    def problem(self, line: int, reason: str) -> Problem:
        self.problem_count += 1
        return Problem("memory", line, reason)


class Host:
    """Collects what is published."""

    def __init__(self) -> None:
        self.times: dict[StreamKey, list[int]] = {}
        self.caught: set[StreamKey] = set()
        self.gaps: Counter[StreamKey] = Counter()

    def publish(self, batch: Batch) -> None:
        self.times.setdefault(batch.key, []).extend(int(ts) for ts in batch.rows["ts"])

    def lost(self, keys: Iterable[StreamKey]) -> None:
        self.gaps.update(keys)

    def caught_up(self, keys: Iterable[StreamKey]) -> None:
        self.caught.update(keys)

    def found(self, key: StreamKey) -> None: ...
    def stated(self, instruments: tuple[Any, ...]) -> None: ...
    def discard(self, *, keep: bool) -> None: ...
    def changed(self) -> None: ...


def _items(shape: list[tuple[int, int, bool]]) -> list[Frame | Control]:
    items: list[Frame | Control] = []
    for line, (kind, symbol, gap) in enumerate(shape, 1):
        if gap:
            items.append(Control(line, line, {"event": "disconnect"}))
        else:
            record = {"k": KINDS[kind], "s": SYMBOLS[symbol], "t": line, "i": line}
            items.append(Frame(line, line, json.dumps(record, separators=(",", ":")).encode()))
    return items


def _expected(items: list[Frame | Control], key: StreamKey, upto: int) -> list[int]:
    frames = (item for item in items[:upto] if isinstance(item, Frame))
    records = (json.loads(item.data) for item in frames)
    return [one["t"] for one in records if (one["k"], one["s"]) == (key.kind, key.instrument.symbol)]


class Reading:
    """A progress under test, and what each of its wanted streams should have got."""

    def __init__(self, items: list[Frame | Control], block: int) -> None:
        self.host, self.wanted = Host(), set[StreamKey]()
        self._items, self._block = items, block
        self.progress = Progress(self._open, self.host, Slice(0, 0))

    def want(self, key: StreamKey) -> None:
        self.wanted.add(key)
        self.progress.want(key)

    def unwant(self, key: StreamKey) -> None:
        self.wanted.discard(key)
        self.progress.unwant(key)
        self.host.times.pop(key, None)

    def restart(self) -> None:
        self.progress.restart()
        self.host.times.clear()

    async def read(self, lines: int) -> None:
        """Catch up, then read on."""
        progress = self.progress
        while progress.rewind or progress.lines_behind:
            if progress.rewind:
                await progress.reopen(_at_once)
            else:
                await progress.advance(None, progress.lines_behind, _at_once)
        if lines and not progress.at_end:
            await progress.advance(None, lines, _at_once)

    def check(self) -> None:
        for key in self.wanted:
            assert self.host.times.get(key, []) == _expected(self._items, key, self.progress.front)
        assert self.wanted <= self.host.caught

    def _open(self, kinds: frozenset[str]) -> CaptureFeed:
        import engine_fakes  # type: ignore[import-not-found]

        parser = engine_fakes.FakeParser("venue", kinds, "r1")
        opened: Any = SimpleNamespace(reader=Reader(self._items, self._block), parser=parser)
        return CaptureFeed(opened, kinds)


async def _at_once(work: Callable[[], Any]) -> Any:
    return work()


KEYS = [StreamKey.parse(f"{kind}/venue/{symbol}?run=r1") for kind in KINDS for symbol in SYMBOLS]
LINES = st.lists(
    st.tuples(st.integers(0, 2), st.integers(0, 1), st.sampled_from([False] * 9 + [True])), min_size=1, max_size=60
)
ACTIONS = st.lists(
    st.one_of(
        st.tuples(st.just("read"), st.integers(1, 20)),
        st.tuples(st.sampled_from(["want", "unwant"]), st.sampled_from(KEYS)),
        st.tuples(st.just("restart")),
    ),
    max_size=30,
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(shape=LINES, actions=ACTIONS, block=st.integers(1, 9))
def test_every_stream_gets_all_its_rows_once(
    new_world: Callable[..., Any], shape: list[tuple[int, int, bool]], actions: list[tuple[Any, ...]], block: int
) -> None:
    del new_world  # for the fakes that come with it

    async def example() -> None:
        reading = Reading(_items(shape), block)
        for name, *arguments in [*actions, ("read", 0)]:
            done = getattr(reading, name)(*arguments)
            if done is not None:
                await done
        reading.check()

    asyncio.run(example())
