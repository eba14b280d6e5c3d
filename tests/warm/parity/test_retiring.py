"""Hosts are bounded in number and in memory, and none of them ends all others."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING

from .remains import wait_for

if TYPE_CHECKING:
    from .world import WarmWorld

SMALL = "import argparse, json, logging\nprint('ran')\n"
LARGE = "import argparse, json, large, logging\nprint(len(large.text))\n"


def bring_up(world: WarmWorld, name: str, text: str = SMALL) -> None:
    world.write(f"{name}.py", text)
    world.warm_up(f"{name}.py")


def list_names(world: WarmWorld) -> set[str]:
    return {host["program"].rpartition("/")[2].removesuffix(".py") for host in world.list_hosts()}


def test_beyond_a_number_the_least_recently_used_ends(warm_world: WarmWorld) -> None:
    warm_world.settings["MAINSPRING_MAX_HOSTS"] = "3"
    for name in ("one", "two", "three"):
        bring_up(warm_world, name)
    before = (warm_world.folder / find_socket(warm_world, "one")).stat().st_mtime_ns
    warm_world.ask_for_warm("one.py")
    wait_for(
        lambda: (warm_world.folder / find_socket(warm_world, "one")).stat().st_mtime_ns > before, "noted"
    )
    bring_up(warm_world, "four")
    wait_for(lambda: list_names(warm_world) == {"one", "three", "four"}, "ended: the second")


def find_socket(world: WarmWorld, name: str) -> str:
    [key] = [host["key"] for host in world.list_hosts() if host["program"].endswith(f"/{name}.py")]
    return f"{key}.sock"


def test_who_alone_takes_too_much_ends_no_other(warm_world: WarmWorld) -> None:
    warm_world.settings["MAINSPRING_MAX_HOST_MEMORY"] = "80M"
    warm_world.write("large.py", "text = 'x' * (100 << 20)\n")
    for name in ("one", "two"):
        bring_up(warm_world, name)
    bring_up(warm_world, "much", LARGE)
    bring_up(warm_world, "three")
    wait_for(lambda: "much" not in list_names(warm_world), "ended: the large one")
    assert list_names(warm_world) == {"one", "two", "three"}


def test_dead_hosts_do_not_count(warm_world: WarmWorld) -> None:
    """Their sockets are in the folder as those of the living are."""
    warm_world.settings["MAINSPRING_MAX_HOSTS"] = "3"
    bring_up(warm_world, "one")
    for name in ("two", "three"):
        bring_up(warm_world, name)
        [killed] = [
            one["pid"] for one in warm_world.list_hosts() if one["program"].endswith(f"/{name}.py")
        ]
        os.kill(killed, signal.SIGKILL)
    bring_up(warm_world, "four")
    wait_for(lambda: len(list(warm_world.folder.glob("*.sock"))) == 2, "removed")
    assert list_names(warm_world) == {"one", "four"}
