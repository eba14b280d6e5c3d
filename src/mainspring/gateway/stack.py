"""The Python stack of a process that runs, taken from outside by py-spy, which does not stop it.

| what stands in the way | what is said |
|---|---|
| py-spy is not installed | so, and what to install |
| the system refuses to have a process looked at | so, and which right or setting allows it |
| the process ends meanwhile, or py-spy fails | the line in which py-spy says why |
| py-spy takes longer than PATIENCE | so; it is killed |
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import sys
from typing import Final, NamedTuple

PATIENCE: Final = 10.0
MOST_FRAMES: Final = 60
#: bytes that py-spy may say
LONGEST_DUMP: Final = 4 << 20
TRIES: Final = 3

NOT_INSTALLED = (
    "no stack: py-spy is not installed; install it beside Mainspring: pip install 'mainspring[slowlog]'"
)
REFUSED = (
    "no stack: the system does not let the gateway look at its scripts; set "
    "kernel.yama.ptrace_scope=0, or give the gateway CAP_SYS_PTRACE (AmbientCapabilities= of its unit)"
)
TOO_SLOW = f"no stack: py-spy took longer than {PATIENCE:g} seconds"


class Stack(NamedTuple):
    """Lines, the innermost call last; or one line that says why there are none."""

    lines: tuple[str, ...]
    is_known: bool = True


def find_spy() -> str | None:
    """The py-spy that is installed with this interpreter, or else the first on PATH."""
    beside = os.path.join(os.path.dirname(sys.executable), "py-spy")
    return beside if os.access(beside, os.X_OK) else shutil.which("py-spy")


async def take_stack(process: int) -> Stack:
    """The stack of all threads of *process*."""
    spy = find_spy()
    if spy is None:
        return Stack((NOT_INSTALLED,), is_known=False)
    found = Stack((TOO_SLOW,), is_known=False)
    for _ in range(TRIES):  # what changes while it is read may not be readable
        found = await ask_spy(spy, process)
        if found.is_known or found.lines == (REFUSED,):
            break
    return found


async def ask_spy(spy: str, process: int) -> Stack:
    command = (spy, "dump", "--nonblocking", "--full-filenames", "--json", "--pid", str(process))
    pipe, nothing = asyncio.subprocess.PIPE, asyncio.subprocess.DEVNULL
    # scripts can read the environment of a process of their user: it is to have none of the gateway's
    environment = {"PATH": os.environ.get("PATH", os.defpath)}
    try:
        child = await asyncio.create_subprocess_exec(
            *command, stdin=nothing, stdout=pipe, stderr=pipe, env=environment
        )
    except OSError as error:
        return Stack((f"no stack: {spy} cannot be started ({error.strerror})",), is_known=False)
    try:
        async with asyncio.timeout(PATIENCE):
            said, complaint = await asyncio.gather(read(child.stdout), read(child.stderr))
            status = await child.wait()
    except TimeoutError:
        return Stack((TOO_SLOW,), is_known=False)
    finally:
        if child.returncode is None:
            child.kill()
            await child.wait()
    return read_dump(said) if status == 0 else explain_failure(complaint)


async def read(stream: asyncio.StreamReader | None) -> bytes:
    """All of *stream*, of which no more than LONGEST_DUMP is kept."""
    assert stream is not None
    said = b""
    while part := await stream.read(1 << 16):
        said += part[: LONGEST_DUMP - len(said)]
    return said


def read_dump(said: bytes) -> Stack:
    """The lines of what `py-spy dump --json` has said."""
    try:
        threads = json.loads(said)
        lines = [line for thread in threads for line in list_frames(thread, named=len(threads) > 1)]
    except (ValueError, TypeError, KeyError) as error:
        return Stack((f"no stack: what py-spy says cannot be read ({error!r})",), is_known=False)
    if not lines:
        return Stack(("no stack: py-spy sees no Python in the process",), is_known=False)
    return Stack(tuple(lines))


def list_frames(thread: dict[str, object], *, named: bool) -> list[str]:
    """The frames of a thread as a traceback has them, the innermost last."""
    frames = thread["frames"]
    assert isinstance(frames, list)
    lines = [
        f'File "{one["filename"]}", line {one["line"]}, in {one["name"]}' for one in reversed(frames)
    ]
    if len(lines) > MOST_FRAMES:
        left_out = len(lines) - MOST_FRAMES
        lines[MOST_FRAMES // 2 : -MOST_FRAMES // 2] = [f"... {left_out} frames left out here"]
    if named:
        lines.insert(0, f"thread {thread['os_thread_id']} {thread['thread_name'] or ''}".rstrip())
    return lines


def explain_failure(complaint: bytes) -> Stack:
    """What stands in py-spy's way."""
    text = complaint.decode("utf-8", "replace")
    if "permission denied" in text.lower() or "operation not permitted" in text.lower():
        return Stack((REFUSED,), is_known=False)
    first = next((line.strip() for line in text.splitlines() if line.strip()), "no word of why")
    return Stack((f"no stack: py-spy failed ({first.removeprefix('Error: ')})",), is_known=False)
