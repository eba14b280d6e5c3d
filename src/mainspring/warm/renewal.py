"""What modules drew or noted when they were imported is renewed in each child.

`random` renews itself at a fork.  What imports ahead may rely on is in effects.py (RENEWED,
RENEWED_FOLDERS).
"""

import os
import sys
import time

from mainspring.warm.effects import RENEWED_FOLDERS


def renew_modules() -> None:
    renew_entropy()
    renew_folders()
    renew_clock()


def renew_entropy() -> None:
    numpy = sys.modules.get("numpy.random")
    if numpy is not None:
        numpy.seed()
    processes = sys.modules.get("multiprocessing.process")
    if processes is not None:
        key = processes.AuthenticationString(os.urandom(32))
        processes.current_process()._config["authkey"] = key


def renew_folders() -> None:
    """The working directory, where it was noted as these modules do it."""
    for name, attribute in RENEWED_FOLDERS.items():
        module = sys.modules.get(name)
        if module is not None and hasattr(module, attribute):
            setattr(module, attribute, os.path.abspath(os.getcwd()))


def renew_clock() -> None:
    """When logging began: the time of each record is told as of then."""
    logging = sys.modules.get("logging")
    if logging is not None and hasattr(logging, "_startTime"):
        is_number = sys.version_info >= (3, 13)
        logging._startTime = time.time_ns() if is_number else time.time()  # type: ignore[attr-defined]  # typeshed lacks it
