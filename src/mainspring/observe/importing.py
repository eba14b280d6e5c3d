"""What CPython does with a program that it runs as a module: it looks after the code of those itself."""

import os
from typing import Any

from mainspring.observe.probing import run_probe
from mainspring.observe.programs import Program

#: what CPython finds of a module's code -> what it then does
CODE_STATES = {
    "current": "CPython uses it",
    "unchecked": "CPython uses it, and does not look at the source",
    "sourceless": "CPython uses it: there is no source",
    "frozen": "CPython has the code built in",
    "in-zip": "CPython uses the .pyc in the zip file",
    "outdated": "the source has changed since: CPython compiles it, and writes it anew if it may",
    "unusable": "CPython cannot use it: it compiles the source, and writes it anew if it may",
    "absent": "there is none yet: CPython compiles the source, and writes it if it may",
    "source-in-zip": "CPython compiles it at each start: no .pyc of it is in the zip file",
}
#: reasons that a start has before it comes to the program
BEFORE_PROGRAM = {"off", "old-python", "set-id", "interactive", "observed", "skips-first-line"}


def add_module(facts: dict[str, Any], program: Program, options: list[str]) -> None:
    """Put into *facts* what CPython would run as a module, and the reason that comes from it."""
    if program.kind not in {"module", "folder", "zip"} or facts["reason"] in BEFORE_PROGRAM:
        return
    found = find_module(facts["interpreter"], options, program)
    if not found["is_module"]:
        facts["kind"] = "script"  # it only looks like a zip file
        return
    module = facts["module"] = found["module"]
    if module is not None:
        module["meaning"] = CODE_STATES[module["state"]]
    facts["verdict"], facts["looks"] = None, []
    facts["reason"] = choose_reason(program, facts["reason"], is_found=module is not None)


def choose_reason(program: Program, said: str | None, *, is_found: bool) -> str | None:
    """The reason for a program that is no script; *said* is what the hook says of it."""
    if program.kind == "folder" and not is_found:
        return said
    if not is_found:
        return "no-module"
    return said if program.kind == "module" else "runpy"


def find_module(interpreter: str, options: list[str], program: Program) -> dict[str, Any]:
    """What *interpreter* finds, none of which is run.  Raises UnusableInterpreterError."""
    environment = {**os.environ, "MAINSPRING": "off"}
    return run_probe("moduleprobe", [interpreter, *options], program.arguments, environment)


def describe_module(module: dict[str, Any]) -> list[tuple[str, str]]:
    """Rows of a name and a text."""
    return [
        ("module", module["name"]),
        ("source", str(module["file"])),
        ("its .pyc", module["compiled"] or ""),
        ("", f"{module['state']}: {module['meaning']}"),
    ]
