"""A host that has learnt something about its imports starts itself again, as if it had known it before.

So a recipe is as it will stay before the next start, whatever the recorded starts did not show.  Where an
import has changed what a process keeps when it executes another program, there is no host before the next
start asks for one.
"""

import os
import sys

from mainspring._warm import read_affinity, read_limits
from mainspring.warm.condition import has_child, list_descriptors

MOST_ATTEMPTS = 10
LONGEST_BEGINNING_SECONDS = 600  # as native/launcher/spawn.c has it
MOST_IN_PIPE = 65536
STATUS = "/proc/self/status"
PRELOADED = b"/_preload.abi3.so"
HELD_BACK = "\1"  # in the place of the first byte of the script's path


class Beginning:
    """How this host was started, noted before any code of the program runs."""

    def __init__(self, recipe_id: str, key: bytes) -> None:
        self.recipe_id = recipe_id
        self.key = key
        self.attempt = 0  # as far as is known
        self.command = [*sys.orig_argv]
        self.environment = {**os.environ._data}  # type: ignore[attr-defined]  # typeshed lacks it
        self.start_folder = os.fsencode(f"{sys.modules['mainspring'].__path__[0]}/start")
        self.inherited = list_inherited()

    def repeat(self, folder: int, lock: int) -> None:
        """Start again, with the runtime *folder* and the *lock* kept; returns if that is not to be.

        Raises OSError.
        """
        if self.attempt + 1 >= MOST_ATTEMPTS or len(self.key) > MOST_IN_PIPE:
            return
        if has_child() or list_inherited() != self.inherited:
            return
        os.chdir("/")
        key, way = os.pipe()
        os.write(way, self.key)
        for descriptor in list_descriptors() - {0, 1, 2, key, folder, lock}:
            close(descriptor)
        for descriptor in (key, folder, lock):
            os.set_inheritable(descriptor, True)
        environment = self.make_environment(key, folder, lock)
        set_alarm()
        os.execve(self.command[0], self.command, environment)  # noqa: S606 - it is this very program

    def make_environment(self, key: int, folder: int, lock: int) -> "dict[bytes, bytes]":
        """As native/launcher/environment.c makes it."""
        environment = {**self.environment}
        if b"\0env:LC_CTYPE=" not in self.key:
            environment.pop(b"LC_CTYPE", None)  # CPython's own (PEP 538)
        paths = environment.get(b"PYTHONPATH")
        if sys.flags.ignore_environment:
            self.preload(environment)
        else:
            environment[b"PYTHONPATH"] = self.start_folder + (b":" + paths if paths else b"")
        environment[b"MAINSPRING_START"] = b"1" if paths is None else b"1:" + paths
        wish = f"host:{self.recipe_id}:{key}:{folder}:{lock}:{self.attempt + 1}@{os.getpid()}"
        environment[b"MAINSPRING_WARM"] = wish.encode()
        return environment

    def preload(self, environment: "dict[bytes, bytes]") -> None:
        """Have the loader bring the hook in; if it does not, there is no script (native/preload.c)."""
        old = environment.get(b"LD_PRELOAD")
        environment[b"LD_PRELOAD"] = (b"" if old is None else old + b":") + self.start_folder + PRELOADED
        self.command[-1] = HELD_BACK + self.command[-1].removeprefix("/")


def set_alarm() -> None:
    """Let the process end if the hook does not come by then: executing another program keeps that."""
    from _signal import alarm  # type: ignore[import-not-found]  # typeshed has `signal`

    alarm(LONGEST_BEGINNING_SECONDS)


def close(descriptor: int) -> None:
    try:
        os.close(descriptor)
    except OSError:
        pass  # that which the list was read from


def list_inherited() -> "list[object]":
    """What stays when a process executes another program."""
    from _signal import (
        ITIMER_PROF,
        ITIMER_REAL,
        ITIMER_VIRTUAL,
        SIG_BLOCK,
        SIG_IGN,
        getitimer,
        getsignal,
        pthread_sigmask,
        valid_signals,
    )

    ignored = [number for number in sorted(valid_signals()) if getsignal(number) == SIG_IGN]
    timers = [getitimer(timer)[1] for timer in (ITIMER_REAL, ITIMER_VIRTUAL, ITIMER_PROF)]
    blocked = pthread_sigmask(SIG_BLOCK, [])
    nice = os.getpriority(os.PRIO_PROCESS, 0)
    return [ignored, timers, blocked, nice, read_limits(), read_affinity(), read_umask()]


def read_umask() -> bytes:
    """The line that tells of it: asking the kernel itself would change it."""
    with open(STATUS, "rb") as file:
        return next((line for line in file if line.startswith(b"Umask:")), b"")
