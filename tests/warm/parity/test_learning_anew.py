"""What a program imports is learnt anew when it has changed, or is more than recorded starts showed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .remains import wait_for

if TYPE_CHECKING:
    from .world import WarmWorld

MUCH = ("asyncio", "sqlite3", "unittest", "http.server")
HEAVY = f"import {', '.join(MUCH)}\n"


def list_ahead(world: WarmWorld) -> list[str]:
    """What is imported ahead, by the only recipe that there is."""
    [recipe] = world.folder.glob("*.recipe")
    rows = [line.split() for line in recipe.read_text().splitlines()]
    return [row[1] for row in rows if row[0] == "ahead"]


def change(world: WarmWorld, name: str, text: str) -> None:
    """Change a module, and start until that is known."""
    before = list_ahead(world)
    world.write(name, text)

    def is_known() -> bool:
        world.ask_for_warm("program.py")
        return list_ahead(world) != before

    try:
        wait_for(is_known, "learnt anew", 30)
    except AssertionError as error:
        raise AssertionError(f"{error}\n{world.explain()}") from None
    world.warm_up("program.py")


def test_what_a_changed_module_imports_comes_ahead(warm_world: WarmWorld) -> None:
    warm_world.write("part.py", "")
    warm_world.write("program.py", "import part\n")
    warm_world.warm_up("program.py")
    warm_world.write("more.py", "")
    change(warm_world, "program.py", "import part, more\n")
    assert list_ahead(warm_world) == ["part", "more"]


def test_an_import_comes_ahead_once_it_has_no_effect_any_more(warm_world: WarmWorld) -> None:
    warm_world.write("part.py", "")
    warm_world.write("program.py", "import part, json\n")
    warm_world.warm_up("program.py")
    change(warm_world, "part.py", "import time; T = time.time()\n")
    assert list_ahead(warm_world) == ["json"]
    change(warm_world, "part.py", "")
    assert list_ahead(warm_world) == ["part", "json"]


def outlast(world: WarmWorld, *words: str) -> None:
    """Start four times, and wait until the host has ended."""
    for _ in range(4):
        world.ask_for_warm("program.py", *words)
    wait_for(lambda: not world.list_hosts(), "without a host", 20)


def read_host_log(world: WarmWorld) -> str:
    return (world.home / ".local/state/mainspring/hosts.log").read_text()


def warm_up(world: WarmWorld, *words: str) -> None:
    world.repeat_until_warm(lambda: world.ask_for_warm("program.py", *words))


def write_program(world: WarmWorld, heavy: str) -> None:
    """A program that imports little for `--version`."""
    world.settings["MAINSPRING_HOST_IDLE"] = "1"
    world.write("program.py", f"import sys\nif len(sys.argv) > 1: sys.exit()\n{heavy}")
    warm_up(world, "--version")
    assert list_ahead(world) == []


def test_programs_that_import_more_than_was_recorded_are_recorded_anew(warm_world: WarmWorld) -> None:
    write_program(warm_world, HEAVY)
    outlast(warm_world)
    assert "ended outdated" in read_host_log(warm_world)
    warm_up(warm_world)
    assert list_ahead(warm_world) == list(MUCH)


def test_a_program_that_now_and_then_imports_more_is_as_it_was(warm_world: WarmWorld) -> None:
    write_program(warm_world, HEAVY)
    for _ in range(3):
        warm_world.ask_for_warm("program.py")
        warm_world.ask_for_warm("program.py", "--version")
    wait_for(lambda: not warm_world.list_hosts(), "without a host", 20)
    assert "ended idle" in read_host_log(warm_world)


def test_what_cannot_come_ahead_is_not_learnt_again_and_again(warm_world: WarmWorld) -> None:
    warm_world.write("part.py", "import threading\nthreading.Thread(target=print).start()\n")
    write_program(warm_world, f"import part\n{HEAVY}")
    outlast(warm_world)
    assert read_host_log(warm_world).count("ended outdated") == 1
    warm_up(warm_world)
    outlast(warm_world)
    assert read_host_log(warm_world).count("ended outdated") == 1
