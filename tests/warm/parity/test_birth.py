"""A host that does not come up stands in nobody's way for good."""

from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

from .remains import list_descendants, wait_for

if TYPE_CHECKING:
    from .world import WarmWorld

DEADLINE = """\
import time
from mainspring._warm import die_in
die_in(600)
if {lifted}:
    die_in(0)
else:
    die_in(1)
    time.sleep(60)
"""


def list_timers(process: int) -> list[str]:
    """The signals by which timers of the process tell."""
    lines = Path(f"/proc/{process}/timers").read_text().splitlines()
    return [line.split()[1].partition("/")[0] for line in lines if line.startswith("signal:")]


def test_a_deadline_ends_a_process(warm_world: WarmWorld) -> None:
    python = warm_world.launcher.with_name("python")
    for lifted, status in ((True, 0), (False, -signal.SIGKILL)):
        code = DEADLINE.format(lifted=lifted)
        assert subprocess.run([python, "-c", code], check=False).returncode == status


def test_a_host_whose_import_waits_has_a_deadline_until_it_is_up(warm_world: WarmWorld) -> None:
    """The import reads a file, in the place of which there is a pipe by now."""
    warm_world.write("config.py", "import os\ntext = open(os.path.expanduser('~/cfg')).read()\n")
    warm_world.write("program.py", "import argparse, config, json, logging\nprint('ran')\n")
    file = warm_world.home / "cfg"
    file.write_text("text")
    warm_world.ask_for_warm("program.py")
    file.unlink()
    os.mkfifo(file)
    with subprocess.Popen(
        warm_world.command("warm", ["program.py"]),
        cwd=warm_world.work,
        env=warm_world.environment(),
        stdout=subprocess.PIPE,
    ) as second:
        file.write_text("of the second")
        assert second.communicate()[0] == b"ran\n"
    [host] = wait_for_hosts()
    assert list_timers(host) == [str(int(signal.SIGKILL))]
    assert warm_world.list_hosts() == []
    file.write_text("of the host")
    file.unlink()
    file.write_text("text")
    warm_world.warm_up("program.py")
    assert list_timers(warm_world.find_host()) == []


def wait_for_hosts() -> list[int]:
    """The processes that wait to open a pipe."""

    def find() -> list[int]:
        return [
            one.number
            for one in list_descendants()
            if "partner" in Path(f"/proc/{one.number}/wchan").read_text()
        ]

    wait_for(find, "reading: a host")
    return find()
