"""A script is started from its host, without a process in between; where it has none, by the launcher.

Both give it the same: a session or a group of its own, three descriptors, the call's environment and
working directory, the gateway's limits, and no signal that is blocked or ignored.

What fails, and what comes of it:

    no runtime folder, recipe or host; it is full, or stale         | the launcher starts it, cold
    the host is another user's                                      | the same: the launcher refuses, too
    the host dies, or is silent for two seconds, before it says `S` | the same: nothing of it has run
    the host dies after that                                        | the script dies: killed (-9)
    the gateway lets go of a host's connection                      | the host kills the script
    the launcher is missing                                         | StartError
    no process can be made (EAGAIN, ENOMEM), or no pipe (EMFILE)    | StartError
    the environment is more than execve(2) takes (E2BIG)            | StartError, unless there is a host
    the working directory is gone                                   | StartError
    the script is gone since it was found                           | python's words on stderr, status 2
    the interpreter is gone                                         | the launcher's, status 127
"""

from __future__ import annotations

import asyncio
import os
import time
from typing import TYPE_CHECKING

from mainspring._gateway import identify, reach, spawn
from mainspring.gateway.call import Call, Process, StartError
from mainspring.gateway.hosted import Hosted
from mainspring.gateway.launched import Launched
from mainspring.gateway.streams import Streams, open_streams

if TYPE_CHECKING:
    from collections.abc import Callable

    from mainspring._gateway import Caller

#: for so long it is taken as read who the gateway is: its groups, limits, namespaces
IDENTITY_SECONDS = 1.0


class Starter:
    """Makes a process of each call."""

    def __init__(self, launcher: str, note_cold: Callable[[str, str], None] | None = None) -> None:
        """*note_cold* is told of a script that no host can serve, and why: a word of `reasons.COLD`."""
        self.launcher = launcher
        self.note_cold = note_cold
        self.caller: Caller | None = None
        self.identified = float("-inf")

    async def start(
        self, call: Call, python: str, options: tuple[str, ...], stdin: int | None
    ) -> Process:
        """Start *call* with the interpreter *python*, an absolute path, and *options* of its own.

        The script reads from *stdin*, which stays the caller's; or, if that is None, from a pipe, of
        which `Process.stdin` is our end.  Raises StartError.
        """
        try:
            streams = open_streams(stdin)
        except OSError as error:
            raise StartError(f"no pipe to the script: {error.strerror}") from error
        try:
            return await self.begin(call, [python, *options, call.script, *call.arguments], streams)
        except BaseException:
            streams.close_ours()
            raise
        finally:
            streams.close_theirs()

    async def begin(self, call: Call, words: list[str], streams: Streams) -> Process:
        arguments = [os.fsencode(word) for word in words]
        environment = list_variables(call)
        hosted = await self.ask_host(call, arguments, environment, streams)
        if not isinstance(hosted, str):
            return hosted
        if self.note_cold is not None:
            self.note_cold(call.script, hosted)
        return self.launch(call, arguments, environment, streams)

    async def ask_host(
        self, call: Call, arguments: list[bytes], environment: list[bytes], streams: Streams
    ) -> Process | str:
        """Why the start has to be cold, if it has to: nothing of the script has run then."""
        caller = self.identify()
        if caller is None:
            return "unknown-caller"
        try:
            reached = reach(caller, arguments, environment, os.fsencode(call.folder), *streams.theirs)
        except ValueError as error:
            raise StartError(str(error)) from error
        if isinstance(reached, str):
            return reached
        hosted = Hosted(asyncio.get_running_loop(), *reached, streams.ours)
        return hosted if await hosted.begin() else "host-ended"

    def launch(
        self, call: Call, arguments: list[bytes], environment: list[bytes], streams: Streams
    ) -> Process:
        """Have the launcher start *call*: it records, and sees to it that there will be a host."""
        command = [os.fsencode(self.launcher), b"run", b"--warm", b"--python", *arguments]
        try:
            process = spawn(command, environment, os.fsencode(call.folder), *streams.theirs)
        except OSError as error:
            about = "" if error.filename is None else f"{os.fsdecode(error.filename)}: "
            raise StartError(f"{about}{error.strerror}") from error
        return Launched(asyncio.get_running_loop(), process, streams.ours)

    def identify(self) -> Caller | None:
        now = time.monotonic()
        if now - self.identified >= IDENTITY_SECONDS:
            self.caller = identify()
            self.identified = now
        return self.caller


def list_variables(call: Call) -> list[bytes]:
    return [
        f"{name}={value}".encode("utf-8", "surrogateescape") for name, value in call.environment.items()
    ]
