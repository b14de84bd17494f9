"""What docs/plugin-guide.md shows is so: its examples keep the contract."""

import asyncio
import re
import sys
from inspect import signature
from pathlib import Path
from types import ModuleType

import pytest

from flowdeck.instruments import InstrumentId
from flowdeck.specs import SourceSpec
from flowdeck.streams import StreamKey
from flowdeck.testing import PluginContract

GUIDE = (Path(__file__).parents[2] / "docs" / "plugin-guide.md").read_text(encoding="utf-8")
BLOCKS: list[str] = re.findall(r"```python\n(.*?)```", GUIDE, re.DOTALL)

WORDS = """
import asyncio
from decimal import Decimal
import numpy as np
from flowdeck.hookspecs import hookimpl
from flowdeck.instruments import Instrument, InstrumentId
from flowdeck.kinds import CORE_KINDS, KindSpec, Mode
from flowdeck.specs import AggregatorSpec, FeedState, SourceSpec, SourceStatus
from flowdeck.streams import Batch, StreamKey
from flowdeck.testing import sample_trades
next_rows = sample_trades()[:3].copy
"""

DECLARED = """
@hookimpl
def register_aggregators():
    yield AggregatorSpec("cvd", "CVD", "guide_example:Cvd", requires=("trades",), provides=("cvd",))
@hookimpl
def register_sources():
    yield SourceSpec("toy", "Toy", "guide_example:Toy", provides=("trades",), venues=("toy",))
"""


@pytest.mark.parametrize("role", ["aggregator", "source"])
def test_the_examples_of_the_guide_keep_the_contract(role: str, monkeypatch: pytest.MonkeyPatch) -> None:
    module = ModuleType("guide_example")
    examples = [next(block for block in BLOCKS if words in block) for words in ("register_kinds", "Cvd:", "Toy:")]
    exec(compile("\n".join((WORDS, *examples, DECLARED)), "docs/plugin-guide.md", "exec"), vars(module))
    monkeypatch.setitem(sys.modules, module.__name__, module)

    class Guide(PluginContract):
        plugin = module.__name__

        @classmethod
        def source_keys(cls, spec: SourceSpec) -> list[StreamKey]:
            return [StreamKey.of("trades", InstrumentId(spec.venues[0], "COIN"))]

    tried: list[str] = []
    spec = next(iter(Guide.declared(f"register_{role}s")))
    for name in filter(re.compile("test_").match, dir(Guide)):
        check = getattr(Guide(), name)
        if check is not None and list(signature(check).parameters) == [f"{role}_spec"]:
            tried.append(name)
            outcome = check(spec)
            if outcome is not None:
                asyncio.run(outcome)
    assert len(tried) >= 2
