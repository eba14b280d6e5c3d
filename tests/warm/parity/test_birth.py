"""A host that does not come up stands in nobody's way for good."""

from __future__ import annotations

import os
import signal
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from starts import make_bare_venv

from warm.watched import settle

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


#: what `site` imports: notes in how many seconds there will be an alarm
NOTES_ALARM = """\
import _signal
with open(bytes.fromhex({notes!r}), "a") as file:  # nobody who reads this watches it
    print(int(_signal.getitimer(_signal.ITIMER_REAL)[0]), file=file)
"""
#: does what an import ahead may not do, once a certain file is there
LATER_EFFECT = """\
import os
if os.path.exists({flag!r}):
    open({flag!r} + ".out", "w").close()
"""
TELLS_ALARM = """\
import argparse, json, part, signal, sys
print(signal.getitimer(signal.ITIMER_REAL), signal.getitimer(signal.ITIMER_VIRTUAL), flush=True)
sys.stdin.readline()
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
    with warm_world.begin("warm", "program.py") as second:
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


def test_a_host_has_a_deadline_before_it_has_the_hook(warm_world: WarmWorld, tmp_path: Path) -> None:
    """The first, and the one that it starts in its place for what it has learnt; no program has one."""
    world = replace(warm_world, plain_python=make_bare_venv(tmp_path / "own"))
    notes, flag = (world.work / name for name in ("alarms", "flag"))
    [packages] = (tmp_path / "own").glob("lib/python3.*/site-packages")
    (packages / "notes.py").write_text(NOTES_ALARM.format(notes=bytes(notes).hex()))
    (packages / "notes.pth").write_text("import notes\n")
    world.write("part.py", LATER_EFFECT.format(flag=str(flag)))
    world.write("program.py", TELLS_ALARM)
    world.ask_for_warm("program.py")
    with world.begin("warm", "program.py", stdin=subprocess.PIPE) as second:
        assert second.stdout
        second.stdout.readline()
        flag.touch()
        settle(world.work)
        second.communicate()
    wait_for(lambda: bool(world.list_hosts()), "up: a host")
    ahead, *others = sorted((int(line) for line in notes.read_text().splitlines()), reverse=True)
    assert (len(others), others[-2:]) == (3, [0, 0])  # of the two cold starts
    assert all(590 <= seconds <= 600 for seconds in (ahead, others[0]))
    assert world.start_warm("program.py").stdout == b"(0.0, 0.0) (0.0, 0.0)\n"
