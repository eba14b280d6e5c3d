"""A process is forked with a way to its parent: each of the two has its own end of it, and no other."""

import os

from mainspring._warm import make_pair


def fork_with_way() -> tuple[int, int]:
    """What os.fork() returns, and this process's end of the way to the other.  Raises OSError."""
    here, there = make_pair()
    try:
        process = os.fork()
    except OSError:
        os.close(here)
        os.close(there)
        raise
    own, other = (here, there) if process else (there, here)
    os.close(other)
    return process, own
