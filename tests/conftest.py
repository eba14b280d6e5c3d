"""What all tests share: the installed launcher, and bare interpreters that it is tried on."""

import os
import subprocess
import sysconfig
from pathlib import Path

import pytest
from starts import World, make_bare_venv


@pytest.fixture(scope="session", autouse=True)
def neutral_environment(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Tests choose what a start gets; what the shell around them has must not decide."""
    for name in list(os.environ):
        if name.startswith(("PYTHON", "MAINSPRING", "XDG_")):
            del os.environ[name]
    # what is enabled for the tests is not for the user to remember
    os.environ["XDG_STATE_HOME"] = str(tmp_path_factory.mktemp("state"))


@pytest.fixture(scope="session")
def launcher() -> Path:
    """The installed `mainspring` command."""
    path = Path(sysconfig.get_path("scripts")) / "mainspring"
    assert path.is_file(), "install the wheel first: make test does"
    return path


@pytest.fixture(scope="session")
def bare_python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An interpreter in whose environment Mainspring is not installed, nor enabled."""
    return make_bare_venv(tmp_path_factory.mktemp("venvs") / "plain")


@pytest.fixture(scope="session")
def enabled_python(bare_python: Path, launcher: Path) -> Path:
    """An interpreter that was enabled."""
    python = make_bare_venv(bare_python.parents[2] / "slots")
    subprocess.run([launcher, "enable", "--python", python], check=True)
    return python


@pytest.fixture
def clean_env(tmp_path: Path) -> dict[str, str]:
    """An environment without any setting of Python's or Mainspring's, and with a home of its own."""
    home = tmp_path / "home"
    home.mkdir(exist_ok=True)
    return {"PATH": os.environ["PATH"], "LANG": "C.UTF-8", "HOME": str(home)}


@pytest.fixture
def world(tmp_path: Path, bare_python: Path, enabled_python: Path, launcher: Path) -> World:
    """A home, a cache and a log for one test, in which all ways of starting can be compared."""
    home = tmp_path / "home"
    home.mkdir(exist_ok=True)
    return World(home, bare_python, enabled_python, launcher)
