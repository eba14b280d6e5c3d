"""What recorded starts taught about a program, told by `explain`: a row for each module, and why.

A program's recipe is named by a hash of what starts it (native/launcher/warm.c):

    text := VERSION NUL INTERPRETER NUL (OPTION NUL)* NUL "script" NUL SCRIPT NUL

VERSION is Mainspring's; INTERPRETER and SCRIPT are absolute paths, not resolved.
"""

import os
import re
from typing import TYPE_CHECKING, Any

from mainspring import __version__
from mainspring.observe.quantities import count
from mainspring.places import Refused
from mainspring.reasons import ENDERS
from mainspring.warm.hostkey import hash_key
from mainspring.warm.recipe import CHECKPOINT_MODULE, read_recipe
from mainspring.warm.runtime import open_runtime_folder

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rich.table import Table

    from mainspring.warm.recipe import Recipe

MOST_SOURCE = 16 << 20


def name_program(interpreter: str, options: "Iterable[str]", script: str) -> str:
    """The ID of the program that *interpreter* makes of *script*: 32 hex digits."""
    here = os.getcwd()
    paths = os.path.join(here, interpreter), os.path.join(here, script)
    words = [__version__, paths[0], *options, "", "script", paths[1]]
    text = b"".join(os.fsencode(word) + b"\0" for word in words)
    return f"{hash_key(text):032x}"


def find_recipe(interpreter: str, options: "Iterable[str]", script: str) -> dict[str, Any] | None:
    """The facts of a program's recipe, as `explain --json` prints them; None if there is none."""
    try:
        folder = open_runtime_folder(os.environ, make=False)
    except (OSError, Refused):
        return None
    try:
        recipe = read_recipe(folder, name_program(interpreter, options, script))
    finally:
        os.close(folder)
    if recipe is None:
        return None
    return {**list_facts(recipe), "checkpoint_unused": find_unused_checkpoint(recipe, script)}


def list_facts(recipe: "Recipe") -> dict[str, Any]:
    return {
        "state": recipe.state,
        "starts": recipe.starts,
        "ahead": [{"module": name, "microseconds": spent} for name, spent in recipe.imports],
        "left_out": [
            {"module": name, **explain_reason(reason, detail)} for name, reason, detail in recipe.left_out
        ],
        "environment": sorted(recipe.names),
        "selects": sorted(recipe.selects),
        "files": sorted(recipe.files),
        "folders": sorted(recipe.folders),
        "checkpoint": recipe.has_checkpoint,
        "ended": None if recipe.ended is None else explain_reason(*recipe.ended),
    }


def find_unused_checkpoint(recipe: "Recipe", script: str) -> dict[str, str] | None:
    """Why hosts do not wait at the checkpoint that *script* has; None if they do, or it has none."""
    if recipe.has_checkpoint or not recipe.is_final or not has_checkpoint(script):
        return None
    causes = [(reason, detail) for name, reason, detail in recipe.left_out if name == CHECKPOINT_MODULE]
    cause = next(iter(causes), recipe.ended)
    return None if cause is None else explain_reason(*cause)


def has_checkpoint(script: str) -> bool:
    """Whether the text of *script* has a checkpoint."""
    try:
        with open(script, "rb") as file:
            content = file.read(MOST_SOURCE)
    except OSError:
        return False
    return b"mainspring" in content and re.search(rb"\bcheckpoint\(", content) is not None


def explain_reason(reason: str, detail: str) -> dict[str, str]:
    meaning = ENDERS[reason].meaning if reason in ENDERS else reason
    return {"reason": reason, "meaning": meaning, "detail": detail}


def describe_state(warm: dict[str, Any]) -> str:
    if warm["state"] == "recording":
        return "being learnt: one start was recorded, the next one is as well"
    if warm["state"] != "ready":
        return f"never: {explain_reason(warm['state'].partition(' ')[2], '')['meaning']}"
    spent = sum(row["microseconds"] for row in warm["ahead"])
    until = " to its checkpoint" if warm["checkpoint"] else " ahead"
    return f"from a host, which runs{until} {count(len(warm['ahead']), 'import')}, {format_time(spent)}"


def format_time(microseconds: int) -> str:
    return f"{microseconds / 1000:.1f} ms"


def describe_cause(row: dict[str, str]) -> str:
    return f"{row['meaning']} ({row['detail']})" if row["detail"] else row["meaning"]


def describe_recipe(warm: dict[str, Any]) -> list[tuple[str, str]]:
    """Rows of a name and a text."""
    rows = [("ahead", f"{row['module']}  {format_time(row['microseconds'])}") for row in warm["ahead"]]
    rows += [("not ahead", f"{row['module']}: {describe_cause(row)}") for row in warm["left_out"]]
    if warm["ended"] is not None:
        rows.append(("ended by", describe_cause(warm["ended"])))
    return rows


def tabulate_recipe(warm: dict[str, Any]) -> "Table":
    """The same as a table for a terminal."""
    from mainspring.observe.tables import make_cell, make_table

    table = make_table("Imports ahead", "module", "spent", "why not")
    for row in warm["ahead"]:
        table.add_row(make_cell(row["module"], "green"), format_time(row["microseconds"]), "")
    for row in warm["left_out"]:
        table.add_row(make_cell(row["module"], "yellow"), "", make_cell(describe_cause(row)))
    if warm["ended"] is not None:
        table.caption = make_cell(f"ended by: {describe_cause(warm['ended'])}")
        table.caption_justify = "left"
    return table
