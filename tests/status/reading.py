"""Calls `status`, and reads what it says."""

from __future__ import annotations

import json
import os
import pty
import shutil
import subprocess
from typing import TYPE_CHECKING, Any

from enabling.commands import Commands

if TYPE_CHECKING:
    from pathlib import Path

    from security.people import PrefixedWorld


def read_facts(commands: Commands, **changes: str) -> dict[str, Any]:
    """What `status --json` says."""
    status, output, errors = commands.call("status", "--json", env=changes)
    assert (status, errors) == (0, "")
    facts = json.loads(output)
    assert isinstance(facts, dict)
    assert facts.keys() == {"interpreters", "cache", "starts"}
    return facts


def read_lines(commands: Commands, **changes: str) -> list[list[str]]:
    """What `status` says in a pipe: the fields of each line."""
    status, output, errors = commands.call("status", env=changes)
    assert (status, errors) == (0, "")
    return [line.split("\t") for line in output.splitlines()]


def find_line(commands: Commands, word: str, **changes: str) -> list[str]:
    """The fields of the one line that begins with *word*."""
    [line] = [line for line in read_lines(commands, **changes) if line[0] == word]
    return line[1:]


def read_terminal(commands: Commands, *words: str, **changes: str) -> tuple[int, str]:
    """The status that a command ends with in a pseudo-terminal, and all that it shows there."""
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [*commands.prefix, commands.launcher, *words],
        cwd=commands.home,
        env=commands.environment() | {"TERM": "xterm", "COLUMNS": "200"} | changes,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
    ) as process:
        os.close(theirs)
        shown = b"".join(iter(lambda: read_some(ours), b""))
        os.close(ours)
    return process.returncode, shown.decode()


def read_some(terminal: int) -> bytes:
    """What comes next; empty when the last process has closed it, which Linux calls EIO."""
    try:
        return os.read(terminal, 1 << 16)
    except OSError:
        return b""


def command_as(stranger: PrefixedWorld, path: str = "/nonexistent") -> Commands:
    """The commands as *stranger* gives them, with that PATH."""
    prefix = (shutil.which("setpriv") or "setpriv", *stranger.prefix[1:])
    return Commands(stranger.launcher, stranger.home, stranger.settings | {"PATH": path}, prefix)


def list_found(facts: dict[str, Any]) -> dict[str, str]:
    """The interpreters, and the state of each."""
    return {found["path"]: found["state"] for found in facts["interpreters"]}


def make_program(folder: Path, text: str, name: str = "python3") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_text(text)
    path.chmod(0o755)
    return path
