"""A start that is left to CPython costs next to nothing: in instructions, which do not vary."""

from __future__ import annotations

import re
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest
from security.people import need
from starts import make_bare_venv

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

THROUGH_THE_SLOT = 1.01
THROUGH_A_LINE = 1.05


@pytest.fixture(scope="module")
def count(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., int]:
    """How many instructions a start takes."""
    need(shutil.which("valgrind"), "valgrind")
    folder = tmp_path_factory.mktemp("counts")
    environment = {"PATH": "/usr/bin:/bin", "PYTHONHASHSEED": "0", "HOME": str(folder)}

    def count_instructions(python: Path, *arguments: str | Path) -> int:
        # -B and twice, so that what the interpreter itself keeps is kept
        subprocess.run([python, *arguments], env=environment, check=True, capture_output=True)
        command = ["valgrind", "--tool=callgrind", f"--callgrind-out-file={folder}/out"]
        done = subprocess.run(
            [*command, python, *arguments],
            env=environment,
            check=True,
            capture_output=True,
            text=True,
        )
        [number] = re.findall(r"Collected : (\d+)", done.stderr)
        return int(number)

    return count_instructions


@pytest.fixture(scope="module")
def pythons(tmp_path_factory: pytest.TempPathFactory, launcher: Path) -> dict[str, Path]:
    """Three interpreters, whose paths are as long as each other."""
    folder = tmp_path_factory.mktemp("venvs")
    made = {kind: make_bare_venv(folder / kind) for kind in ("none", "slot", "line", "them")}
    for kind in ("line", "them"):
        [site] = made[kind].parents[1].glob("lib/python*/site-packages")
        (site / "sitecustomize.py").write_text("")
    for kind in ("slot", "line"):
        subprocess.run([launcher, "enable", "--python", made[kind]], check=True)
    return made


@pytest.mark.timeout(300)
@pytest.mark.parametrize("program", ["-c", "script"])
def test_a_start_that_is_left_alone(
    count: Callable[..., int], pythons: dict[str, Path], tmp_path: Path, program: str
) -> None:
    script = tmp_path / "one.py"
    script.write_text("pass\n")
    arguments = ("-c", "pass") if program == "-c" else (script,)
    counts = {kind: count(python, *arguments) for kind, python in pythons.items()}
    ratios = {
        "slot": counts["slot"] / counts["none"],
        "line": counts["line"] / counts["them"],
    }
    print({kind: round(ratio, 4) for kind, ratio in ratios.items()}, counts)
    assert ratios["slot"] <= THROUGH_THE_SLOT
    assert ratios["line"] <= THROUGH_A_LINE
