"""The same is typed at a terminal for each kind of start, and what is shown is compared."""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING, Final

from .terminal import Terminal, cut_numbers

if TYPE_CHECKING:
    from collections.abc import Callable

    from .world import WarmWorld

#: ends at once to be warmed up; else it tells what happens to it, one line for each line that it reads
PROGRAM: Final = """\
import argparse, json, logging, os, signal, subprocess, sys
if sys.argv[1:] == ["warm-up"]:
    sys.exit()


def tell(number, frame):
    print("got", signal.Signals(number).name, flush=True)


if "handling" in sys.argv:
    for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGTSTP, signal.SIGHUP, signal.SIGTERM,
                   signal.SIGCONT, signal.SIGWINCH, signal.SIGUSR1):
        signal.signal(number, tell)
if "hung-up" in sys.argv:
    def note(number, frame):
        with open("hung-up", "a") as file:
            file.write(signal.Signals(number).name + "\\n")
        sys.exit()
    signal.signal(signal.SIGHUP, note)
with open("pid", "w") as file:
    file.write(str(os.getpid()))
print("begun", *sys.argv[1:], flush=True)
if "child" in sys.argv:
    print("status", subprocess.run(["cat"]).returncode, flush=True)
for line in sys.stdin:
    print("read", line.strip(), flush=True)
    if line.startswith("exit"):
        sys.exit(int(line.split()[1]))
    if line.startswith("size"):
        print(os.get_terminal_size(), os.ttyname(0) == os.ttyname(1), flush=True)
print("end", flush=True)
"""


def compare_dialogues(world: WarmWorld, talk: Callable[[Terminal], list[str]]) -> list[str]:
    """Hold what *talk* is shown of a warm start against what it is shown of a plain one."""
    world.write("program.py", PROGRAM)
    terminal = Terminal(world.work, world.environment(TERM="dumb"))
    try:
        plain = talk_in_way(world, terminal, "plain", talk)
        warm_up_in(world, terminal)
        world.log.unlink(missing_ok=True)
        warm = talk_in_way(world, terminal, "warm", talk)
        assert warm == plain
        assert world.is_log_warm, world.explain()
    finally:
        terminal.close()
    return plain


def talk_in_way(
    world: WarmWorld, terminal: Terminal, kind: str, talk: Callable[[Terminal], list[str]]
) -> list[str]:
    terminal.run("P=" + shlex.quote(shlex.join(map(str, world.command(kind, [])))))
    return [simplify(shown) for shown in talk(terminal)]


def warm_up_in(world: WarmWorld, terminal: Terminal) -> None:
    """Let a host of this terminal's session come up."""
    command = shlex.join(map(str, world.command("warm", ["program.py", "warm-up"])))
    world.repeat_until_warm(lambda: terminal.run(command))


def simplify(shown: str) -> str:
    """*shown* without numbers of processes, and with the end of a line as programs write it."""
    return re.sub(r"0x[0-9a-f]+", "0x", cut_numbers(shown.replace("\r\n", "\n")))
