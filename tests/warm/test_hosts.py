"""`mainspring hosts` shows what answers, and what does not; `stop` ends it; `log` tells of the past."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from enabling.commands import Commands
from people.terminal import Terminal
from status.reading import read_terminal

from mainspring.reasons import COLD, ENDERS, HOST_ENDS

if TYPE_CHECKING:
    from collections.abc import Iterator

TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
PAINT = re.compile(r"\x1b\[[0-9;]*m")
ANSWERING = Path(__file__).with_name("answering.py")
STRANGE = (
    "too-long", "empty", "other-type", "no-json", "no-object", "cut-off", "wrong-types", "huge-number",
)  # fmt: skip


@dataclass
class Hosts(Commands):
    """A home with a runtime folder, and what answers in it."""

    answering: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @property
    def runtime(self) -> Path:
        return self.home / "run/mainspring"

    @property
    def state(self) -> Path:
        return self.home / ".local/state/mainspring"

    def environment(self) -> dict[str, str]:
        return super().environment() | {"XDG_RUNTIME_DIR": str(self.runtime.parent)}

    def let_answer(
        self, key: str, manner: str = "plain", program: str = "/p/black", *more: str
    ) -> subprocess.Popen[bytes]:
        """Something that listens at the socket of *key*, a digit."""
        process = subprocess.Popen(
            [sys.executable, ANSWERING, self.runtime, key * 32, manner, program, *more],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        self.answering.append(process)
        assert process.stdout is not None
        assert process.stdout.readline() == b"listens\n"
        return process

    def note_cold(self, digit: str, recipe: str | None, *lines: str) -> None:
        if recipe is not None:
            (self.runtime / f"{digit * 32}.recipe").write_text(recipe)
        (self.runtime / f"{digit * 32}.cold").write_text("".join(f"{line}\n" for line in lines))

    def list_facts(self) -> dict[str, Any]:
        status, output, errors = self.call("hosts", "--json")
        assert (status, errors) == (0, "")
        facts: dict[str, Any] = json.loads(output)
        return facts

    def list_known(self) -> list[str]:
        """The files that tell of programs."""
        names = [path.name for path in self.runtime.iterdir()]
        return sorted(name for name in names if name.endswith((".cold", ".recipe")))

    def list_states(self) -> list[str]:
        return [host["state"] for host in self.list_facts()["hosts"]]


@pytest.fixture
def hosts(launcher: Path, tmp_path: Path) -> Iterator[Hosts]:
    found = Hosts(launcher, tmp_path / "home")
    found.runtime.mkdir(mode=0o700, parents=True)
    yield found
    for process in found.answering:
        with process:
            process.kill()


RECIPE = (
    "mainspring-recipe 1\nprogram /p/tool\npython /p/python\nstarts 1\nstate recording\nend\nahead x 5\n"
)


def test_json_says_all_of_a_host(hosts: Hosts) -> None:
    process = hosts.let_answer("a")
    [host] = hosts.list_facts()["hosts"]
    assert 90 <= time.time() - host.pop("started") < 150
    assert host == {
        "key": "a" * 32,
        "state": "waiting",
        "meaning": "it waits for a start",
        "pid": process.pid,
        "program": "/p/black",
        "python": sys.executable,
        "terminal": "/dev/pts/7",
        "served": 1234,
        "saved_ms": 65_000,
        "pss_kb": 20_480,
        "modules": 31,
        "running": 0,
        "idle_s": 3.5,
    }


def test_a_pipe_gets_a_line_for_each(hosts: Hosts) -> None:
    pid = str(hosts.let_answer("a", program="/p/bl\tack").pid)
    hosts.note_cold("c", RECIPE, "1700000000 no-host", "1700000009 no-host", "1700000001 recorded")
    status, output, errors = hosts.call("hosts")
    assert (status, errors) == (0, "")
    lines = [line.split("\t") for line in output.splitlines()]
    assert TIME.fullmatch(lines[0].pop(4))
    assert lines == [
        ["host", "waiting", pid, "/dev/pts/7", "20480", "1234", "65000", sys.executable, "/p/bl\\tack"],
        ["cold", "no-host", "2", "2023-11-14T22:13:29Z", "/p/tool", *COLD["no-host"]],
        ["cold", "recorded", "1", "2023-11-14T22:13:21Z", "/p/tool", *COLD["recorded"]],
    ]


def test_a_pipe_gets_a_dash_for_what_is_not_known(hosts: Hosts) -> None:
    pid = str(hosts.let_answer("a", "silent").pid)
    assert hosts.call("hosts")[1].split("\t") == ["host", "no-answer", pid, *"-" * 6, "-\n"]


def test_what_was_used_last_comes_first(hosts: Hosts) -> None:
    for key, idle in zip("abc", ("70", "5", "700"), strict=True):
        hosts.let_answer(key, "plain", f"/p/{key}", idle)
    hosts.let_answer("d", "busy", "/p/d", "9000")
    assert [host["program"] for host in hosts.list_facts()["hosts"]] == ["/p/d", "/p/b", "/p/a", "/p/c"]


def test_rich_is_not_imported_for_a_pipe(hosts: Hosts) -> None:
    hosts.let_answer("a")
    status, _, errors = hosts.call("hosts", env={"PYTHONPROFILEIMPORTTIME": "1"})
    assert status == 0
    names = {line.rpartition("|")[2].strip() for line in errors.splitlines()}
    assert "mainspring.observe.hosts" in names
    assert [name for name in names if name.partition(".")[0] == "rich"] == []


def test_a_terminal_gets_tables(hosts: Hosts) -> None:
    hosts.let_answer("a")
    hosts.let_answer("b", "silent")
    hosts.note_cold("c", RECIPE.replace("/p/tool", sys.executable), "1700000000 host-stale")
    status, shown = read_terminal(hosts, "hosts")
    assert status == 0
    for text in ("Hosts", "/p/black", "pts/7", "4 s ago", "20.0 MiB", "1,234", "65.0 s"):
        assert text in shown
    for text in (
        "no-answer",
        "Cold starts",
        sys.executable,
        "host-stale",
        "the next start has a new host",
    ):
        assert text in shown
    assert "\x1b[" in shown
    assert "\t" not in shown


def test_a_host_has_one_line_of_eighty_columns(hosts: Hosts) -> None:
    path = f"/home/somebody/{'long/' * 20}bin/ansible-playbook"
    hosts.let_answer("a", program=path)
    _, shown = read_terminal(hosts, "hosts", COLUMNS="80")
    [line] = [line for line in shown.splitlines() if "pts/7" in line]
    assert "..." in line
    assert line.rstrip().endswith("/ansible-playbook")
    assert all(len(PAINT.sub("", one.rstrip())) <= 80 for one in shown.splitlines())
    assert path in hosts.call("hosts")[1]


def test_cold_starts_that_still_matter_are_shown(hosts: Hosts) -> None:
    """Of programs that exist, ten at most, and nothing that was learnt for a host that is up."""
    for number in range(12):
        script = hosts.home / f"tool{number:02}"
        script.touch()
        recipe = RECIPE.replace("/p/tool", str(script))
        hosts.note_cold(f"{number:x}", recipe, f"17000000{number:02} no-host", "1600000000 recorded")
    hosts.note_cold("c", RECIPE, "1800000000 no-host")
    hosts.note_cold("d", None, "1800000000 no-host")
    hosts.let_answer("a", program=str(hosts.home / "tool11"))
    status, shown = read_terminal(hosts, "hosts")
    assert status == 0
    cold = shown[shown.index("Cold starts") :]
    told = re.findall(r"tool(\d\d)", cold)
    assert told == [f"{number:02}" for number in range(11, 1, -1)]
    assert [word for word in ("/p/tool", "without a recipe", "recorded:") if word in cold] == []
    assert "... and 16 more rows of cold starts: mainspring hosts --all" in cold
    _, shown = read_terminal(hosts, "hosts", "--all")
    assert shown.count("recorded:") == 12
    assert [word for word in ("/p/tool", "without a recipe") if word in shown] == [
        "/p/tool",
        "without a recipe",
    ]
    assert "--all" not in shown


def test_a_terminal_is_told_that_there_is_none(hosts: Hosts) -> None:
    status, shown = read_terminal(hosts, "hosts")
    assert (status, "no host is up" in shown) == (0, True)


def test_one_that_does_not_answer_is_listed_within_two_seconds(hosts: Hosts) -> None:
    for key in "abcdef":
        hosts.let_answer(key, "silent")
    began = time.monotonic()
    assert hosts.list_states() == ["no-answer"] * 6
    assert time.monotonic() - began < 3


def test_one_that_takes_no_connection_is_listed_too(hosts: Hosts) -> None:
    hosts.let_answer("a", "full")
    assert hosts.list_states() == ["no-answer"]


def test_a_stopped_one_is_listed_too(hosts: Hosts) -> None:
    process = hosts.let_answer("a")
    process.send_signal(signal.SIGSTOP)
    [host] = hosts.list_facts()["hosts"]
    assert (host["state"], host["pid"], host["program"]) == ("no-answer", process.pid, None)


@pytest.mark.parametrize("manner", STRANGE)
def test_a_strange_answer_is_told_as_one(hosts: Hosts, manner: str) -> None:
    hosts.let_answer("a", manner)
    assert hosts.list_states() == ["no-answer" if manner == "cut-off" else "strange"]
    assert hosts.call("hosts")[0] == 0


def test_what_a_dead_host_left_is_removed(hosts: Hosts) -> None:
    hosts.let_answer("a").kill()
    hosts.answering[0].wait()
    left = hosts.runtime / f"{'a' * 32}.sock"
    assert left.is_socket()
    assert hosts.list_states() == []
    assert not left.exists()


def test_what_a_host_holds_the_lock_of_is_left(hosts: Hosts) -> None:
    hosts.let_answer("a", "lingering")
    hosts.let_answer("c").kill()
    hosts.answering[1].wait()
    dead, held = (hosts.runtime / f"{key * 32}.sock" for key in "ca")
    dead.rename(held)
    assert hosts.list_states() == []
    assert held.is_socket()


def test_other_files_are_left_alone(hosts: Hosts) -> None:
    names = ["x.sock", f"{'a' * 32}.sock", f"{'A' * 32}.sock", f"{'b' * 32}.recipe"]
    for name in names:
        (hosts.runtime / name).write_text("")
    assert hosts.list_states() == []
    assert {path.name for path in hosts.runtime.iterdir()} >= set(names)


def test_a_long_path_is_no_hindrance(hosts: Hosts) -> None:
    hosts.let_answer("a")
    long = hosts.home / ("x" * 120)
    hosts.runtime.parent.rename(long)
    status, output, _ = hosts.call("hosts", env={"XDG_RUNTIME_DIR": str(long)})
    assert (status, output.split("\t")[:2]) == (0, ["host", "waiting"])


@pytest.mark.parametrize("mode", [0o750, 0o707, 0o770])
def test_a_folder_that_others_can_enter_is_not_used(hosts: Hosts, mode: int) -> None:
    hosts.let_answer("a")
    hosts.runtime.chmod(mode)
    status, output, errors = hosts.call("hosts")
    assert (status, output, errors.count("\n")) == (1, "", 1)
    assert f"{hosts.runtime} is not used: " in errors


def test_a_link_to_a_folder_is_not_used(hosts: Hosts) -> None:
    real = hosts.home / "real"
    hosts.runtime.rename(real)
    hosts.runtime.symlink_to(real)
    assert hosts.call("hosts")[0] == 1


def test_a_folder_is_made_for_the_user_alone(hosts: Hosts) -> None:
    hosts.runtime.rmdir()
    assert hosts.call("hosts") == (0, "", "")
    assert hosts.runtime.stat().st_mode & 0o777 == 0o700
    hosts.runtime.rmdir()
    hosts.runtime.parent.rmdir()
    status, _, errors = hosts.call("hosts")
    assert status == 1
    assert (
        f"{hosts.runtime} is not used: there is no folder {hosts.runtime.parent}; set XDG_RUN" in errors
    )
    assert not hosts.runtime.parent.exists()


@pytest.mark.parametrize("recipe", [None, "", "mainspring-recipe 1\nprogram /p/tool\n"])
def test_cold_starts_of_a_program_without_a_recipe(hosts: Hosts, recipe: str | None) -> None:
    hosts.note_cold("c", recipe, "1700000000 no-host", "nonsense", "1700000000", "x y", "5 new-reason")
    cold = hosts.list_facts()["cold"]
    assert [(one["reason"], one["times"], one["recipe"]) for one in cold] == [
        ("no-host", [1700000000], "absent"),
        ("new-reason", [5], "absent"),
    ]
    assert "c" * 32 in cold[0]["program"]


def test_a_line_that_is_not_whole_yet_is_not_read(hosts: Hosts) -> None:
    (hosts.runtime / f"{'c' * 32}.cold").write_text("1700000000 no-host\n1700000001 no-h")
    [one] = hosts.list_facts()["cold"]
    assert one["times"] == [1700000000]


# ---- hosts stop -----------------------------------------------------------------------------


def test_stop_ends_all(hosts: Hosts) -> None:
    processes = [hosts.let_answer("a"), hosts.let_answer("b", program="/p/http")]
    status, output, errors = hosts.call("hosts", "stop")
    assert (status, errors) == (0, "")
    assert sorted(output.splitlines()) == sorted(
        f"ended {program} (process {process.pid})"
        for program, process in zip(("/p/black", "/p/http"), processes, strict=True)
    )
    assert [process.wait() for process in processes] == [0, 0]
    assert hosts.call("hosts", "stop") == (0, "no host is up\n", "")


def test_stop_takes_several_programs(hosts: Hosts) -> None:
    stopped = [hosts.let_answer("a"), hosts.let_answer("b", program="/p/http")]
    hosts.let_answer("c", program="/p/left")
    assert hosts.call("hosts", "stop", "black", "/p/http", "black")[1].count("ended ") == 2
    assert [process.wait() for process in stopped] == [0, 0]
    assert [host["program"] for host in hosts.list_facts()["hosts"]] == ["/p/left"]


@pytest.mark.parametrize("word", ["http", "/p/http", "/p/../p/http"])
def test_stop_ends_those_of_a_program(hosts: Hosts, word: str) -> None:
    hosts.let_answer("a")
    process = hosts.let_answer("b", program="/p/./http")
    assert hosts.call("hosts", "stop", word)[0] == 0
    assert process.wait() == 0
    assert [host["program"] for host in hosts.list_facts()["hosts"]] == ["/p/black"]


def test_stop_of_a_program_without_a_host_is_told(hosts: Hosts) -> None:
    hosts.let_answer("a")
    status, output, errors = hosts.call("hosts", "stop", "lack")
    assert (status, output) == (1, "")
    assert (
        errors == "mainspring: there is no host of lack; `mainspring hosts` lists those that there are\n"
    )
    assert hosts.list_states() == ["waiting"]


def test_stop_says_at_once_what_a_host_waits_for(hosts: Hosts) -> None:
    process = hosts.let_answer("a", "busy")
    assert hosts.call("hosts", "stop") == (
        0,
        f"/p/black (process {process.pid}) ends when 2 programs that run have ended: 4711, 4712\n",
        "",
    )
    assert process.poll() is None


@pytest.mark.parametrize("manner", ["ending", "refusing"])
def test_one_that_ends_just_then_has_ended(hosts: Hosts, manner: str) -> None:
    process = hosts.let_answer("a", manner)
    assert hosts.call("hosts", "stop") == (0, f"ended /p/black (process {process.pid})\n", "")


@pytest.mark.parametrize("is_full", [False, True])
def test_one_that_is_slow_is_waited_for(hosts: Hosts, *, is_full: bool) -> None:
    """It is listed as one that does not answer within a second; it has ten to end."""
    process = hosts.let_answer("a")
    process.send_signal(signal.SIGSTOP)
    command = [hosts.launcher, "hosts", "stop"]
    with ExitStack() as stack:
        if is_full:
            fill_queue(hosts.runtime, "a", stack)
        stopping = subprocess.Popen(command, env=hosts.environment(), stdout=subprocess.PIPE)
        began = time.monotonic()
        while time.monotonic() < began + 3:  # a second to list it, and two more
            with pytest.raises(subprocess.TimeoutExpired):
                stopping.wait(0.1)
    process.send_signal(signal.SIGCONT)
    with stopping:
        assert stopping.stdout is not None
        printed = stopping.stdout.read().decode()
    nameless = f"ended host {'a' * 32}"  # whose process is not known before there is room to ask
    numbers = ["", f" (process {process.pid})"] if is_full else [f" (process {process.pid})"]
    assert (stopping.returncode, printed) in [(0, f"{nameless}{number}\n") for number in numbers]
    assert process.wait() == 0


def fill_queue(runtime: Path, key: str, stack: ExitStack) -> None:
    """Knock until there is no room for another."""
    folder = os.open(runtime, os.O_PATH)
    stack.callback(os.close, folder)
    while True:
        knocking = stack.enter_context(socket.socket(socket.AF_UNIX))
        knocking.setblocking(False)
        try:
            knocking.connect(f"/proc/self/fd/{folder}/{key * 32}.sock")
        except BlockingIOError:
            return


def test_stop_says_what_does_not_end(hosts: Hosts) -> None:
    process = hosts.let_answer("a")
    silent = hosts.let_answer("b", "silent")
    status, output, errors = hosts.call("hosts", "stop")
    assert (status, output) == (1, f"ended /p/black (process {process.pid})\n")
    assert f"host {'b' * 32} (process {silent.pid}) does not answer" in errors


# ---- hosts forget ---------------------------------------------------------------------------


def test_forget_ends_hosts_and_removes_what_was_learnt(hosts: Hosts) -> None:
    process = hosts.let_answer("a", program="/p/tool")
    other = hosts.let_answer("b")
    hosts.note_cold("c", RECIPE, "1700000000 no-host")
    hosts.note_cold("d", RECIPE.replace("/p/tool", "/p/left"), "1700000000 no-host")
    status, output, errors = hosts.call("hosts", "forget", "tool")
    assert (status, errors) == (0, "")
    assert output == f"forgot /p/tool\nended /p/tool (process {process.pid})\n"
    assert process.wait() == 0
    assert other.poll() is None
    assert hosts.list_known() == [f"{'d' * 32}.cold", f"{'d' * 32}.recipe"]


def test_forget_forgets_all(hosts: Hosts) -> None:
    hosts.note_cold("c", RECIPE, "1700000000 no-host")
    hosts.note_cold("d", None, "1700000000 no-host")
    assert hosts.call("hosts", "forget")[1].splitlines() == [
        "forgot /p/tool",
        f"forgot a program without a recipe ({'d' * 32})",
    ]
    assert hosts.list_known() == []
    assert hosts.call("hosts", "forget") == (0, "nothing was learnt\n", "")


def test_forget_of_a_program_that_nothing_was_learnt_of(hosts: Hosts) -> None:
    hosts.note_cold("c", RECIPE, "1700000000 no-host")
    status, output, errors = hosts.call("hosts", "forget", "tool", "lack")
    assert (status, output, "nothing was learnt of lack; " in errors) == (1, "", True)
    assert hosts.list_known() != []


# ---- hosts log ------------------------------------------------------------------------------


def write_log(hosts: Hosts, text: str) -> Path:
    hosts.state.mkdir(parents=True, exist_ok=True)
    path = hosts.state / "hosts.log"
    path.write_text(text)
    return path


def test_log_prints_what_hosts_wrote(hosts: Hosts) -> None:
    assert hosts.call("hosts", "log") == (0, "", "")
    write_log(hosts, "one\ntwo\x1b\nthree\nunfinis")
    assert hosts.call("hosts", "log") == (0, "one\ntwo\\x1b\nthree\n", "")
    assert hosts.call("hosts", "log", "-n", "1") == (0, "three\n", "")
    assert hosts.call("hosts", "log", "-n", "0") == (0, "", "")
    assert hosts.call("hosts", "log", "-n", "9")[1].count("\n") == 3
    assert hosts.call("hosts", "log", "-n", "-1")[0] == 2


def test_log_says_on_a_terminal_what_the_reasons_mean(hosts: Hosts) -> None:
    lines = [
        "2026-01-01 10:00:00 7 up 31 modules /p/tool",
        "2026-01-01 10:00:01 7 ended idle after 3 starts /p/tool",
        "2026-01-01 10:00:02 8 ended effect json clock time.time /p/tool",
        "2026-01-01 10:00:03 9 ended nonsense",
    ]
    write_log(hosts, "".join(f"{line}\n" for line in lines))
    assert hosts.call("hosts", "log")[1].splitlines() == lines
    status, shown = read_terminal(hosts, "hosts", "log")
    assert (status, shown.splitlines()) == (
        0,
        [
            lines[0],
            f"{lines[1]} ({HOST_ENDS['idle'].meaning})",
            f"{lines[2]} ({HOST_ENDS['effect'].meaning}; it {ENDERS['clock'].meaning})",
            lines[3],
        ],
    )


def test_log_goes_on_until_interrupted(hosts: Hosts) -> None:
    path = write_log(hosts, "zero\none\n")
    command = [str(hosts.launcher), "hosts", "log", "-n", "1", "-f"]
    with Terminal(command, hosts.environment(), hosts.home) as terminal:
        assert "zero" not in terminal.wait_for("one")
        with path.open("a") as log:
            log.write("two\n")
        terminal.wait_for("two")
        newer = hosts.state / "newer"
        newer.write_text("two\nthree\n")
        newer.rename(path)
        assert terminal.wait_for("three").count("two") == 1
        os.write(terminal.ours, b"\x03")
        assert terminal.process.wait() == 130
