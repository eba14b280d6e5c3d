"""`mainspring doctor` finds what stops Mainspring from helping."""

import os
import sys

import click

from mainspring.cli.output import print_json, print_lines
from mainspring.errors import BadArgumentsError
from mainspring.observe.candidates import find_folder
from mainspring.observe.doctor.examination import Examination, examine
from mainspring.observe.programs import find_program
from mainspring.observe.text import escape_controls


@click.command(epilog="Example: mainspring doctor ./tool.py")
@click.option("--json", "as_json", is_flag=True, help="Print it for programs to read.")
@click.argument("programs", metavar="[PROGRAM]...", nargs=-1, type=click.Path())
def doctor(as_json: bool, programs: tuple[str, ...]) -> None:
    """Find what stops Mainspring from helping; the interpreters of PROGRAMs are looked at too.

    PROGRAM is the path of a script, or the name of a command on PATH.

    Ends with 1 if anything was found.
    """
    names = [find_script(os.fsdecode(program)) for program in programs]
    examination = examine(os.environ, find_folder(), names)
    if as_json:
        print_json(examination.list_facts())
    else:
        print_lines(map(escape_controls, list_lines(examination)))
    sys.exit(1 if examination.findings else 0)


def find_script(word: str) -> str:
    """The path of the script that *word* means.  Raises BadArgumentsError."""
    program = find_program(word)
    if not os.path.exists(program.target):
        raise BadArgumentsError(f"there is no script or command {word}", "check its path, or its name")
    if program.kind == "folder":
        raise BadArgumentsError(f"{word} is a folder", "name a script")
    return program.path


def list_lines(examination: Examination) -> list[str]:
    lines = []
    for finding in examination.findings:
        lines.append(f"{finding.name}: {finding.subject}: {finding.meaning}")
        if finding.detail is not None:
            lines.append(f"    seen: {finding.detail}")
        lines.append(f"    remedy: {finding.remedy}")
    if not examination.findings:
        lines.append("nothing stands in the way")
    lines += [f"note: {note.subject}: {note.meaning} ({note.remedy})" for note in examination.notes]
    return lines + [f"checked: {what}" for what in examination.checked]
