"""A start is what the launcher wants: recorded, or a host, or neither.

The launcher says in MAINSPRING_WARM what a start is to be:

    wish   := "record:" ID | "renew:" ID | "host:" ID ":" KEY ":" FOLDER ":" LOCK [":" ATTEMPT]

ID is the recipe's.  KEY, FOLDER and LOCK are descriptors: what selects the host can be read from the
first; the second is the runtime folder; by the third this process holds the lock of the key, and the
launcher has noted in its file that a host is tried (native/launcher/claim.c).  ATTEMPT is how often this
host has started itself again.  hook.py knows one wish more, for tests.
"""

import os
import sys

from mainspring.settings import is_read_only
from mainspring.warm.claim import Claim
from mainspring.warm.recording import begin_recording
from mainspring.warm.runtime import open_runtime_folder
from mainspring.warm.waiting import Waiting

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from mainspring.plan import Plan

RECORDED = {"record", "renew"}


def grant_wish(wish: str, plan: "Plan", environment: "Mapping[str, str]") -> None:
    """Let the start of *plan* be what the launcher wants.  Raises Refused, OSError or ValueError."""
    kind, *details = wish.split(":")
    if kind == "host":
        begin_host(plan, *details)
    elif plan.code is None:
        return  # CPython's own start
    elif kind in RECORDED:
        folder = open_runtime_folder(environment)
        plan.finish = begin_recording(
            folder, details[0], plan.script, sys.orig_argv[0], renews=kind == "renew"
        )


def begin_host(plan: "Plan", recipe_id: str, *numbers: str) -> None:
    """Let the start of *plan* be a host, where the program would begin."""
    key, folder, lock, *attempt = map(int, numbers)
    claim = Claim(recipe_id, plan.script, key, (folder, lock))
    waiting = Waiting(claim)
    waiting.beginning.attempt = sum(attempt)
    if not sys.dont_write_bytecode and not is_read_only(os.environ):
        waiting.cache = plan.cache
    if plan.code is None or not is_selected_by(claim.key, plan.script):
        claim.tell("ended", "unplanned")
        os._exit(0)
    plan.pause = waiting.pause
    plan.finish = waiting.finish


def is_selected_by(key: bytes, script: str) -> bool:
    """Whether the host that *key* selects is one of *script*: `site` may have executed another."""
    return b"\0\0script\0%b\0" % os.fsencode(script) in key
