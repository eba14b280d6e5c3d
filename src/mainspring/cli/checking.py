"""`mainspring check` runs a program each way there is to start it, and compares."""

import os
import sys
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
@click.option("--json", "as_json", is_flag=True, help="Print it for programs to read.")
@click.argument("program", nargs=-1, required=True, type=click.Path(), metavar="PROGRAM [ARGS]...")
def check(
    python: str | None, in_terminal: bool, seconds: float, as_json: bool, program: tuple[str, ...]
) -> None:
    """Run PROGRAM cold, cached and warm, compare what it does, and say which starts are safe for it.

    PROGRAM is run seven times or more, each time for real: whatever it does besides writing, it does as
    often.  Compared are output, exit status, descriptors, and what it writes below the current folder and
    $TMPDIR, and at paths among ARGS.  What differs between two plain runs already, such as times and
    process numbers, is told and not held against the others.

    It gets what stands in standard input, each time.  It runs in a session of its own, with a cache and
    hosts of its own, and what it leaves running is killed.

    Ends with 1 if some kind of start differs.
    """
    words = tuple(os.fsdecode(word) for word in program)
    facts = check_program(make_request(words, python, in_terminal=in_terminal, seconds=seconds))
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


def list_notes(facts: dict[str, Any]) -> list[str]:
    """What is to be said beyond the kinds of start."""
    notes = [f"varies by itself: {facet} ({extent})" for facet, extent in facts["varying"].items()]
    notes += [f"not compared: {facet}" for facet in facts["not_compared"]]
    findings = {
        name: [row["kind"] for row in facts["kinds"] if row["finding"] == name] for name in FINDINGS
    }
    for name, kinds in findings.items():
        if kinds:
            notes.append(f"{FINDINGS[name]}: {', '.join(kinds)}")
    return [*notes, f"{count(facts['runs'], 'run')} of {facts['program']}"]
