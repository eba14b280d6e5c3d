"""Starts a case each way there is, in a folder laid out anew at the same path, and compares."""

from __future__ import annotations

import difflib
import os
import pty
import shutil
import subprocess
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .surroundings import lay_out, list_files

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from starts import Argument, Kind, World

    from .case import Case

TIMEOUT = 60
# what says that the entry's code was used: a script this young is compared by its content
USED = {"refreshed": "hit"}


@dataclass(frozen=True)
class Seen:
    """All that a start showed, by lines, so that a difference can be read."""

    status: int
    stdout: list[bytes]
    stderr: list[bytes]
    files: Mapping[str, tuple[str, bytes]]


def assert_same_program(case: Case, world: World) -> None:
    """Every kind of start of *case*, first and cached, shows what the plain one shows."""
    plain, _ = look_at_start(case, world, "plain")
    assert case.status in (plain.status, None), b"\n".join(plain.stderr).decode(errors="replace")
    assert case.shows in b"\n".join(plain.stdout + plain.stderr)
    kinds: tuple[Kind, ...] = ("run", "enabled")
    for kind in kinds:
        shutil.rmtree(world.cache, ignore_errors=True)
        outcomes = case.run if kind == "run" else case.enabled
        for turn, expected in zip(("first", "cached"), outcomes, strict=True):
            if turn == "cached" and case.kept_by is not None:
                start(case, world, kind, case.kept_by)
            seen, outcome = look_at_start(case, world, kind)
            differences = tell_differences(plain, seen)
            assert not differences, "\n".join([f"{turn} start, {kind}:", *differences])
            assert outcome == expected, f"{turn} start, {kind}: {outcome}, not {expected}"


def assert_counted(world: World) -> None:
    """The last kind of start made an entry and used it, where no log tells so."""
    counted = (world.cache / "%starts").read_text().splitlines()
    verdicts = [line.split("\t")[0] for line in counted]
    assert [USED.get(verdict, verdict) for verdict in verdicts] == ["absent", "hit"]


def look_at_start(case: Case, world: World, kind: Kind) -> tuple[Seen, str | None]:
    """What a start showed, and what the log says of it: nothing of a plain one."""
    lay_out(case, work_of(world))
    world.log.unlink(missing_ok=True)
    done = start(case, world, kind, case.options)
    lines = world.read_log()
    seen = Seen(
        done.returncode,
        case.normalise(world.unify(done.stdout or b"")).split(b"\n"),
        case.normalise(world.unify(done.stderr)).split(b"\n"),
        {
            name: (how, world.unify(content))
            for name, how, content in list_files(work_of(world))
            if name not in case.varying_files
        },
    )
    outcome = lines[0].outcome if lines else None
    return seen, outcome and " ".join(USED.get(word, word) for word in outcome.split())


def tell_differences(plain: Seen, seen: Seen) -> list[str]:
    """What a start showed otherwise than the plain one, line by line."""
    wanted, shown = list_lines(plain), list_lines(seen)
    if wanted == shown:
        return []
    return list(difflib.unified_diff(wanted, shown, "plain", "seen", n=1, lineterm=""))


def list_lines(seen: Seen) -> list[str]:
    return [
        f"status {seen.status}",
        *[f"stdout {line!r}" for line in seen.stdout],
        *[f"stderr {line!r}" for line in seen.stderr],
        *[f"file {name!r} {what!r}" for name, what in sorted(seen.files.items())],
    ]


def work_of(world: World) -> Path:
    return world.home.parent / "work"


def start(
    case: Case, world: World, kind: Kind, options: tuple[str, ...]
) -> subprocess.CompletedProcess[bytes]:
    with ExitStack() as stack:
        terminal = stdout = None
        if case.typed_in is not None:
            terminal = stack.enter_context(open_terminal(case.typed_in))
        if case.stdout is not None:
            stdout = stack.enter_context(open(case.stdout, "wb", buffering=0)).fileno()
        return subprocess.run(
            compose_command(case, world, kind, options),
            stdin=terminal,
            input=case.stdin if terminal is None else None,
            stdout=subprocess.PIPE if stdout is None else stdout,
            stderr=subprocess.PIPE,
            cwd=os.path.join(work_of(world), case.cwd),
            env=compose_environment(case, world),
            timeout=TIMEOUT,
            check=False,
        )


def compose_command(case: Case, world: World, kind: Kind, options: tuple[str, ...]) -> list[Argument]:
    # nothing at all is typed for a program without a name
    words = [*options, *([case.typed] if case.typed else []), *case.arguments]
    work = str(work_of(world))
    return [*case.prefix, *world.command(kind, [fill(word, work) for word in words])]


def compose_environment(case: Case, world: World) -> dict[str, str]:
    work = str(work_of(world))
    filled = {name: value and value.replace("{work}", work) for name, value in case.env.items()}
    return world.environment(**filled)


def fill(word: str | bytes, work: str) -> str | bytes:
    return word.replace("{work}", work) if isinstance(word, str) else word


@contextmanager
def open_terminal(typed: bytes) -> Iterator[int]:
    """A descriptor of a terminal at which *typed* was typed."""
    ours, theirs = pty.openpty()
    try:
        os.write(ours, typed)
        yield theirs
    finally:
        os.close(theirs)
        os.close(ours)
