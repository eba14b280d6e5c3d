"""A host looks through what it holds once; its children end by that, and by what they made."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

HOST = """\
import gc, os, sys
from mainspring import _warm
%s
_warm.tell_end(1)
_warm.prepare_end()
gc.freeze()
if os.fork() == 0:
    __loader__ = type(sys)("as each start gets one anew")
%s
    _warm.finish(3)
    os._exit(4)
print(os.waitstatus_to_exitcode(os.wait()[1]))
"""
IMPORTS = "import argparse, asyncio, json, logging, multiprocessing.resource_tracker, ssl, subprocess"
TRACKER = "multiprocessing.resource_tracker.ensure_running()"
LOUD = """\
class Loud:
    def __del__(self): pass
"""
GENERATOR = """\
def work():
    try:
        yield
    finally:
        pass
kept = work()
"""


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ("", "pass", "quick\n3"),
        (IMPORTS, "kept = [[i] for i in range(1000)]", "quick\n3"),
        (IMPORTS, TRACKER, "full finalizer ResourceTracker\n4"),
        (LOUD, "kept = [Loud()]", "full finalizer Loud\n4"),
        (LOUD + "kept = Loud()", "pass", "full finalizer Loud\n4"),
        (GENERATOR, "pass", "quick\n3"),
        (GENERATOR, "next(kept)", "full finalizer generator\n4"),
        ("", "gc.freeze()", "full frozen\n4"),
    ],
)
def test_a_child_ends_by_what_its_host_and_it_have_made(
    before: str, after: str, told: str, tmp_path: Path
) -> None:
    script = tmp_path / "host.py"
    script.write_text(HOST % (before, "    " + after))
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, check=True)
    if "ResourceTracker" in told and not has_finalizer():
        told = "quick\n3"
    assert done.stdout == told + "\n", done.stderr


def has_finalizer() -> bool:
    """Whether this version's resource tracker is stopped when it goes."""
    from multiprocessing.resource_tracker import ResourceTracker

    return hasattr(ResourceTracker, "__del__")
