"""With another user's or group's rights, a start is plain Python's, and nothing is written."""

from __future__ import annotations

import os
import shutil
import sysconfig
from typing import TYPE_CHECKING

import pytest

from .people import (
    STRANGER,
    PrefixedWorld,
    as_user,
    check_start,
    list_tree,
    need_root,
    put_before,
    write_script,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from starts import Argument, World

    from .people import Installation

SHOW_IDS = "import os\nprint(os.getresuid(), os.getresgid())\n"
# opens descriptor 3 before any rights change
WITH_LOG = ("sh", "-c", 'exec 3>>"$0"; exec "$@"')


def with_ids(world: World, call: str) -> PrefixedWorld:
    """*world*, with starts after *call*, and the log at descriptor 3."""
    code = f"import os, sys; os.{call}; os.execv(sys.argv[1], sys.argv[1:])"
    changed = put_before(world, *WITH_LOG, world.log, world.plain_python, "-c", code)
    changed.settings = {**world.settings, "MAINSPRING_LOG": "3"}
    return changed


@pytest.mark.parametrize(
    "call",
    [f"setresuid({STRANGER}, 0, 0)", f"setresgid({STRANGER}, 0, 0)", f"setresgid(0, {STRANGER}, 0)"],
)
def test_rights_that_differ_from_the_caller_s(world: World, call: str) -> None:
    need_root()
    script = write_script(world, SHOW_IDS)
    check_start(world, "absent", script)
    before = list_tree(world.cache)
    check_start(with_ids(world, call), "set-id", script)
    assert list_tree(world.cache) == before


# the loader finds no copy of a shared libpython for a set-user-ID start
if not sysconfig.get_config_var("Py_ENABLE_SHARED"):

    def test_root_as_another_user(stranger: PrefixedWorld) -> None:
        script = write_script(stranger, SHOW_IDS)
        check_start(stranger, "absent", script)
        stranger.prefix = ()
        before = list_tree(stranger.cache)
        check_start(with_ids(stranger, f"setresuid(0, {STRANGER}, {STRANGER})"), "set-id", script)
        assert list_tree(stranger.cache) == before


def test_no_file_is_opened_for_the_log_with_borrowed_rights(world: World) -> None:
    need_root()
    script = write_script(world, SHOW_IDS)
    borrowed = with_ids(world, f"setresuid({STRANGER}, 0, 0)")
    target = world.home / "borrowed.log"
    for off in ("on", "off"):
        environment = borrowed.environment(MAINSPRING_LOG=str(target), MAINSPRING=off)
        started = borrowed.start("enabled", script, env=environment)
        assert started == borrowed.start("plain", script, env=environment)
    assert not target.exists()


@pytest.fixture
def set_user_id_world(installation: Installation, tmp_path: Path) -> Iterator[PrefixedWorld]:
    """A stranger's starts of an interpreter that root made set-user-ID."""
    interpreter = installation.folder / "base" / "bin" / "python3-set-id"
    shutil.copy(interpreter.with_name("python3"), interpreter)
    interpreter.chmod(0o4755)
    pythons = [
        python.with_name("set-id") for python in (installation.plain_python, installation.enabled_python)
    ]
    for python in pythons:
        python.symlink_to(interpreter)
    home = installation.make_home(f"home-{tmp_path.name}", STRANGER)
    log = home / "starts.log"
    log.touch()
    os.chown(log, STRANGER, STRANGER)
    prefix: tuple[Argument, ...] = (*as_user(STRANGER), *WITH_LOG, log)
    settings = {**installation.settings, "MAINSPRING_LOG": "3"}
    plain, enabled = pythons
    yield PrefixedWorld(home, plain, enabled, installation.launcher, settings, prefix)
    for path in (*pythons, interpreter):
        path.unlink()
    shutil.rmtree(home)


def test_a_set_user_id_interpreter(set_user_id_world: PrefixedWorld) -> None:
    script = write_script(set_user_id_world, SHOW_IDS)
    check_start(set_user_id_world, "set-id", script)
    assert not set_user_id_world.cache.exists()
