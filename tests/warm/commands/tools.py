"""The commands that are tried: the first test that needs them makes their environments.

They are kept beside the tests' own environment.
"""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

REQUIREMENTS: Final = Path(__file__).with_name("requirements.txt").read_text()
NUMPY: Final = "numpy>=2.4"  # the newest that the interpreter has
PIPX: Final = "pipx==1.18.4"
#: what pipx installs, each command in an environment of its own
BY_PIPX: Final = "pycodestyle==2.15.0\nblack==26.10.1\n"


def prepare_tools() -> Path:
    """The folder of the commands in one environment for all."""
    return prepare("commands", REQUIREMENTS, install_by_pip) / "bin"


def prepare_pipx() -> Path:
    """The folder of the commands that pipx has installed."""
    return prepare("pipx-commands", f"{PIPX}\n{BY_PIPX}", install_by_pipx) / "apps"


def prepare_numpy() -> Path:
    """The folder of an interpreter that has numpy."""
    return prepare("numpy", NUMPY, install_numpy) / "bin"


def prepare(
    name: str, made_from: str, install: Callable[[Path], None], python: str = sys.executable
) -> Path:
    folder = Path(sys.prefix) / name
    with folder.with_name(f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        note = folder / "made-from"
        if not note.is_file() or note.read_text() != made_from:
            subprocess.run([python, "-m", "venv", "--clear", folder], check=True)
            install(folder)
            note.write_text(made_from)  # the last step: an environment without it is not whole
    return folder


def install_by_pip(folder: Path) -> None:
    requirements = folder / "requirements.txt"
    requirements.write_text(REQUIREMENTS)
    pip = [folder / "bin/pip", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "install", "--no-deps", "--requirement", requirements], check=True)


def install_numpy(folder: Path) -> None:
    pip = [folder / "bin/pip", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "install", "--only-binary", ":all:", NUMPY], check=True)


def install_by_pipx(folder: Path) -> None:
    pip = [folder / "bin/pip", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "install", PIPX], check=True)
    own = {"PIPX_HOME": str(folder / "pipx"), "PIPX_BIN_DIR": str(folder / "apps")}
    pipx = [folder / "bin/pipx", "install", "--quiet", "--python", sys.executable]
    subprocess.run([*pipx, *BY_PIPX.split()], check=True, env=os.environ | own)
