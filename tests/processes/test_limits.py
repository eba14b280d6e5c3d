"""Within limits that a plain start can live with, so can ours."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from security.people import check_start, list_temporary, put_before, write_script

if TYPE_CHECKING:
    from starts import World


def limited(world: World, limit: str) -> World:
    return put_before(world, "sh", "-c", f'ulimit {limit}; exec "$@"', "sh")


def test_files_that_may_not_grow(world: World) -> None:
    script = write_script(world, f"text = '{'x' * 5000}'\nprint(len(text))\n")
    check_start(limited(world, "-f 4"), "absent disk-full", script)
    assert world.entries == []
    assert list_temporary(world.cache) == []


def test_no_file_may_be_written_at_all(world: World) -> None:
    script = write_script(world)
    small = limited(world, "-f 0")
    assert small.start("enabled", script) == small.start("plain", script)
    assert world.entries == []
    assert list_temporary(world.cache) == []


@pytest.mark.parametrize("cached", [False, True])
def test_descriptors_that_run_out(world: World, cached: bool) -> None:
    """From the least that plain Python starts with up to as many as ours wants."""
    script = write_script(world)
    if cached:
        check_start(world, "absent", script)
    started = 0
    for count in range(3, 14):
        few = limited(world, f"-n {count}")
        plain = few.start("plain", script)
        if plain.status == 3:
            started += 1
            assert few.start("enabled", script) == plain, count
    assert started > 5
    assert list_temporary(world.cache) == []


def test_memory_that_runs_out(world: World) -> None:
    """What plain Python can live with is enough, but for the size of what ours is made of."""
    script = write_script(world, "print('ran')\n" + "x = [1, 2, 'three']\n" * 3000)
    plain = [
        limited(world, f"-v {megabytes * 1024}").start("plain", script) for megabytes in range(16, 64, 2)
    ]
    least = next(i for i, ended in enumerate(plain) if ended.status == 0) * 2 + 16
    for megabytes in range(least + 4, least + 16, 2):
        little = limited(world, f"-v {megabytes * 1024}")
        assert little.start("enabled", script) == plain[-1], megabytes
    assert list_temporary(world.cache) == []


@pytest.mark.parametrize("length", [255, 251])
def test_a_name_that_leaves_no_room(world: World, length: int) -> None:
    """The second start finds the entry's folder there, and still says the same."""
    script = write_script(world, name="n" * (length - 3) + ".py")
    check_start(world, "absent name-too-long", script)
    check_start(world, "absent name-too-long", script)


def test_a_name_that_leaves_just_room(world: World) -> None:
    script = write_script(world, name="n" * (255 - len("%.pyc") - 3) + ".py")
    # written to a temporary file with a short name, then renamed
    check_start(world, "absent", script)
    check_start(world, "hit", script)


def test_a_path_that_is_as_long_as_can_be(world: World) -> None:
    folder = world.home
    while len(str(folder)) < 4096 - 260:
        folder /= "d" * 200
    folder.mkdir(parents=True)
    script = folder / "program.py"
    script.write_text("print('deep')\n")
    check_start(world, "absent", script)
    check_start(world, "hit", script)
