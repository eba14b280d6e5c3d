"""`mainspring doctor` finds what stops Mainspring from helping."""

import os
import sys

import click

from mainspring.cli.output import print_json, print_lines
from mainspring.observe.candidates import find_folder
from mainspring.observe.doctor.examination import Examination, examine
from mainspring.observe.text import escape_controls


@click.command(epilog="Example: mainspring doctor ./tool.py")
@click.option("--json", "as_json", is_flag=True, help="Print it for programs to read.")
@click.argument("scripts", metavar="[SCRIPT]...", nargs=-1, type=click.Path(exists=True, dir_okay=False))
def doctor(as_json: bool, scripts: tuple[str, ...]) -> None:
    """Find what stops Mainspring from helping; the interpreters of SCRIPTs are looked at too.

    Ends with 1 if anything was found.
    """
    names = [os.path.abspath(os.fsdecode(script)) for script in scripts]
    examination = examine(os.environ, find_folder(), names)
    if as_json:
        print_json(examination.list_facts())
    else:
        print_lines(map(escape_controls, list_lines(examination)))
    sys.exit(1 if examination.findings else 0)


def list_lines(examination: Examination) -> list[str]:
    lines = []
    for finding in examination.findings:
        lines.append(f"{finding.name}: {finding.subject}: {finding.meaning}")
        if finding.detail is not None:
            lines.append(f"    seen: {finding.detail}")
        lines.append(f"    remedy: {finding.remedy}")
    if not examination.findings:
        lines.append("nothing stands in the way")
    return lines + [f"checked: {what}" for what in examination.checked]
