"""What a check found, as a table for a terminal.  Not imported where the output is piped."""

from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from mainspring.observe.check.kinds import KINDS
from mainspring.observe.text import escape_controls

STYLES = {"same": "green", "differs": "red", "not-available": "yellow"}


def print_findings(facts: dict[str, Any], notes: list[str]) -> None:
    """Print *facts* on the terminal, and *notes* below."""
    console = Console(highlight=False)
    table = Table(box=box.SIMPLE_HEAD)
    for column in ("start", "finding", "what it is, or how it differs"):
        table.add_column(column, overflow="fold")
    for row in facts["kinds"]:
        finding = Text(row["finding"], STYLES[row["finding"]])
        table.add_row(row["kind"], finding, describe_row(row))
    console.print(table)
    for note in notes:
        console.print(Text(escape_controls(note), "dim"))


def describe_row(row: dict[str, Any]) -> Text:
    text = Text(KINDS[row["kind"]], "dim")
    if row["meaning"] is not None:
        text.append(f"\n{escape_controls(row['meaning'])} ({escape_controls(row['reason'] or '')})")
    for difference in row["differences"]:
        text.append(f"\n{difference['facet']}", "bold")
        for line in difference["diff"]:
            text.append(f"\n{escape_controls(line)}", {"-": "red", "+": "green"}.get(line[0], ""))
    return text
