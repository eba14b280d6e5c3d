"""Whatever a host made its standard streams for, a start has them as a plain one, one after the other."""

from __future__ import annotations

import os
import random
import socket
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from .world import WarmKind, WarmWorld

#: says of its streams what can be asked, and writes more than one of them keeps
PROGRAM = """\
import argparse, json, logging, os, sys
if sys.argv[1:] == ["warm-up"]:
    sys.exit()


def describe(stream):
    buffer = stream.buffer
    raw = getattr(buffer, "raw", buffer)
    return [stream.name, stream.mode, stream.encoding, stream.errors, stream.line_buffering,
            stream.write_through, stream.isatty(), type(buffer).__name__, repr(raw), raw.seekable()]


shown = [describe(stream) for stream in (sys.stdin, sys.stdout, sys.stderr)]
with open("shown", "w") as file:
    print(*shown, sys.stdin.buffer.readline(), file=file)
print("first")
print("caf\u00e9" if sys.stdout.encoding.startswith("utf") else "coffee")
print("told", file=sys.stderr)
"""
KINDS = ("pipe", "socket", "null", "full", "file", "further on")
#: of all orders in which kinds may come, one that is the same in each run
ORDER = random.Random(1).sample(list(product(KINDS, repeat=3)), 20)  # noqa: S311
SETTINGS: dict[str, dict[str, str]] = {
    "as they are": {},
    "unbuffered": {"PYTHONUNBUFFERED": "1"},
    "with marks": {"PYTHONIOENCODING": "utf-16"},
    "marked once": {"PYTHONIOENCODING": "utf-8-sig"},
    "another encoding": {"PYTHONIOENCODING": "latin-1:replace"},
    "not by default": {"PYTHONUTF8": "0", "LC_ALL": "C", "PYTHONCOERCECLOCALE": "0"},
}


def open_pair(make: Callable[[], tuple[int, int]], number: int) -> int:
    """One end; the other one is written to before, or may be written to."""
    read, write = make()
    if number == 0:
        os.write(write, b"line\n")
        os.close(write)
        return read
    OTHERS.append(read)
    return write


OTHERS: list[int] = []


def make_sockets() -> tuple[int, int]:
    here, there = socket.socketpair()
    return here.detach(), there.detach()


def open_file(world: WarmWorld, number: int, place: int) -> int:
    file = world.write(f"file-{number}", "head\nline\n")
    descriptor = os.open(file, os.O_RDWR)
    os.lseek(descriptor, place, os.SEEK_SET)
    return descriptor


def open_kind(world: WarmWorld, kind: str, number: int) -> int:
    if kind in ("null", "full"):
        return os.open(f"/dev/{kind if number else 'null'}", os.O_RDWR)
    if kind in ("pipe", "socket"):
        return open_pair(os.pipe if kind == "pipe" else make_sockets, number)
    return open_file(world, number, 5 if kind == "further on" else 0)


def start(world: WarmWorld, how: WarmKind, kinds: tuple[str, ...]) -> list[object]:
    """How a start with streams of these *kinds* ended, what it said of them, and what it wrote."""
    for left in (world.work / "shown", *world.work.glob("file-*")):
        left.unlink(missing_ok=True)
    given = [open_kind(world, kind, number) for number, kind in enumerate(kinds)]
    process = world.begin(how, "program.py", stdin=given[0], stdout=given[1], stderr=given[2])
    for descriptor in given:
        os.close(descriptor)
    seen: list[object] = [process.wait(10), (world.work / "shown").read_bytes()]
    seen += [read_all(other) for other in OTHERS]
    OTHERS.clear()
    return seen + [file.read_bytes() for file in sorted(Path(world.work).glob("file-*"))]


def read_all(descriptor: int) -> bytes:
    with open(descriptor, "rb") as file:
        return file.read()


@pytest.mark.parametrize("setting", SETTINGS)
def test_streams_of_all_kinds_one_after_the_other(warm_world: WarmWorld, setting: str) -> None:
    warm_world.settings.update(SETTINGS[setting])
    warm_world.write("program.py", PROGRAM)
    plain = [start(warm_world, "plain", kinds) for kinds in ORDER]
    warm_world.warm_up("program.py")
    warm_world.log.unlink()
    assert [start(warm_world, "warm", kinds) for kinds in ORDER] == plain
    assert warm_world.is_log_warm
