"""Starts by another user, or under limits: what it takes to set them up."""

from __future__ import annotations

import marshal
import os
import shutil
import subprocess
import sys
import sysconfig
from _imp import source_hash
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from starts import World

from mainspring.codecache.entry import SUM_KEY, TRAILER_SIZE, decode_entry

if TYPE_CHECKING:
    from collections.abc import Sequence

    from starts import Argument, Kind

#: a user, and a group, that no account has
STRANGER = 12345
#: what is copied of the environment that the tests run in, so that a stranger can reach it
PACKAGES = ("mainspring", "click", "h11", "rich", "markdown_it", "mdurl", "pygments", "uvicorn")
#: of the standard library, what no start needs
LEFT_OUT = ("test", "site-packages", "config-*", "idlelib", "tkinter", "lib2to3", "ensurepip")
#: outcomes of starts that write an entry
WRITING = ("absent", "stale", "corrupt", "foreign", "refreshed")
#: the highest byte of a time that is some centuries ahead
SETTLED = 0x40
SCRIPT = "import sys\nprint('hello', __name__, sys.argv[1:])\nraise SystemExit(3)\n"


def need(present: object, what: str) -> None:
    """Skip this test, or fail it where the whole suite must run, if *what* is missing."""
    if present:
        return
    if os.environ.get("CI") == "true":
        pytest.fail(f"this needs {what}")
    pytest.skip(f"this needs {what}")


def need_root() -> None:
    need(os.geteuid() == 0, "to be run as root")


@dataclass
class PrefixedWorld(World):
    """A world whose starts go through another command first."""

    prefix: tuple[Argument, ...] = ()

    def command(self, kind: Kind, arguments: Sequence[Argument]) -> list[Argument]:
        return [*self.prefix, *super().command(kind, arguments)]


def put_before(world: World, *prefix: Argument) -> PrefixedWorld:
    """*world*, with *prefix* before each of its commands."""
    return PrefixedWorld(
        world.home, world.plain_python, world.enabled_python, world.launcher, world.settings, prefix
    )


def as_user(number: int) -> tuple[str, ...]:
    """A command that goes on as the user and group *number*, with no rights beyond theirs."""
    return ("setpriv", f"--reuid={number}", f"--regid={number}", "--clear-groups")


def write_script(world: World, text: str = SCRIPT, name: str = "program.py") -> Path:
    path = world.home / name
    path.write_text(text)
    return path


def let_age(*paths: Path) -> None:
    """Make scripts look as if last changed an hour ago, as far as a test can."""
    for path in paths:
        status = path.stat()
        os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns - 3600 * 10**9))


def check_start(
    world: World, expected: str, *arguments: Argument, kind: Kind = "enabled", **changes: str | None
) -> None:
    """Hold a start against a plain one, and its line in the log against *expected*."""
    environment = world.environment(**changes)
    before = len(world.read_log())
    started = world.start(kind, *arguments, env=environment)
    lines = world.read_log()[before:]
    assert started == world.start("plain", *arguments, env=environment)
    assert started.stderr == b""
    assert [line.outcome for line in lines] == [expected]
    if expected in WRITING:
        settle_entries(world)


def settle_entries(world: World) -> None:
    """Make the entries of *world* such as were made long after their scripts had changed.

    A start finds them by stat then, however long a busy machine takes to come to it.
    """
    for entry in world.entries:
        content = bytearray(entry.read_bytes())
        place = len(content) - TRAILER_SIZE + 40
        if len(content) > TRAILER_SIZE and content[place + 7] < SETTLED:
            content[place + 7] = SETTLED
            content[-8:] = source_hash(SUM_KEY, bytes(content[:-8]))
            entry.write_bytes(content)


def list_tree(folder: Path) -> dict[str, tuple[int, int, bytes]]:
    """All below *folder*: mode, modification time and content of each."""
    tree = {}
    for path in sorted(folder.rglob("*")):
        status = path.lstat()
        content = b""
        if path.is_symlink():
            content = os.fsencode(path.readlink())
        elif path.is_file():
            content = path.read_bytes()
        tree[str(path.relative_to(folder))] = (status.st_mode, status.st_mtime_ns, content)
    return tree


def list_temporary(folder: Path) -> list[Path]:
    return sorted(folder.rglob("%tmp-*"))


def read_identity(content: bytes) -> str:
    """What an entry says of the build and the options that it is for."""
    notes_at = int.from_bytes(content[-32:-24], "little")
    identity, _, _ = marshal.loads(content[notes_at:-TRAILER_SIZE])
    assert isinstance(identity, str)
    return identity


def check_entries(folder: Path) -> int:
    """Hold that each entry below *folder* is whole; how many there are."""
    entries = [path for path in folder.rglob("*%*.pyc") if path.is_file()]
    for entry in entries:
        content = entry.read_bytes()
        assert decode_entry(content, read_identity(content)).load_code()
    return len(entries)


# ---- an installation that every user can reach ------------------------------------------------


@dataclass(frozen=True)
class Installation:
    """A copy of the interpreter, Mainspring beside it, and two environments: one enabled."""

    folder: Path
    launcher: Path
    plain_python: Path
    enabled_python: Path
    settings: dict[str, str]

    def make_home(self, name: str, owner: int) -> Path:
        home = self.folder / name
        home.mkdir(mode=0o755)
        os.chown(home, owner, owner)
        return home


def install_for_all(folder: Path) -> Installation:
    """Copy the interpreter and the installed wheel to *folder*, with all that belongs to them."""
    folder.chmod(0o755)
    settings = copy_interpreter(folder / "base")
    base = folder / "base" / "bin" / "python3"
    environment = {**os.environ, **settings}
    for name in ("tools", "plain", "slots"):
        command: list[Argument] = [base, "-m", "venv", "--without-pip", folder / name]
        subprocess.run(command, env=environment, check=True)
    launcher = copy_packages(folder / "tools")
    slots = folder / "slots" / "bin" / "python"
    command = [launcher, "enable", "--python", slots]
    subprocess.run(command, env=environment, check=True, stdout=subprocess.DEVNULL)
    return Installation(folder, launcher, folder / "plain" / "bin" / "python", slots, settings)


def copy_interpreter(folder: Path) -> dict[str, str]:
    """Copy the interpreter that runs the tests; what its starts need in their environment."""
    base = Path(sys.base_prefix)
    library = Path(sysconfig.get_path("stdlib"))
    shutil.copytree(
        library,
        folder / library.relative_to(base),
        symlinks=True,
        ignore=shutil.ignore_patterns(*LEFT_OUT),
    )
    (folder / "bin").mkdir()
    shutil.copy(find_base_executable(), folder / "bin" / "python3")
    shared = [path for path in library.parent.glob("libpython*.so*") if not path.is_symlink()]
    for path in shared:
        shutil.copy2(path, folder / "lib")
    return {"LD_LIBRARY_PATH": str(folder / "lib")} if shared else {}


def find_base_executable() -> Path:
    """The interpreter behind the virtual environment that runs the tests."""
    return Path(getattr(sys, "_base_executable", sys.executable)).resolve()


def copy_packages(environment: Path) -> Path:
    """Copy the wheel and what its commands import into *environment*; the launcher there."""
    [target] = environment.glob("lib/python*/site-packages")
    for name in PACKAGES:
        spec = find_spec(name)
        if spec is not None and spec.origin is not None:
            shutil.copytree(Path(spec.origin).parent, target / name)
    launcher = environment / "bin" / "mainspring"
    shutil.copy(Path(sysconfig.get_path("scripts")) / "mainspring", launcher)
    return launcher
