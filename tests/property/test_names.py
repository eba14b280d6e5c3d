"""Each script has a place of its own in the cache, from which its path can be told."""

from __future__ import annotations

import os

from hypothesis import given, settings
from hypothesis import strategies as st

from mainspring.codecache.counters import escape_program
from mainspring.codecache.key import locate_entry
from mainspring.codecache.origin import find_script

ODD = st.sampled_from(
    ["", ".", "..", "%", "%%", "%25", "%2E", "%2F", "%2E%2E", "a%.pyc", "a%", "%opt-1.pyc", "...",
     "a.pyc", "%tmp-1-2", "%sweep", "%interpreter", " ", "\n", "%0A", "caf\udce9", "~"]
)  # fmt: skip
COMPONENTS = ODD | st.text(st.characters(exclude_characters="/\0", exclude_categories=["Cs"]), max_size=8)
SCRIPTS = st.lists(COMPONENTS, min_size=1, max_size=5).map(lambda parts: "/" + "/".join(parts))
VARIANTS = st.sampled_from(["", "opt-1", "opt-2", "no_debug_ranges", "opt-1.no_debug_ranges"])


def locate(script: str, variant: str) -> str:
    folders, name = locate_entry(script, variant)
    return "/".join((*folders, name))


def shorten(script: str) -> str:
    """*script* without the components that lead nowhere: the same file."""
    *folders, name = script.split("/")
    return "/".join(["", *(folder for folder in folders if folder not in {"", "."}), name])


@settings(max_examples=1000)
@given(SCRIPTS, SCRIPTS, VARIANTS, VARIANTS)
def test_no_two_share_a_place(one: str, other: str, first: str, second: str) -> None:
    same = (shorten(one), first) == (shorten(other), second)
    assert (locate(one, first) == locate(other, second)) == same


@settings(max_examples=1000)
@given(SCRIPTS, VARIANTS)
def test_the_script_is_told_from_the_place(script: str, variant: str) -> None:
    assert find_script(f"build/{locate(script, variant)}") == shorten(script)


@settings(max_examples=1000)
@given(SCRIPTS, VARIANTS)
def test_a_file_system_keeps_the_place_as_it_is(script: str, variant: str) -> None:
    place = locate(script, variant)
    assert os.path.normpath(place) == place
    assert not os.path.isabs(place)


@settings(max_examples=1000)
@given(SCRIPTS, SCRIPTS, VARIANTS)
def test_no_entry_stands_where_another_s_folder_does(one: str, other: str, variant: str) -> None:
    folders, _ = locate_entry(other, variant)
    assert locate(one, variant) not in {"/".join(folders[: i + 1]) for i in range(len(folders))}


@given(SCRIPTS, VARIANTS)
def test_no_entry_looks_like_a_temporary_file(script: str, variant: str) -> None:
    folders, name = locate_entry(script, variant)
    for part in (*folders, name):
        assert not part.startswith(("%tmp-", "%sweep", "%starts", "%sums", "%interpreter"))


PROGRAMS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])) | SCRIPTS


@settings(max_examples=1000)
@given(PROGRAMS)
def test_a_program_is_one_field_of_one_line(program: str) -> None:
    escaped = escape_program(program)
    assert all(byte >= 32 and byte != 127 for byte in escaped)


@settings(max_examples=1000)
@given(PROGRAMS, PROGRAMS)
def test_no_two_programs_are_told_alike(one: str, other: str) -> None:
    assert (escape_program(one) == escape_program(other)) == (one == other)
