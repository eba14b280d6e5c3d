"""From inside, a program cannot tell how it was started."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .case import Case, each
from .comparison import assert_same_program
from .probe import PROBE

if TYPE_CHECKING:
    from starts import World


@each(
    Case("plainly", PROBE, arguments=("-a", "b c", "")),
)
def test_a_program_sees_the_same(case: Case, world: World) -> None:
    assert_same_program(case, world)
