"""What a start from an entry asks of the kernel, and of the import system, is frozen."""

from __future__ import annotations

import re
import shutil
from typing import TYPE_CHECKING

import pytest
from security.people import check_start, let_age, need, put_before, write_script

if TYPE_CHECKING:
    from pathlib import Path

    from starts import World

#: files of ours that a hit opens, and no more
OPENED = {"sitecustomize", "_start", "_native"}
#: system calls that a hit makes beyond a plain start: its own files, the entry, the script's stat,
#: the counts, and the memory for what it loads
MOST_CALLS = 110


@pytest.fixture
def cached(world: World) -> tuple[World, Path]:
    """A script that is above the least size, with an entry that is a hit."""
    script = write_script(world, "print('ran')\n" + "x = [1, 2, 3]\n" * 300)
    let_age(script)
    check_start(world, "absent", script)
    check_start(world, "hit", script)
    return world, script


def trace(world: World, kind: str, script: Path, calls: str) -> list[str]:
    """The system calls of a start, without a log."""
    need(shutil.which("strace"), "strace")
    record = world.home / f"calls-{kind}"
    traced = put_before(world, "strace", "-qq", "-y", "-o", record, "-e", f"trace={calls}")
    environment = world.environment(MAINSPRING_LOG=None, MAINSPRING_MIN_SIZE=None, PYTHONHASHSEED="0")
    traced.start("enabled" if kind == "enabled" else "plain", script, env=environment)
    return record.read_text(errors="replace").splitlines()


def test_a_hit_opens_three_files_of_ours(cached: tuple[World, Path]) -> None:
    world, script = cached
    opened = {
        match[1]
        for line in trace(world, "enabled", script, "openat")
        if (match := re.search(r'"[^"]*/(?:__pycache__/)?(\w+)\.[\w.-]*(?:pyc?|so)"', line))
        and ("mainspring" in line or "sitecustomize" in line)
    }
    assert opened == OPENED


def test_a_hit_makes_few_calls_more_than_a_plain_start(cached: tuple[World, Path]) -> None:
    world, script = cached
    plain = trace(world, "plain", script, "all")
    hit = trace(world, "enabled", script, "all")
    print(f"{len(plain)} calls plainly, {len(hit)} from an entry")
    assert len(hit) - len(plain) <= MOST_CALLS


def test_a_hit_reads_nothing_of_the_script(cached: tuple[World, Path]) -> None:
    """But what pymain_get_importer reads, to tell that it is no archive."""
    world, script = cached
    reads = [
        [line for line in trace(world, kind, script, "openat") if f'"{script}"' in line]
        for kind in ("enabled", "plain")
    ]
    assert len(reads[0]) == len(reads[1]) - 1


def test_a_hit_imports_nothing_that_a_plain_start_does_not(world: World) -> None:
    """But what it takes away again: told by an audit hook that is there before it."""
    told = []
    for python in (world.plain_python, world.enabled_python):
        [site] = python.parents[1].glob("lib/python*/site-packages")
        line = site / "aaa.pth"
        line.write_text(
            "import sys; imports = []; sys.addaudithook(lambda event, args:"
            " imports.append(args[0]) if event == 'import' else None); sys.told = imports\n"
        )
        show = write_script(
            world,
            "import sys\nprint(sorted(set(sys.told)), sorted(sys.modules))\n" + "# x\n" * 600,
            "show.py",
        )
        kind = "plain" if python == world.plain_python else "enabled"
        try:
            for _ in range(2):
                ended = world.start(
                    "plain" if kind == "plain" else "enabled",
                    show,
                    env=world.environment(MAINSPRING_LOG=None),
                )
        finally:
            line.unlink()
        told.append(ended.stdout)
    assert told[0] == told[1]
