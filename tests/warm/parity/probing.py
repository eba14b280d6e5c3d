"""Starts the probe in the same surroundings in each way, and holds its reports to each other."""

from __future__ import annotations

import difflib
import re
import shlex
import subprocess
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import pytest
from parity.probe import PROBE
from starts import Ended

from .stated import STATED

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .stated import Difference
    from .terminal import Terminal
    from .world import WarmWorld

Report = dict[str, list[str]]
#: what varies from one start to the next, however it is made
VARYING: Final = re.compile(rb"/GMfifo\d+|/dev/shm/\w+")
#: modules for a host to import ahead
NEAR: Final = """\
import argparse, decimal, email.message, json, logging, random, subprocess, tempfile, uuid
held = __import__("sys").stdout
"""
#: what only starts without the hook, or warm ones, show as it was handed over
OF_THE_CALLER: Final = """\
show("/proc/self/environ", *read_text("/proc/self/environ").split("\\0"))
show("kept stream", near.held is sys.stdout)
show("given", *[read_text(word) for word in sys.argv if word.startswith("/dev/fd/")])
show("signal at the parent's end", [libc.prctl(2, ctypes.byref(number := ctypes.c_int()), 0, 0, 0),
                                    number.value])
show("is first in its group", os.getpgrp() == os.getpid())
show("is first in its session", os.getsid(0) == os.getpid())
with open("".join(sys.argv[1:2]) or "report", "wb") as file:
    file.write(report.getvalue().encode("utf-8", "surrogateescape"))
print("done", file=sys.stderr if "to-stderr" in sys.argv else None)
"""
WARM_PROBE: Final = "import near\n" + (PROBE + OF_THE_CALLER).replace(
    "report = None", 'report = __import__("io").StringIO()'
)


@dataclass(frozen=True)
class Surroundings:
    """How a shell starts the probe.

    `{probe}` in *text* stands for the command that starts it, `{start}` for that command up to the
    interpreter's options, `{work}`, `{home}` and `{runtime}` for folders, `{log}` for a file.
    """

    name: str
    text: str = "{probe} report"
    files: Mapping[str, str] = field(default_factory=dict)
    reports: tuple[str, ...] = ("report",)
    needs: str = "true"  # a command that fails where the machine does not allow such surroundings
    status: int | None = 0
    env: Mapping[str, str] = field(default_factory=dict)
    reason: str | None = None  # why it is cold, where it is and the launcher notes that


@dataclass(frozen=True)
class Seen:
    """What a start showed: how it ended, what it wrote, and the rows of its reports."""

    ended: Ended
    reports: list[Report]


def lay_out_probe(world: WarmWorld) -> None:
    world.write("near.py", NEAR)
    world.write("probe.py", WARM_PROBE)


def each(cases: tuple[Surroundings, ...]) -> pytest.MarkDecorator:
    """Run a test in each of the surroundings that this machine allows."""
    able = [case for case in cases if is_allowed(case)]
    return pytest.mark.parametrize("case", able, ids=[case.name for case in able])


def is_allowed(surroundings: Surroundings) -> bool:
    done = subprocess.run(["bash", "-c", surroundings.needs], capture_output=True, check=False)
    return done.returncode == 0


def look(world: WarmWorld, kind: str, surroundings: Surroundings) -> Seen:
    """Start the probe once in the *surroundings*."""
    for name in surroundings.reports:
        (world.work / name).unlink(missing_ok=True)
    for name, content in surroundings.files.items():
        world.write(name, fill(world, kind, content))
    done = subprocess.run(
        ["bash", "-c", fill(world, kind, surroundings.text)],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        cwd=world.work,
        env=world.environment(**surroundings.env),
        timeout=60,
        check=False,
    )
    ended = Ended(done.returncode, unify(world, done.stdout), unify(world, done.stderr))
    return Seen(ended, [read_report(world, name) for name in surroundings.reports])


def look_at_terminal(world: WarmWorld, terminal: Terminal, kind: str, text: str) -> Seen:
    """Start the probe from the shell at a *terminal*."""
    (world.work / "report").unlink(missing_ok=True)
    shown = terminal.run(fill(world, kind, text) + "; echo status $?")
    return Seen(Ended(0, unify(world, shown.encode()), b""), [read_report(world, "report")])


def fill(world: WarmWorld, kind: str, text: str) -> str:
    start = shlex.join(map(str, world.command(kind, [])))
    probe = f"{start} {shlex.quote(str(world.work / 'probe.py'))}"
    fields = {"start": start, "probe": probe, "work": world.work, "runtime": world.runtime,
              "log": world.log, "home": world.home, "python": world.plain_python}  # fmt: skip
    for name, value in fields.items():
        text = text.replace(f"{{{name}}}", str(value))
    return text


def unify(world: WarmWorld, content: bytes) -> bytes:
    """*content* as if the launcher were the interpreter: a shell tells of both in `_`."""
    content = content.replace(str(world.launcher).encode(), str(world.plain_python).encode())
    return VARYING.sub(b"", content)


def read_report(world: WarmWorld, name: str) -> Report:
    path = world.work / name
    if not path.exists():
        return {}
    rows: Report = {}
    for line in unify(world, path.read_bytes()).decode(errors="replace").splitlines():
        if line.startswith("    "):
            rows[title].append(line.strip())  # noqa: F821 - a title comes first
        else:
            title = find_free(rows, line.rstrip(":"))
            rows[title] = []
    return rows


def find_free(rows: Report, title: str) -> str:
    number = 1
    while (free := title if number == 1 else f"{title} {number}") in rows:
        number += 1
    return free


def assert_same(plain: Seen, seen: Seen, stated: tuple[Difference, ...] = STATED) -> None:
    """What was seen differs in nothing but what is *stated*."""
    assert seen.ended == plain.ended
    assert all(plain.reports), "the plain start wrote no report"
    differences = [
        line
        for one, other in zip(plain.reports, seen.reports, strict=True)
        for line in tell_differences(one, other, stated)
    ]
    assert not differences, "\n".join(differences)


def tell_differences(plain: Report, seen: Report, stated: tuple[Difference, ...]) -> list[str]:
    told = []
    for row in [*plain, *(row for row in seen if row not in plain)]:
        one, other = plain.get(row, ["no such row"]), seen.get(row, ["no such row"])
        if one != other and not is_stated(row, one, other, stated):
            told += [f"{row}:", *difflib.unified_diff(one, other, "plain", "seen", n=0, lineterm="")]
    return told


def is_stated(row: str, plain: list[str], seen: list[str], stated: tuple[Difference, ...]) -> bool:
    return any(difference.row == row and difference.holds(plain, seen) for difference in stated)
