"""`mainspring compile`, called as a user would, and what it leaves behind."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any

from security.people import settle_entries
from starts import Ended

if TYPE_CHECKING:
    from pathlib import Path

    from starts import Argument, World

#: a start compiles it, since it is of some size and does something
PROGRAM = "#!/usr/bin/env python3\nimport sys\nprint('ran', __name__, sys.argv[1:])\n"


def call(
    world: World,
    *words: Argument,
    stdin: bytes = b"",
    cwd: Path | None = None,
    before: tuple[Argument, ...] = (),
    **changes: str | None,
) -> Ended:
    """`mainspring compile WORDS`, with the command *before* in front, and how it ended."""
    done = subprocess.run(
        [*before, world.launcher, "compile", *words],
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
