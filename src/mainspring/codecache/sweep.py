"""Keeps the user's cache under its bound, a slice at a time: no start waits for a whole walk.

A pass walks all builds.  It removes temporary files whose writer is gone, entries whose script or
interpreter is gone, and, if the pass before found the cache over its bound, what was not used for
longest.  It adds up sizes by age, from which the next pass knows how old that is.
"""

import os
import stat
import time

from mainspring._native import read_folder
from mainspring.codecache.ages import begin_class, classify_age, find_class
from mainspring.codecache.bound import find_bound
from mainspring.codecache.key import ENTRY_SUFFIX
from mainspring.codecache.mounts import read_remote_mounts
from mainspring.codecache.origin import find_script, is_gone, is_left_over, read_interpreter
from mainspring.codecache.schedule import choose_due
from mainspring.codecache.sweepstate import END_OF_TIME, Folder, Pass, lock_state, read_state, write_state
from mainspring.codecache.writer import INTERPRETER_NOTE, TEMPORARY_PREFIX, remove_file
from mainspring.places import Refused, open_tree

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

NAMES_AT_ONCE = 64
BUDGET_SHARE = 25
LEAST_BUDGET_NS = 200_000
MOST_BUDGET_NS = 1_200_000
HIT_BUDGET_NS = 1_000_000
NEVER = 1 << 63  # nanoseconds
LOW_WATER = 0.9  # of the bound: what a cache over it is brought down to


def sweep(root: int, environment: "Mapping[str, str]", compile_ns: int) -> None:
    """As sweep_slice, with the bound in force, best effort."""
    try:
        sweep_slice(root, find_bound(root, environment), compile_ns)
    except (OSError, ValueError, OverflowError):
        pass


def sweep_slice(root: int, bound: int, compile_ns: int) -> None:
    """Go on with the sweep of the cache open at *root*, whose size is to stay under *bound* bytes.

    It takes a part of *compile_ns*, what this start's compiling took; 0 stands for a start that used an
    entry.  Raises OSError.
    """
    descriptor = lock_state(root)
    if descriptor is None:
        return
    try:
        walk = Walk(root, read_state(descriptor), bound)
        is_underway = walk.run(time.perf_counter_ns() + choose_budget(walk, compile_ns))
        write_state(descriptor, walk.state)
        os.utime(descriptor, choose_due(time.time(), is_over=walk.is_over, is_underway=is_underway))
    finally:
        os.close(descriptor)


def choose_budget(walk: "Walk", compile_ns: int) -> int:
    """How many nanoseconds a slice may take."""
    if walk.is_over:
        return MOST_BUDGET_NS
    if compile_ns == 0:
        return HIT_BUDGET_NS
    return min(max(compile_ns // BUDGET_SHARE, LEAST_BUDGET_NS), MOST_BUDGET_NS)


def sweep_all(root: int, bound: int) -> int:
    """Two whole passes: one to measure, one to remove.  Returns the bytes that remain."""
    state = Pass()
    for _ in range(2):
        walk = Walk(root, state, bound)
        while walk.step():
            pass
        total = walk.state.total
        state = walk.plan_next_pass()
    descriptor = lock_state(root)
    if descriptor is not None:
        try:
            write_state(descriptor, state)
        finally:
            os.close(descriptor)
    return total


class Walk:
    """One process's share of a pass."""

    def __init__(self, root: int, state: Pass, bound: int) -> None:
        self.root = root
        self.state = state
        self.bound = bound
        self.now = time.time()
        self.remote = read_remote_mounts()
        if not state.folders:
            state.folders.append(Folder("", 0, False))

    @property
    def is_over(self) -> bool:
        """Whether the cache is known to be over its bound."""
        return self.state.recent > 0 or self.state.total > self.bound

    def run(self, deadline_ns: int) -> bool:
        """Go on until the deadline, or until a pass ends that leaves nothing to free.

        Returns whether a pass is under way then.
        """
        while True:
            if not self.step(deadline_ns):
                self.state = self.plan_next_pass()
                if not self.state.recent:
                    return False
                self.state.folders.append(Folder("", 0, False))
            if time.perf_counter_ns() >= deadline_ns:
                return True

    def step(self, deadline_ns: int = NEVER) -> bool:
        """Read some names of the folder at hand, until the deadline; False once all are read."""
        if not self.state.folders:
            return False
        folder = self.state.folders[-1]
        names, at_end = self.read_names(folder)
        for name, position in names:
            self.visit(folder, name)
            folder.position = position
            if time.perf_counter_ns() >= deadline_ns:
                return True
        if at_end:
            self.state.folders.remove(folder)
            if folder.path:
                self.remove_folder(folder.path)
        return bool(self.state.folders)

    def read_names(self, folder: Folder) -> tuple[list[tuple[str, int]], bool]:
        try:
            descriptor = open_tree(self.root, filter(None, folder.path.split("/")), (os.geteuid(),))
        except (OSError, Refused):
            return [], True
        try:
            return read_folder(descriptor, folder.position, NAMES_AT_ONCE)
        except OSError:
            return [], True  # or no pass would ever come further
        finally:
            os.close(descriptor)

    def visit(self, folder: Folder, name: str) -> None:
        path = f"{folder.path}/{name}" if folder.path else name
        try:
            status = os.lstat(path, dir_fd=self.root)
        except OSError:
            return
        if stat.S_ISDIR(status.st_mode):
            gone = folder.gone or (not folder.path and self.is_interpreter_gone(name))
            self.state.folders.append(Folder(path, 0, gone))
        elif name.startswith(TEMPORARY_PREFIX):
            if is_left_over(name, status, self.now):
                remove_file(path, self.root)
        elif name == INTERPRETER_NOTE and folder.gone:
            remove_file(path, self.root)
        elif folder.path and name.endswith(ENTRY_SUFFIX):
            self.visit_entry(folder, path, status)

    def visit_entry(self, folder: Folder, path: str, status: os.stat_result) -> None:
        if self.is_unused(status) or folder.gone or self.is_script_gone(path):
            remove_file(path, self.root)
        else:
            self.state.total += status.st_size
            self.state.sizes[classify_age(self.state.began - status.st_mtime)] += status.st_size

    def is_unused(self, status: os.stat_result) -> bool:
        """Whether an entry with that *status* is among those to go; counts it, if so."""
        if status.st_mtime < self.state.old:
            return True
        if self.state.to_free <= 0 or status.st_mtime >= self.state.recent:
            return False
        self.state.to_free -= status.st_size
        return True

    def is_script_gone(self, path: str) -> bool:
        return self.is_gone(find_script(path))

    def is_interpreter_gone(self, build: str) -> bool:
        executable = read_interpreter(self.root, build)
        return executable is not None and self.is_gone(executable)

    def is_gone(self, path: str) -> bool:
        """Whether *path* has gone; may be False for what another machine holds, which is not asked."""
        if self.remote is None or f"{path}/".startswith(self.remote):
            return False
        return is_gone(path)

    def remove_folder(self, path: str) -> None:
        try:
            os.rmdir(path, dir_fd=self.root)
        except OSError:
            pass  # as a rule, since it is not empty

    def plan_next_pass(self) -> Pass:
        """The pass after one that has ended: what is to go."""
        if self.state.total <= self.bound:
            return Pass()
        keep = int(self.bound * LOW_WATER)
        age_class, younger = find_class(self.state.sizes, keep)
        return Pass(
            old=self.state.began - begin_class(age_class + 1),
            # what was used since the pass began is of the youngest class
            recent=self.state.began - begin_class(age_class) if age_class else END_OF_TIME,
            to_free=younger + self.state.sizes[age_class] - keep,
        )
