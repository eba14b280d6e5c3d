"""Runs a command with the same input each time, and notes what it shows."""

import os
import select
import subprocess
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from signal import SIGKILL, Signals

from mainspring.observe.check.descriptors import Watcher
from mainspring.observe.check.terminal import Terminal

BLOCK = 1 << 16
MOST_OUTPUT = 64 << 20
PATIENCE = 0.2  # seconds for what is on its way, when the program has ended
TIMED_OUT = "timed out"


@dataclass(frozen=True)
class Shown:
    """What came of a command."""

    status: str
    stdout: bytes
    stderr: bytes
    descriptors: Mapping[str, str] | None
    is_cut_short: bool


class Run:
    """One run of a command, from its beginning to its end."""

    def __init__(self, command: list[str], environment: Mapping[str, str], source: str) -> None:
        self._command = command
        self._environment = environment
        self._source = source
        self._watcher = Watcher()
        self._outputs: dict[int, bytearray] = {}
        self._is_cut_short = False

    def finish(self, seconds: float, terminal: Terminal | None, spare: int | None) -> Shown:
        """Run to the end, or for *seconds*.  *spare* is what will be the program, if that is known."""
        other = None if spare is None else self._follow_spare(spare)
        process = self._begin(terminal)
        ended, ending = os.pipe()
        waiter = threading.Thread(target=self._await_end, args=(process, other, ending))
        waiter.start()
        try:
            self._read(process, ended, time.monotonic() + seconds)
        finally:
            if process.returncode is None:
                kill(process)
            waiter.join()
            os.close(ended)
            for descriptor in self._outputs:
                if terminal is None or descriptor != terminal.ours:
                    os.close(descriptor)
        stdout, stderr = [bytes(content) for content in (*self._outputs.values(), b"")][:2]
        status = TIMED_OUT if self._is_cut_short else describe_status(process.returncode)
        return Shown(status, stdout, stderr, self._watcher.descriptors, self._is_cut_short)

    def _follow_spare(self, spare: int) -> threading.Thread:
        """Follow what will be the program, before it is: it may be quick."""
        other = threading.Thread(target=self._watcher.follow, args=(spare,), daemon=True)
        other.start()
        self._watcher.has_begun.wait()
        return other

    def _begin(self, terminal: Terminal | None) -> subprocess.Popen[bytes]:
        if terminal is not None:
            self._outputs = {terminal.ours: bytearray()}
            return subprocess.Popen(
                self._command,
                env=self._environment,
                stdin=terminal.theirs,
                stdout=terminal.theirs,
                stderr=terminal.theirs,
            )
        (out, stdout), (err, stderr) = os.pipe(), os.pipe()
        self._outputs = {out: bytearray(), err: bytearray()}
        try:
            with open(self._source, "rb") as source:
                return subprocess.Popen(
                    self._command, env=self._environment, stdin=source, stdout=stdout, stderr=stderr
                )
        finally:
            os.close(stdout)
            os.close(stderr)

    def _await_end(
        self, process: subprocess.Popen[bytes], other: threading.Thread | None, ending: int
    ) -> None:
        """Note how *process* ends; in a thread of its own, which traces it if *other* traces nothing."""
        try:
            if other is None:
                self._watcher.follow(process.pid)
                status = self._watcher.status
                if status is not None:
                    process.returncode = os.waitstatus_to_exitcode(status)
            process.wait()
            if other is not None:
                other.join(PATIENCE)
        finally:
            os.close(ending)

    def _read(self, process: subprocess.Popen[bytes], ended: int, deadline: float) -> None:
        """Read what is written until *process* has ended, and a little longer."""
        poll = select.poll()
        for descriptor in (*self._outputs, ended):
            poll.register(descriptor, select.POLLIN)
        left = len(self._outputs)
        has_ended = False
        while left or not has_ended:
            wait = PATIENCE if has_ended else deadline - time.monotonic()
            ready = poll.poll(max(0.0, wait) * 1000)
            if not ready:
                if has_ended:
                    return
                self._is_cut_short = True
                deadline += PATIENCE
                kill(process)
                continue
            for descriptor, _ in ready:
                if descriptor == ended:
                    has_ended = True
                    poll.unregister(ended)
                elif not self._take(descriptor):
                    poll.unregister(descriptor)
                    left -= 1

    def _take(self, descriptor: int) -> bool:
        """Keep what can be read; whether there may be more."""
        try:
            content = os.read(descriptor, BLOCK)
        except OSError:  # a terminal that nobody has open any more
            return False
        kept = self._outputs[descriptor]
        kept += content[: max(0, MOST_OUTPUT - len(kept))]
        return bool(content)


def kill(process: subprocess.Popen[bytes]) -> None:
    """Kill *process*; Popen would ask how it is, and take a stop that the watcher waits for."""
    with suppress(ProcessLookupError):
        os.kill(process.pid, SIGKILL)


def describe_status(status: int) -> str:
    return str(status) if status >= 0 else f"signal {Signals(-status).name}"
