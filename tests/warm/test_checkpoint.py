"""`mainspring.checkpoint()` moves the pause to where it stands; what follows is each caller's own."""

from __future__ import annotations

import os
import subprocess
import sys
import time
import timeit
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

import mainspring

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

TABLE = """\
import mainspring
with open({data!r}) as file:
    words = file.read().split()
table = list(range(6_000_000))
mainspring.checkpoint()
import os, sys, time
print(sys.argv[1:], os.getcwd(), os.environ.get("WORD"), sys.stdin.read(), len(table), words)
print(time.process_time())
"""


@dataclass(frozen=True)
class Shop:
    """A program, and all that its warm starts need."""

    folder: Path
    launcher: Path

    @property
    def data(self) -> Path:
        return self.folder / "data.txt"

    @property
    def log(self) -> Path:
        return self.folder / "log"

    def environment(self, **more: str) -> dict[str, str]:
        return {
            "PATH": os.environ["PATH"],
            "LANG": "C.UTF-8",
            "HOME": str(self.folder),
            "XDG_RUNTIME_DIR": str(self.folder),
            "MAINSPRING_LOG": str(self.log),
            **more,
        }

    def write(self, text: str) -> None:
        self.data.write_text("first\n")
        (self.folder / "tool.py").write_text(text.format(data=str(self.data)))

    def start(
        self, *words: str, stdin: str = "", cwd: Path | None = None, **more: str
    ) -> tuple[str, str]:
        """What a start printed, and what the log says of it."""
        self.log.unlink(missing_ok=True)
        done = subprocess.run(
            [self.launcher, "run", "--warm", "--python", sys.executable, self.folder / "tool.py", *words],
            env=self.environment(**more),
            cwd=cwd or self.folder,
            input=stdin,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.stderr == ""
        return done.stdout, self.log.read_text().split("\t")[1]

    def warm_up(self) -> None:
        """Start until a host makes the start."""
        wait_until(lambda: self.start()[1] == "warm")

    def find(self, pattern: str) -> list[Path]:
        return list((self.folder / "mainspring").glob(pattern))

    def read_recipe(self) -> list[str]:
        [recipe] = self.find("*.recipe")
        return recipe.read_text().splitlines()

    def read_host_log(self) -> str:
        log = self.folder / ".local/state/mainspring/hosts.log"
        return log.read_text() if log.exists() else ""


@pytest.fixture
def shop(tmp_path: Path, launcher: Path) -> Iterator[Shop]:
    folder = tmp_path / "shop"
    folder.mkdir(mode=0o700)
    one = Shop(folder, launcher)
    yield one
    subprocess.run([launcher, "hosts", "stop"], env=one.environment(), capture_output=True, check=True)


def wait_until(look: Callable[[], object]) -> None:
    deadline = time.monotonic() + 30
    while not look():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_what_stands_before_is_done_once_and_each_start_has_its_own_surroundings(
    shop: Shop, tmp_path: Path
) -> None:
    shop.write(TABLE)
    shop.warm_up()
    table_seconds = measure_table()
    for word in ("one", "two"):
        printed, outcome = shop.start(word, stdin=word.upper(), cwd=tmp_path, WORD=word)
        line, spent_seconds = printed.splitlines()
        assert line == f"{[word]} {tmp_path} {word} {word.upper()} 6000000 ['first']"
        assert outcome == "warm"
        assert float(spent_seconds) < table_seconds


def measure_table() -> float:
    """The processor's time that the table alone takes: a start that makes it takes more."""
    began = time.process_time()
    list(range(6_000_000))
    return time.process_time() - began


def test_a_file_that_was_read_before_is_read_again_when_it_changes(shop: Shop) -> None:
    shop.write(TABLE)
    shop.warm_up()
    assert shop.start()[1] == "warm"
    shop.data.write_text("second\n")
    printed, outcome = shop.start()
    assert "6000000 ['second']\n" in printed
    assert outcome != "warm"


EARLY = {
    "output": "print('early')",
    "input": "line = sys.stdin.readline()",
    "arguments": "words = sys.argv[1:]",
    "process-id": "number = os.getpid()",
    "folder": "os.chdir('/')",
    "descriptor": "file = open(__file__)",
}


@pytest.mark.parametrize("reason", EARLY)
def test_a_program_that_does_something_before_is_not_paused_there_and_the_reason_is_on_record(
    shop: Shop, reason: str
) -> None:
    imports = "import os, sys, mainspring\n"
    shop.write(f"{imports}{EARLY[reason]}\nmainspring.checkpoint()\nprint('late')\n")
    plain = shop.start()[0]
    assert shop.start()[0] == plain
    wait_until(lambda: find_reason(shop))
    assert find_reason(shop) == reason
    assert "checkpoint" not in shop.read_recipe()
    assert shop.start()[0] == plain


def find_reason(shop: Shop) -> str | None:
    """Why a program is not paused at its checkpoint: a recorded start or a host found out."""
    words = [line.split(" ") for line in shop.read_recipe()]
    for word, *rest in words:
        if word == "not" and rest[0] == "__main__":
            return rest[1]
        if word == "ended" and rest[0] != "checkpoint":
            return rest[0]
    return None


def test_a_program_that_does_not_come_there_is_not_paused_there(shop: Shop) -> None:
    shop.write(
        "import mainspring\nwith open({data!r}) as file:\n    lines = file.readlines()\n"
        "if lines:\n    mainspring.checkpoint()\n    print(1)\n"
    )
    shop.warm_up()
    assert "checkpoint" in shop.read_recipe()
    shop.data.write_text("")
    wait_until(lambda: shop.start()[0] == "" and "checkpoint" not in shop.read_recipe())


def test_a_caller_for_whom_it_does_not_come_there_takes_it_from_no_other(
    shop: Shop, tmp_path: Path
) -> None:
    shop.write(
        "import mainspring, sys\n"
        "try:\n    open('conf.txt').close()\n"
        "except FileNotFoundError:\n    sys.exit()\n"
        "mainspring.checkpoint()\nprint(1)\n"
    )
    good, bad = tmp_path / "good", tmp_path / "bad"
    for folder in (good, bad):
        folder.mkdir()
    (good / "conf.txt").write_text("")
    wait_until(lambda: shop.start(cwd=good) == ("1\n", "warm"))
    wait_until(lambda: shop.start(cwd=bad) == ("", "warm"))
    assert "ended checkpoint" in shop.read_host_log()
    assert "checkpoint" in shop.read_recipe()
    assert shop.start(cwd=good) == ("1\n", "warm")


def test_what_a_program_changes_for_itself_before_holds_after(shop: Shop) -> None:
    shop.write(
        "import mainspring, sys, warnings\nwarnings.simplefilter('error')\nsys.path.append('/nowhere')\n"
        "import json\nmainspring.checkpoint()\nprint(warnings.filters[0][0], sys.path[-1], __file__)\n"
    )
    shop.warm_up()
    printed = f"error /nowhere {shop.folder / 'tool.py'}\n"
    assert shop.start() == (printed, "warm")


def test_a_second_call_does_nothing(shop: Shop) -> None:
    shop.write("import mainspring\nmainspring.checkpoint()\nmainspring.checkpoint()\nprint(1)\n")
    shop.warm_up()
    assert shop.start() == ("1\n", "warm")


def test_outside_a_host_it_costs_next_to_nothing_and_loads_nothing() -> None:
    assert min(timeit.repeat(mainspring.checkpoint, number=10_000, repeat=5)) < 0.02
    code = "import sys; before = {*sys.modules}; import mainspring; mainspring.checkpoint()\n"
    code += "print(sorted({*sys.modules} - before))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "['mainspring']\n"
