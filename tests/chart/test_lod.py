"""Level of detail and row grouping, with their hysteresis."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flowdeck.chart.lod import Detail, choose_grouping, groupings, next_grouping
from flowdeck.specs import Lod


@pytest.mark.parametrize(
    ("pitch", "row", "level"),
    [
        (68, 15, Lod.FULL),
        (67.9, 20, Lod.DELTA),
        (80, 14.9, Lod.DELTA),
        (48, 13, Lod.DELTA),
        (80, 12.9, Lod.PROFILE),
        (14, 3, Lod.PROFILE),
        (80, 2.9, Lod.CANDLE),
        (13.9, 20, Lod.CANDLE),
        (3.9, 20, Lod.LINE),
    ],
)
def test_the_lower_of_pitch_and_row_decides(pitch: float, row: float, level: Lod) -> None:
    assert Detail().level(pitch, row, 1) is level


def test_a_level_is_left_at_its_threshold_and_entered_again_four_px_later() -> None:
    detail = Detail()
    seen = [detail.level(pitch, 20, 1) for pitch in (70, 68, 67, 68, 71.9, 72)]
    assert seen == [Lod.FULL, Lod.FULL, Lod.DELTA, Lod.DELTA, Lod.DELTA, Lod.FULL]


def test_rows_have_the_same_hysteresis_while_their_grouping_stays() -> None:
    detail = Detail()
    seen = [detail.level(80, row, 50) for row in (15, 14, 16, 18.9, 19)]
    assert seen == [Lod.FULL, Lod.DELTA, Lod.DELTA, Lod.DELTA, Lod.FULL]


def test_a_new_grouping_is_judged_afresh() -> None:
    detail = Detail()
    assert detail.level(80, 14, 50) is Lod.DELTA
    assert detail.level(80, 16, 100) is Lod.FULL


@settings(deadline=None)
@given(st.lists(st.tuples(st.floats(0.1, 200), st.floats(0.1, 60)), min_size=1, max_size=30))
def test_figures_are_never_drawn_where_they_do_not_fit(sizes: list[tuple[float, float]]) -> None:
    detail = Detail()
    for pitch, row in sizes:
        level = detail.level(pitch, row, 1)
        assert level is not Lod.FULL or (pitch >= 68 - 1e-5 and row >= 15 - 1e-5)
        assert level > Lod.DELTA or (pitch >= 48 - 1e-5 and row >= 13 - 1e-5)


def test_groupings_are_one_two_five_times_powers_of_ten() -> None:
    assert groupings(200) == (1, 2, 5, 10, 20, 50, 100, 200)


@pytest.mark.parametrize(
    ("tick_px", "level", "grouping"),
    [(20, Lod.FULL, 1), (0.4, Lod.FULL, 50), (0.4, Lod.PROFILE, 10), (0.001, Lod.DELTA, 20_000)],
)
def test_the_finest_rows_that_are_high_enough_are_taken(tick_px: float, level: Lod, grouping: int) -> None:
    assert choose_grouping(tick_px, level) == grouping


def test_a_grouping_is_kept_until_a_finer_one_is_clearly_high_enough() -> None:
    assert choose_grouping(15 / 20, Lod.FULL, known=50) == 50
    assert choose_grouping(19 / 20, Lod.FULL, known=50) == 20
    assert choose_grouping(14.9 / 50, Lod.FULL, known=50) == 100


@settings(deadline=None)
@given(st.floats(1e-6, 100), st.sampled_from(list(Lod)), st.sampled_from(groupings()))
def test_rows_of_a_chosen_grouping_can_carry_what_the_pitch_shows(tick_px: float, level: Lod, known: int) -> None:
    wanted = {Lod.FULL: 15, Lod.DELTA: 13}.get(level, 4)
    assert choose_grouping(tick_px, level, known) * tick_px >= wanted - 1e-3


@pytest.mark.parametrize(
    ("grouping", "steps", "result"),
    [(5, 1, 10), (5, -1, 2), (1, -1, 1), (7, 1, 10), (7, -1, 5), (50, 3, 500)],
)
def test_steps_walk_the_ladder_also_from_between(grouping: int, steps: int, result: int) -> None:
    assert next_grouping(grouping, steps) == result
