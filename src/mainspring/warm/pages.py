"""Which pages a start writes to is found out at a host's first starts: they are copied ahead after.

The kernel tells which pages a process maps alone: those that it has a copy of.  So that these are what
was written lately, a mirror is forked just before the child whose start is surveyed, which writes
nothing; and nothing is forked until that start has ended.  What comes of it is in native/warm/pages.c.
"""

import os

from mainspring._warm import (
    be_surveyed,
    begin_survey,
    copy_pages,
    die_with_parent,
    note_own_pages,
    receive,
)
from mainspring.warm.forking import fork_with_way

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn

#: in the second, the host does no more what it does only once, and the program may do something else
ROUNDS = 2


class Survey:
    """What a host knows of its own pages, and of its children's."""

    def __init__(self) -> None:
        self.rounds = ROUNDS
        self.mirror: int | None = None  # the way to it, while a round lasts
        try:
            begin_survey()
        except OSError:
            self.rounds = 0

    @property
    def is_under_way(self) -> bool:
        return self.mirror is not None

    def begin_round(self) -> None:
        """To be called just before a spare child is forked.  Raises OSError."""
        self.give_up_round()
        if self.rounds:
            self.rounds -= 1
            self.mirror = fork_mirror()

    def prepare_child(self) -> None:
        """In a spare child: have what it will write to copied, whether it rehearses after that or not."""
        copy_pages(False)
        if self.is_under_way:
            be_surveyed()

    def end_round(self) -> None:
        """A start has ended, and whoever waited for that knows it."""
        if self.is_under_way:
            note_own_pages()
            self.give_up_round()
        copy_pages(True)

    def give_up_round(self) -> None:
        if self.mirror is not None:
            os.close(self.mirror)
            self.mirror = None


def fork_mirror() -> int:
    """Fork a process that ends when what is returned is closed.  Raises OSError."""
    process, way = fork_with_way()
    if process == 0:
        be_mirror(way)
    return way


def be_mirror(way: int) -> "NoReturn":
    try:
        die_with_parent()
        receive(way, 1, 0)
    finally:
        os._exit(0)
