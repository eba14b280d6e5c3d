"""Asks the launcher which interpreter it would start: its answer is the one that counts."""

import os
import subprocess
import sys
import sysconfig
from pathlib import Path

from mainspring.errors import UnusableInterpreterError


def choose_interpreter(arguments: list[str], python: str | None) -> tuple[str, str, list[str]]:
    """The interpreter, what chose it, and the options that come with it.

    Raises UnusableInterpreterError.
    """
    option = [] if python is None else ["--python", python]
    done = subprocess.run(
        [find_launcher(), "run", "--which", *option, *arguments], capture_output=True, check=False
    )
    if done.returncode:
        message = os.fsdecode(done.stderr).strip().removeprefix("mainspring: ")
        problem, _, remedy = message.partition("; ")
        raise UnusableInterpreterError(problem, remedy)
    interpreter, named_by, *options = os.fsdecode(done.stdout).split("\0")[:-1]
    return interpreter, describe_choice(named_by), options


def describe_choice(named_by: str) -> str:
    if named_by in {"--python", "MAINSPRING_PYTHON"}:
        return f"named by {named_by}"
    return "named by the script's first line" if named_by else "the nearest python3"


def find_launcher() -> str:
    """The launcher that was installed with this package."""
    folders = [Path(sys.argv[0]).parent, Path(sysconfig.get_path("scripts"))]
    for folder in folders:
        if (folder / "mainspring").is_file():
            return str(folder / "mainspring")
    return "mainspring"
