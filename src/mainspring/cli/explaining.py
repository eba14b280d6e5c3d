"""`mainspring explain`."""

import json
import os

import click

from mainspring.observe.explain import Explanation, explain_start


@click.command(epilog="Example: mainspring explain --json ./tool.py")
@click.option(
    "--python",
    metavar="PATH",
    type=click.Path(),
    help="The interpreter, instead of the one `run` would take.",
)
@click.option("--json", "as_json", is_flag=True, help="Print it for programs to read.")
@click.argument("script", type=click.Path())
def explain(python: str | None, as_json: bool, script: str) -> None:
    """Say what a start of SCRIPT would do now, and why."""
    explanation = explain_start(os.fsdecode(script), python)
    if as_json:
        click.echo(json.dumps(explanation.facts, indent=2))
    else:
        click.echo(format_explanation(explanation))


def format_explanation(explanation: Explanation) -> str:
    rows = explanation.describe()
    width = max(len(name) for name, _ in rows)
    return "\n".join(f"{name:{width}}  {text}".rstrip() for name, text in rows)
