"""Becomes a host where the program would begin, and returns from there in each child."""

import os
import sys
import time

from mainspring._warm import (
    die_in,
    expect_modules,
    finish,
    list_running,
    open_process,
    prepare_end,
    serve,
    set_mask,
)
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
from mainspring.warm.host import Host
from mainspring.warm.judging import judge_ahead, judge_condition
from mainspring.warm.learning import amend
from mainspring.warm.others import tidy_up
from mainspring.warm.ownfiles import find_gone_library, list_own_files
from mainspring.warm.place import leave_place, take_place
from mainspring.warm.recipe import CHECKPOINT_MODULE, read_recipe
from mainspring.warm.sight import Sight
from mainspring.warm.takeover import prepare_takeover

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from mainspring.codecache.lookup import Cache
    from mainspring.warm.ahead import Ahead
    from mainspring.warm.claim import Claim
    from mainspring.warm.recipe import Cause, Recipe

LONGEST_BIRTH_SECONDS = 600  # what a program does before its checkpoint included
#: that a program may import beyond what recorded starts did
MODULES_TO_SPARE = 20


class Waiting:
    """A start that is to be a host, from the hook on."""

    def __init__(self, claim: "Claim") -> None:
        self.claim = claim
        self.saved_us = 0
        self.modules = 0
        self.beginning = Beginning(claim.recipe_id, claim.key)
        die_in(LONGEST_BIRTH_SECONDS)
        self.recipe: Recipe | None = None
        self.cache: Cache | None = None
        self.prelude: Prelude | None = None

    def pause(self) -> "Callable[[], int] | None":
        """Prepare for callers: what then is to be called returns in children alone, see serve().

        For a program with a checkpoint: return None, and wait when it gets there.
        """
        self.recipe = read_recipe(self.claim.folder, self.claim.recipe_id)
        if self.recipe is None or not self.is_to_run_on(self.recipe):
            return self.wait(self.prepare)
        try:
            take_place(self.claim.key, self.recipe)
        except GivenUp:
            return self.wait(self.prepare)  # which tells of it
        self.condition = Condition()
        self.look_around()
        self.prelude = Prelude(self.sight, self.give_up_checkpoint, self.pause_at_checkpoint)
        self.prelude.begin()
        return None

    def is_to_run_on(self, recipe: "Recipe") -> bool:
        return recipe.has_checkpoint and not has_ended_early(self.claim.folder, self.claim.name, recipe)

    def pause_at_checkpoint(self) -> None:
        mask = self.wait(self.prepare_checkpoint)()
        self.prelude = None
        renew_loader()
        set_mask(mask)

    def wait(self, prepare: "Callable[[], None]") -> "Callable[[], int]":
        """Open the doors, or end; what is to be called then waits at them."""
        is_open = False
        try:
            prepare()
            is_open = True
        except GivenUp as given_up:
            self.claim.tell("ended", f"{given_up.end} {given_up.detail}".rstrip())
            if given_up.is_known:
                self.claim.note_success()
            self.try_again(given_up)
        except BaseException as error:  # noqa: BLE001 - whatever it is, a host tells of it and is gone
            self.claim.tell("failed", f"{type(error).__name__}: {error}")
        finally:
            if not is_open:
                os._exit(0)
        return serve

    def try_again(self, given_up: GivenUp) -> None:
        """Start this host again, if it is worth it; returns if not."""
        try:
            if given_up.is_known and self.prelude is None:
                self.beginning.repeat(self.claim.folder, self.claim.lock)
        except OSError:
            pass  # the next start asks for a host

    # ---- before the first caller --------------------------------------------------------------

    def look_around(self) -> None:
        """Note what imports will come past: from here on, what comes to be is a change."""
        self.sight = Sight(self.claim.began_ns, [*list_own_files(self.claim.script), *sys.path])

    def prepare(self) -> None:
        """Import ahead, and open the doors.  Raises GivenUp, or OSError."""
        recipe = self.recipe
        if recipe is None:
            raise GivenUp("effect", "no recipe")
        take_place(self.claim.key, recipe)
        condition = Condition()
        self.look_around()
        ahead = import_ahead(recipe, self.sight)
        leave_place()
        self.judge(recipe, ahead, condition)
        self.open(recipe, ahead)

    def open(self, recipe: "Recipe", ahead: "Ahead") -> None:
        """Freeze what there is, and open the doors.  Raises GivenUp, or OSError."""
        self.saved_us = time.process_time_ns() // 1000
        self.modules = len(sys.modules)
        if recipe.modules:
            expect_modules(max(self.modules, recipe.modules) + MODULES_TO_SPARE)
        watch = Watch(
            ahead.files | recipe.files | list_own_files(self.claim.script),
            ahead.folders,
            ahead.names,
            ahead.listed,
            self.sight,
        )
        prepare_end()
        freeze_heap()
        self.open_doors(watch)

    def prepare_checkpoint(self) -> None:
        """Wait where the program is now.  Raises GivenUp, or OSError."""
        assert self.prelude is not None
        assert self.recipe is not None
        ahead = self.prelude.finish()
        os.chdir("/")
        self.judge(self.recipe, ahead, self.condition)
        self.open(self.recipe, ahead)

    def give_up_checkpoint(self, cause: "Cause") -> None:
        """Let the next host wait at the program's first line; ends this one."""
        try:
            amend(self.claim.folder, self.claim.recipe_id, (CHECKPOINT_MODULE, *cause))
            self.claim.tell("ended", f"effect {CHECKPOINT_MODULE} {' '.join(cause)}".rstrip())
            self.claim.note_success()
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
            note_early_end(self.claim.folder, self.claim.name, self.recipe)
            self.claim.tell("ended", "checkpoint")
            self.claim.note_success()
        finally:
            os._exit(0)

    def judge(self, recipe: "Recipe", ahead: "Ahead", condition: Condition) -> None:
        """Raises GivenUp where a fork would not be a start."""
        judge_ahead(ahead, recipe, self.claim)
        difference = condition.find_difference()
        judge_condition(difference, self.claim, is_at_checkpoint=self.prelude is not None)

    def open_doors(self, watch: Watch) -> None:
        changed = watch.find_change() or find_gone_library()
        if changed is not None:
            raise GivenUp("stale", changed)
        prepare_takeover(self.claim.key)
        idle_seconds = read_count(os.environ, "MAINSPRING_HOST_IDLE")
        host = Host(watch, self.describe, self.log_start, idle_seconds)
        host.open(self.claim.folder, self.claim.socket, self.watch_session())
        host.on_use = self.note_uses
        host.on_end = lambda: self.leave(host)
        self.claim.note_success()
        die_in(0)
        self.claim.tell("up", f"{self.modules} modules")
        if os.fork() == 0:
            tidy_up(self.claim.folder, self.claim.name)
        freeze_heap()  # what has come since: no child is to look through it at its end

    def watch_session(self) -> int:
        """A descriptor that can be read when the session of the terminal has ended; -1 without one."""
        if not self.claim.session:
            return -1
        try:
            return open_process(os.getsid(0))
        except OSError:
            raise GivenUp("session") from None

    # ---- while it serves ----------------------------------------------------------------------

    def log_start(self, began_ns: int) -> None:
        """In a child."""
        write_line(find_log(os.environ), self.claim.script, "warm", began_ns)

    def note_uses(self, number: int) -> None:
        count_warm_starts(self.cache, number, self.saved_us, self.claim.script)
        self.claim.note_use()

    def leave(self, host: Host) -> None:
        """Make way for the next host."""
        assert host.end is not None
        self.claim.pass_on(host.end, self.recipe)
        self.claim.give_way()
        self.claim.tell("ended", f"{host.end} {host.detail}".rstrip() + f" after {host.served} starts")

    def describe(self, host: Host) -> bytes:
        """What `mainspring hosts` shows, as JSON."""
        return format_account(
            {
                "program": self.claim.script,
                "python": sys.orig_argv[0],
                "key": self.claim.name,
                "terminal": name_terminal(self.claim.session),
            },
            {
                "pid": os.getpid(),
                "started": self.claim.began_ns // 1_000_000_000,
                "served": host.served,
                "saved_ms": host.served * self.saved_us // 1000,
                "pss_kb": read_pss(),
                "modules": self.modules,
                "running": len(list_running()),
                "idle_s": int(host.count_idle_seconds()),
            },
        )
