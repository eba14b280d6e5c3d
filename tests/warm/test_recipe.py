"""A recipe is read as it was written, and two recorded starts leave what they have in common."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from mainspring.warm.learning import add_recorded_start, amend, merge_recipes, note_stale, renew
from mainspring.warm.recipe import BEFORE_PROGRAM, Recipe, format_recipe, parse_recipe, read_recipe

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

WRITTEN = b"""\
mainspring-recipe 1
program /bin/a\\\\b\\n\\x1b
python /usr/bin/python3
starts 2
state ready
env HOME
env LANG
select argument-0
select folder
end
ahead re 120
ahead a.b 7
ahead at-once c.d 0
ahead loaded e 5
not c process-id os.getpid
not d failed \n\
file /etc/a b
folder /etc
checkpoint
ended thread _thread.start_new_thread
"""


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[int]:
    descriptor = os.open(tmp_path, os.O_RDONLY)
    yield descriptor
    os.close(descriptor)


def make_recipe(*modules: str) -> Recipe:
    recipe = Recipe("/bin/p", "/bin/python")
    recipe.ahead = [(module, 10) for module in modules]
    recipe.ended = ("program-end", "")
    return recipe


def test_a_recipe_is_written_as_it_was_read() -> None:
    recipe = parse_recipe(WRITTEN)
    assert recipe is not None
    assert recipe.program == "/bin/a\\b\n\x1b"
    assert recipe.left_out == [("c", "process-id", "os.getpid"), ("d", "failed", "")]
    assert format_recipe(recipe) == WRITTEN


def test_a_path_that_is_no_text_comes_back() -> None:
    recipe = Recipe(os.fsdecode(b"/tmp/\xff\\x"), "/bin/python")
    again = parse_recipe(format_recipe(recipe))
    assert again is not None
    assert os.fsencode(again.program) == b"/tmp/\xff\\x"


@pytest.mark.parametrize("cut", range(len(WRITTEN)))
def test_a_recipe_cut_off_within_a_line_is_none(cut: int) -> None:
    head = WRITTEN[: WRITTEN.index(b"end\n") + 4]
    is_whole = WRITTEN[:cut].endswith(b"\n") and cut >= len(head)
    assert (parse_recipe(WRITTEN[:cut]) is not None) == is_whole


@pytest.mark.parametrize(
    ("good", "bad"),
    [
        (b"recipe 1", b"recipe 2"),
        (b"starts 2", b"starts x"),
        (b"state ready", b"state perhaps"),
        (b"ahead re 120", b"ahead re"),
        (b"ahead loaded e 5", b"ahead lazily e 5"),
        (b"ahead loaded e 5", b"ahead loaded  5"),
        (b"ahead loaded e 5", b"ahead loaded e f 5"),
        (b"file /etc/a b", b"file /etc\\q"),
        (b"checkpoint\n", b"checkpoint 1\n"),
        (b"folder", b"directory"),
    ],
)
def test_what_is_no_recipe_counts_as_absent(good: bytes, bad: bytes) -> None:
    assert parse_recipe(WRITTEN.replace(good, bad)) is None


def test_only_what_both_starts_imported_in_the_same_order_is_kept() -> None:
    merged = merge_recipes(make_recipe("a", "b", "c", "d"), make_recipe("x", "a", "c", "b", "d"))
    assert [module for module, _ in merged.ahead] in (["a", "b", "d"], ["a", "c", "d"])
    reasons = {module: reason for module, reason, _ in merged.left_out}
    assert reasons.pop("x") == "not-always"
    assert set(reasons.values()) == {"not-always"}
    assert len(reasons) == 1


def test_the_second_start_makes_a_recipe_ready(folder: int) -> None:
    assert add_recorded_start(folder, "a", make_recipe("re", "json"))
    first = read_recipe(folder, "a")
    assert first is not None
    assert (first.starts, first.state) == (1, "recording")
    assert add_recorded_start(folder, "a", make_recipe("json"))
    second = read_recipe(folder, "a")
    assert second is not None
    assert (second.starts, second.state, second.ahead) == (2, "ready", [("json", 10)])


def test_a_third_start_changes_nothing(folder: int) -> None:
    for _ in range(2):
        add_recorded_start(folder, "a", make_recipe("re"))
    assert not add_recorded_start(folder, "a", make_recipe())
    known = read_recipe(folder, "a")
    assert known is not None
    assert known.ahead == [("re", 10)]


def test_what_came_before_the_program_is_never_with_the_reason(folder: int) -> None:
    for _ in range(2):
        recipe = make_recipe()
        recipe.ended = ("thread", BEFORE_PROGRAM)
        add_recorded_start(folder, "a", recipe)
    known = read_recipe(folder, "a")
    assert known is not None
    assert known.state == "never thread"


def make_ruled_out(*modules: str) -> Recipe:
    recipe = make_recipe(*modules)
    recipe.ended = ("thread", BEFORE_PROGRAM)
    return recipe


@pytest.mark.parametrize("odd_one", [0, 1])
def test_one_odd_start_of_the_recorded_ones_rules_nothing_out(folder: int, odd_one: int) -> None:
    recorded = [make_recipe("re"), make_recipe("re")]
    recorded.insert(odd_one, make_ruled_out())
    for recipe in recorded:
        add_recorded_start(folder, "a", recipe)
    known = read_recipe(folder, "a")
    assert known is not None
    assert (known.state, known.ahead) == ("ready", [("re", 10)])


def test_an_odd_start_does_not_take_the_place_of_what_was_known(folder: int) -> None:
    for _ in range(2):
        add_recorded_start(folder, "a", make_recipe("re"))
    known = read_recipe(folder, "a")
    assert known is not None
    assert note_stale(folder, "a", known)
    assert renew(folder, "a", make_ruled_out())
    again = read_recipe(folder, "a")
    assert again is not None
    assert format_recipe(again) == format_recipe(known)
    assert again.state == "ready"


def test_a_host_takes_a_module_out_and_adds_names(folder: int) -> None:
    for _ in range(2):
        add_recorded_start(folder, "a", make_recipe("re", "json"))
    assert amend(folder, "a", ("re", "thread", "t"), ["HOME"])
    known = read_recipe(folder, "a")
    assert known is not None
    assert (known.state, known.ahead, known.names) == ("ready", [("json", 10)], {"HOME"})
    assert amend(folder, "a", ("json", "network", ""))
    known = read_recipe(folder, "a")
    assert known is not None
    assert (known.state, known.ahead) == ("ready", [])  # the interpreter's own start is still saved


def test_a_recipe_that_others_can_write_is_none(folder: int, tmp_path: Path) -> None:
    add_recorded_start(folder, "a", make_recipe("re"))
    (tmp_path / "a.recipe").chmod(0o666)
    assert read_recipe(folder, "a") is None


def test_a_link_in_a_recipes_place_is_not_followed(folder: int, tmp_path: Path) -> None:
    (tmp_path / "other").write_bytes(WRITTEN)
    (tmp_path / "a.recipe").symlink_to("other")
    assert read_recipe(folder, "a") is None
    assert add_recorded_start(folder, "a", make_recipe("re"))
    assert (tmp_path / "other").read_bytes() == WRITTEN
