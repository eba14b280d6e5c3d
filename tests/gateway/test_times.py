"""Times are counted exactly and told to a tenth, in a fixed number of places."""

from __future__ import annotations

import math
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from gateway.laws import law
from mainspring.gateway.times import BOUNDS, STEPS, Times

SECONDS = st.floats(0, 2000, allow_nan=False)


def count(times: list[float]) -> Times:
    counted = Times()
    for seconds in times:
        counted.add(seconds)
    return counted


def test_the_bounds_rise_and_the_steps_are_among_them() -> None:
    assert list(BOUNDS) == sorted(set(BOUNDS))
    assert set(STEPS) <= set(BOUNDS)
    assert all(after / before < 1.21 for before, after in pairwise(BOUNDS))


@law(100)
@given(st.lists(SECONDS, min_size=1, max_size=100), st.sampled_from([0.5, 0.9, 0.99, 1.0]))
def test_a_share_is_that_of_the_sorted_times(times: list[float], share: float) -> None:
    exact = sorted(times)[math.ceil(share * len(times)) - 1]
    found = count(times).find(share)
    assert exact <= found or found == max(times)
    if BOUNDS[0] < exact < BOUNDS[-1]:
        assert found <= exact * 1.21


@law(100)
@given(st.lists(SECONDS, max_size=100))
def test_steps_are_counted_exactly(times: list[float]) -> None:
    assert count(times).count_steps() == [sum(one <= step for one in times) for step in STEPS]


@law(100)
@given(st.lists(SECONDS, max_size=50), st.lists(SECONDS, max_size=50))
def test_two_counts_add_up(one: list[float], other: list[float]) -> None:
    both = count(one)
    both.add_all(count(other))
    whole = count(one + other)
    assert (both.counts, both.number, both.longest) == (whole.counts, whole.number, whole.longest)
    assert math.isclose(both.total, whole.total)


def test_no_times_have_no_longest() -> None:
    assert Times().find(0.99) == 0.0
