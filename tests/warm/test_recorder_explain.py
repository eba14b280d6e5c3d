"""`explain` tells what a program's recipe holds: what comes before it, what does not, and why."""

from __future__ import annotations

import json
from typing import Any

from security.people import list_tree
from starts import give_command

from mainspring import __version__
from mainspring.observe.recipes import name_program
from mainspring.reasons import ENDERS
from warm.recording import RECIPE_ID, Program


def explain(program: Program, *words: str) -> str:
    before = list_tree(program.world.home)
    arguments = ("--python", program.world.plain_python, program.folder / "main.py", *words)
    runtime = str(program.runtime.parent)
    status, output, errors = give_command(program.world, "explain", *arguments, XDG_RUNTIME_DIR=runtime)
    assert (status, errors) == (0, "")
    assert list_tree(program.world.home) == before
    return output


def learn_as_the_launcher(program: Program, *, starts: int) -> None:
    """Record starts, and give the recipe the name that the launcher looks for."""
    for _ in range(starts):
        program.record()
    own = name_program(str(program.world.plain_python), [], str(program.folder / "main.py"))
    program.recipe_file.rename(program.runtime / f"{own}.recipe")


def test_a_program_without_a_recipe_has_no_rows(program: Program) -> None:
    program.write("pass")
    assert "warm starts" not in explain(program)
    assert json.loads(explain(program, "--json"))["warm"] is None


def test_each_module_has_a_row_with_its_time_or_its_reason(program: Program) -> None:
    program.write("import json, a, sched", a="import os; os.getpid()")
    learn_as_the_launcher(program, starts=2)
    facts: dict[str, Any] = json.loads(explain(program, "--json"))["warm"]
    assert (facts["state"], facts["starts"]) == ("ready", 2)
    assert [row["module"] for row in facts["ahead"]] == ["json", "sched"]
    meaning = ENDERS["process-id"].meaning
    assert facts["left_out"] == [
        {"module": "a", "reason": "process-id", "meaning": meaning, "detail": "os.getpid"}
    ]
    text = explain(program)
    assert f"a: {meaning} (os.getpid)" in text
    for row in facts["ahead"]:
        assert f"{row['module']}  {row['microseconds'] / 1000:.1f} ms" in text
    assert text.splitlines()[-1].split(maxsplit=2) == ["ended", "by", ENDERS["program-end"].meaning]


def test_a_recipe_that_still_learns_says_so(program: Program) -> None:
    program.write("import json")
    learn_as_the_launcher(program, starts=1)
    assert "being learnt" in explain(program)


def test_the_id_of_a_program_is_the_hash_that_the_launcher_takes() -> None:
    """FNV-1a of 128 bits, of the bytes VERSION NUL a NUL NUL script NUL /b NUL."""
    expected = 0x6C62272E07BB014262B821756295C58D
    for byte in __version__.encode() + b"\0/a\0\0script\0/b\0":
        expected = ((expected ^ byte) * (2**88 + 2**8 + 0x3B)) % 2**128
    assert name_program("/a", [], "/b") == f"{expected:032x}"
    assert len(RECIPE_ID) == len(name_program("/a", [], "/b"))
