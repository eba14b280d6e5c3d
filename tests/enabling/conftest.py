from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

pytest.register_assert_rewrite("security.people")

from security.conftest import installation, stranger  # noqa: E402
from starts import make_bare_venv  # noqa: E402

from .commands import Commands  # noqa: E402

__all__ = ["commands", "fresh", "installation", "site", "stranger"]


@pytest.fixture
def commands(launcher: Path, tmp_path: Path) -> Commands:
    """The commands, with a home of their own."""
    home = tmp_path / "home"
    home.mkdir()
    return Commands(launcher, home)


@pytest.fixture
def fresh(tmp_path: Path) -> Path:
    """A bare interpreter that nobody enabled."""
    return make_bare_venv(tmp_path / "fresh")


@pytest.fixture
def site(fresh: Path) -> Path:
    """Its site-packages."""
    code = "import sysconfig; print(sysconfig.get_path('purelib'))"
    return Path(subprocess.check_output([fresh, "-c", code], text=True).rstrip("\n"))
