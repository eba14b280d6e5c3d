"""A script that changed is never started from its old code, whatever its times say."""

from __future__ import annotations

import os
import shutil
import time
from _imp import source_hash
from typing import TYPE_CHECKING

import pytest
from security.people import let_age, write_script

from mainspring.codecache.entry import SUM_KEY, TRAILER_SIZE

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from starts import World

SECOND = 10**9
HOUR = 3600 * SECOND


def check_fresh_start(world: World, expected: str, *arguments: Path) -> None:
    """As check_start, but leaves entries as young as they are."""
    before = len(world.read_log())
    started = world.start("enabled", *arguments)
    assert started == world.start("plain", *arguments)
    assert [line.outcome for line in world.read_log()[before:]] == [expected]


def wait_until_aged(script: Path) -> None:
    """Wait until *script* is no longer among the files that have only just changed."""
    status = script.stat()
    changed = max(status.st_ctime_ns, status.st_mtime_ns)
    while time.time_ns() < changed + 2 * SECOND + 10**7:
        os.sched_yield()


def read_at(entry: Path) -> int:
    content = entry.read_bytes()
    return int.from_bytes(content[-TRAILER_SIZE + 40 : -TRAILER_SIZE + 48], "little")


def shift_read_at(entry: Path, nanoseconds: int) -> None:
    """Make *entry* one whose source was read at another time: by a clock that was wrong."""
    content = bytearray(entry.read_bytes())
    place = len(content) - TRAILER_SIZE + 40
    moved = int.from_bytes(content[place : place + 8], "little") + nanoseconds
    content[place : place + 8] = moved.to_bytes(8, "little")
    content[-8:] = source_hash(SUM_KEY, bytes(content[:-8]))
    entry.write_bytes(content)


def test_a_fresh_script_is_a_hit_by_content_until_it_has_aged(world: World) -> None:
    script = write_script(world)
    check_fresh_start(world, "absent", script)
    [entry] = world.entries
    first = entry.read_bytes()
    check_fresh_start(world, "hit", script)
    assert entry.read_bytes() == first
    wait_until_aged(script)
    check_fresh_start(world, "refreshed", script)
    renewed = entry.read_bytes()
    check_fresh_start(world, "hit", script)
    assert entry.read_bytes() == renewed
    assert read_at(entry) > script.stat().st_mtime_ns + 2 * SECOND


@pytest.mark.parametrize("ahead", [SECOND, HOUR, 1000 * 24 * HOUR])
def test_a_script_from_the_future_is_used_by_its_content(world: World, ahead: int) -> None:
    script = write_script(world, "print('one')\n")
    future = time.time_ns() + ahead
    os.utime(script, ns=(future, future))
    check_fresh_start(world, "absent", script)
    check_fresh_start(world, "hit", script)
    script.write_text("print('two')\n")
    os.utime(script, ns=(future, future))
    check_fresh_start(world, "stale", script)
    assert world.start("enabled", script).stdout == b"two\n"


@pytest.mark.parametrize("shift", [HOUR, -HOUR, 1000 * 24 * HOUR, -1000 * 24 * HOUR])
def test_a_clock_that_was_wrong_starts_no_old_code(world: World, shift: int) -> None:
    script = write_script(world, "print('one')\n")
    check_fresh_start(world, "absent", script)
    [entry] = world.entries
    shift_read_at(entry, shift)
    # the script has not aged, but an entry that was read an hour later cannot know
    check_fresh_start(world, "hit", script)
    before = script.stat()
    script.write_text("print('two')\n")
    os.utime(script, ns=(before.st_atime_ns, before.st_mtime_ns))
    check_fresh_start(world, "stale", script)
    assert world.start("enabled", script).stdout == b"two\n"


def test_an_edit_of_the_same_size_with_its_time_put_back(world: World) -> None:
    script = write_script(world, "print('one')\n")
    check_fresh_start(world, "absent", script)
    for text in ("two", "six", "ten"):
        before = script.stat()
        script.write_text(f"print('{text}')\n")
        os.utime(script, ns=(before.st_atime_ns, before.st_mtime_ns))
        after = script.stat()
        assert (after.st_size, after.st_mtime_ns) == (before.st_size, before.st_mtime_ns)
        check_fresh_start(world, "stale", script)
        assert world.start("enabled", script).stdout == f"{text}\n".encode()


def test_edits_within_a_tick_of_the_file_system_s_clock(world: World) -> None:
    script = write_script(world, "print(100)\n")
    for number in range(101, 140):
        before = script.stat()
        assert world.start("enabled", script).stdout == b"%d\n" % (number - 1)
        script.write_text(f"print({number})\n")
        os.utime(script, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert world.start("enabled", script).stdout == b"139\n"


def touch(script: Path) -> None:
    script.touch()


def copy_over(script: Path) -> None:
    copy = script.with_name("copy")
    shutil.copy(script, copy)
    copy.rename(script)


def check_out(script: Path) -> None:
    """As git does: another version, and then the same content in a new file."""
    content = script.read_bytes()
    script.unlink()
    script.write_bytes(b"print('another branch')\n")
    script.unlink()
    script.write_bytes(content)


def change_mode(script: Path) -> None:
    script.chmod(0o755)


@pytest.mark.parametrize("change", [touch, copy_over, check_out, change_mode])
def test_the_same_content_is_refreshed_and_then_a_hit(
    world: World, change: Callable[[Path], None]
) -> None:
    script = write_script(world)
    wait_until_aged(script)
    check_fresh_start(world, "absent", script)
    check_fresh_start(world, "hit", script)
    [entry] = world.entries
    code = strip_trailer(entry)
    change(script)
    check_fresh_start(world, "refreshed", script)
    assert strip_trailer(entry) == code
    check_fresh_start(world, "hit", script)


def strip_trailer(entry: Path) -> bytes:
    return entry.read_bytes()[:-TRAILER_SIZE]


def test_a_link_to_another_script_is_started(world: World) -> None:
    one, two = (write_script(world, f"print({n})\n", f"{n}.py") for n in (1, 2))
    link = world.home / "link.py"
    for target, outcome in ((one, "absent"), (one, "hit"), (two, "stale"), (one, "stale")):
        link.unlink(missing_ok=True)
        link.symlink_to(target)
        check_fresh_start(world, outcome, link)


def test_entries_tell_the_source_that_they_are_of(world: World) -> None:
    script = write_script(world)
    let_age(script)
    check_fresh_start(world, "absent", script)
    content = world.entries[0].read_bytes()
    status = script.stat()
    numbers = [status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino, status.st_dev]
    signature = content[-TRAILER_SIZE : -TRAILER_SIZE + 40]
    assert [int.from_bytes(signature[i : i + 8], "little") for i in range(0, 40, 8)] == numbers
