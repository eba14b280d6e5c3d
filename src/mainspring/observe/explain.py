"""Says what a start of a program would do now, and why: by asking the interpreter that would start it."""

import os
from typing import Any

from mainspring.errors import NoProgramError, UnusableInterpreterError
from mainspring.observe.importing import add_module, describe_module
from mainspring.observe.launcher import choose_interpreter
from mainspring.observe.probing import run_probe
from mainspring.observe.programs import Program, is_python
from mainspring.observe.recipes import describe_recipe, find_recipe
from mainspring.observe.shims import find_shims_of
from mainspring.observe.warmstarts import describe_warm_start, find_warm_facts
from mainspring.reasons import REASONS, VERDICTS, Row
from mainspring.settings import find_data_folder
from mainspring.slot.placing import PACKAGE, find_slot
from mainspring.slot.survey import survey_interpreter

USES = {"hit", "refreshed"}
NO_WARM_FACTS: dict[str, Any] = {"hosts": [], "shims": []}


class Explanation:
    """The facts of a start, as `explain --json` prints them, and what they mean."""

    def __init__(self, facts: dict[str, Any]) -> None:
        self.facts = facts

    def describe(self) -> list[tuple[str, str]]:
        """The facts as rows of a name and a text: a warm start first, which needs no entry."""
        facts = self.facts
        warm = describe_warm_start(facts)
        rows = [("program", describe_program(facts)), *describe_interpreter(facts), *warm]
        rows += describe_slot(facts)
        if facts["module"] is not None:
            rows += describe_module(facts["module"])
        for look in facts["looks"]:
            rows += [(f"entry ({look['place']})", look["path"]), ("", describe_outcome(look))]
            rows += describe_comparison(look["compared"])
        rows.append(("a cold start would" if warm else "a start would", facts["would"]))
        if facts["reason"] is not None:
            rows += [("because", facts["meaning"]), ("remedy", facts["remedy"])]
        return rows

    def describe_all(self) -> list[tuple[str, str]]:
        """The rows, and those of the recipe for warm starts."""
        warm = self.facts["warm"]
        return self.describe() + ([] if warm is None else describe_recipe(warm))


def describe_program(facts: dict[str, Any]) -> str:
    kind = facts["kind"]
    return str(facts["script"]) if kind == "script" else f"{facts['script']} (a {kind})"


def describe_interpreter(facts: dict[str, Any]) -> list[tuple[str, str]]:
    if facts["interpreter"] is None:
        return []
    chosen = f"{facts['interpreter']} ({facts['version']}, {facts['chosen_by']})"
    return [("interpreter", chosen)]


def describe_outcome(look: dict[str, Any]) -> str:
    word = look["reason"] or look["verdict"]
    return f"{look['verdict']}: {find_row(word).meaning}"


def describe_comparison(compared: dict[str, list[Any]]) -> list[tuple[str, str]]:
    return [
        (
            f"  {name}",
            f"{recorded} (same)" if recorded == now else f"{recorded} in the entry, {now} now",
        )
        for name, (recorded, now) in compared.items()
    ]


def find_row(word: str) -> Row:
    return REASONS[word] if word in REASONS else VERDICTS[word]


def explain_start(program: Program, python: str | None) -> Explanation:
    """Explain a start of *program* by the interpreter *python*, or the one that `run` would take.

    Raises UnusableInterpreterError, or NoProgramError.
    """
    check_presence(program)
    if program.kind == "command" and not is_python(program.target):
        facts = describe_foreign(program)
    else:
        facts = ask_interpreter(program, python)
    if program.kind == "module":
        facts["script"] = program.target
    facts["script"] = facts.get("script") or program.path
    facts["would"] = describe_action(facts)
    row = find_row(facts["reason"] or facts["verdict"])
    facts["meaning"], facts["remedy"] = row.meaning, row.remedy
    return Explanation(facts)


def check_presence(program: Program) -> None:
    """Raises NoProgramError for what is nothing, as the shim of a script that is gone says it."""
    if program.kind not in {"script", "command"} or os.path.lexists(program.target):
        return
    shims = find_shims_of(program.target, find_data_folder(os.environ), os.environ)
    raise NoProgramError(program.target, shims[0].name if shims else None)


def ask_interpreter(program: Program, python: str | None) -> dict[str, Any]:
    """The facts that depend on the interpreter.  Raises UnusableInterpreterError."""
    interpreter, chosen_by, options = choose_interpreter(program.arguments, python)
    facts = probe_start(interpreter, options, program.arguments)
    facts["chosen_by"] = chosen_by
    facts["enabled_by"] = locate_slot(interpreter)
    facts["kind"], facts["module"] = program.kind, None
    add_module(facts, program, options)
    is_script = facts["kind"] in {"script", "command"}
    facts["warm"] = find_recipe(interpreter, options, program.target) if is_script else None
    facts |= find_warm_facts(program.target, os.environ) if is_script else NO_WARM_FACTS
    return facts


def describe_foreign(program: Program) -> dict[str, Any]:
    """The facts of a command that no Python starts."""
    names = ("interpreter", "version", "chosen_by", "enabled_by", "module", "verdict", "warm")
    reason = "not-python"
    nothing = dict.fromkeys(names)
    return {
        **nothing,
        **NO_WARM_FACTS,
        "kind": program.kind,
        "outcome": reason,
        "reason": reason,
        "looks": [],
    }


def describe_action(facts: dict[str, Any]) -> str:
    if facts["verdict"] in USES:
        return "use the entry"
    if facts["interpreter"] is None:
        return "be none of Python's"
    if facts["reason"] is None:
        return "compile the script and keep the code"
    return "be left to plain CPython"


def locate_slot(interpreter: str) -> str | None:
    """The path of the slot through which plain starts use entries too, or None."""
    try:
        slot = find_slot(survey_interpreter(interpreter))
    except UnusableInterpreterError:
        return None
    return None if slot is None else str(slot)


def describe_slot(facts: dict[str, Any]) -> list[tuple[str, str]]:
    if facts["interpreter"] is None or facts["kind"] not in {"script", "command"}:
        return []
    path = facts["enabled_by"]
    if path is None:
        return [("plain starts", "not enabled: only `mainspring run` uses entries")]
    return [("plain starts", f"use entries as well, enabled by {path}")]


def probe_start(interpreter: str, options: list[str], arguments: list[str]) -> dict[str, Any]:
    # no start, and no line in the log of starts
    environment = {name: value for name, value in os.environ.items() if name != "MAINSPRING_LOG"}
    return run_probe("probe", [interpreter, *options], [str(PACKAGE), *arguments], environment)
