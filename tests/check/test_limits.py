"""What cannot be checked is said; what a check began, it ends."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from typing import TYPE_CHECKING

import pytest

from mainspring.observe.check.kinds import FINDINGS
from mainspring.reasons import REASONS

from .desk import IS_COUNTED, find_processes

if TYPE_CHECKING:
    from collections.abc import Callable

    from .desk import Desk


def test_a_program_that_takes_too_long_is_not_checked(desk: Desk) -> None:
    slow = desk.write("import time\ntime.sleep(50)\n")
    done = desk.give("--timeout", "0.5", slow)
    assert done.stderr.decode() == (
        f"mainspring: {slow} did not end within 0.5 seconds; give it more with --timeout\n"
    )
    assert done.returncode == 1
    desk.assert_nothing_left()


def test_a_kind_that_takes_too_long_differs(desk: Desk) -> None:
    wait = f"import os, time\nif {IS_COUNTED}:\n    time.sleep(50)\n"
    report = desk.check(wait, options=("--timeout", "2"))
    assert report.find("cached")["differences"][0]["diff"] == ["-0", "+timed out"]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("missing.py",), "there is no script missing.py; check its path"),
        ((), "missing argument 'PROGRAM [ARGS]...'; see `mainspring check --help`"),
        (("/bin/true",), "/bin/true is started by the system itself; name a Python script"),
        (("--timeout", "0", "x"), None),
        ((".",), ". is a folder; name a script"),
    ],
)
def test_bad_arguments_are_refused(desk: Desk, words: tuple[str, ...], told: str | None) -> None:
    done = desk.give(*words)
    assert done.returncode == 2
    assert told is None or done.stderr.decode() == f"mainspring: {told}\n"


def test_a_script_of_another_language_is_refused(desk: Desk) -> None:
    script = desk.write("#!/bin/sh\nexit 0\n", "tool.sh")
    command = [str(desk.world.launcher), "check", str(script)]
    done = subprocess.run(command, env=desk.environment(), capture_output=True, check=False)
    assert done.stderr.decode() == (f"mainspring: {script} is started by /bin/sh; name a Python script\n")
    assert done.returncode == 2


def test_what_a_program_leaves_running_is_ended(desk: Desk) -> None:
    desk.check(
        "import subprocess, sys\nwords = [sys.executable, '-c', 'import time; time.sleep(90)']\n"
        "subprocess.Popen(words, start_new_session=True)\n"
    )


def test_a_program_without_warm_starts_is_told_so_with_the_reason(desk: Desk) -> None:
    report = desk.check("import os\nos._exit(0)\n")
    assert report.findings["cached"] == "same"
    assert report.find("warm")["finding"] == "not-available"
    assert report.find("warm")["reason"] == "unfinished"
    assert report.status == 0


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_an_interrupted_check_leaves_nothing(desk: Desk, number: signal.Signals) -> None:
    script = desk.write("import os, time\nopen('began', 'w').close()\ntime.sleep(90)\n")
    process = subprocess.Popen(
        desk.compose(script),
        cwd=desk.folder,
        env=desk.environment(),
        stdin=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    wait_until((desk.folder / "began").exists)
    process.send_signal(number)
    _, told = process.communicate(timeout=60)
    assert told == b""
    assert process.returncode == (130 if number == signal.SIGINT else -number)
    wait_until(lambda: not find_processes(os.fsencode(desk.temporary)))
    wait_until(lambda: not list(desk.temporary.iterdir()))


def wait_until(look: Callable[[], object]) -> None:
    deadline = time.monotonic() + 30
    while not look():
        assert time.monotonic() < deadline
        time.sleep(0.01)


REWRITE = """\
import sys
with open(sys.argv[1], "r+") as file:
    if file.read() == "before":
        file.seek(0)
        file.write("after!")
        print("rewritten")
"""


def test_a_program_whose_runs_do_not_find_the_same_is_not_judged(desk: Desk) -> None:
    """As a formatter, which has nothing to do the second time."""
    (desk.folder / "text").write_text("before")
    script = desk.write(REWRITE)
    done = desk.give(script, "text")
    assert (done.returncode, done.stdout) == (1, b"")
    assert done.stderr.decode() == (
        f"mainspring: {script} changed files that were there ({desk.folder}/text), and its next run "
        "found others: its runs cannot be compared; have it change nothing, or go on all the same "
        "with --yes\n"
    )
    desk.assert_nothing_left()


def test_such_a_program_is_judged_all_the_same_if_told_so(desk: Desk) -> None:
    (desk.folder / "text").write_text("before")
    report = desk.check(REWRITE, "text", options=("--yes",))
    assert report.facts["changed"] == [f"{desk.folder}/text"]
    assert report.findings["warm"] == "same"


def test_a_program_that_writes_the_same_each_time_is_judged(desk: Desk) -> None:
    (desk.folder / "text").write_text("before")
    report = desk.check("open('text', 'w').write('after')\n")
    assert (report.facts["changed"], report.status) == ([], 0)


def test_a_start_that_cannot_be_is_told_with_its_reason(desk: Desk) -> None:
    """Here a script so small that no code of it is kept."""
    desk.world.settings["MAINSPRING_MIN_SIZE"] = "2K"
    lines = desk.give(desk.write("print(1)\n")).stdout.decode().splitlines()
    reason = REASONS["small"].meaning
    assert f"{FINDINGS['not-available']}: first, cached ({reason})" in lines


def test_a_command_is_checked_by_its_name(desk: Desk) -> None:
    script = desk.write("print(1)\n", "some-tool")
    script.chmod(0o755)
    desk.world.settings["PATH"] = f"{desk.folder}:{desk.environment()['PATH']}"
    (desk.folder / "elsewhere").mkdir()
    command = [*desk.compose("--json"), "some-tool"]
    done = subprocess.run(
        command, cwd=desk.folder / "elsewhere", env=desk.environment(), capture_output=True, check=True
    )
    assert json.loads(done.stdout)["program"] == str(script)
