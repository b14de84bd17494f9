from __future__ import annotations

from typing import Any

import pytest

from flowdeck.desktop.pluginfacts import Filter, facts_of, matching
from flowdeck.plugins.info import PluginInfo
from flowdeck.specs import PluginState


def info(name: str, state: PluginState = PluginState.ACTIVE, **more: Any) -> PluginInfo:
    return PluginInfo(name, name.capitalize(), state=state, **more)


def test_a_plugin_of_both_sides_is_one_row_with_both_roles() -> None:
    here = info("footprint", roles=("layer",), requires=("footprint",))
    there = info("footprint", roles=("aggregator", "layer"), provides=("footprint", "bars")).to_dict()
    (facts,) = facts_of([here], {"footprint": there})
    assert facts.roles == ("layer", "aggregator")
    assert (facts.here, facts.there) == (PluginState.ACTIVE, PluginState.ACTIVE)
    assert not facts.needs_attention


def test_one_that_the_engine_lacks_says_so() -> None:
    (facts,) = facts_of([info("mine")], {})
    assert facts.missing == "missing in the engine"
    assert facts.needs_attention


def test_one_that_the_window_lacks_says_so() -> None:
    (facts,) = facts_of([], {"theirs": info("theirs").to_dict()})
    assert facts.missing == "missing in this window"


def test_nothing_is_missing_while_the_engine_has_not_spoken() -> None:
    (facts,) = facts_of([info("mine")], None)
    assert facts.missing == ""


def test_the_worse_side_is_what_is_read_with_its_reason() -> None:
    there = info("binance", PluginState.FAULTED, reason="KeyError: 'e'", traceback="Traceback…").to_dict()
    (facts,) = facts_of([info("binance")], {"binance": there})
    assert (facts.state, facts.reason, facts.side) == (PluginState.FAULTED, "KeyError: 'e'", "engine")


def test_the_windows_own_fault_is_not_hidden_by_the_engines() -> None:
    here = info("footprint", PluginState.FAULTED, reason="mine")
    there = info("footprint", PluginState.FAULTED, reason="theirs").to_dict()
    (facts,) = facts_of([here], {"footprint": there})
    assert (facts.reason, facts.side) == ("mine", "window")


def test_fields_of_a_newer_engine_are_left_out() -> None:
    (facts,) = facts_of([], {"x": {**info("x").to_dict(), "colour": "green"}})
    assert facts.name == "x"


@pytest.mark.parametrize(
    ("shown", "search", "left"),
    [
        ("all", "", ["Cob", "Off", "Torn"]),
        ("active", "", ["Cob"]),
        ("attention", "", ["Torn"]),
        ("all", "to", ["Torn"]),
        ("all", "BOOK", ["Cob"]),
        ("active", "torn", []),
    ],
)
def test_filter_and_search_leave(shown: Filter, search: str, left: list[str]) -> None:
    rows = facts_of(
        [
            info("torn", PluginState.FAULTED, reason="x"),
            info("cob", requires=("book",)),
            info("off", PluginState.DISABLED),
        ],
        None,
    )
    assert [facts.title for facts in matching(rows, shown, search)] == left
