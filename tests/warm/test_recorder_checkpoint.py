"""What a program does before its checkpoint counts as an import of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from warm.recording import Program, list_ahead

if TYPE_CHECKING:
    from mainspring.warm.recipe import Recipe

# the function itself is found by the package that the hook left
REACH = """
import sys
sys.path.append({site!r})
import mainspring._warm
sys.path.pop()
from mainspring._warm import get_kept
checkpoint = lambda: get_kept().reach_checkpoint() if get_kept() else None
"""


def learn(program: Program, code: str) -> Recipe:
    import mainspring

    site = str(mainspring.__path__[0]).removesuffix("/mainspring")
    program.write(
        f"import helper\n{code}\nhelper.checkpoint()\nimport colorsys", helper=REACH.format(site=site)
    )
    return program.learn()


def test_files_and_names_that_the_program_read_are_on_record(program: Program) -> None:
    path = program.folder / "data.txt"
    program.folder.joinpath("data.txt").write_text("")
    recipe = learn(program, f"import os\nopen({str(path)!r}).close()\nos.environ.get('MINE')")
    assert recipe.has_checkpoint
    assert recipe.ended is None
    assert (str(path) in recipe.files, "MINE" in recipe.names) == (True, True)
    assert "colorsys" not in list_ahead(recipe)


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("print(1)", "output"),
        ("import os; os.chdir('/')", "folder"),
        ("import os; os.getpid()", "process-id"),
    ],
)
def test_a_program_that_does_more_before_it_has_no_checkpoint(
    program: Program, code: str, reason: str
) -> None:
    recipe = learn(program, code)
    assert not recipe.has_checkpoint
    assert recipe.ended is not None
    assert recipe.ended[0] == reason
