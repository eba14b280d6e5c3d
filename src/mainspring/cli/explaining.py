"""`mainspring explain` says what a start would do now, and why."""

import json
import os
import sys

import click

from mainspring.cli.output import is_terminal
from mainspring.observe.explain import Explanation, explain_start
from mainspring.observe.programs import Program, find_program
from mainspring.observe.scripts import show


@click.command(epilog="Example: mainspring explain --json ./tool.py")
@click.option(
    "--python",
    metavar="PATH",
    type=click.Path(),
    help="The interpreter, instead of the one `run` would take.",
)
@click.option("--json", "as_json", is_flag=True, help="Print it for programs to read.")
@click.option("-m", "module", metavar="NAME", help="Explain `python -m NAME`.")
@click.argument("program", required=False, type=click.Path())
def explain(python: str | None, as_json: bool, module: str | None, program: str | None) -> None:
    """Say what a start of PROGRAM would do now, and why.

    PROGRAM is the path of a script, a folder or a zip file, or the name of a command on PATH.  If there
    is something at a path of that name, it is the path.

    Ends with 1 if there is no such program.
    """
    explanation = explain_start(choose_program(program, module), python)
    if as_json:
        click.echo(json.dumps(explanation.facts, indent=2))
    elif is_terminal() and explanation.facts["warm"] is not None:
        print_explanation(explanation)
    else:
        click.echo(format_rows(explanation.describe_all()))
    sys.exit(explanation.facts["reason"] == "no-module")


def choose_program(program: str | None, module: str | None) -> Program:
    if (program is None) == (module is None):
        raise click.UsageError("give either PROGRAM or -m NAME.")
    if module is not None:
        return Program("module", module, module)
    return find_program(os.fsdecode(program or ""))


def print_explanation(explanation: Explanation) -> None:
    """Print it on the terminal, what warm starts do as a table.  rich takes its time: not where piped."""
    from rich.console import Console

    from mainspring.observe.recipes import tabulate_recipe

    warm = explanation.facts["warm"]
    click.echo(format_rows(explanation.describe()))
    Console(highlight=False).print("", tabulate_recipe(warm))


def format_rows(rows: list[tuple[str, str]]) -> str:
    width = max(len(name) for name, _ in rows)
    return "\n".join(f"{name:{width}}  {show(text)}".rstrip() for name, text in rows)
