"""A host imports what a recipe says, tells what that depends on, and notices a new effect."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from warm.recording import Program, ask_python

CODE = """
    import json, os, sys
    from mainspring.warm.ahead import import_ahead
    from mainspring.warm.recipe import Recipe
    from mainspring.warm.sight import Sight
    recipe = Recipe("", "")
    recipe.ahead = [(name, 1) for name in sys.argv[2:]]
    sys.path.insert(0, sys.argv[1])
    sight = Sight(0)
    ahead = import_ahead(recipe, sight)
    assert type(os.environ._data) is dict and type(sys.argv) is list
    facts = {**vars(ahead), "noted": list(sight.signatures), "loaded": list(sys.modules)}
    print(json.dumps(facts, default=sorted))
"""


def import_ahead(program: Program, *modules: str) -> dict[str, Any]:
    facts: dict[str, Any] = json.loads(ask_python(CODE, str(program.folder), *modules))
    return facts


def test_modules_are_imported_in_the_recipes_order(program: Program) -> None:
    program.write("", one="import sys; sys.seen = ['one']", two="import sys; sys.seen.append('two')")
    ahead = import_ahead(program, "one", "two")
    assert (ahead["modules"], ahead["effect"]) == (["one", "two"], None)


def test_everything_that_the_imports_depend_on_is_told(program: Program) -> None:
    data = program.folder / "data.txt"
    data.write_text("")
    program.write(
        "",
        one=f"""
            import os, p.part
            open({str(data)!r}).close()
            os.listdir({str(program.folder / "p")!r})
            os.environ.get("ONE")
            try:
                import nothing_such
            except ImportError:
                pass
        """,
        p_package="",
        p_part="",
    )
    ahead = import_ahead(program, "one")
    folder = program.folder
    assert {str(path) for path in (data, folder / "one.py", folder / "p/part.py")} <= set(ahead["files"])
    assert {str(folder), str(folder / "p"), str(Path(json.__file__).parents[1])} <= set(ahead["folders"])
    assert {"one", "p", "part", "nothing_such", "os"} <= set(ahead["names"])
    assert ahead["listed"] == [str(folder / "p")]
    assert {str(data), str(folder), str(folder / "p")} <= set(ahead["noted"])
    assert "ONE" in ahead["read_names"]


def test_an_effect_that_was_not_recorded_ends_the_imports(program: Program) -> None:
    program.write("", one="import two", two="import os; os.getpid()", three="")
    ahead = import_ahead(program, "fractions", "one", "three")
    assert ahead["modules"] == ["fractions"]
    assert ahead["effect"] == ["one", "process-id", "os.getpid in two"]
    assert "three" not in ahead["loaded"]


def test_a_module_that_is_gone_ends_the_imports_and_is_no_effect(program: Program) -> None:
    program.write("", one="", three="")
    ahead = import_ahead(program, "one", "two", "three")
    assert (ahead["modules"], ahead["effect"]) == (["one"], None)
    assert "three" not in ahead["loaded"]
    assert "two" in ahead["names"]
