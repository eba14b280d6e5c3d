"""Says what a warm start of a script would be: which recipe, host and shim there are for it."""

import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from mainspring.observe.hosts import Host, Outcome, end_hosts, find_hosts
from mainspring.observe.recipes import describe_cause, describe_state
from mainspring.observe.shims import find_shims_of
from mainspring.places import Refused, open_folder
from mainspring.settings import find_data_folder, find_runtime_folder
from mainspring.warm.account import name_terminal

END_SECONDS = 5.0
TERMINAL_FIELD = 4  # of /proc/self/stat, behind the program's name


def find_warm_facts(script: str, environment: Mapping[str, str]) -> dict[str, Any]:
    """The hosts of *script* that are up, and the shims that start it, for `explain --json`."""
    own = find_own_terminal()
    hosts = [list_host_facts(host, own) for host in find_hosts_of(script, environment)]
    shims = find_shims_of(script, find_data_folder(environment), environment)
    return {"hosts": hosts, "shims": [shim.list_facts() for shim in shims]}


def find_hosts_of(script: str, environment: Mapping[str, str]) -> list[Host]:
    with opening_runtime(environment) as folder:
        return [] if folder is None else choose_hosts_of(folder, {os.path.abspath(script)})


def end_hosts_of_each(scripts: set[str], environment: Mapping[str, str]) -> list[Outcome]:
    """Ask the hosts of *scripts* to end; what came of those that do."""
    with opening_runtime(environment) as folder:
        if folder is None:
            return []
        outcomes = end_hosts(folder, choose_hosts_of(folder, scripts), END_SECONDS)
    return [outcome for outcome in outcomes if outcome.problem is None]


def choose_hosts_of(folder: int, scripts: set[str]) -> list[Host]:
    paths = {os.path.normpath(script) for script in scripts}
    hosts = find_hosts(folder)
    return [host for host in hosts if host.report and os.path.normpath(host.report.program) in paths]


@contextmanager
def opening_runtime(environment: Mapping[str, str]) -> Iterator[int | None]:
    """The runtime folder, if there is one that can be used: none is made."""
    user = os.geteuid()
    try:
        folder = open_folder(find_runtime_folder(environment, user), (user,))
    except (OSError, Refused):
        yield None
        return
    try:
        yield folder
    finally:
        os.close(folder)


def list_host_facts(host: Host, own_terminal: str | None) -> dict[str, Any]:
    assert host.report is not None
    terminal = host.report.terminal
    return {"pid": host.pid, "state": host.state, "terminal": terminal, "here": terminal == own_terminal}


def find_own_terminal() -> str | None:
    """What a host of this terminal says that its terminal is; None without one."""
    try:
        with open("/proc/self/stat", "rb") as file:
            device = file.read().rpartition(b")")[2].split()[TERMINAL_FIELD]
    except OSError:
        return None
    return name_terminal(f":{int(device)}") if int(device) else None


# ---- in words -------------------------------------------------------------------------------


def describe_warm_start(facts: dict[str, Any]) -> list[tuple[str, str]]:
    """Rows of a name and a text; none for what nobody has tried to start warm."""
    warm, shims = facts["warm"], facts["shims"]
    if warm is None and not shims:
        return []
    rows = [("warm starts", "not learnt yet: two starts are recorded first")]
    if warm is not None:
        rows = [("warm starts", describe_state(warm)), *describe_hosts(facts), *describe_checkpoint(warm)]
    return [*rows, *describe_shims(shims)]


def describe_hosts(facts: dict[str, Any]) -> list[tuple[str, str]]:
    if facts["warm"]["state"] != "ready":
        return []
    hosts = facts["hosts"]
    if not hosts:
        return [("  host", "none is up: the next start is cold, and has one made")]
    rows = [("  host", f"process {host['pid']} is up, {describe_place(host)}") for host in hosts]
    if not any(host["here"] for host in hosts):
        rows.append(("", "none is up for this terminal: its next start is cold, and has one made"))
    return rows


def describe_place(host: dict[str, Any]) -> str:
    terminal = host["terminal"]
    if terminal is None:
        return "for starts without a terminal"
    return f"for {'this' if host['here'] else 'another'} terminal ({terminal})"


def describe_checkpoint(warm: dict[str, Any]) -> list[tuple[str, str]]:
    cause = warm["checkpoint_unused"]
    if warm["checkpoint"]:
        return [("  checkpoint", "starts begin at mainspring.checkpoint()")]
    if cause is None:
        return []
    return [("  checkpoint", f"your checkpoint is not used, because the program {describe_cause(cause)}")]


def describe_shims(shims: Iterable[dict[str, Any]]) -> list[tuple[str, str]]:
    rows = [("  shim", f"{shim['name']}: {describe_shim(shim)}") for shim in shims]
    return rows or [("  shim", "none: `mainspring run --warm`, or `mainspring install`, starts it warm")]


def describe_shim(shim: dict[str, Any]) -> str:
    return str(shim["meaning"]) if shim["state"] == "warm" else f"{shim['meaning']}; {shim['remedy']}"
