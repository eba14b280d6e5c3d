"""What imports read of their caller selects its host; what they look for is looked for each time."""

from __future__ import annotations

import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from .remains import wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from starts import Argument

    from .world import WarmWorld

CONFIGURED = """\
import os.path
path = os.path.expanduser("~/.tool.cfg")
text = open(path).read() if os.path.exists(path) else "none"
"""


def lay_out(world: WarmWorld, main: str, **modules: str) -> Path:
    """A program of modules beside it; large enough for the hook."""
    for name, text in modules.items():
        world.write(f"{name}.py", text)
    return world.write("tool.py", f"{main}\n")


def test_a_config_file_that_comes_to_be_is_read_by_the_next_start(warm_world: WarmWorld) -> None:
    tool = lay_out(warm_world, "import config; print(config.text)", config=CONFIGURED)
    file = warm_world.home / ".tool.cfg"
    assert warm_world.start_warm(tool).stdout == b"none\n"
    file.write_text("new")
    assert warm_world.ask_for_warm(tool).stdout == b"new\n"
    assert warm_world.start_warm(tool).stdout == b"new\n"
    file.unlink()
    assert warm_world.ask_for_warm(tool).stdout == b"none\n"


def test_a_home_that_changes_all_the_time_keeps_no_host_from_coming(warm_world: WarmWorld) -> None:
    """Of a file that is not there, nothing tells but that it is still not there."""
    tool = lay_out(warm_world, "import config; print(config.text)", config=CONFIGURED)
    with disturbing(warm_world.home):
        assert warm_world.start_warm(tool).stdout == b"none\n"
        (warm_world.home / ".tool.cfg").write_text("new")
        assert warm_world.ask_for_warm(tool).stdout == b"new\n"


def test_a_log_of_another_name_is_written_by_the_same_host(warm_world: WarmWorld) -> None:
    tool = lay_out(warm_world, "import config; print(config.text)", config=CONFIGURED)
    warm_world.start_warm(tool)
    host, log = warm_world.find_host(), warm_world.home / "other.log"
    warm_world.ask_for_warm(tool, env=warm_world.environment(MAINSPRING_LOG=str(log)))
    assert log.read_text().split("\t")[1] == "warm"
    assert warm_world.find_host() == host


DISTURBER = """\
import os, sys, time
while True:
    os.close(os.open(sys.argv[1], os.O_CREAT))
    os.unlink(sys.argv[1])
    time.sleep(0.005)
"""


@contextmanager
def disturbing(folder: Path) -> Iterator[None]:
    """Have the time of *folder* change again and again."""
    with subprocess.Popen([sys.executable, "-c", DISTURBER, folder / "passing"]) as disturber:
        try:
            yield
        finally:
            disturber.kill()


def start_warm(world: WarmWorld, *arguments: Argument, **how: Any) -> bytes:
    """What a start prints that comes from a host, with these arguments from the first start on."""
    seen: set[bytes] = set()

    def start() -> None:
        seen.add(world.ask_for_warm(*arguments, **how).stdout)

    world.repeat_until_warm(start)
    [printed] = seen
    assert printed == world.start_plain(*arguments, **how).stdout
    return printed


def read_recipe(world: WarmWorld) -> str:
    [file] = world.folder.glob("*.recipe")
    return file.read_text()


@pytest.mark.parametrize("code", ["open('tool.cfg').read()", "repr(os.listdir())", "os.getcwd()"])
def test_each_folder_has_a_host_if_an_import_looks_around(warm_world: WarmWorld, code: str) -> None:
    tool = lay_out(warm_world, "import config; print(config.text)", config=f"import os\ntext = {code}")
    printed = set()
    for name in ("one", "two"):
        folder = warm_world.write(f"{name}/tool.cfg", f"of {name}").parent
        warm_world.write(f"{name}/{name}", "")
        printed.add(start_warm(warm_world, tool, cwd=folder))
    assert len(printed) == 2
    assert "\nselect folder\n" in read_recipe(warm_world)
    assert "ahead config " in read_recipe(warm_world)
    assert len(warm_world.list_hosts()) == 2


def test_a_file_that_comes_to_the_folder_is_read_by_the_next_start(warm_world: WarmWorld) -> None:
    code = "import os\ntext = open('x.cfg').read() if os.path.exists('x.cfg') else 'none'"
    tool = lay_out(warm_world, "import config; print(config.text)", config=code)
    assert start_warm(warm_world, tool) == b"none\n"
    file = warm_world.write("x.cfg", "new")
    assert warm_world.ask_for_warm(tool).stdout == b"new\n"
    assert start_warm(warm_world, tool) == b"new\n"
    file.write_text("newer")
    assert warm_world.ask_for_warm(tool).stdout == b"newer\n"


def test_a_start_has_its_own_folder_wherever_its_host_looked_around(warm_world: WarmWorld) -> None:
    tool = lay_out(
        warm_world,
        "import config, os; print(config.here, os.getcwd(), os.path.exists('tool.py'))",
        config="import os\nhere = os.getcwd()",
    )
    assert start_warm(warm_world, tool).endswith(b"True\n")


@pytest.mark.parametrize("code", ["len(sys.argv) > 2", "bool(sys.argv)", "not sys.argv or len(sys.argv)"])
def test_the_number_of_arguments_selects(warm_world: WarmWorld, code: str) -> None:
    tool = lay_out(
        warm_world,
        "import config, sys; print(config.many, sys.argv)",
        config=f"import sys\nmany = {code}",
    )
    for arguments in (["a"], ["b", "c"], ["d"]):
        start_warm(warm_world, tool, *arguments)
    assert "\nselect argument-count\n" in read_recipe(warm_world)
    assert "ahead config " in read_recipe(warm_world)
    assert len(warm_world.list_hosts()) == 2
    assert warm_world.ask_for_warm(tool, "e").stdout.endswith(b"'e']\n")
    assert warm_world.last_outcome == "warm"


def test_how_the_program_was_called_selects(warm_world: WarmWorld) -> None:
    tool = lay_out(
        warm_world, "import config; print(config.name)", config="import sys\nname = sys.argv[0]"
    )
    assert start_warm(warm_world, tool) == f"{tool}\n".encode()
    assert start_warm(warm_world, "tool.py") == b"tool.py\n"
    assert "\nselect argument-0\n" in read_recipe(warm_world)
    assert len(warm_world.list_hosts()) == 2


def test_arguments_that_the_program_changed_select_nothing(warm_world: WarmWorld) -> None:
    tool = lay_out(
        warm_world,
        "import sys; sys.argv[0] = 'other'; import config; print(config.name)",
        config="import sys\nname = sys.argv[0]",
    )
    assert start_warm(warm_world, tool) == b"other\n"
    assert "select" not in read_recipe(warm_world)
    assert "not config arguments " in read_recipe(warm_world)


def test_a_host_notices_a_selection_that_no_recorded_start_showed(warm_world: WarmWorld) -> None:
    """A file that is there from the third start on has the import look around."""
    tool = lay_out(
        warm_world,
        "import config; print(config.here)",
        config="import os\nhere = os.getcwd() if os.path.exists(os.path.expanduser('~/look')) else ''",
    )
    assert start_warm(warm_world, tool) == b"\n"
    (warm_world.home / "look").write_text("")
    start_warm(warm_world, tool)
    assert "\nselect folder\n" in read_recipe(warm_world)


def test_a_folder_that_is_gone_has_no_host(warm_world: WarmWorld) -> None:
    tool = lay_out(
        warm_world, "import config; print(config.here)", config="import os\nhere = os.getcwd()"
    )
    folder = warm_world.write("gone/x", "").parent
    start_warm(warm_world, tool, cwd=folder)
    (folder / "x").unlink()
    folder.rmdir()
    assert start_warm(warm_world, tool) == f"{warm_world.work}\n".encode()


def test_a_host_that_learns_starts_again_until_it_can_stay(warm_world: WarmWorld) -> None:
    """From the third start on, three modules ask for what no recorded start had shown."""
    late = "import os, {also}\nnumber = os.path.exists(os.path.expanduser('~/late')) and {effect}\n"
    modules = {"one": "os.getpid()", "two": "os.getppid()", "three": "os.urandom(1)", "four": "0"}
    texts = {name: late.format(also="colorsys", effect=effect) for name, effect in modules.items()}
    tool = lay_out(warm_world, f"import {', '.join(modules)}; print(sorted(vars(four)))", **texts)
    start_warm(warm_world, tool)
    (warm_world.home / "late").write_text("")
    warm_world.ask_for_warm(tool)
    warm_world.ask_for_warm(tool)
    wait_for(warm_world.list_hosts, "up: a host")
    assert warm_world.ask_for_warm(tool).status == 0
    assert warm_world.last_outcome == "warm"
    recipe = read_recipe(warm_world)
    assert [line.split()[1] for line in recipe.splitlines() if line.startswith("ahead")] == [
        "colorsys",
        "four",
    ]
    for name in ("one", "two", "three"):
        assert f"not {name} " in recipe
