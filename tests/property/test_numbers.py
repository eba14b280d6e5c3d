"""Sizes, ages and the state of a sweep mean what they say."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mainspring.codecache.ages import AGE_CLASSES, begin_class, classify_age, find_class
from mainspring.codecache.sweepstate import (
    END_OF_TIME,
    Folder,
    Pass,
    format_state,
    leads_astray,
    parse_state,
)
from mainspring.settings import UNITS, parse_size, read_size

SECONDS = st.floats(0, 2.0**20)
SIZES = st.lists(st.integers(0, 2**40), min_size=AGE_CLASSES, max_size=AGE_CLASSES)
NAMES = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=30)


@given(st.integers(0, 2**50), st.sampled_from(["", *UNITS]), st.sampled_from(["", "B", "b"]))
def test_a_size_is_read_with_its_unit(number: int, unit: str, suffix: str) -> None:
    expected = number * (UNITS[unit] if unit else 1)
    assert parse_size(f" {number}{unit.lower()}{suffix} ") == expected


@given(st.text(max_size=12))
def test_a_size_is_read_or_refused(text: str) -> None:
    try:
        assert parse_size(text) >= 0
    except ValueError:
        assert read_size({"MAINSPRING_MAX_SIZE": text}, "MAINSPRING_MAX_SIZE") == 512 << 20


@pytest.mark.parametrize("text", ["", "B", "K", "-1", "-1K", "1.5M", "0x10", "1T", "1 000", "M1"])
def test_what_is_no_size_is_refused(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - any ValueError is a refusal
        parse_size(text)


@given(SECONDS, SECONDS)
def test_older_is_never_a_younger_class(one: float, other: float) -> None:
    younger, older = sorted([one, other])
    assert 0 <= classify_age(younger) <= classify_age(older) < AGE_CLASSES


@given(st.floats(-1e18, 1e18))
def test_each_age_has_a_class(seconds: float) -> None:
    assert 0 <= classify_age(seconds) < AGE_CLASSES


@given(SIZES, st.integers(0, 2**45), st.integers(0, 2**45))
def test_to_keep_more_is_to_remove_only_what_is_older(sizes: list[int], one: int, more: int) -> None:
    assert find_class(sizes, one) <= find_class(sizes, one + more)


@given(st.lists(st.tuples(SECONDS, st.integers(1, 10**6)), max_size=30), st.integers(0, 10**7))
def test_what_is_younger_fits_and_a_class_more_does_not(
    files: list[tuple[float, int]], keep: int
) -> None:
    sizes = [0] * AGE_CLASSES
    for age, size in files:
        sizes[classify_age(age)] += size
    age_class, younger = find_class(sizes, keep)
    first, last = begin_class(age_class), begin_class(age_class + 1)
    assert younger == sum(size for age, size in files if age < first)
    if sum(sizes) > keep:
        assert younger <= keep < sum(size for age, size in files if age < last)


PATHS = NAMES.filter(lambda path: not leads_astray(path))
FOLDERS = st.builds(Folder, PATHS, st.integers(0, 2**62), st.booleans())


@given(st.floats(0, END_OF_TIME - 1), st.integers(0, 2**50), SIZES, st.lists(FOLDERS, max_size=4))
def test_a_state_is_read_back_as_it_was_written(
    time: float, number: int, sizes: list[int], folders: list[Folder]
) -> None:
    state = Pass(time, time + 1, number)
    state.total, state.sizes, state.folders = number, sizes, folders
    again = parse_state(format_state(state).decode())
    assert describe(again) == describe(state)


STRAY = st.sampled_from(["/", "..", ".", "/etc", "a/..", "a//b", "../a", "a/./b", "a/", "a\0b"])


@given(STRAY)
def test_a_state_does_not_lead_out_of_the_cache(path: str) -> None:
    state = Pass()
    state.folders = [Folder(path, 0, False)]
    with pytest.raises(ValueError):  # noqa: PT011 - any ValueError is a refusal
        parse_state(format_state(state).decode())


def describe(state: Pass) -> tuple[object, ...]:
    folders = [(folder.path, folder.position, folder.gone) for folder in state.folders]
    return state.began, state.old, state.recent, state.to_free, state.total, state.sizes, folders


@given(st.text())
def test_what_is_no_state_is_refused(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - any ValueError is a refusal
        parse_state(text)
