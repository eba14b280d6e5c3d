"""Hosts and cold starts as tables, for a terminal.  Not imported where the output is piped."""

import time

from rich.console import Console, Group, RenderableType
from rich.table import Table

from mainspring.observe.coldstarts import ColdStarts
from mainspring.observe.hosts import STATES, Host
from mainspring.observe.quantities import format_size
from mainspring.observe.tables import format_duration, make_cell, make_table

STATE_STYLES = {"waiting": "green", "busy": "green"}


def print_hosts(hosts: list[Host], cold: list[ColdStarts]) -> None:
    """Print both on the terminal."""
    console = Console(highlight=False)
    console.print(tabulate_hosts(hosts) if hosts else make_cell("no host is up"))
    if cold:
        console.print(tabulate_cold(cold))


def tabulate_hosts(hosts: list[Host]) -> Table:
    columns = ("state", "process", "terminal", "age", "memory", "starts", "saved", "program")
    table = make_table("Hosts", *columns)
    for host in hosts:
        state = make_cell(host.state, STATE_STYLES.get(host.state, "red"))
        table.add_row(state, make_cell(str(host.pid or "")), *describe_report(host))
    return table


def describe_report(host: Host) -> list[RenderableType]:
    """The cells from the terminal on."""
    report = host.report
    if report is None:
        return ["", "", "", "", "", make_cell(host.detail or STATES[host.state], "red")]
    return [
        make_cell(report.terminal or "none"),
        format_age(time.time() - report.started),
        format_size(report.pss_kb * 1024),
        f"{report.served:,}",
        format_duration(round(report.saved_ms * 1000)),
        Group(make_cell(report.program), make_cell(f"in {report.python}", "dim")),
    ]


def format_age(seconds: float) -> str:
    return format_duration(round(max(seconds, 0.0) * 1_000_000))


def tabulate_cold(cold: list[ColdStarts]) -> Table:
    table = make_table("Cold starts", "starts", "last", "reason", "program")
    for starts in cold:
        row = starts.row
        remedy = "" if row.remedy == "nothing to do" else f"; {row.remedy}"
        program = Group(make_cell(starts.program), make_cell(f"{row.meaning}{remedy}", "dim"))
        last = time.strftime("%Y-%m-%d %H:%M", time.localtime(starts.times[-1]))
        table.add_row(f"{len(starts.times):,}", last, make_cell(starts.reason), program)
    return table
