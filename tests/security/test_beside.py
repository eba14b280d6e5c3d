"""An entry beside the script is used if root, the user or the script's owner put it there."""

from __future__ import annotations

import os
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from .people import STRANGER, check_start, let_age, list_tree, need_root, write_script

if TYPE_CHECKING:
    from pathlib import Path

    from starts import Argument, World

    from .people import PrefixedWorld

BYSTANDER = STRANGER + 1
#: what a start calls, in the interpreter that starts
LOAD = """
import sys
from importlib.util import module_from_spec, spec_from_file_location
package = sys.argv[2]
spec = spec_from_file_location(
    "mainspring", package + "/_start.py", submodule_search_locations=[package])
start = sys.modules["mainspring"] = module_from_spec(spec)
spec.loader.exec_module(start)
folder, name = start.locate_beside(sys.argv[1], start.name_variant({}))
"""


def find_place(world: World, script: Path) -> Path:
    """Where the entry of *script* would be beside it."""
    import mainspring

    [package] = mainspring.__path__
    code = f"{LOAD}\nprint(folder, name, sep='/')"
    done = subprocess.run(
        [world.plain_python, "-c", code, script, package],
        env={**os.environ, **world.settings},
        check=True,
        capture_output=True,
        text=True,
    )
    return script.parent / done.stdout.rstrip("\n")


def deploy(world: World) -> tuple[Path, Path]:
    """A script and its only entry, which is beside it."""
    script = write_script(world)
    if os.geteuid() == 0:
        owner = world.home.stat().st_uid
        os.chown(script, owner, owner)
    let_age(script)
    check_start(world, "absent", script)
    [entry] = world.entries
    place = find_place(world, script)
    place.parent.mkdir(exist_ok=True)
    shutil.copy2(entry, place)
    give(place, world.home.stat().st_uid)
    shutil.rmtree(world.cache)
    return script, place


def give(place: Path, owner: int) -> None:
    place.parent.chmod(0o755)
    place.chmod(0o644)
    if os.geteuid() == 0:
        os.chown(place, owner, owner)
        os.chown(place.parent, owner, owner)


def test_one_of_the_user_s_is_used_and_nothing_is_written(world: World) -> None:
    script, place = deploy(world)
    before = list_tree(place.parent)
    check_start(world, "hit", script)
    assert list_tree(place.parent) == before
    assert world.entries == []


def test_it_is_found_without_any_cache_of_the_user(world: World) -> None:
    script, _ = deploy(world)
    check_start(world, "hit", script, HOME=None)


def test_one_of_root_s_is_used(stranger: PrefixedWorld) -> None:
    script, place = deploy(stranger)
    give(place, 0)
    check_start(stranger, "hit", script)


def test_one_of_the_script_s_owner_is_used(stranger: PrefixedWorld) -> None:
    script, place = deploy(stranger)
    os.chown(script, BYSTANDER, BYSTANDER)
    give(place, BYSTANDER)
    check_start(stranger, "refreshed", script)


def test_root_uses_one_of_the_script_s_owner(stranger: PrefixedWorld) -> None:
    script, _ = deploy(stranger)
    stranger.prefix = ()
    stranger.settings["MAINSPRING_CACHE_DIR"] = str(stranger.home.parent / "root-cache")
    stranger.log.unlink()
    check_start(stranger, "hit", script)


@pytest.mark.parametrize("what", ["entry", "folder"])
def test_one_of_somebody_else_s_is_not(stranger: PrefixedWorld, what: str) -> None:
    script, place = deploy(stranger)
    os.chown({"entry": place, "folder": place.parent}[what], BYSTANDER, BYSTANDER)
    check_start(stranger, "untrusted no-cache-folder", script, HOME=None)
    check_start(stranger, "absent", script)
    check_start(stranger, "hit", script)
    assert len(stranger.entries) == 1


def test_root_uses_none_of_somebody_else_s(world: World) -> None:
    need_root()
    script, place = deploy(world)
    give(place, STRANGER)
    check_start(world, "untrusted no-cache-folder", script, HOME=None)


@pytest.mark.parametrize("mode", [0o664, 0o646, 0o666])
def test_one_that_others_can_write_to_is_not(world: World, mode: int) -> None:
    script, place = deploy(world)
    place.chmod(mode)
    check_start(world, "untrusted no-cache-folder", script, HOME=None)
    check_start(world, "absent", script)


@pytest.mark.parametrize("mode", [0o775, 0o757, 0o1777])
def test_one_in_a_folder_that_others_can_write_to_is_not(world: World, mode: int) -> None:
    script, place = deploy(world)
    place.parent.chmod(mode)
    check_start(world, "untrusted no-cache-folder", script, HOME=None)
    check_start(world, "absent", script)


def test_links_are_not_followed(world: World) -> None:
    script, place = deploy(world)
    aside = world.home / "aside"
    for level in (place, place.parent):
        level.rename(aside)
        level.symlink_to(aside)
        check_start(world, "untrusted no-cache-folder", script, HOME=None)
        level.unlink()
        aside.rename(level)
    check_start(world, "hit", script, HOME=None)


@pytest.mark.parametrize("mode", ["timestamp", "checked-hash", "unchecked-hash"])
def test_a_pyc_of_python_s_own_is_neither_used_nor_changed(world: World, mode: str) -> None:
    script, place = deploy(world)
    place.unlink()
    script.write_text("print('compiled by compileall')\n")
    command: list[Argument] = [
        world.plain_python,
        "-m",
        "compileall",
        "-q",
        "--invalidation-mode",
        mode,
        script,
    ]
    subprocess.run(command, check=True)
    [own] = place.parent.iterdir()
    content = own.read_bytes()
    let_age(script)
    check_start(world, "absent", script)
    check_start(world, "hit", script)
    assert own.read_bytes() == content


def test_a_stale_one_does_not_hide_the_user_s_own(world: World) -> None:
    script, place = deploy(world)
    script.write_text("print('changed')\n")
    let_age(script)
    before = list_tree(place.parent)
    check_start(world, "absent", script)
    check_start(world, "hit", script)
    assert list_tree(place.parent) == before


def test_a_fifo_there_is_not_waited_for(world: World) -> None:
    script, place = deploy(world)
    place.unlink()
    os.mkfifo(place, 0o600)
    check_start(world, "absent", script)
