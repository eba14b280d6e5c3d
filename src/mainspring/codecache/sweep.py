"""Keeps the user's cache under its bound, a slice at a time: no start waits for a whole walk.

A pass walks all builds.  It removes temporary files whose writer is gone, entries whose script or
interpreter is gone, and, if the pass before found the cache over its bound, what was not used for
longest.  It adds up sizes by age, from which the next pass knows how old that is.  Where a
pass stands is kept in a file, which is locked meanwhile and written in place (if that is cut short,
a new pass begins), and whose times say when the next slice is due (schedule.py):

    state    := "2" SP BEGAN SP OLD SP RECENT SP TO_FREE SP TOTAL LF sizes LF folder*
    sizes    := (SIZE SP)*
    folder   := POSITION SP GONE SP FOLDER LF

BEGAN (when the pass did), OLD and RECENT are seconds since the epoch: what was last used before OLD goes,
and of what was between that and RECENT, TO_FREE bytes.  TO_FREE and TOTAL are bytes; the SIZEs are bytes
by age.  Each FOLDER is one still to be read, from POSITION on; GONE is 1 below a build whose interpreter
is gone.  FOLDER is relative to the cache, with control characters percent-encoded.
"""

import os
import stat
import time

from mainspring._native import read_folder
from mainspring.codecache.bound import find_bound
from mainspring.codecache.key import ENTRY_SUFFIX, unquote_component
from mainspring.codecache.mounts import read_remote_mounts
from mainspring.codecache.schedule import SWEEP_STATE, choose_due
from mainspring.codecache.writer import INTERPRETER_NOTE, TEMPORARY_PREFIX, remove_file
from mainspring.places import OPEN_FILE, Refused, open_tree, read_file, try_lock, write_file

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

STATE_VERSION = "2"
AGE_CLASSES = 112  # up to eight years
POSITIONS = range(1 << 63)
FORBIDDEN = {"", ".", ".."}
NAMES_AT_ONCE = 64
TEMPORARY_AGE = 3600.0
BUDGET_SHARE = 25
LEAST_BUDGET_NS = 200_000
MOST_BUDGET_NS = 2_000_000
HIT_BUDGET_NS = 1_000_000
NEVER = 1 << 63  # nanoseconds
END_OF_TIME = 1e12  # seconds
LOW_WATER = 0.9  # of the bound: what a cache over it is brought down to


class Folder:
    """A folder still to be read, from a position on."""

    __slots__ = ("gone", "path", "position")

    def __init__(self, path: str, position: int, gone: bool) -> None:
        self.path = path
        self.position = position
        self.gone = gone


class Pass:
    """Where a walk over the whole cache stands."""

    __slots__ = ("began", "folders", "old", "recent", "sizes", "to_free", "total")

    def __init__(self, old: float = 0.0, recent: float = 0.0, to_free: int = 0) -> None:
        self.began = time.time()
        self.old = old
        self.recent = recent
        self.to_free = to_free
        self.total = 0
        self.sizes = [0] * AGE_CLASSES
        self.folders: list[Folder] = []


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
            self.visit_temporary(path, status)
        elif name == INTERPRETER_NOTE and folder.gone:
            remove_file(path, self.root)
        elif folder.path and name.endswith(ENTRY_SUFFIX):
            self.visit_entry(folder, path, status)

    def visit_temporary(self, path: str, status: os.stat_result) -> None:
        process = path.rpartition(TEMPORARY_PREFIX)[2].partition("-")[0]
        if self.now - status.st_mtime > TEMPORARY_AGE or not is_running(process):
            remove_file(path, self.root)

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
        script = find_script(path)
        if self.remote is None or f"{script}/".startswith(self.remote):
            return False
        try:
            os.stat(script)
        except (FileNotFoundError, NotADirectoryError):
            return True
        except (OSError, ValueError):
            return False
        return False

    def is_interpreter_gone(self, build: str) -> bool:
        try:
            descriptor = os.open(f"{build}/{INTERPRETER_NOTE}", OPEN_FILE, dir_fd=self.root)
        except OSError:
            return False
        try:
            executable = os.fsdecode(read_file(descriptor))
        finally:
            os.close(descriptor)
        if not executable.startswith("/") or "\0" in executable:
            return False  # a crash cut the note short
        if self.remote is None or f"{executable}/".startswith(self.remote):
            return False
        return not os.path.exists(executable)

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


def classify_age(seconds: float) -> int:
    """The age class: four to each doubling, from a second on."""
    quarters = max(int(seconds * 4), 4)
    doublings = quarters.bit_length() - 1
    part = (quarters << 2 >> doublings) & 3
    return min((doublings - 2) * 4 + part, AGE_CLASSES - 1)


def find_class(sizes: list[int], keep: int) -> tuple[int, int]:
    """The age class with which more than *keep* bytes are held, and how many all younger ones hold."""
    younger = 0
    for age_class, size in enumerate(sizes):
        if younger + size > keep:
            return age_class, younger
        younger += size
    return AGE_CLASSES - 1, younger - sizes[-1]


def begin_class(age_class: int) -> float:
    """The least age, in seconds, of an age class."""
    doublings, part = divmod(age_class, 4)
    return (4 + part) * 2.0**doublings / 4 if age_class else 0.0


def find_script(entry_path: str) -> str:
    """The script that the entry at *entry_path*, relative to the cache, is of."""
    *folders, name = entry_path.split("/")[1:]
    name = name[: name.rindex("%")] if "%" in name else name
    return "/" + "/".join(unquote_component(part) for part in (*folders, name))


def is_running(process: str) -> bool:
    try:
        os.kill(int(process), 0)
    except (ProcessLookupError, ValueError, OverflowError):
        return False
    except PermissionError:
        return True
    return True


def lock_state(root: int) -> int | None:
    """A descriptor of the state, made if it is missing, or None if another start holds it.

    Raises OSError.
    """
    if not is_regular(root, SWEEP_STATE):
        # what is in its place is in the user's own folder, and of no use to anybody
        os.unlink(SWEEP_STATE, dir_fd=root)
    return try_lock(root, SWEEP_STATE)


def is_regular(root: int, name: str) -> bool:
    """Whether *name* is a regular file, or may become one."""
    try:
        return stat.S_ISREG(os.lstat(name, dir_fd=root).st_mode)
    except FileNotFoundError:
        return True


def read_state(descriptor: int) -> Pass:
    """Where the sweep stands; a new pass if that is not known."""
    try:
        return parse_state(os.fsdecode(read_file(descriptor)))
    except ValueError:
        return Pass()


def write_state(descriptor: int, state: Pass) -> None:
    """Raises OSError."""
    content = format_state(state)
    os.lseek(descriptor, 0, os.SEEK_SET)
    write_file(descriptor, content)
    os.ftruncate(descriptor, len(content))


def parse_state(text: str) -> Pass:
    """Raises ValueError."""
    first, sizes, *folders = text.removesuffix("\n").split("\n")
    version, began, old, recent, to_free, total = first.split(" ")
    if version != STATE_VERSION:
        raise ValueError(version)
    state = Pass(float(old), float(recent), int(to_free))
    state.began = float(began)
    if not all(abs(at) <= END_OF_TIME for at in (state.began, state.old, state.recent)):
        raise ValueError(first)
    state.total = int(total)
    state.sizes = [int(size) for size in sizes.split()]
    if len(state.sizes) != AGE_CLASSES:
        raise ValueError(sizes)
    for line in folders:
        position, gone, path = line.split(" ", 2)
        if int(position) not in POSITIONS or leads_astray(path):
            raise ValueError(line)
        state.folders.append(Folder(path.replace("%0A", "\n"), int(position), gone == "1"))
    return state


def leads_astray(path: str) -> bool:
    """Whether *path* is not one that a sweep forms: a `/` in front would lead out of the cache."""
    return "\0" in path or (path != "" and not FORBIDDEN.isdisjoint(path.split("/")))


def format_state(state: Pass) -> bytes:
    lines = [
        f"{STATE_VERSION} {state.began} {state.old} {state.recent} {state.to_free} {state.total}",
        " ".join(str(size) for size in state.sizes),
    ]
    for folder in state.folders:
        path = folder.path.replace("\n", "%0A")
        lines.append(f"{folder.position} {int(folder.gone)} {path}")
    return os.fsencode("\n".join(lines) + "\n")
