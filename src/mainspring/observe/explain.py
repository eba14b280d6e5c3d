"""Says what a start of a program would do now, and why: by asking the interpreter that would start it."""

import json
import os
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import Any

from mainspring.errors import UnusableInterpreterError
from mainspring.observe.importing import add_module, describe_module
from mainspring.observe.programs import Program, is_python
from mainspring.observe.trust import find_distrust
from mainspring.reasons import REASONS, VERDICTS, Row
from mainspring.slot.placing import PACKAGE, find_slot
from mainspring.slot.survey import survey_interpreter

USES = {"hit", "refreshed"}
NAMED_BY_USER = {"--python", "MAINSPRING_PYTHON"}


class Explanation:
    """The facts of a start, as `explain --json` prints them, and what they mean."""

    def __init__(self, facts: dict[str, Any]) -> None:
        self.facts = facts

    def describe(self) -> list[tuple[str, str]]:
        """The facts as rows of a name and a text."""
        facts = self.facts
        rows = [("program", describe_program(facts)), *describe_interpreter(facts)]
        if facts["module"] is not None:
            rows += describe_module(facts["module"])
        for look in facts["looks"]:
            rows += [(f"entry ({look['place']})", look["path"]), ("", describe_outcome(look))]
            rows += describe_comparison(look["compared"])
        rows.append(("a start would", facts["would"]))
        if facts["reason"] is not None:
            rows += [("because", facts["meaning"]), ("remedy", facts["remedy"])]
        return rows


def describe_program(facts: dict[str, Any]) -> str:
    kind = facts["kind"]
    return str(facts["script"]) if kind == "script" else f"{facts['script']} (a {kind})"


def describe_interpreter(facts: dict[str, Any]) -> list[tuple[str, str]]:
    if facts["interpreter"] is None:
        return []
    chosen = f"{facts['interpreter']} ({facts['version']}, {facts['chosen_by']})"
    rows = [("interpreter", chosen)]
    if facts["kind"] in {"script", "command"}:
        rows.append(("plain starts", describe_slot(facts["enabled_by"])))
    return rows


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

    Raises UnusableInterpreterError.
    """
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


def ask_interpreter(program: Program, python: str | None) -> dict[str, Any]:
    """The facts that depend on the interpreter.  Raises UnusableInterpreterError."""
    interpreter, chosen_by, options = choose_interpreter(program.arguments, python)
    facts = probe_start(interpreter, options, program.arguments)
    facts["chosen_by"] = chosen_by
    facts["enabled_by"] = locate_slot(interpreter)
    facts["kind"], facts["module"] = program.kind, None
    add_module(facts, program, options)
    return facts


def describe_foreign(program: Program) -> dict[str, Any]:
    """The facts of a command that no Python starts."""
    names = ("interpreter", "version", "chosen_by", "enabled_by", "module", "verdict")
    reason = "not-python"
    nothing = dict.fromkeys(names)
    return {**nothing, "kind": program.kind, "outcome": reason, "reason": reason, "looks": []}


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


def describe_slot(path: str | None) -> str:
    if path is None:
        return "not enabled: only `mainspring run` uses entries"
    return f"use entries as well, enabled by {path}"


def choose_interpreter(arguments: list[str], python: str | None) -> tuple[str, str, list[str]]:
    """The interpreter, what chose it, and the options that come with it: the launcher's own answer.

    Raises UnusableInterpreterError, for one that is not to be asked, too.
    """
    option = [] if python is None else ["--python", python]
    done = subprocess.run(
        [find_launcher(), "run", "--which", *option, *arguments], capture_output=True, check=False
    )
    if done.returncode:
        message = os.fsdecode(done.stderr).strip().removeprefix("mainspring: ")
        problem, _, remedy = message.partition("; ")
        raise UnusableInterpreterError(problem, remedy)
    interpreter, named_by, *options = os.fsdecode(done.stdout).split("\0")[:-1]
    if named_by not in NAMED_BY_USER:
        check_trust(interpreter)
    return interpreter, describe_choice(named_by), options


def check_trust(interpreter: str) -> None:
    """Raise UnusableInterpreterError for one that somebody else could change: asking it is running it."""
    try:
        distrust = find_distrust(os.path.abspath(interpreter))
    except OSError:
        return  # there is none: who starts it tells
    if distrust is not None and not os.path.samefile(interpreter, sys.executable):
        reason, place = distrust
        raise UnusableInterpreterError(
            f"{interpreter} is not asked ({place}: {REASONS[reason].meaning})",
            "name it with --python if you trust it",
        )


def describe_choice(named_by: str) -> str:
    if named_by in NAMED_BY_USER:
        return f"named by {named_by}"
    return "named by the script's first line" if named_by else "the nearest python3"


def find_launcher() -> str:
    """The launcher that was installed with this package."""
    folders = [Path(sys.argv[0]).parent, Path(sysconfig.get_path("scripts"))]
    for folder in folders:
        if (folder / "mainspring").is_file():
            return str(folder / "mainspring")
    return "mainspring"


def probe_start(interpreter: str, options: list[str], arguments: list[str]) -> dict[str, Any]:
    probe = (PACKAGE / "observe" / "probe.py").read_text(encoding="utf-8")
    command = [interpreter, *options, "-c", probe, str(PACKAGE), *arguments]
    # no start, and no line in the log of starts
    environment = {name: value for name, value in os.environ.items() if name != "MAINSPRING_LOG"}
    done = subprocess.run(command, env=environment, capture_output=True, check=False)
    try:
        facts: dict[str, Any] = json.loads(done.stdout)
    except ValueError:
        raise UnusableInterpreterError(
            f"{interpreter} did not answer", "give another interpreter with --python"
        ) from None
    return facts
