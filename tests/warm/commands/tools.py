"""The commands that are tried, in one environment for all: the first test that needs it makes it."""

from __future__ import annotations

import fcntl
import subprocess
import sys
from pathlib import Path

REQUIREMENTS = Path(__file__).with_name("requirements.txt")


def prepare_tools() -> Path:
    """The folder of the commands; it is kept beside the tests' own environment."""
    folder = Path(sys.prefix) / "commands"
    with folder.with_name("commands.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not is_current(folder):
            make_tools(folder)
    return folder / "bin"


def is_current(folder: Path) -> bool:
    made_from = folder / REQUIREMENTS.name
    return made_from.is_file() and made_from.read_bytes() == REQUIREMENTS.read_bytes()


def make_tools(folder: Path) -> None:
    subprocess.run([sys.executable, "-m", "venv", "--clear", folder], check=True)
    pip = [folder / "bin/pip", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "install", "--no-deps", "--requirement", REQUIREMENTS], check=True)
    # the last step: an environment without it is not whole
    (folder / REQUIREMENTS.name).write_bytes(REQUIREMENTS.read_bytes())
