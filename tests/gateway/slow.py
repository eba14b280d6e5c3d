"""A script that is slow, for who looks at it."""

from __future__ import annotations

import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SLOW = """
import time

def wait_for_the_database(password):
    print("ready", flush=True)
    time.sleep(600)

def main():
    wait_for_the_database("hunter2")

main()
"""


@contextmanager
def running(code: str, folder: Path) -> Iterator[tuple[int, Path]]:
    """A script that runs, and says when it is where it is to be."""
    script = folder / "slow.py"
    script.write_text(code)
    with subprocess.Popen([sys.executable, script], stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == b"ready\n"
        try:
            yield child.pid, script
        finally:
            child.kill()
