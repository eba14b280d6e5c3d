"""`mainspring compile`, called as a user would, and what it leaves behind."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

from security.people import read_identity, settle_entries
from starts import Ended

from mainspring.codecache.entry import Entry, decode_entry

if TYPE_CHECKING:
    from pathlib import Path

    from starts import Argument, World

TAG = sys.implementation.cache_tag
SETTLED_NS = 2_200_000_000
#: a start compiles it, since it is of some size and does something
PROGRAM = "#!/usr/bin/env python3\nimport sys\nprint('ran', __name__, sys.argv[1:])\n"


def call(
    world: World,
    *words: Argument,
    stdin: bytes = b"",
    cwd: Path | None = None,
    before: tuple[Argument, ...] = (),
    command: str = "compile",
    **changes: str | None,
) -> Ended:
    """`mainspring COMMAND WORDS`, with the command *before* in front, and how it ended."""
    done = subprocess.run(
        [*before, world.launcher, command, *words],
        input=stdin,
        capture_output=True,
        cwd=cwd or world.home,
        env=world.environment(**changes),
        check=False,
        timeout=110,
    )
    return Ended(done.returncode, done.stdout, done.stderr)


def ask(world: World, *words: Argument, status: int = 0, **options: Any) -> dict[str, Any]:
    """What `compile --json` reports; it has to end with *status*, and without a word of complaint."""
    ended = call(world, "--json", *words, **options)
    assert (ended.status, ended.stderr) == (status, b"")
    facts = json.loads(ended.stdout)
    assert isinstance(facts, dict)
    return facts


def count(facts: dict[str, Any]) -> tuple[int, int, int]:
    """How many were compiled, were unchanged, and failed."""
    return facts["compiled"], facts["unchanged"], facts["failed"]


def make_tree(folder: Path, **texts: str) -> Path:
    """A folder with a module of each name and text."""
    for name, text in texts.items():
        path = folder.joinpath(*name.split("__"))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.with_suffix(".py").write_text(text)
    return folder


def make_program(path: Path, text: str = PROGRAM) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)
    return path


def check_hit(world: World, script: Path, **changes: str | None) -> None:
    """Hold that a start of *script* uses the entry that is there, and ends as a plain one."""
    settle_entries(world)
    assert world.outcome_of(script, **changes) == "hit"
    environment = world.environment(**changes)
    plain, enabled = (world.start(kind, script, env=environment) for kind in ("plain", "enabled"))
    assert plain == enabled


def compile_all(*words: Argument, env: dict[str, str] | None = None) -> None:
    """CPython's own `compileall`."""
    command = [sys.executable, "-m", "compileall", "-q", *words]
    subprocess.run(command, env={**os.environ, **(env or {})}, check=False, capture_output=True)


def list_compiled(folder: Path) -> dict[str, tuple[int, bytes]]:
    """Mode and content of each `.pyc` below *folder*."""
    return {
        str(path.relative_to(folder)): (path.stat().st_mode, path.read_bytes())
        for path in sorted(folder.rglob("*.pyc"))
    }


def find_beside(script: Path) -> Path:
    return script.parent / "__pycache__" / f"{script.name}%.{TAG}.pyc"


def read_entry(path: Path) -> Entry:
    content = path.read_bytes()
    return decode_entry(content, read_identity(content))


def wait_until_aged(*folders: Path) -> None:
    """Wait until all below *folders* was changed so long ago that its stat can be trusted."""
    newest = max(path.lstat().st_ctime_ns for folder in folders for path in [folder, *folder.rglob("*")])
    while time.time_ns() < newest + SETTLED_NS:
        time.sleep(0.05)
