"""What a start writes to is copied before its caller comes, as far as a child may grow by that."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from warm.parity.world import WarmWorld

#: holding a reference to each of the objects writes to their pages
PROGRAM = """\
import resource, table
def count_faults():
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt
before = count_faults()
held = [row for row in table.ROWS]
print(count_faults() - before)
"""
TABLE = "ROWS = ['%%08d' %% number + 'x' * 50 for number in range(%d)]\n"
ROWS_OF_MEGABYTE = 10_000  # and a tenth


def copy_rows(world: WarmWorld, rows: int) -> int:
    """How often a page was copied in the best of some warm starts."""
    world.write("table.py", TABLE % rows)
    program = world.write("program.py", PROGRAM)
    world.warm_up(program)
    return min(int(world.start_warm(program).stdout) for _ in range(8))


def test_what_was_written_to_is_copied_ahead(warm_world: WarmWorld) -> None:
    assert copy_rows(warm_world, ROWS_OF_MEGABYTE) < 100  # of the 250 and more that the rows lie in


def test_no_more_than_three_megabytes_are_copied_ahead(warm_world: WarmWorld) -> None:
    assert copy_rows(warm_world, 10 * ROWS_OF_MEGABYTE) > 10 * 250 - 3 * 256
