"""While a host imports ahead, it stands where its callers do."""

import os
import sys

from mainspring.warm.condition import GivenUp
from mainspring.warm.hostkey import find_chosen, find_field

TYPE_CHECKING = False
if TYPE_CHECKING:
    from mainspring.warm.recipe import Recipe

# for reading, where programs write, and the other way round: it is a terminal, and of no use
BORROWED = (os.O_WRONLY, os.O_RDONLY, os.O_RDONLY)


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
    borrow_terminal(find_field(key, b"terminal="))


def leave_place() -> None:
    """Stand nowhere again."""
    os.chdir("/")
    lead_streams_to("/dev/null", [os.O_RDWR] * 3, "111")


def borrow_terminal(bits: str) -> None:
    """Let standard streams be terminals where those of the callers are: imports ask.  Raises GivenUp."""
    try:
        lead_streams_to("/dev/tty", BORROWED, bits)
    except OSError:
        raise GivenUp("session", "no terminal") from None


def lead_streams_to(path: str, flags: "tuple[int, ...] | list[int]", bits: str) -> None:
    for number, bit in enumerate(bits):
        if bit == "1":
            descriptor = os.open(path, flags[number] | os.O_NOCTTY | os.O_CLOEXEC)
            os.dup2(descriptor, number)
            os.close(descriptor)
