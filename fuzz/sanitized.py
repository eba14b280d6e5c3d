"""Builds a fuzzer of C code under the address and undefined-behaviour sanitizers, and runs it.

Called as `python fuzz/sanitized.py launcher|request [RUNS [SEED]]`.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
#: with each fuzzer, what it is made of beside itself and the campaign
SOURCES = {
    "launcher": ["native/launcher/recipe.c", "native/launcher/reply.c", "native/launcher/text.c"],
    "request": [
        "fuzz/asked.c", "native/launcher/request.c", "native/launcher/text.c", "native/warm/request.c",
    ],
}  # fmt: skip
COMPILER = ["cc", "-std=c17", "-D_GNU_SOURCE", "-Wall", "-Wextra", "-Werror", "-g", "-O1"]
SANITIZED = ["-fsanitize=address,undefined", "-fno-sanitize-recover=all"]


def build(name: str, folder: Path) -> Path:
    """The fuzzer *name*, in *folder*.  Raises CalledProcessError."""
    fuzzer = folder / f"fuzz_{name}"
    sources = [f"fuzz/{fuzzer.name}.c", "fuzz/campaign.c", *SOURCES[name]]
    subprocess.run([*COMPILER, *SANITIZED, "-o", fuzzer, *sources], cwd=ROOT, check=True)
    return fuzzer


def main(name: str, *options: str) -> int:
    with tempfile.TemporaryDirectory() as folder:
        return subprocess.run([build(name, Path(folder)), *options], check=False).returncode


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
