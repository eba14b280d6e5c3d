"""`--max-size` makes room at once, and its limit holds for the starts that come."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from mainspring.codecache.bound import find_bound, read_limit
from mainspring.codecache.sweep import sweep_all
from mainspring.settings import SETTINGS, parse_size

from .caches import HOUR, clean, command, make_entry, use

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from starts import World

DEFAULT = parse_size(SETTINGS["MAINSPRING_MAX_SIZE"][0])


@pytest.fixture
def entries(world: World) -> list[Path]:
    """Ten entries of more than 10,000 bytes each, the first used last."""
    return [make_entry(world, f"{n}.py", age=n * HOUR, filling=10_000) for n in range(10)]


@pytest.fixture
def root(world: World, entries: list[Path]) -> Iterator[int]:
    """The cache."""
    assert entries
    descriptor = os.open(world.cache, os.O_RDONLY)
    yield descriptor
    os.close(descriptor)


def test_the_least_recently_used_go_until_the_rest_fits(world: World, entries: list[Path]) -> None:
    size = entries[0].stat().st_size
    freed = clean(world, "--max-size", str(4 * size))
    assert (freed["entries"], freed["limit"]) == (6, 4 * size)
    assert world.entries == sorted(entries[:4])
    assert clean(world, "--max-size", str(4 * size))["entries"] == 0
    assert clean(world, "--max-size", str(4 * size - 1))["entries"] == 1


@pytest.mark.parametrize(("text", "kept"), [("1G", 10), ("1M", 10), ("41K", 4), ("5K", 0), ("0", 0)])
def test_sizes_are_as_the_settings_have_them(
    world: World, entries: list[Path], text: str, kept: int
) -> None:
    clean(world, "--max-size", text)
    assert world.entries == sorted(entries[:kept])


def test_entries_of_one_age_go_as_well(world: World, entries: list[Path]) -> None:
    for entry in entries:
        os.utime(entry, (10**9, 10**9))
    size = entries[0].stat().st_size
    assert clean(world, "--max-size", str(4 * size))["kept_entries"] == 4


def test_age_and_size_together(world: World, entries: list[Path]) -> None:
    size = entries[0].stat().st_size
    use(entries[0], 100 * HOUR)
    freed = clean(world, "--older-than", "8h", "--max-size", str(3 * size))
    assert freed["kept_entries"] == 3
    assert world.entries == sorted(entries[1:4])


def test_the_limit_holds_from_then_on(world: World, entries: list[Path], root: int) -> None:
    size = entries[0].stat().st_size
    assert find_bound(root, {}) == DEFAULT
    clean(world, "--max-size", str(4 * size))
    assert find_bound(root, {}) == 4 * size
    for n in range(20):
        make_entry(world, f"later-{n}.py", filling=10_000)
    assert sweep_all(root, find_bound(root, {})) <= 4 * size
    assert 0 < len(world.entries) <= 4


def test_a_dry_run_sets_no_limit(world: World, entries: list[Path], root: int) -> None:
    status, output, _ = command(world, "--dry-run", "--max-size", "1K")
    assert status == 0
    assert "would be kept under 1.0 KiB" in output
    assert read_limit(root) is None
    assert world.entries == sorted(entries)


def test_the_default_takes_the_limit_back(world: World, entries: list[Path], root: int) -> None:
    clean(world, "--max-size", "1M")
    assert read_limit(root) == 1 << 20
    status, output, _ = command(world, "--max-size", "default")
    assert status == 0
    assert "the cache is kept under 512.0 MiB from now on" in output
    assert read_limit(root) is None
    assert world.entries == sorted(entries)


def test_the_environment_outranks_the_limit_and_it_is_said(
    world: World, entries: list[Path], root: int
) -> None:
    setting = {"MAINSPRING_MAX_SIZE": "2M"}
    status, output, _ = command(world, "--max-size", "1M", **setting)
    assert status == 0
    assert "MAINSPRING_MAX_SIZE" in output
    assert find_bound(root, setting) == 2 << 20
    assert find_bound(root, {}) == 1 << 20
    assert world.entries == sorted(entries)


def test_a_limit_may_be_set_before_there_is_a_cache(world: World) -> None:
    assert command(world, "--max-size", "5M")[0] == 0
    root = os.open(world.cache, os.O_RDONLY)
    assert read_limit(root) == 5 << 20
    os.close(root)
    assert world.cache.stat().st_mode & 0o777 == 0o700
