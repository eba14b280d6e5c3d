"""The status as tables, for a terminal.  Not imported where the output is piped: rich takes its time."""

import time

from rich import box
from rich.console import Console, Group
from rich.table import Table
from rich.text import Text

from mainspring.observe.holdings import Holdings
from mainspring.observe.interpreters import STATES, Interpreter
from mainspring.observe.quantities import format_size
from mainspring.observe.starts import Starts, explain_outcome
from mainspring.observe.status import Status, list_problems
from mainspring.observe.text import escape_controls

STATE_STYLES = {"enabled": "green", "not-enabled": "yellow", "not-asked": "dim"}


def print_status(status: Status) -> None:
    """Print *status* on the terminal."""
    console = Console(highlight=False)
    console.print(tabulate_interpreters(status.interpreters))
    console.print(tabulate_cache(status.holdings))
    console.print(tabulate_starts(status.starts))
    if status.starts.outcomes:
        console.print(tabulate_outcomes(status.starts))
    if status.starts.rank_programs():
        console.print(tabulate_programs(status.starts))
    for problem in list_problems(status.starts):
        console.print(make_cell(problem, "red"))


def make_cell(text: str, style: str = "") -> Text:
    """A cell that shows *text* as it is: no markup in it, and no control characters."""
    return Text(escape_controls(text), style, overflow="fold")


def make_table(title: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD)
    for column in columns:
        is_number = column in {"starts", "saved", "spent"}
        table.add_column(column, justify="right" if is_number else "left", overflow="fold")
    return table


def tabulate_interpreters(interpreters: list[Interpreter]) -> Table:
    table = make_table("Interpreters", "state", "version", "interpreter")
    for found in interpreters:
        style = STATE_STYLES.get(found.state, "red")
        lines = Group(make_cell(found.path), *describe_interpreter(found))
        table.add_row(make_cell(found.state, style), make_cell(found.version or ""), lines)
    return table


def describe_interpreter(found: Interpreter) -> list[Text]:
    """What stands below an interpreter's path: what enables it, or what is wrong."""
    texts = [] if found.slot is None else [f"by {found.slot.path}"]
    if found.state not in {"enabled", "not-enabled"}:
        texts.append(STATES[found.state])
    if found.detail is not None:
        texts.append(found.detail)
    return [make_cell(text, "dim") for text in texts]


def make_grid(title: str, rows: list[tuple[str, str]]) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold", box=None, show_header=False)
    for name, text in rows:
        table.add_row(f"  {name}", make_cell(text))
    return table


def tabulate_cache(holdings: Holdings) -> Table:
    rows = [("folder", holdings.path or "none"), ("condition", holdings.explain())]
    if holdings.bound is not None:
        rows.append(("entries", f"{holdings.entries:,}"))
        rows.append(("size", f"{format_size(holdings.size)} of {format_size(holdings.bound)}"))
    return make_grid("Cache", rows)


def tabulate_starts(starts: Starts) -> Table:
    rows = [("counted", f"{starts.total.starts:,}{format_since(starts.since)}")]
    rows.append(("time saved", format_duration(starts.total.saved_us)))
    rows.append(("time spent", format_duration(starts.total.spent_us)))
    return make_grid("\nStarts", rows)


def tabulate_outcomes(starts: Starts) -> Table:
    table = make_table("\nOutcomes", "starts", "outcome", "meaning")
    for outcome, amounts in starts.rank_outcomes():
        table.add_row(f"{amounts.starts:,}", make_cell(outcome), make_cell(explain_outcome(outcome)))
    return table


def tabulate_programs(starts: Starts) -> Table:
    table = make_table("Programs that gained most", "saved", "spent", "starts", "program")
    for program, amounts in starts.rank_programs():
        table.add_row(
            format_duration(amounts.saved_us),
            format_duration(amounts.spent_us),
            f"{amounts.starts:,}",
            make_cell(program),
        )
    return table


def format_since(seconds: float | None) -> str:
    if seconds is None:
        return ""
    return time.strftime(" since %Y-%m-%d %H:%M", time.localtime(seconds))


def format_duration(microseconds: int) -> str:
    """*microseconds*, in milliseconds, seconds, minutes or hours."""
    seconds = microseconds / 1e6
    if seconds < 1:
        return f"{seconds * 1000:.1f} ms"
    if seconds < 120:
        return f"{seconds:.1f} s"
    minutes = seconds / 60
    return f"{minutes:.1f} min" if minutes < 120 else f"{minutes / 60:.1f} h"
