"""The same is typed at a terminal for each kind of start, and what is shown is compared."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

from .remains import list_descendants, wait_for
from .terminal import Terminal, cut_numbers

if TYPE_CHECKING:
    from .world import WarmWorld

Talk = Callable[[Terminal], list[str]]
#: ends at once to be warmed up; else it tells what happens to it, one line for each line that it reads
PROGRAM: Final = """\
import argparse, json, logging, os, signal, subprocess, sys
if sys.argv[1:] == ["warm-up"]:
    sys.exit()


def say(*words):
    os.write(1, " ".join(map(str, words)).encode() + b"\\n")


def tell(number, frame):
    say("got", signal.Signals(number).name)


def note(number, frame):
    with open("hung-up", "w") as file:
        file.write(signal.Signals(number).name)
    os._exit(0)


if "handling" in sys.argv:
    for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGTSTP, signal.SIGHUP, signal.SIGTERM,
                   signal.SIGCONT, signal.SIGWINCH, signal.SIGUSR1):
        signal.signal(number, tell)
if "hung-up" in sys.argv:
    for number in (signal.SIGHUP, signal.SIGTERM):  # a shell sends both to what is stopped
        signal.signal(number, note)
with open("new-pid", "w") as file:
    file.write(str(os.getpid()))
os.rename("new-pid", "pid")
say("begun", *sys.argv[1:])
if "hung-up" in sys.argv:
    while True:
        signal.pause()
if "child" in sys.argv:
    say("status", subprocess.run(["cat"]).returncode)
for line in sys.stdin:
    say("read", line.strip())
    if line.startswith("exit"):
        sys.exit(int(line.split()[1]))
    if line.startswith("size"):
        say(os.get_terminal_size(), os.ttyname(0) == os.ttyname(1))
say("end")
"""


def compare_dialogues(world: WarmWorld, talk: Talk, after: str = "") -> list[str]:
    """Hold what *talk* is shown of a warm start against what it is shown of a plain one.

    *after* stands after the program in its command: which streams are the terminal selects a host.
    """
    prepare_program(world)
    terminal = Terminal(world.work, world.environment(TERM="dumb"))
    try:
        plain = talk_in_way(world, terminal, "plain", talk)
        warm_up_in(world, terminal, after)
        world.log.unlink(missing_ok=True)
        warm = talk_in_way(world, terminal, "warm", talk)
        assert warm == plain
        assert world.is_log_warm, world.explain()
    finally:
        terminal.close()
    return plain


def prepare_program(world: WarmWorld) -> None:
    world.write("program.py", PROGRAM)
    (world.work / "pid").unlink(missing_ok=True)


def talk_in_way(world: WarmWorld, terminal: Terminal, kind: str, talk: Talk) -> list[str]:
    terminal.run("P=" + shlex.quote(shlex.join(map(str, world.command(kind, [])))))
    return [simplify(shown) for shown in talk(terminal)]


def warm_up_in(world: WarmWorld, terminal: Terminal, after: str = "") -> None:
    """Let a host of this terminal's session come up."""
    command = shlex.join(map(str, world.command("warm", ["program.py", "warm-up"])))
    world.repeat_until_warm(lambda: terminal.run(f"{command} {after}"))


def simplify(shown: str) -> str:
    """*shown* without numbers of processes, and with the end of a line as programs write it."""
    return re.sub(r"0x[0-9a-f]+", "0x", cut_numbers(shown.replace("\r\n", "\n")))


def await_reading(world: WarmWorld) -> int:
    """The number of the program, once it has begun and waits for something."""
    path = world.work / "pid"
    wait_for(path.exists, "begun")
    path.rename(world.work / "begun-pid")
    number = await_rest(world)
    # a key reaches a launcher that is in the program's group still, which passes it on
    wait_for(lambda: world.launcher not in list_group(number), "gone from the group: the launcher")
    return number


def list_group(number: int) -> list[Path]:
    """What the processes in the process group of the process *number* run."""
    group, run = os.getpgid(number), []
    for process in list_descendants():
        with suppress(OSError):  # it has ended
            if os.getpgid(process.number) == group:
                run.append(Path(f"/proc/{process.number}/exe").readlink())
    return run


def await_rest(world: WarmWorld) -> int:
    """The number of the program that has begun, once it waits for something: where ^C comes, it shows."""
    number = int((world.work / "begun-pid").read_text())
    wait_for(lambda: read_state(number) == "S", "waiting")
    return number


def read_state(number: int) -> str:
    return Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[0]
