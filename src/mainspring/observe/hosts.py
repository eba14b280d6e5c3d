"""Asks every host of this user what it is and does, all at once; and asks hosts to end."""

import json
import os
import re
import select
import time
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from typing import Any, Literal, get_args

from mainspring.observe.peers import Peer, StrangeAnswer
from mainspring.observe.quantities import count
from mainspring.settings import find_data_folder
from mainspring.warm.leftovers import remove_dead
from mainspring.warm.targets import read_target

SOCKET = re.compile(r"([0-9a-f]{32})\.sock")
AT_ONCE = 16

State = Literal["waiting", "busy", "no-answer", "strange"]
STATES: dict[State, str] = {
    "waiting": "it waits for a start",
    "busy": "what was started from it runs",
    "no-answer": "it did not answer within a second",
    "strange": "it did not answer as a host does",
}
assert set(STATES) == set(get_args(State))


@dataclass(frozen=True)
class Report:
    """What a host says of itself; times in seconds since 1970, or for how long."""

    program: str
    python: str
    terminal: str | None
    started: float
    served: int
    saved_ms: float
    pss_kb: int
    modules: int
    running: int
    idle_s: float


@dataclass(frozen=True)
class Host:
    """A socket that somebody listens at, and what came back from there."""

    key: str
    state: State
    pid: int | None
    report: Report | None = None
    detail: str | None = None

    @property
    def name(self) -> str:
        """What messages call it."""
        program = f"host {self.key}" if self.report is None else self.report.program
        return program if self.pid is None else f"{program} (process {self.pid})"

    def list_facts(self) -> dict[str, Any]:
        """For `--json`: the fields of the report are null if there is none."""
        blank = dict.fromkeys(Report.__dataclass_fields__)
        facts = blank if self.report is None else asdict(self.report)
        meaning = self.detail or STATES[self.state]
        return {"key": self.key, "state": self.state, "meaning": meaning, "pid": self.pid, **facts}


def find_hosts(folder: int) -> list[Host]:
    """The hosts whose sockets lie in the runtime folder; what a dead one left is removed."""
    keys = [found[1] for name in sorted(os.listdir(folder)) if (found := SOCKET.fullmatch(name))]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        hosts = list(pool.map(lambda key: find_host(folder, key), keys))
    return sorted((host for host in hosts if host is not None), key=rank_host)


def rank_host(host: Host) -> tuple[bool, float]:
    """What was used last comes first, and what says nothing of itself last."""
    if host.report is None:
        return True, 0.0
    return False, -1.0 if host.report.running else host.report.idle_s


def find_host(folder: int, key: str) -> Host | None:
    """The host that listens at *key*'s socket, or None if none does."""
    pid = None
    try:
        with Peer(folder, f"{key}.sock") as peer:
            pid = peer.pid
            report = parse_report(peer.ask(b"I", b"J"))
    except FileNotFoundError:
        return None
    except ConnectionRefusedError:
        remove_quietly(folder, key)
        return None
    except StrangeAnswer as error:
        return Host(key, "strange", pid, None, str(error))
    except OSError:
        return Host(key, "no-answer", pid)
    return Host(key, "busy" if report.running else "waiting", pid, report)


def remove_quietly(folder: int, key: str) -> None:
    """Remove what a host left, unless one is on its way up, or down."""
    try:
        remove_dead(folder, key)
    except OSError:
        pass


def parse_report(content: bytes) -> Report:
    """Raises StrangeAnswer."""
    try:
        facts = json.loads(content)
        terminal = facts["terminal"]
        return Report(
            program=str(facts["program"]),
            python=str(facts["python"]),
            terminal=None if terminal is None else str(terminal),
            started=float(facts["started"]),
            served=int(facts["served"]),
            saved_ms=float(facts["saved_ms"]),
            pss_kb=int(facts["pss_kb"]),
            modules=count_modules(facts["modules"]),
            running=int(facts["running"]),
            idle_s=float(facts["idle_s"]),
        )
    except (ValueError, TypeError, KeyError, OverflowError, RecursionError) as error:
        raise StrangeAnswer("it did not describe itself") from error


def count_modules(modules: object) -> int:
    return len(modules) if isinstance(modules, list) else int(modules)  # type: ignore[call-overload]


def choose_hosts(hosts: Iterable[Host], word: str, environment: Mapping[str, str]) -> list[Host]:
    """Those of *hosts* whose program *word* means."""
    paths = find_paths(word, environment)
    return [host for host in hosts if host.report and is_meant(host.report.program, word, paths)]


def find_paths(word: str, environment: Mapping[str, str]) -> set[str]:
    """The paths that *word* may mean: a path, or the name of a command."""
    paths = {os.path.abspath(word)}
    target = None if "/" in word else read_target(find_data_folder(environment) or "", word)
    if target is not None:
        paths.add(os.path.normpath(target.script))
    return paths


def is_meant(program: str, word: str, paths: set[str]) -> bool:
    path = os.path.normpath(program)
    return os.path.basename(path) == word or path in paths


# ---- ending them ----------------------------------------------------------------------------


@dataclass(frozen=True)
class Outcome:
    """What came of asking a host to end: it has, or does so behind what runs; or why it does not."""

    name: str
    running: tuple[int, ...] = ()
    problem: str | None = None

    @property
    def text(self) -> str:
        if not self.running:
            return f"ended {self.name}"
        programs = count(len(self.running), "program that runs has", "programs that run have")
        return f"{self.name} ends when {programs} ended: {', '.join(map(str, self.running))}"


def end_host(folder: int, host: Host, deadline: float) -> Outcome:
    """Ask *host* to end; if nothing runs in it, wait for that until *deadline*."""
    try:
        with Peer(folder, f"{host.key}.sock", deadline - time.monotonic()) as peer:
            process = os.pidfd_open(peer.pid)
            try:
                running = ask_to_end(peer)
                is_over = bool(running) or has_ended(process, deadline)
                return Outcome(host.name, running, None if is_over else "has not ended yet")
            finally:
                os.close(process)
    except (FileNotFoundError, ConnectionRefusedError, ProcessLookupError):
        return Outcome(host.name)
    except StrangeAnswer as error:
        return Outcome(host.name, problem=f"does not end ({error})")
    except OSError:
        return Outcome(host.name, problem="does not answer")


def ask_to_end(peer: Peer) -> tuple[int, ...]:
    """The processes that still run.

    Raises StrangeAnswer, or TimeoutError; whoever ends already need not have heard it.
    """
    try:
        said = peer.ask(b"E", b"OR").split()
    except ConnectionError:
        return ()
    return tuple(int(word) for word in said if word.isdigit())


def has_ended(process: int, deadline: float) -> bool:
    """Whether the process of that descriptor ends until *deadline*."""
    waiting = select.poll()
    waiting.register(process, select.POLLIN)
    return bool(waiting.poll(max(0.0, deadline - time.monotonic()) * 1000))


def end_hosts(folder: int, hosts: list[Host], seconds: float) -> list[Outcome]:
    """Ask each of *hosts* to end, and wait for those that can, for *seconds*."""
    deadline = time.monotonic() + seconds
    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(lambda host: end_host(folder, host, deadline), hosts))
