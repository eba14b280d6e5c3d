"""What the launcher reads of others does it no harm."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[3]
READERS = [ROOT / "native" / "launcher" / f"{name}.c" for name in ("recipe", "reply", "text")]


def test_mutated_replies_and_recipes_are_read_within_their_bounds(tmp_path: Path) -> None:
    compiler = shutil.which("cc")
    assert compiler, "a C compiler, as for building the wheel"
    fuzzer = tmp_path / "fuzz_launcher"
    sanitized = ["-g", "-O1", "-fsanitize=address,undefined", "-fno-sanitize-recover=all"]
    sources = [ROOT / "fuzz" / "fuzz_launcher.c", *READERS]
    subprocess.run(
        [compiler, "-std=c17", "-D_GNU_SOURCE", *sanitized, "-o", fuzzer, *sources], check=True
    )
    done = subprocess.run([fuzzer, "20000"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "20000 inputs for each reader\n"
