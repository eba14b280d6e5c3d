"""Hosts and cold starts as tables, for a terminal.  Not imported where the output is piped."""

import os
import time
from collections.abc import Iterator

from rich.console import Console, ConsoleOptions, Group, RenderableType
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from mainspring.observe.coldstarts import ColdStarts, choose_telling
from mainspring.observe.hosts import STATES, Host
from mainspring.observe.quantities import count, format_size
from mainspring.observe.tables import format_duration, make_cell, make_table
from mainspring.observe.text import escape_controls
from mainspring.reasons import NOTHING

STATE_STYLES = {"waiting": "green", "busy": "green"}
MOST_COLD = 10
ELLIPSIS = "..."
LEAST_PATH = 16


class ShortPath:
    """A path on one line: where there is no room for all of it, the middle of its folder is left out."""

    def __init__(self, path: str) -> None:
        self.path = escape_controls(path)

    def __rich_measure__(self, console: Console, options: ConsoleOptions) -> Measurement:
        most = len(self.path)
        return Measurement(min(LEAST_PATH, most), most).with_maximum(options.max_width)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[Text]:
        yield Text(shorten_path(self.path, options.max_width), no_wrap=True, overflow="crop")


def shorten_path(path: str, width: int) -> str:
    """*path* in *width* characters: the name whole, as far as it goes, and of the folder both ends."""
    if len(path) <= width:
        return path
    folder, name = os.path.split(path)
    room = width - len(name) - len(ELLIPSIS) - 1
    if room < 0:
        return (ELLIPSIS + name[len(name) - max(0, width - len(ELLIPSIS)) :])[:width]
    begin = room // 2
    return f"{folder[:begin]}{ELLIPSIS}{folder[len(folder) - (room - begin) :]}/{name}"


def print_hosts(hosts: list[Host], cold: list[ColdStarts], *, show_all: bool) -> None:
    """Print both on the terminal; of the cold starts what still matters, unless *show_all*."""
    console = Console(highlight=False)
    console.print(tabulate_hosts(hosts) if hosts else make_cell("no host is up"))
    hosted = {os.path.normpath(host.report.program) for host in hosts if host.report}
    telling = cold if show_all else choose_telling(cold, hosted)[:MOST_COLD]
    if telling:
        console.print(tabulate_cold(telling))
    if len(telling) < len(cold):
        more = count(len(cold) - len(telling), "more row", "more rows")
        console.print(make_cell(f"... and {more} of cold starts: mainspring hosts --all", "dim"))


def tabulate_hosts(hosts: list[Host]) -> Table:
    table = make_table("Hosts", "process", "terminal", "used", "memory", "starts", "saved", "program")
    be_narrow(table)
    for host in hosts:
        table.add_row(make_cell(str(host.pid or "")), *describe_report(host))
    return table


def be_narrow(table: Table) -> None:
    """Leave room for paths: two blanks between columns."""
    table.show_edge = False
    table.padding = (0, 1, 0, 0)


def describe_report(host: Host) -> list[RenderableType]:
    """The cells from the terminal on."""
    report = host.report
    if report is None:
        told = make_cell(f"{host.state}: {host.detail or STATES[host.state]}", "red")
        return ["", "", "", "", "", told]
    used = "now" if report.running else format_age(report.idle_s)
    return [
        make_cell((report.terminal or "none").removeprefix("/dev/")),
        make_cell(used, STATE_STYLES.get(host.state, "red")),
        format_size(report.pss_kb * 1024),
        f"{report.served:,}",
        format_duration(round(report.saved_ms * 1000)),
        ShortPath(report.program),
    ]


def format_age(seconds: float) -> str:
    """How long ago that was."""
    return f"{seconds:.0f} s ago" if seconds < 60 else f"{seconds / 60:.0f} min ago"


def tabulate_cold(cold: list[ColdStarts]) -> Table:
    table = make_table("Cold starts", "starts", "last", "program, and why")
    be_narrow(table)
    for starts in cold:
        row = starts.row
        remedy = "" if row.remedy == NOTHING else f"; {row.remedy}"
        why = make_cell(f"{starts.reason}: {row.meaning}{remedy}", "dim")
        last = time.strftime("%Y-%m-%d %H:%M", time.localtime(starts.times[-1]))
        table.add_row(f"{len(starts.times):,}", last, Group(ShortPath(starts.name), why))
    return table
