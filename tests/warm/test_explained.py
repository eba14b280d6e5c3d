"""`explain` says first what a warm start would be: from which recipe and host, by which shim."""

from __future__ import annotations

import json
import os
import subprocess
from typing import TYPE_CHECKING, Any

import pytest
from people.terminal import Terminal
from starts import give_command

from mainspring.observe.shims import STATES

if TYPE_CHECKING:
    from pathlib import Path

    from starts import Argument

    from .parity.world import WarmWorld

SMALL = "import json, sys\nprint(json.dumps(sys.argv[1:]))\n"
BEFORE_CHECKPOINT = "import mainspring, time\n{line}\nmainspring.checkpoint()\nprint(1)\n"


@pytest.fixture
def world(warm_world: WarmWorld, launcher: Path) -> WarmWorld:
    """With a folder for commands, behind that of the shims on PATH."""
    folder = warm_world.home / "bin"
    folder.mkdir()
    shims = warm_world.home / ".local/share/mainspring/shims"
    warm_world.settings["PATH"] = f"{shims}:{folder}:{launcher.parent}:/usr/bin:/bin"
    return warm_world


def put_command(world: WarmWorld, text: str = SMALL, options: str = "") -> Path:
    path = world.home / "bin/tool"
    path.write_text(f"#!{world.plain_python}{options}\n{text}")
    path.chmod(0o755)
    return path


def start_tool(world: WarmWorld) -> None:
    shim = world.home / ".local/share/mainspring/shims/tool"
    subprocess.run([shim], env=world.environment(), stdout=subprocess.PIPE, check=True)


def explain(world: WarmWorld, *words: Argument) -> dict[str, str]:
    """The rows of the text, by their names."""
    status, output, errors = give_command(world, "explain", *words)
    assert (status, errors) == (0, "")
    rows = [line.strip().split("  ", 1) for line in output.splitlines()]
    return {row[0]: row[-1].strip() for row in rows}


def read_facts(world: WarmWorld, *words: Argument) -> dict[str, Any]:
    facts: dict[str, Any] = json.loads(give_command(world, "explain", "--json", *words)[1])
    return facts


def test_a_command_with_a_host_and_a_shim(world: WarmWorld) -> None:
    script = put_command(world)
    assert give_command(world, "install", "tool")[0] == 0
    assert explain(world, "tool")["warm starts"] == "not learnt yet: two starts are recorded first"
    world.repeat_until_warm(lambda: start_tool(world))
    rows, names = explain(world, "tool"), list(explain(world, "tool"))
    assert rows["warm starts"].startswith("from a host, which runs ahead 1 import, ")
    assert rows["host"] == f"process {world.find_host()} is up, for starts without a terminal"
    assert rows["shim"] == f"tool: {STATES['warm'].meaning}"
    assert names.index("warm starts") < names.index("a cold start would")
    facts = read_facts(world, "tool")
    assert [host["pid"] for host in facts["hosts"]] == [world.find_host()]
    assert [(shim["script"], shim["state"]) for shim in facts["shims"]] == [(str(script), "warm")]


def test_a_terminal_is_told_that_no_host_is_its_own(world: WarmWorld) -> None:
    script = put_command(world)
    world.warm_up(script)
    command = [str(word) for word in (world.launcher, "explain", "--python", world.plain_python, script)]
    with Terminal(command, world.environment(), world.work) as terminal:
        shown = terminal.wait_for("Imports ahead")
    assert "is up, for starts without a terminal" in shown
    assert "none is up for this terminal: its next start is cold" in shown


def test_a_shim_that_is_removed_takes_its_hosts_along(world: WarmWorld) -> None:
    script = put_command(world)
    assert give_command(world, "install", "tool")[0] == 0
    world.repeat_until_warm(lambda: start_tool(world))
    host = world.find_host()
    shim = world.home / ".local/share/mainspring/shims/tool"
    status, output, errors = give_command(world, "uninstall", "tool")
    assert (status, errors) == (0, "")
    assert output == f"removed {shim}\nended {script} (process {host})\n"
    assert world.list_hosts() == []


def test_a_recipe_without_host_or_shim(world: WarmWorld) -> None:
    script = put_command(world)
    world.warm_up(script)
    assert give_command(world, "hosts", "stop")[0] == 0
    rows = explain(world, "--python", world.plain_python, script)
    assert rows["host"] == "none is up: the next start is cold, and has one made"
    assert rows["shim"].startswith("none: ")


def test_a_first_line_that_the_shim_does_not_know(world: WarmWorld) -> None:
    put_command(world)
    assert give_command(world, "install", "tool")[0] == 0
    put_command(world, options=" -s")
    remedy = STATES["changed"].remedy.replace("{name}", "tool")
    assert explain(world, "tool")["shim"] == f"tool: {STATES['changed'].meaning}; {remedy}"
    assert give_command(world, *remedy.split()[1:])[0] == 0
    assert explain(world, "tool")["shim"] == f"tool: {STATES['warm'].meaning}"


def test_a_script_that_is_gone_is_told_as_its_shim_tells_it(world: WarmWorld) -> None:
    script = put_command(world)
    assert give_command(world, "install", "tool")[0] == 0
    script.unlink()
    status, output, errors = give_command(world, "explain", "tool")
    assert (status, output) == (1, "")
    assert errors == (
        f"mainspring: {script} is gone, which the shim tool starts; "
        "remove the shim with `mainspring uninstall tool`\n"
    )


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("table = [1]", "starts begin at mainspring.checkpoint()"),
        (
            "time.time()",
            "your checkpoint is not used, because the program asks for the time",
        ),
    ],
)
def test_a_checkpoint_is_told_of_and_why_it_is_not_used(world: WarmWorld, line: str, told: str) -> None:
    settings = {"PYTHONPATH": os.pathsep.join(find_package())}
    script = world.write("tool.py", BEFORE_CHECKPOINT.format(line=line))
    world.settings |= settings
    world.warm_up(script)
    said = explain(world, "--python", world.plain_python, script)["checkpoint"]
    assert said.startswith(told)


def find_package() -> list[str]:
    """Where the installed package lies."""
    import mainspring

    return [os.path.dirname(path) for path in mainspring.__path__]
