"""The point of control and its ties, against a twin that follows the definition word by word."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowdeck.orderflow import point_of_control, points_of_control

Profile = dict[int, int]


def naive(profile: Profile) -> int:
    """The row: most volume; nearest to the middle; the side of the middle with more volume; the lower price."""
    middle = (min(profile) + max(profile)) / 2
    below = sum(volume for row, volume in profile.items() if row < middle)
    above = sum(volume for row, volume in profile.items() if row > middle)

    def rank(row: int) -> tuple[float, float, float, int]:
        side = below if row < middle else above
        return (-profile[row], abs(row - middle), -side, row)

    return min(profile, key=rank)


def poc(profile: Profile) -> int:
    rows = np.array(sorted(profile), np.int64)
    return int(rows[point_of_control(rows, np.array([profile[row] for row in sorted(profile)], np.int64))])


@given(st.dictionaries(st.integers(-20, 20), st.integers(0, 4), min_size=1, max_size=30))
def test_it_follows_the_definition(profile: Profile) -> None:
    assert poc(profile) == naive(profile)


@pytest.mark.parametrize(
    ("profile", "row", "why"),
    [
        ({5: 9}, 5, "a single row"),
        ({1: 1, 2: 7, 3: 2}, 2, "most volume"),
        ({1: 7, 4: 7, 10: 1}, 4, "nearest to the middle, 5.5"),
        ({1: 7, 2: 1, 3: 2, 4: 7}, 4, "the upper side holds more"),
        ({1: 7, 2: 2, 3: 1, 4: 7}, 1, "the lower side holds more"),
        ({1: 7, 2: 1, 3: 1, 4: 7}, 1, "all even: the lower price"),
        ({1: 0, 2: 0, 3: 0}, 2, "without volume, the middle"),
    ],
)
def test_ties_are_broken_in_order(profile: Profile, row: int, why: str) -> None:
    assert poc(profile) == row, why


def test_an_empty_profile_has_none() -> None:
    assert point_of_control(np.empty(0, np.int64), np.empty(0, np.int64)) == -1


@given(st.lists(st.dictionaries(st.integers(0, 9), st.integers(0, 3), max_size=8), max_size=6))
def test_many_profiles_at_once_equal_one_at_a_time(profiles: list[Profile]) -> None:
    rows = np.array([row for profile in profiles for row in sorted(profile)], np.int64)
    volumes = np.array([profile[row] for profile in profiles for row in sorted(profile)], np.int64)
    bounds = np.cumsum([0, *(len(profile) for profile in profiles)])
    found = np.empty(len(profiles), np.int64)
    points_of_control(bounds, rows, volumes, found)
    assert [int(rows[at]) if at >= 0 else None for at in found] == [naive(p) if p else None for p in profiles]


def test_bounds_beyond_the_arrays_are_clamped() -> None:
    found = np.empty(2, np.int64)
    points_of_control(np.array([-5, 2, 900]), np.array([1, 2, 3]), np.array([1, 5, 2]), found)
    assert found.tolist() == [1, 2]
