"""Starts Python programs from cached code."""

import sys

__all__ = ["__version__", "checkpoint"]
__version__ = "0.1.0"


def checkpoint() -> None:
    """Let warm starts begin here: what the program has done before is done once, for all of them.

    Everywhere else it does nothing, and costs less than a microsecond.  It is called once, in the main
    thread, after what takes long and is the same at each start; before that, the program must not write,
    print, read standard input or ask for its arguments.  Where it does, warm starts begin with its first
    line, as without a call.

    It is an audit event, `mainspring.checkpoint`: so no other installation's hook is missed.
    """
    sys.audit("mainspring.checkpoint")
