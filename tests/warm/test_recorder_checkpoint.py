"""What a program does before its checkpoint counts as an import of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from warm.recording import Program, list_ahead

if TYPE_CHECKING:
    from mainspring.warm.recipe import Recipe

#: what mainspring.checkpoint() does
REACH = "sys.audit('mainspring.checkpoint')"


def learn(program: Program, code: str) -> Recipe:
    program.write(f"import sys\n{code}\n{REACH}\nimport colorsys")
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
