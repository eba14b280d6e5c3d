"""Becomes a host where the program would begin, and returns from there in each child."""

import os
import sys
import time

from mainspring._warm import (
    die_in,
    expect_modules,
    finish,
    open_process,
    prepare_end,
    set_mask,
)
from mainspring.places import read_file
from mainspring.settings import find_log, read_count
from mainspring.startlog import write_line
from mainspring.warm.account import format_account, name_terminal, read_pss
from mainspring.warm.again import Beginning
from mainspring.warm.ahead import import_ahead
from mainspring.warm.checkpoint import Prelude
from mainspring.warm.condition import Condition, GivenUp
from mainspring.warm.counting import count_warm_starts
from mainspring.warm.early import has_ended_early, note_early_end
from mainspring.warm.freshness import Watch
from mainspring.warm.heap import freeze_heap, renew_loader
from mainspring.warm.host import Doors, Host
from mainspring.warm.hostkey import find_session, hash_key, is_selected
from mainspring.warm.hostlog import tell_of_host
from mainspring.warm.learning import amend, give_up, learn_anew, note_stale
from mainspring.warm.leftovers import remove_key
from mainspring.warm.others import tidy_up
from mainspring.warm.ownfiles import find_gone_library, list_own_files
from mainspring.warm.place import leave_place, take_place
from mainspring.warm.recipe import CHECKPOINT_MODULE, name_recipe, read_recipe
from mainspring.warm.sight import Sight
from mainspring.warm.siterun import is_measured

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from mainspring.codecache.lookup import Cache
    from mainspring.reasons import HostEnd
    from mainspring.warm.ahead import Ahead
    from mainspring.warm.recipe import Cause, Recipe

LONGEST_BIRTH_SECONDS = 600  # what a program does before its checkpoint included
#: that a program may import beyond what recorded starts did
MODULES_TO_SPARE = 20
#: what a program left before its checkpoint -> why it is not paused there
LEFT_BEHIND = {
    "children": "process",
    "descriptors": "descriptor",
    "environment": "environment",
    "signals": "signals",
    "threads": "thread",
}


class Waiting:
    """A start that is to be a host, from the hook on."""

    def __init__(self, recipe_id: str, script: str, key: int, places: tuple[int, int]) -> None:
        self.recipe_id = recipe_id
        self.script = script
        self.folder, self.lock = places
        self.key = read_file(key)
        os.close(key)
        for descriptor in places:
            os.set_inheritable(descriptor, False)
        self.key_name = f"{hash_key(self.key):032x}"
        self.began_ns = os.fstat(self.lock).st_mtime_ns  # noted just before this process executed Python
        self.saved_us = 0
        self.modules = 0
        self.beginning = Beginning(recipe_id, self.key)
        die_in(LONGEST_BIRTH_SECONDS)
        self.recipe: Recipe | None = None
        self.cache: Cache | None = None
        self.prelude: Prelude | None = None

    def pause(self) -> int | None:
        """Wait for callers; returns in children alone, with the signals that are to be blocked.

        For a program with a checkpoint: return, and wait when it gets there.
        """
        self.recipe = read_recipe(self.folder, self.recipe_id)
        if self.recipe is None or not self.is_to_run_on(self.recipe):
            return self.wait(self.prepare)
        try:
            take_place(self.key, self.recipe)
        except GivenUp:
            return self.wait(self.prepare)  # which tells of it
        self.condition = Condition()
        self.look_around()
        self.prelude = Prelude(self.sight, self.give_up_checkpoint, self.pause_at_checkpoint)
        self.prelude.begin()
        return None

    def is_to_run_on(self, recipe: "Recipe") -> bool:
        return recipe.has_checkpoint and not has_ended_early(self.folder, self.key_name, recipe)

    def pause_at_checkpoint(self) -> None:
        set_mask(self.wait(self.prepare_checkpoint))

    def wait(self, prepare: "Callable[[], Host]") -> int:
        """Wait for callers; returns in children alone, with the signals that are to be blocked."""
        start = None
        try:
            start = prepare().serve()
        except GivenUp as given_up:
            self.tell("ended", f"{given_up.end} {given_up.detail}".rstrip())
            if given_up.is_known:
                self.note_success()
            self.try_again(given_up)
        except BaseException as error:  # noqa: BLE001 - whatever it is, a host tells of it and is gone
            self.tell("failed", f"{type(error).__name__}: {error}")
        finally:
            if start is None:
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
                self.beginning.repeat(self.folder, self.lock)
        except OSError:
            pass  # the next start asks for a host

    def note_success(self) -> None:
        """Let the next host be tried at once: this one is up, or has learnt why it is not."""
        try:
            os.ftruncate(self.lock, 0)
        except OSError:
            pass  # it will have to wait

    def tell(self, what: str, rest: str) -> None:
        tell_of_host(os.environ, what, f"{rest} {self.script}")

    # ---- before the first caller --------------------------------------------------------------

    def look_around(self) -> None:
        """Note what imports will come past: from here on, what comes to be is a change."""
        self.sight = Sight(self.began_ns, [*list_own_files(self.script), *sys.path])

    def prepare(self) -> Host:
        """Import ahead, and open the doors.  Raises GivenUp, or OSError."""
        recipe = self.recipe
        if recipe is None:
            raise GivenUp("effect", "no recipe")
        take_place(self.key, recipe)
        condition = Condition()
        self.look_around()
        ahead = import_ahead(recipe, self.sight)
        leave_place()
        self.judge(recipe, ahead, condition)
        return self.open(recipe, ahead)

    def open(self, recipe: "Recipe", ahead: "Ahead") -> Host:
        """Freeze what there is, and open the doors.  Raises GivenUp, or OSError."""
        self.saved_us = time.process_time_ns() // 1000
        self.modules = len(sys.modules)
        if recipe.modules:
            expect_modules(max(self.modules, recipe.modules) + MODULES_TO_SPARE)
        watch = Watch(
            ahead.files | recipe.files | list_own_files(self.script),
            ahead.folders,
            ahead.names,
            ahead.listed,
            self.sight,
        )
        prepare_end()
        freeze_heap()
        return self.open_doors(watch)

    def prepare_checkpoint(self) -> Host:
        """Wait where the program is now.  Raises GivenUp, or OSError."""
        assert self.prelude is not None
        assert self.recipe is not None
        ahead = self.prelude.finish()
        os.chdir("/")
        self.judge(self.recipe, ahead, self.condition)
        return self.open(self.recipe, ahead)

    def give_up_checkpoint(self, cause: "Cause") -> None:
        """Let the next host wait at the program's first line; ends this one."""
        try:
            amend(self.folder, self.recipe_id, (CHECKPOINT_MODULE, *cause))
            self.tell("ended", f"effect {CHECKPOINT_MODULE} {' '.join(cause)}".rstrip())
            self.note_success()
        finally:
            os._exit(0)

    def finish(self, status: int | None) -> None:
        """The end of a child, or of a program that did not come to its checkpoint."""
        if self.prelude is None:
            finish(status)
            return
        try:
            self.prelude.stop()  # what follows is not the program's doing
            assert self.recipe is not None
            note_early_end(self.folder, self.key_name, self.recipe)
            self.tell("ended", "checkpoint")
            self.note_success()
        finally:
            os._exit(0)

    def judge(self, recipe: "Recipe", ahead: "Ahead", condition: Condition) -> None:
        """Raises GivenUp where a fork would not be a start."""
        if ahead.is_ruled_out:
            give_up(self.folder, self.recipe_id, "site")
            raise GivenUp("site")
        if is_measured():
            raise GivenUp("site", "coverage")  # this caller's affair, and no other's
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
        changed = watch.find_change() or find_gone_library()
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
        host.on_use = self.note_uses
        host.on_end = lambda: self.leave(host)
        self.note_success()
        die_in(0)
        self.tell("up", f"{self.modules} modules")
        if os.fork() == 0:
            tidy_up(self.folder, self.key_name)
        return host

    def watch_session(self) -> int:
        """A descriptor that can be read when the session of the terminal has ended; -1 without one."""
        if not find_session(self.key):
            return -1
        try:
            return open_process(os.getsid(0))
        except OSError:
            raise GivenUp("session") from None

    # ---- while it serves ----------------------------------------------------------------------

    def note_uses(self, number: int) -> None:
        """Let host and recipe be the youngest: those that are not used for long are removed."""
        count_warm_starts(self.cache, number, self.saved_us, self.script)
        try:
            os.utime(f"{self.key_name}.sock", dir_fd=self.folder)
            os.utime(name_recipe(self.recipe_id), dir_fd=self.folder)
        except OSError:
            pass  # they are removed already

    def leave(self, host: Host) -> None:
        """Make way for the next host."""
        assert host.end is not None
        self.pass_on(host.end)
        remove_key(self.folder, self.key_name)
        os.close(self.lock)
        self.tell("ended", f"{host.end} {host.detail}".rstrip() + f" after {host.served} starts")

    def pass_on(self, end: "HostEnd") -> None:
        """Let what ended this host be of use to the next one."""
        try:
            if end == "outdated" and self.recipe is not None:
                learn_anew(self.folder, self.recipe_id, self.recipe)
            elif end == "stale" and self.recipe is not None:
                note_stale(self.folder, self.recipe_id, self.recipe)
        except OSError:
            pass  # it knows what this one did

    def describe(self, host: Host) -> bytes:
        """What `mainspring hosts` shows, as JSON."""
        return format_account(
            {
                "program": self.script,
                "python": sys.orig_argv[0],
                "key": self.key_name,
                "terminal": name_terminal(find_session(self.key)),
            },
            {
                "pid": os.getpid(),
                "started": self.began_ns // 1_000_000_000,
                "served": host.served,
                "saved_ms": host.served * self.saved_us // 1000,
                "pss_kb": read_pss(),
                "modules": self.modules,
                "running": len(host.children.running),
                "idle_s": int(host.count_idle_seconds()),
            },
        )
