"""The applications that are served: the first test that needs them installs them, for all later runs."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING, Final

from warm.commands.tools import prepare

if TYPE_CHECKING:
    from pathlib import Path

PACKAGES: Final = (
    "mercurial==7.2.4",
    "roundup==2.6.0",
    "psycopg[binary]==3.3.9",
    "flask==3.1.3",
    *(["legacy-cgi==2.6.4"] if sys.version_info >= (3, 13) else []),  # before that, Python has `cgi`
)


def prepare_applications() -> Path:
    """The folder of their environment."""
    return prepare("applications", "\n".join(PACKAGES), install)


def install(folder: Path) -> None:
    pip = [folder / "bin/pip", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "install", *PACKAGES], check=True)
