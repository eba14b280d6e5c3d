"""A short run of the fuzzer; `python fuzz/fuzz_entry.py` makes the long one."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from starts import Argument

FUZZER = Path(__file__).parents[2] / "fuzz" / "fuzz_entry.py"


def test_no_mutated_entry_is_accepted() -> None:
    command: list[Argument] = [
        sys.executable,
        "-B",
        "-W",
        "ignore",
        FUZZER,
        "--runs",
        "20000",
        "--seed",
        "2",
    ]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("20000 mutated entries")
