"""What to do with a start is worked out as a value: nothing is written, compiled or arranged here.

The hook carries a plan out; `explain` prints it.  On a start's path.
"""

import os
import sys

from mainspring.codecache.key import name_variant
from mainspring.codecache.lookup import USABLE, Cache, Look, Source, look_beside, look_in_cache
from mainspring.places import Refused
from mainspring.program import check_start, name_program, open_source
from mainspring.settings import find_cache_folder, is_read_only, read_size

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from types import CodeType

    from mainspring.codecache.entry import Warnings
    from mainspring.reasons import Reason, Verdict


class Plan:
    """What to do with a start, and what that was worked out from."""

    def __init__(self) -> None:
        self.script = ""
        self.variant = ""
        self.source: Source | None = None
        self.cache: Cache | None = None
        self.looks: list[Look] = []
        self.reason: Reason | None = None  # to stand aside, or why the entry is not kept
        self.code: CodeType | None = None
        self.warnings: Warnings = ()
        self.saved_ns = 0
        self.compile_ns = 0
        self.read_only = False
        self.is_armed = False  # to wait as a host
        self.pause: Callable[[], Callable[[], int] | None] | None = None  # see arm in native/module.c
        self.finish: Callable[[int | None], None] | None = None

    @property
    def verdict(self) -> "Verdict | None":
        """What the place that decided held; None if none was looked at."""
        return self.looks[-1].verdict if self.looks else None

    @property
    def usable(self) -> "Look | None":
        """The look that found an entry of the script as it is now."""
        return self.looks[-1] if self.verdict in USABLE else None

    @property
    def outcome(self) -> str:
        """Verdict, reason, or both: what the log says of the start."""
        return " ".join(word for word in (self.verdict, self.reason) if word)


def plan_start(environment: "Mapping[str, str]", wish: str = "") -> Plan:
    """What to do with this start; with a *wish* of the launcher, for a script of any size."""
    plan = Plan()
    try:
        plan.script = name_program()
        check_start(environment)
        plan.source = open_source(
            plan.script, 0 if wish else read_size(environment, "MAINSPRING_MIN_SIZE")
        )
        plan.variant = name_variant(environment)
        plan.read_only = sys.dont_write_bytecode or is_read_only(environment)
        look_for_entry(plan, plan.source, find_cache_folder(environment))
    except Refused as refusal:
        plan.reason = refusal.reason
    except OSError:
        plan.reason = "no-source"
    return plan


def look_for_entry(plan: Plan, source: Source, folder: str | None) -> None:
    """Look at both places, and note what stands against keeping an entry.

    Raises Refused, or OSError.
    """
    user = os.geteuid()
    if folder is not None:
        plan.cache = Cache(folder, user)
    beside = look_beside(source, plan.variant, user)
    if beside is not None:
        plan.looks.append(beside)
    if plan.usable is None and plan.cache is not None:
        plan.looks.append(look_in_cache(source, plan.variant, plan.cache))
    if plan.usable is None:
        plan.reason = find_obstacle(plan)


def find_obstacle(plan: Plan) -> "Reason | None":
    """Why an entry could not be kept, as far as that can be known before it is made."""
    if plan.cache is None:
        return "no-cache-folder"
    return "read-only" if plan.read_only else plan.looks[-1].reason
