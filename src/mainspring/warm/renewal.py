"""What modules drew or noted when they were imported is renewed in each child.

`random` renews itself at a fork.  What imports ahead may rely on is in effects.py (RENEWED,
RENEWED_FOLDERS, RENEWED_ARGUMENTS, RENEWED_UMASKS).
"""

import os
import sys
import time

from mainspring.warm.effects import RENEWED_ARGUMENTS, RENEWED_FOLDERS, RENEWED_UMASKS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any


def find_loaded(name: str) -> "Any":
    """The module *name*, unless it is still to be loaded."""
    module = sys.modules.get(name)
    return module if type(module) is type(sys) else None


def renew_entropy() -> None:
    numpy = find_loaded("numpy.random")
    if numpy is not None:
        numpy.seed()
    processes = find_loaded("multiprocessing.process")
    if processes is not None:
        key = processes.AuthenticationString(os.urandom(32))
        processes.current_process()._config["authkey"] = key


def renew_thread() -> None:
    """The kernel's number of the only thread: CPython renews it at a fork from 3.13 on."""
    threading = sys.modules.get("threading")
    if threading is not None and hasattr(threading, "get_native_id"):
        threading.main_thread()._set_native_id()


def renew_folders() -> None:
    """The working directory, where it was noted as these modules do it."""
    for name, attribute in RENEWED_FOLDERS.items():
        module = find_loaded(name)
        if module is not None and hasattr(module, attribute):
            setattr(module, attribute, os.path.abspath(os.getcwd()))


def renew_arguments() -> None:
    for name, attribute in RENEWED_ARGUMENTS.items():
        words = getattr(find_loaded(name), attribute, None)
        if isinstance(words, list):
            words[:] = [os.fsencode(word) for word in sys.argv]


def renew_umask() -> None:
    for name, attribute in RENEWED_UMASKS.items():
        module = find_loaded(name)
        if hasattr(module, attribute):
            mask = os.umask(0)
            os.umask(mask)
            setattr(module, attribute, mask)


def renew_clock() -> None:
    """When logging began: the time of each record is told as of then."""
    logging = find_loaded("logging")
    if logging is not None and hasattr(logging, "_startTime"):
        is_number = sys.version_info >= (3, 13)
        logging._startTime = time.time_ns() if is_number else time.time()


#: each, and the modules of which one has to be loaded for it to have something to do
RENEWALS = (
    (renew_thread, ("threading",)),
    (renew_entropy, ("numpy.random", "multiprocessing.process")),
    (renew_folders, RENEWED_FOLDERS),
    (renew_arguments, RENEWED_ARGUMENTS),
    (renew_umask, RENEWED_UMASKS),
    (renew_clock, ("logging",)),
)


def find_renewals() -> "Callable[[], None] | None":
    """What renews the modules that are loaded now, if any has to be renewed."""
    needed = [renew for renew, names in RENEWALS if any(map(find_loaded, names))]

    def renew_modules() -> None:
        for renew in needed:
            renew()

    return renew_modules if needed else None
