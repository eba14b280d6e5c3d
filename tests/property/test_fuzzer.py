"""Short runs of the fuzzers; `nox -s fuzz fuzz_sanitized` makes the long ones."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from starts import Argument

FUZZERS = Path(__file__).parents[2] / "fuzz"


@pytest.mark.parametrize(
    ("fuzzer", "said"),
    [
        ("fuzz_entry.py", "20000 mutated entries"),
        ("fuzz_protocol.py", "20000 mutated starts"),
        ("fuzz_gateway.py", "20000 mutated streams"),
    ],
)
def test_nothing_mutated_is_accepted_as_what_it_is_not(fuzzer: str, said: str) -> None:
    options = ["--runs", "20000", "--seed", "2"]
    command: list[Argument] = [sys.executable, "-BWignore", FUZZERS / fuzzer, *options]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(said)


@pytest.mark.parametrize(
    ("reader", "said"),
    [
        ("launcher", r"20000 inputs for each reader\n"),
        ("request", r"20000 mutated requests, [1-9]\d+ accepted, each as it was sent\n"),
    ],
)
def test_what_is_mutated_is_read_within_its_bounds(reader: str, said: str) -> None:
    """By what reads it in C; a C compiler is needed, as for building the wheel."""
    command: list[Argument] = [sys.executable, "-B", FUZZERS / "sanitized.py", reader, "20000", "2"]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert re.fullmatch(said, done.stdout)
