"""Starts an interpreter to ask it something, with nothing to read and no more time than it is given."""

import subprocess
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass


class NoAnswer(OSError):
    """An interpreter that did not end in time."""


@dataclass(frozen=True)
class Reply:
    """How the interpreter ended (negative: by a signal), and what it wrote."""

    status: int
    output: bytes
    errors: bytes


def put_question(
    command: Sequence[str],
    environment: Mapping[str, str],
    seconds: float | None = None,
    descriptors: Collection[int] = (),
) -> Reply:
    """Start *command*, wait for its end and give its reply.  Raises OSError, NoAnswer among them.

    It stays in the group of the terminal, so that an interrupt ends it as well.
    """
    with subprocess.Popen(
        command,
        env=environment,
        cwd="/",
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        pass_fds=descriptors,
    ) as process:
        try:
            output, errors = process.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            # what it has started may hold the pipes for longer: nobody waits for their end
            raise NoAnswer(command[0]) from None
    return Reply(process.returncode, output, errors)
