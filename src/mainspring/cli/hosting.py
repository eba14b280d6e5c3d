"""`mainspring hosts` shows what waits for starts; `hosts stop` ends it, `hosts log` tells of the past."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

import click

from mainspring.cli.output import is_terminal, print_json, print_lines, write_out
from mainspring.errors import HostNotEndedError, NoHostError, RefusedPlaceError
from mainspring.observe.coldstarts import ColdStarts, find_cold_starts
from mainspring.observe.hosts import Host, choose_hosts, end_hosts, find_hosts
from mainspring.observe.text import escape_controls
from mainspring.places import Refused
from mainspring.reasons import COLD, REASONS
from mainspring.settings import find_state_folder
from mainspring.warm.runtime import open_runtime_folder

#: how long `stop` waits for hosts to finish what runs
SECONDS = 10.0


@click.group(invoke_without_command=True, epilog="Example: mainspring hosts --json")
@click.option("--json", "as_json", is_flag=True, help="Print it for programs to read.")
@click.pass_context
def hosts(ctx: click.Context, as_json: bool) -> None:
    """Show the hosts that programs start warm from, and why cold starts were cold."""
    if ctx.invoked_subcommand is None:
        show_hosts(as_json=as_json)


def show_hosts(*, as_json: bool) -> None:
    with opening_folder() as folder:
        found, cold = find_hosts(folder), find_cold_starts(folder)
    if as_json:
        print_json(
            {"hosts": [host.list_facts() for host in found], "cold": [one.list_facts() for one in cold]}
        )
    elif is_terminal():
        from mainspring.observe.hosttables import print_hosts

        write_out(lambda: print_hosts(found, cold))
    else:
        print_lines("\t".join(map(escape_controls, fields)) for fields in list_lines(found, cold))


def list_lines(found: list[Host], cold: list[ColdStarts]) -> Iterator[list[str]]:
    """For a pipe: the fields of each line, the first of which says what it is about."""
    for host in found:
        facts = host.list_facts()
        names = (
            "state",
            "pid",
            "terminal",
            "started",
            "pss_kb",
            "served",
            "saved_ms",
            "python",
            "program",
        )
        yield ["host", *("" if facts[name] is None else str(facts[name]) for name in names)]
    for one in cold:
        yield ["cold", one.reason, str(len(one.times)), str(one.times[-1]), one.program, one.row.meaning]


@hosts.command(epilog="Example: mainspring hosts stop black")
@click.argument("program", required=False, type=click.Path())
def stop(program: str | None) -> None:
    """End the hosts of PROGRAM, or all.

    What was started from them is not disturbed, and waited for ten seconds at most.

    PROGRAM is the path of a script, or the name of a command.
    """
    with opening_folder() as folder:
        found = find_hosts(folder)
        if program is not None:
            found = choose_hosts(found, os.fsdecode(program), os.environ)
            if not found:
                raise NoHostError(program)
        outcomes = end_hosts(folder, found, SECONDS)
    print_lines(f"ended {escape_controls(name)}" for name, why in outcomes.items() if why is None)
    failed = [f"{name} {why}" for name, why in outcomes.items() if why is not None]
    if failed:
        raise HostNotEndedError(", ".join(failed), "wait for it, or `kill` the process")


@hosts.command(epilog="Example: mainspring hosts log -n 20 -f")
@click.option("-n", "count", type=click.IntRange(min=0), help="Only that many lines, the last ones.")
@click.option("-f", "follow", is_flag=True, help="Go on with what is added, until interrupted.")
def log(count: int | None, follow: bool) -> None:
    """Print what hosts wrote in their log."""
    from mainspring.observe.hostlog import cut_last, follow_log, read_log

    folder = find_state_folder(os.environ)
    if folder is None:
        return
    content = read_log(folder)
    print_log(content if count is None else cut_last(content, count))
    for more in follow_log(folder, content) if follow else ():
        print_log(more)


def print_log(content: bytes) -> None:
    print_lines(escape_controls(line) for line in os.fsdecode(content).split("\n")[:-1])


@contextmanager
def opening_folder() -> Iterator[int]:
    """A descriptor of the runtime folder.  Raises RefusedPlaceError."""
    try:
        folder = open_runtime_folder(os.environ)
    except Refused as refused:
        meaning, remedy = REASONS[refused.reason].meaning, COLD["no-runtime-folder"].remedy
        raise RefusedPlaceError(refused.path, meaning, remedy) from refused
    try:
        yield folder
    finally:
        os.close(folder)
