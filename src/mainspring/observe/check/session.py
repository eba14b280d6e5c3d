"""A check runs in a session of its own, in a process that adopts all that its programs leave behind.

So nothing of it reaches the user's terminal, hosts find no caller but the check, and everything can be
ended when it is over, or interrupted.
"""

import ctypes
import json
import os
import shutil
import signal
import sys
import tempfile
import time
from contextlib import suppress
from types import FrameType
from typing import Any, NoReturn

from mainspring.errors import MainspringError
from mainspring.observe.check.checking import Check
from mainspring.observe.check.request import Request
from mainspring.observe.check.surroundings import Surroundings
from mainspring.observe.check.terminal import Terminal

SET_PARENT_DEATH_SIGNAL, SET_CHILD_SUBREAPER = 1, 36
PATIENCE = 15.0
BLOCK = 1 << 16


class CheckFailedError(MainspringError):
    """What a check ended with, as its own process told."""


def check_program(request: Request) -> dict[str, Any]:
    """What is found of a program, as `check --json` prints it.  Raises CheckFailedError, or OSError."""
    folder = tempfile.mkdtemp(prefix="mainspring-check-")
    sys.stdout.flush()
    reader, writer = os.pipe()
    process = os.fork()
    if process == 0:
        os.close(reader)
        be_session(request, folder, writer)
    os.close(writer)
    try:
        answer = read_all(reader)
    finally:
        os.close(reader)
        end_session(process)
        shutil.rmtree(folder, ignore_errors=True)
    if not answer:
        raise CheckFailedError("the check ended before it was over", "try it again")
    facts: dict[str, Any] = json.loads(answer)
    if "problem" in facts:
        raise CheckFailedError(facts["problem"], facts["remedy"])
    return facts


def read_all(reader: int) -> bytes:
    parts = []
    while part := os.read(reader, BLOCK):
        parts.append(part)
    return b"".join(parts)


def end_session(process: int) -> None:
    """Let the process of the check clean up, if it has not, and wait for it."""
    deadline = time.monotonic() + PATIENCE
    with suppress(ProcessLookupError):
        os.kill(process, signal.SIGTERM)
    while os.waitpid(process, os.WNOHANG)[0] == 0:
        if time.monotonic() > deadline:
            os.kill(process, signal.SIGKILL)
        time.sleep(0.01)


# ---- in the process of the check -------------------------------------------------------------


def be_session(request: Request, folder: str, writer: int) -> NoReturn:
    """Run the check, and write what comes of it; ends the process."""
    status = 1
    try:
        signal.signal(signal.SIGTERM, interrupt)
        os.setsid()
        adopt_orphans()
        content = json.dumps(run_check(request, folder)).encode()
        with open(writer, "wb") as file:
            file.write(content)
        status = 0
    except KeyboardInterrupt:
        pass
    finally:
        os._exit(status)


def run_check(request: Request, folder: str) -> dict[str, Any]:
    surroundings = Surroundings(folder, request)
    terminal = Terminal(request.content) if request.in_terminal else None
    try:
        return Check(request, surroundings, terminal).find_facts()
    except MainspringError as error:
        return {"problem": error.problem, "remedy": error.remedy}
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        surroundings.leave()


def interrupt(number: int, frame: FrameType | None) -> NoReturn:
    del number, frame
    raise KeyboardInterrupt


def adopt_orphans() -> None:
    """Become the parent of what the children leave behind, and end with the command itself."""
    if sys.platform.startswith("linux"):
        libc = ctypes.CDLL(None)
        libc.prctl(SET_PARENT_DEATH_SIGNAL, int(signal.SIGTERM), 0, 0, 0)
        libc.prctl(SET_CHILD_SUBREAPER, 1, 0, 0, 0)
