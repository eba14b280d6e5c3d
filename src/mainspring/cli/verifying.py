"""`mainspring verify` recompiles the source of every entry, and compares."""

import json
import os
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

import click

from mainspring.errors import NoScriptError
from mainspring.observe.quantities import count
from mainspring.observe.scripts import Scripts, show
from mainspring.observe.usercache import check_writable, find_cache_path, open_user_cache
from mainspring.observe.verify.findings import FINDINGS
from mainspring.observe.verify.verifying import Result, Verifier
from mainspring.reasons import REASONS


@click.command(epilog="Example: mainspring verify --fix")
@click.argument("scripts", metavar="[SCRIPT]...", nargs=-1, type=click.Path())
@click.option(
    "--fix", is_flag=True, help="Remove the entries that differ: the next start makes new ones."
)
@click.option("--json", "as_json", is_flag=True, help="Print every entry, for programs to read.")
def verify(scripts: tuple[str, ...], fix: bool, as_json: bool) -> None:
    """Recompile the source of every entry in your cache, and compare.

    With SCRIPT, only the entries of those scripts, and also those in the __pycache__ beside them.  Code,
    warnings and modules are compared, in the interpreter that made the entry, which has to be there
    still.  An entry whose source has changed since is no difference: no start uses it.

    The exit status is 1 if there are differences; with --fix, 0 once all of them are removed, and 1 if
    some could not be.
    """
    if fix:
        check_writable(os.environ)
    about = Scripts(map(os.fsdecode, scripts))
    with open_user_cache(os.environ) as root:
        verifier = Verifier(root, find_cache_path(os.environ))
        results = check_all(verifier, about, fix=fix)
        summary = print_json(results) if as_json else print_text(results)
    if not as_json:
        click.echo(summary.format())
    for path in about.missing:
        raise NoScriptError(path)
    sys.exit(1 if summary.remaining else 0)


def check_all(verifier: Verifier, scripts: Scripts, *, fix: bool) -> Iterator[Result]:
    for result in verifier.verify(scripts):
        if fix and result.row.is_difference:
            verifier.remove(result)
        yield result


class Summary:
    """How many entries each finding was made about."""

    def __init__(self) -> None:
        self.findings: Counter[str] = Counter()
        self.differences = 0
        self.removed = 0

    @property
    def remaining(self) -> int:
        return self.differences - self.removed

    def add(self, result: Result) -> None:
        self.findings[result.finding] += 1
        self.differences += result.row.is_difference
        self.removed += result.removed

    def describe(self) -> dict[str, Any]:
        return {
            "entries": self.findings.total(),
            "differences": self.differences,
            "removed": self.removed,
            "findings": {name: self.findings[name] for name in FINDINGS if self.findings[name]},
        }

    def format(self) -> str:
        """What was found how often, and one line in the end."""
        found = [
            (name, self.findings[name], row) for name, row in FINDINGS.items() if self.findings[name]
        ]
        lines = [f"{number:>9,}  {name:{WIDTH}}  {row.meaning}" for name, number, row in found]
        total = count(self.findings.total(), "entry", "entries")
        unchecked = sum(number for _, number, row in found if not row.is_checked)
        line = f"{total}: {count(self.differences, 'difference')}"
        line += f", {self.removed:,} removed" if self.removed else ""
        line += f"; {unchecked:,} could not be checked" if unchecked else ""
        return "\n".join([*lines, line])


WIDTH = max(map(len, FINDINGS))


def print_text(results: Iterable[Result]) -> Summary:
    """Print a line for each difference."""
    summary = Summary()
    for result in results:
        summary.add(result)
        if result.row.is_difference:
            click.echo(format_difference(result))
    return summary


def format_difference(result: Result) -> str:
    subject = result.subject
    done = "; removed" if result.removed else ""
    if result.obstacle is not None:
        row = REASONS[result.obstacle]
        done = f"; not removed: {row.meaning}; {row.remedy}"
    return f"{result.finding:{WIDTH}}  {show(subject.script)} ({show(subject.path)}){done}"


def print_json(results: Iterable[Result]) -> Summary:
    """Print one JSON document, an entry as soon as it was checked: there may be very many."""
    summary = Summary()
    between = "\n"
    click.echo('{"entries": [', nl=False)
    for result in results:
        summary.add(result)
        click.echo(f"{between}  {json.dumps(describe(result))}", nl=False)
        between = ",\n"
    click.echo(f'\n], "summary": {json.dumps(summary.describe())}}}')
    return summary


def describe(result: Result) -> dict[str, Any]:
    subject = result.subject
    return {
        "place": "beside" if subject.beside is not None else "cache",
        "path": subject.path,
        "script": subject.script,
        "build": subject.build,
        "variant": subject.variant,
        "interpreter": result.interpreter,
        "finding": result.finding,
        "meaning": result.row.meaning,
        "difference": result.row.is_difference,
        "checked": result.row.is_checked,
        "removed": result.removed,
        "reason": result.obstacle,
    }
