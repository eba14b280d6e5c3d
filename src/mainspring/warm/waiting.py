"""Becomes a host where the program would begin, and returns from there in each child.

The launcher says in MAINSPRING_WARM what a start is to be:

    wish   := "record:" ID | "host:" ID ":" KEY_DESCRIPTOR ":" FOLDER_DESCRIPTOR [":" ATTEMPT]
            | "quick:" DESCRIPTOR

ID is the recipe's; what selects the host can be read from KEY_DESCRIPTOR; FOLDER_DESCRIPTOR is the
runtime folder; ATTEMPT how often this host has started itself again.  "quick" is a start that ends like a
child and tells DESCRIPTOR how, for tests.
"""

import os
import sys
import time
from _frozen_importlib import BuiltinImporter, _load  # type: ignore[attr-defined]  # typeshed lacks it

from mainspring._warm import (
    connect_to,
    finish,
    open_process,
    prepare_end,
    receive,
    send,
    set_mask,
    wait_ready,
)
from mainspring.places import read_file, try_lock
from mainspring.settings import find_log, read_count, read_size
from mainspring.startlog import write_line
from mainspring.warm.again import Beginning
from mainspring.warm.ahead import import_ahead
from mainspring.warm.checkpoint import Prelude
from mainspring.warm.condition import Condition
from mainspring.warm.freshness import Watch
from mainspring.warm.host import Doors, Host
from mainspring.warm.hostlog import tell_of_host
from mainspring.warm.learning import amend, give_up
from mainspring.warm.protocol import END, INSPECT, pack_frame
from mainspring.warm.recipe import CHECKPOINT_MODULE, read_recipe
from mainspring.warm.recorder import begin as begin_recording
from mainspring.warm.runtime import open_runtime_folder

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mainspring.plan import Plan
    from mainspring.reasons import HostEnd
    from mainspring.warm.ahead import Ahead
    from mainspring.warm.recipe import Cause, Recipe

FNV_OFFSET, FNV_PRIME = 0x6C62272E07BB014262B821756295C58D, 0x1000000000000000000013B
#: as native/launcher/key.c has them
SELECTED_PREFIXES = (
    "LC_", "LANG", "PYTHON", "LD_", "MALLOC_", "OMP_", "MKL_", "OPENBLAS_", "SSL_", "MAINSPRING", "TZ",
    "GLIBC_", "COV_CORE_", "COVERAGE_",
)  # fmt: skip
SELECTED_NAMES = {
    "HOME",
    "XDG_CACHE_HOME",
    "XDG_STATE_HOME",
    "XDG_RUNTIME_DIR",
    "SETUPTOOLS_USE_DISTUTILS",
}
#: what else selects, and the word before it in a key, in their order there
SELECTED_FIELDS = (("folder", "folder="), ("argument-count", "arguments="), ("argument-0", "argument-0="))
PATIENCE_MS = 200
#: what a program left before its checkpoint -> why it is not paused there
LEFT_BEHIND = {
    "children": "process",
    "descriptors": "descriptor",
    "environment": "environment",
    "signals": "signals",
    "threads": "thread",
}


class GivenUp(Exception):
    """There is to be no host."""

    def __init__(self, end: "HostEnd", detail: str = "", *, is_known: bool = False) -> None:
        self.end = end
        self.detail = detail
        self.is_known = is_known  # to the recipe by now: there may be one at once
        super().__init__(end, detail)


class Waiting:
    """A start that is to be a host, from the hook on."""

    def __init__(
        self, recipe_id: str, key_descriptor: int, folder: int, script: str, attempt: int
    ) -> None:
        self.recipe_id = recipe_id
        self.script = script
        self.folder = folder
        self.key = read_file(key_descriptor)
        os.close(key_descriptor)
        os.set_inheritable(folder, False)
        self.key_name = f"{hash_key(self.key):032x}"
        self.began_ns = time.time_ns()
        self.began = time.time()
        self.saved_us = 0
        self.modules = 0
        self.lock = self.take_lock()
        self.beginning = Beginning(recipe_id, self.key, attempt)
        self.recipe: Recipe | None = None
        self.prelude: Prelude | None = None

    def take_lock(self) -> int:
        lock = try_lock(self.folder, f"{self.key_name}.lock")
        if lock is None:
            os._exit(0)  # this key has its host already
        return lock

    def pause(self) -> int | None:
        """Wait for callers; returns in children alone, with the signals that are to be blocked.

        For a program with a checkpoint: return, and wait when it gets there.
        """
        self.recipe = read_recipe(self.folder, self.recipe_id)
        if self.recipe is None or not self.recipe.has_checkpoint:
            return self.wait(self.prepare)
        try:
            take_place(self.key, self.recipe)
        except GivenUp:
            return self.wait(self.prepare)  # which tells of it
        self.condition = Condition()
        self.prelude = Prelude(self.give_up_checkpoint, self.pause_at_checkpoint)
        self.prelude.begin()
        return None

    def pause_at_checkpoint(self) -> None:
        set_mask(self.wait(self.prepare_checkpoint))

    def wait(self, prepare: "Callable[[], Host]") -> int:
        """Wait for callers; returns in children alone, with the signals that are to be blocked."""
        start = None
        try:
            start = prepare().serve()
        except GivenUp as given_up:
            self.tell("ended", f"{given_up.end} {given_up.detail}".rstrip())
            self.try_again(given_up)
        except BaseException as error:  # noqa: BLE001 - whatever it is, a host tells of it and is gone
            self.tell("failed", f"{type(error).__name__}: {error}")
        finally:
            if start is None:
                self.forget("coming")
                os._exit(0)
        if self.prelude is not None:
            self.prelude = None
            renew_loader()
        target = find_log(os.environ)
        if target:
            write_line(target, self.script, "warm", start.began)
        return start.mask

    def try_again(self, given_up: GivenUp) -> None:
        """Start this host again, if it is worth it; returns if not."""
        try:
            if given_up.is_known and self.prelude is None:
                self.beginning.repeat(self.folder)
        except OSError:
            pass  # the next start asks for a host

    def forget(self, *suffixes: str) -> None:
        """Remove files of this key in the runtime folder."""
        for suffix in suffixes:
            try:
                os.unlink(f"{self.key_name}.{suffix}", dir_fd=self.folder)
            except OSError:
                pass

    def tell(self, what: str, rest: str) -> None:
        tell_of_host(os.environ, what, f"{rest} {self.script}")

    # ---- before the first caller --------------------------------------------------------------

    def prepare(self) -> Host:
        """Import ahead, and open the doors.  Raises GivenUp, or OSError."""
        recipe = self.recipe
        if recipe is None:
            raise GivenUp("effect", "no recipe")
        take_place(self.key, recipe)
        condition = Condition()
        ahead = import_ahead(recipe)
        self.judge(recipe, ahead, condition)
        self.saved_us = sum(microseconds for _, microseconds in recipe.ahead)
        return self.open(ahead)

    def open(self, ahead: "Ahead") -> Host:
        """Freeze what there is, and open the doors.  Raises GivenUp, or OSError."""
        os.chdir("/")
        self.modules = len(sys.modules)
        watch = Watch(
            ahead.files | list_own_files(self.script),
            ahead.folders,
            ahead.names,
            ahead.listed,
            self.began_ns,
        )
        prepare_end()
        freeze_heap()
        return self.open_doors(watch)

    def prepare_checkpoint(self) -> Host:
        """Wait where the program is now.  Raises GivenUp, or OSError."""
        assert self.prelude is not None
        assert self.recipe is not None
        ahead = self.prelude.finish()
        self.judge(self.recipe, ahead, self.condition)
        self.saved_us = (time.time_ns() - self.began_ns) // 1000
        return self.open(ahead)

    def give_up_checkpoint(self, cause: "Cause") -> None:
        """Let the next host wait at the program's first line; ends this one."""
        try:
            amend(self.folder, self.recipe_id, (CHECKPOINT_MODULE, *cause))
            self.tell("ended", f"effect {CHECKPOINT_MODULE} {' '.join(cause)}".rstrip())
        finally:
            self.forget("coming")
            os._exit(0)

    def finish(self, status: int | None) -> None:
        """The end of a child, or of a program that did not come to its checkpoint."""
        if self.prelude is None:
            finish(status)
            return
        try:
            self.prelude.stop()  # what follows is not the program's doing
            amend(self.folder, self.recipe_id, (CHECKPOINT_MODULE, "program-end", ""))
            self.tell("ended", "checkpoint")
        finally:
            self.forget("coming")
            os._exit(0)

    def judge(self, recipe: "Recipe", ahead: "Ahead", condition: Condition) -> None:
        """Raises GivenUp where a fork would not be a start."""
        if ahead.effect is not None:
            is_known = amend(self.folder, self.recipe_id, ahead.effect, instead=ahead.instead)
            raise GivenUp("effect", " ".join(ahead.effect).rstrip(), is_known=is_known)
        names = {name for name in ahead.read_names if not is_selected(name)} - recipe.names
        selects = ahead.selects - recipe.selects
        if names or selects:
            is_known = amend(self.folder, self.recipe_id, None, names, selects=selects)
            is_known &= not selects and not any(name in os.environ for name in names)  # the same key
            raise GivenUp("selection", " ".join(sorted(names | selects)), is_known=is_known)
        difference = condition.find_difference()
        if difference is None:
            return
        if self.prelude is not None:
            amend(self.folder, self.recipe_id, (CHECKPOINT_MODULE, LEFT_BEHIND[difference], ""))
        else:
            give_up(self.folder, self.recipe_id, difference)
        raise GivenUp(difference)

    def open_doors(self, watch: Watch) -> Host:
        changed = watch.find_change()
        if changed is not None:
            raise GivenUp("stale", changed)
        doors = Doors(self.folder, f"{self.key_name}.sock", watch.descriptor, self.watch_session())
        host = Host(
            self.key,
            doors,
            watch.find_change,
            self.describe,
            read_count(os.environ, "MAINSPRING_HOST_IDLE"),
        )
        host.on_start = self.note_use
        host.on_end = lambda: self.leave(host)
        self.forget("coming")  # the claim of who started this host
        self.tell("up", f"{self.modules} modules")
        if os.fork() == 0:
            retire_others(self.folder, self.key_name)
        return host

    def watch_session(self) -> int:
        """A descriptor that can be read when the session of the terminal has ended; -1 without one."""
        if self.find_session() == "":
            return -1
        try:
            return open_process(os.getsid(0))
        except OSError:
            raise GivenUp("session") from None

    def find_session(self) -> str:
        fields = self.key.split(b"\0")
        return next((os.fsdecode(field[8:]) for field in fields if field.startswith(b"session=")), "")

    # ---- while it serves ----------------------------------------------------------------------

    def note_use(self) -> None:
        try:
            os.utime(f"{self.key_name}.sock", dir_fd=self.folder)
        except OSError:
            pass

    def leave(self, host: Host) -> None:
        """Make way for the next host."""
        assert host.end is not None
        self.forget("sock")
        os.close(self.lock)
        self.tell("ended", f"{host.end} {host.detail}".rstrip() + f" after {host.served} starts")

    def describe(self, host: Host) -> bytes:
        """What `mainspring hosts` shows, as JSON."""
        texts = {
            "program": self.script,
            "python": sys.orig_argv[0],
            "key": self.key_name,
            "terminal": name_terminal(self.find_session()),
        }
        numbers = {
            "pid": os.getpid(),
            "started": int(self.began),
            "served": host.served,
            "saved_ms": host.served * self.saved_us // 1000,
            "pss_kb": read_pss(),
            "modules": self.modules,
            "running": len(host.children.running),
            "idle_s": int(time.monotonic() - host.used_at),
        }
        fields = [f'"{name}": {quote_json(text)}' for name, text in texts.items()]
        fields += [f'"{name}": {number}' for name, number in numbers.items()]
        return ("{" + ", ".join(fields) + "}").encode()


def grant_wish(wish: str, plan: "Plan", environment: "Mapping[str, str]") -> None:
    """Let the start of *plan* be what the launcher wants.  Raises Refused, OSError or ValueError."""
    kind, *details = wish.split(":")
    if kind == "host":
        begin_host(plan, *details)
    elif plan.code is None:
        return  # CPython's own start
    elif kind == "record":
        folder = open_runtime_folder(environment)
        plan.finish = begin_recording(folder, details[0], plan.script, sys.orig_argv[0])


def begin_host(
    plan: "Plan", recipe_id: str, key_descriptor: str, folder: str, attempt: str = "0"
) -> None:
    """Let the start of *plan* be a host, where the program would begin."""
    waiting = Waiting(recipe_id, int(key_descriptor), int(folder), plan.script, int(attempt))
    if plan.code is None:
        waiting.tell("ended", "unplanned")
        os._exit(0)
    plan.pause = waiting.pause
    plan.finish = waiting.finish


def hash_key(key: bytes) -> int:
    """FNV-1a, as the launcher has it: who collides with whom is found out by comparing keys."""
    value = FNV_OFFSET
    for byte in key:
        value = (value ^ byte) * FNV_PRIME & (1 << 128) - 1
    return value


def take_place(key: bytes, recipe: "Recipe") -> None:
    """Let imports find what selects this host, as it is with its callers.  Raises GivenUp.

    What does not select is not to be found: who looks for it is noticed.
    """
    chosen = find_chosen(key, recipe)
    if "folder=" in chosen:
        try:
            os.chdir(chosen["folder="])
        except OSError:
            raise GivenUp("stale", os.fsdecode(chosen["folder="])) from None
    first = os.fsdecode(chosen["argument-0="]) if "argument-0=" in chosen else sys.argv[0]
    count = int(chosen.get("arguments=", 1))
    sys.argv[:] = [first, *["?"] * (count - 1)]


def find_chosen(key: bytes, recipe: "Recipe") -> dict[str, bytes]:
    """What *key* says of the caller besides its environment, by the word before it.

    Raises GivenUp for a key that was made before *recipe* was as it is.
    """
    words = [word for name, word in SELECTED_FIELDS if name in recipe.selects]
    fields = key.split(b"\0")[:-1]
    chosen = dict(zip(words, fields[len(fields) - len(words) :], strict=True))
    if not all(field.startswith(word.encode()) for word, field in chosen.items()):
        raise GivenUp("selection", "the recipe was changed")
    for name in recipe.names:
        value = os.environ.get(name)
        if (
            value is not None
            and not is_selected(name)
            and os.fsencode(f"\0env:{name}={value}\0") not in key
        ):
            raise GivenUp("selection", name)
    return {word: field[len(word) :] for word, field in chosen.items()}


def is_selected(name: str) -> bool:
    return name in SELECTED_NAMES or name.startswith(SELECTED_PREFIXES)


def list_own_files(script: str) -> set[str]:
    """What is not imported, but just as much of the program."""
    executable = sys.executable
    return {script, executable, f"{sys.prefix}/pyvenv.cfg", f"{os.path.dirname(executable)}/pyvenv.cfg"}


def renew_loader() -> None:
    """Make the loader anew: the quick end looks for it, to see what is younger than the frozen heap."""
    main = vars(sys.modules["__main__"])
    loader = main.get("__loader__")
    if loader is not None and type(loader).__name__ == "SourceFileLoader":
        main["__loader__"] = type(loader)(loader.name, loader.path)


def freeze_heap() -> None:
    """Keep the collector off what is shared: touching it would copy it into each child."""
    gc = sys.modules.get("gc") or _load(BuiltinImporter.find_spec("gc"))
    is_known = "gc" in sys.modules
    gc.collect()
    gc.freeze()
    if not is_known:
        sys.modules.pop("gc", None)


def read_pss() -> int:
    """Kilobytes of memory, of which what is shared counts in parts."""
    try:
        with open("/proc/self/smaps_rollup", "rb") as file:
            lines = file.read().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith(b"Pss:")), 0)


def name_terminal(session: str) -> str | None:
    """The path of a session's terminal, where the number of its device tells."""
    if not session:
        return None
    device = int(session.partition(":")[2])
    major, minor = os.major(device), os.minor(device)
    is_pseudo = 136 <= major <= 143  # Documentation/admin-guide/devices.txt
    return f"/dev/pts/{(major - 136) * 256 + minor}" if is_pseudo else f"{major}:{minor}"


def quote_json(text: str | None) -> str:
    if text is None:
        return "null"
    quoted = "".join(
        character if " " <= character <= "~" and character not in '"\\' else f"\\u{ord(character):04x}"
        for character in text
        if ord(character) <= 0xFFFF  # others would need two
    )
    return f'"{quoted}"'


# ---- one host among others -----------------------------------------------------------------------


def retire_others(folder: int, own: str) -> None:
    """End the hosts that were not used for longest, as long as there are too many; ends the process."""
    try:
        others = list_others(folder, own)
        while others and is_too_much(folder, others):
            say(folder, others.pop(0), END)
    finally:
        os._exit(0)


def list_others(folder: int, own: str) -> list[str]:
    """The sockets of all other hosts, the one first that was not used for longest."""
    used = {}
    for name in os.listdir(folder):
        if name.endswith(".sock") and name != f"{own}.sock":
            used[name] = os.stat(name, dir_fd=folder).st_mtime
    return sorted(used, key=used.__getitem__)


def is_too_much(folder: int, others: list[str]) -> bool:
    if len(others) >= read_count(os.environ, "MAINSPRING_MAX_HOSTS"):
        return True
    kilobytes = read_pss() + sum(ask_memory(folder, name) for name in others)
    return kilobytes * 1024 > read_size(os.environ, "MAINSPRING_MAX_HOST_MEMORY")


def ask_memory(folder: int, name: str) -> int:
    answer = say(folder, name, INSPECT).partition(b'"pss_kb": ')[2]
    digits = answer.partition(b",")[0]
    return int(digits) if digits.isdigit() else 0


def say(folder: int, name: str, kind: bytes) -> bytes:
    """What the host at the socket *name* answers; nothing if it does not."""
    try:
        connection = connect_to(folder, name)
    except OSError:
        return b""
    try:
        send(connection, pack_frame(kind), -1)
        wait_ready([connection], [], PATIENCE_MS)
        return receive(connection, 1 << 16, 2)[0]
    except OSError:
        return b""
    finally:
        os.close(connection)
