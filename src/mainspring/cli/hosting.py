"""`mainspring hosts` shows what waits for starts; `stop` and `forget` end it, `log` tells of the past."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

import click

from mainspring.cli.output import is_terminal, print_json, print_lines, write_out
from mainspring.errors import HostNotEndedError, NoHostError, NothingLearntError, RefusedPlaceError
from mainspring.observe.coldstarts import ColdStarts, find_cold_starts
from mainspring.observe.forgetting import choose_learnt, list_learnt
from mainspring.observe.forgetting import forget as remove_learnt
from mainspring.observe.hosts import Host, Outcome, choose_hosts, end_hosts, find_hosts
from mainspring.observe.quantities import format_time
from mainspring.observe.text import escape_controls
from mainspring.places import Refused
from mainspring.reasons import COLD, REASONS
from mainspring.settings import find_state_folder
from mainspring.warm.runtime import open_runtime_folder

#: how long `stop` waits for hosts in which nothing runs
SECONDS = 10.0


@click.group(invoke_without_command=True, epilog="Example: mainspring hosts --json")
@click.option("--json", "as_json", is_flag=True, help="Print it for programs to read.")
@click.option("--all", "show_all", is_flag=True, help="On a terminal, show every row of cold starts.")
@click.pass_context
def hosts(ctx: click.Context, as_json: bool, show_all: bool) -> None:
    """Show the hosts that programs start warm from, and why cold starts were cold.

    On a terminal, of the cold starts the latest ten rows of programs that still exist.
    """
    if ctx.invoked_subcommand is None:
        show_hosts(as_json=as_json, show_all=show_all)


def show_hosts(*, as_json: bool, show_all: bool) -> None:
    with opening_folder() as folder:
        found, cold = find_hosts(folder), find_cold_starts(folder)
    if as_json:
        print_json(
            {"hosts": [host.list_facts() for host in found], "cold": [one.list_facts() for one in cold]}
        )
    elif is_terminal():
        from mainspring.observe.hosttables import print_hosts

        write_out(lambda: print_hosts(found, cold, show_all=show_all))
    else:
        print_lines("\t".join(map(escape_controls, fields)) for fields in list_lines(found, cold))


def list_lines(found: list[Host], cold: list[ColdStarts]) -> Iterator[list[str]]:
    """For a pipe: the fields of each line, the first of which says what it is about."""
    for host in found:
        yield ["host", *list_fields(host)]
    for one in cold:
        last, row = format_time(one.times[-1]), one.row
        yield ["cold", one.reason, str(len(one.times)), last, one.name, row.meaning, row.remedy]


def list_fields(host: Host) -> list[str]:
    facts = host.list_facts()
    facts["started"] = format_time(facts["started"])
    facts["saved_ms"] = None if facts["saved_ms"] is None else round(facts["saved_ms"])
    names = ("state", "pid", "terminal", "started", "pss_kb", "served", "saved_ms", "python", "program")
    return ["-" if facts[name] is None else str(facts[name]) for name in names]


# ---- ending them ----------------------------------------------------------------------------


@hosts.command(epilog="Example: mainspring hosts stop black")
@click.argument("programs", nargs=-1, type=click.Path(), metavar="[PROGRAM]...")
def stop(programs: tuple[str, ...]) -> None:
    """End the hosts of each PROGRAM, or all.

    What was started from them is not disturbed: such a host takes no more starts, and ends behind it.

    PROGRAM is the path of a script, or the name of a command.
    """
    words = [os.fsdecode(program) for program in programs]
    with opening_folder() as folder:
        outcomes = end_hosts(folder, choose_each(find_hosts(folder), words), SECONDS)
    tell_outcomes(outcomes, "no host is up")


def choose_each(found: list[Host], words: list[str]) -> list[Host]:
    """Those of *found* that *words* mean; all without a word.  Raises NoHostError."""
    if not words:
        return found
    chosen: dict[str, Host] = {}
    for word in words:
        meant = choose_hosts(found, word, os.environ)
        if not meant:
            raise NoHostError(word)
        chosen |= {host.key: host for host in meant}
    return list(chosen.values())


def tell_outcomes(outcomes: list[Outcome], nothing: str) -> None:
    """Raises HostNotEndedError."""
    failed = [f"{one.name} {one.problem}" for one in outcomes if one.problem is not None]
    lines = [one.text for one in outcomes if one.problem is None]
    print_lines(map(escape_controls, lines or ([] if failed else [nothing])))
    if failed:
        raise HostNotEndedError(", ".join(failed), "`kill` the process: it ends with all that it runs")


@hosts.command(epilog="Example: mainspring hosts forget black")
@click.argument("programs", nargs=-1, type=click.Path(), metavar="[PROGRAM]...")
def forget(programs: tuple[str, ...]) -> None:
    """End the hosts of each PROGRAM, or all, and forget the programs.

    What recorded starts taught goes too: the next two starts are learnt from anew.

    PROGRAM is the path of a script, or the name of a command.
    """
    words = [os.fsdecode(program) for program in programs]
    with opening_folder() as folder:
        found, learnt = find_hosts(folder), list_learnt(folder)
        ids = set(learnt) if not words else choose_known(found, learnt, words)
        chosen = [host for word in words for host in choose_hosts(found, word, os.environ)]
        outcomes = end_hosts(folder, list(dict.fromkeys(chosen)) if words else found, SECONDS)
        remove_learnt(folder, ids)
    names = sorted(learnt[one] or f"a program without a recipe ({one})" for one in ids)
    print_lines(f"forgot {escape_controls(name)}" for name in names)
    if outcomes or not names:
        tell_outcomes(outcomes, "nothing was learnt")


def choose_known(found: list[Host], learnt: dict[str, str | None], words: list[str]) -> set[str]:
    """The IDs of what *words* mean.  Raises NothingLearntError."""
    ids: set[str] = set()
    for word in words:
        meant = choose_learnt(learnt, word, os.environ)
        if not meant and not choose_hosts(found, word, os.environ):
            raise NothingLearntError(word)
        ids |= meant
    return ids


# ---- what they told -------------------------------------------------------------------------


@hosts.command(epilog="Example: mainspring hosts log -n 20 -f")
@click.option("-n", "count", type=click.IntRange(min=0), help="Only that many lines, the last ones.")
@click.option("-f", "follow", is_flag=True, help="Go on with what is added, until interrupted.")
def log(count: int | None, follow: bool) -> None:
    """Print what hosts wrote in their log.

    On a terminal, what a reason means stands behind it; docs/reference/reasons.md has them all.
    """
    from mainspring.observe.hostlog import cut_last, follow_log, read_log

    folder = find_state_folder(os.environ)
    if folder is None:
        return
    content = read_log(folder)
    print_log(content if count is None else cut_last(content, count))
    for more in follow_log(folder, content) if follow else ():
        print_log(more)


def print_log(content: bytes) -> None:
    from mainspring.observe.hostlog import explain_line

    lines = [escape_controls(line) for line in os.fsdecode(content).split("\n")[:-1]]
    print_lines(map(explain_line, lines) if is_terminal() else lines)


@contextmanager
def opening_folder() -> Iterator[int]:
    """A descriptor of the runtime folder.  Raises RefusedPlaceError."""
    try:
        folder = open_runtime_folder(os.environ)
    except Refused as refused:
        remedy = COLD["no-runtime-folder"].remedy
        raise RefusedPlaceError(refused.path, describe_refusal(refused), remedy) from refused
    try:
        yield folder
    finally:
        os.close(folder)


def describe_refusal(refused: Refused) -> str:
    base = os.path.dirname(refused.path)
    is_missing = refused.reason == "no-access" and not os.path.lexists(base)
    return f"there is no folder {base}" if is_missing else REASONS[refused.reason].meaning
