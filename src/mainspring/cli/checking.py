"""`mainspring check` runs a program each way there is to start it, and compares."""

import os
import sys
from dataclasses import replace
from typing import Any

import click

from mainspring.cli.output import is_terminal, print_json, print_lines, write_out
from mainspring.observe.check.kinds import FINDINGS
from mainspring.observe.check.request import make_request
from mainspring.observe.check.session import check_program
from mainspring.observe.quantities import count
from mainspring.observe.text import escape_controls


@click.command(
    context_settings={"allow_interspersed_args": False},
    epilog="Example: mainspring check --terminal ./tool.py",
)
@click.option(
    "--python",
    metavar="PATH",
    type=click.Path(),
    help="The interpreter, instead of the one `run` would take.",
)
@click.option("--terminal", "in_terminal", is_flag=True, help="Let it run in a terminal, not in pipes.")
@click.option(
    "--timeout",
    "seconds",
    metavar="SECONDS",
    default=60.0,
    show_default=True,
    type=click.FloatRange(min=0, min_open=True),
    help="How long a run may take.",
)
@click.option(
    "--yes",
    "is_accepted",
    is_flag=True,
    help="Go on with a program that changes what its next run finds.",
)
@click.option("--json", "as_json", is_flag=True, help="Print it for programs to read.")
@click.argument("program", nargs=-1, required=True, type=click.Path(), metavar="PROGRAM [ARGS]...")
def check(  # noqa: PLR0913 - one for each option
    *,
    python: str | None,
    in_terminal: bool,
    seconds: float,
    is_accepted: bool,
    as_json: bool,
    program: tuple[str, ...],
) -> None:
    """Run PROGRAM cold, cached and warm, compare what it does, and say which starts are safe for it.

    PROGRAM is the path of a script, or the name of a command on PATH.  It is run four times or more, each
    time for real: whatever it does besides writing, it does as often.  Compared are output, exit status,
    descriptors, and what it writes below the current folder and $TMPDIR, and at paths among ARGS.  What
    differs between two plain runs already, such as times and process numbers, is told and not held
    against the others.

    If the first run changes files that were there, so that the second does something else, nothing can be
    compared: the check ends there, unless --yes is given.

    It gets what stands in standard input, each time.  It runs in a session of its own, with a cache and
    hosts of its own, and what it leaves running is killed.

    Ends with 1 if some kind of start differs.
    """
    words = tuple(os.fsdecode(word) for word in program)
    request = make_request(words, python, in_terminal=in_terminal, seconds=seconds)
    facts = check_program(replace(request, is_accepted=is_accepted))
    if as_json:
        print_json(facts)
    elif is_terminal():
        from mainspring.observe.check.tables import print_findings

        write_out(lambda: print_findings(facts, list_notes(facts)))
    else:
        print_lines(map(escape_controls, list_lines(facts)))
    sys.exit(any(row["finding"] == "differs" for row in facts["kinds"]))


def list_lines(facts: dict[str, Any]) -> list[str]:
    lines = []
    for row in facts["kinds"]:
        lines.append(f"{row['kind']}: {row['finding']}{describe_cause(row)}")
        for difference in row["differences"]:
            lines.append(f"    {difference['facet']}:")
            lines += [f"        {line}" for line in difference["diff"]]
    return [*lines, *list_notes(facts)]


def describe_cause(row: dict[str, Any]) -> str:
    if row["finding"] == "not-available":
        return f" ({row['reason']}: {row['meaning']})"
    if row["differences"]:
        return " in " + ", ".join(one["facet"] for one in row["differences"])
    return ""


def list_missing(facts: dict[str, Any]) -> list[str]:
    """The kinds of start that there are none of, by what is in their way."""
    missing: dict[str, list[str]] = {}
    for row in facts["kinds"]:
        if row["finding"] == "not-available":
            missing.setdefault(row["meaning"], []).append(row["kind"])
    return [
        f"{FINDINGS['not-available']}: {', '.join(kinds)} ({meaning})"
        for meaning, kinds in missing.items()
    ]


def list_notes(facts: dict[str, Any]) -> list[str]:
    """What is to be said beyond the kinds of start."""
    notes = [f"varies by itself: {facet} ({extent})" for facet, extent in facts["varying"].items()]
    notes += [f"not compared: {facet}" for facet in facts["not_compared"]]
    notes += [f"changed, so that runs did not find the same: {path}" for path in facts["changed"]]
    findings = {
        name: [row["kind"] for row in facts["kinds"] if row["finding"] == name] for name in FINDINGS
    }
    for name, kinds in findings.items():
        if kinds and name != "not-available":
            notes.append(f"{FINDINGS[name]}: {', '.join(kinds)}")
    notes += list_missing(facts)
    return [*notes, f"{count(facts['runs'], 'run')} of {facts['program']}"]
