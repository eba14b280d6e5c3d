"""From inside, a program cannot tell how it was started."""

from __future__ import annotations

from typing import TYPE_CHECKING, Unpack

from .case import UNSEEN, Case, OutcomeFields, each, stands_aside
from .comparison import assert_counted, assert_same_program
from .probe import PROBE, UNCOLLECTED

if TYPE_CHECKING:
    from starts import World

NO_SITE = ("no-site", "no-site")
READ_ONLY = ("absent read-only", "hit")


def under(*options: str, **fields: Unpack[OutcomeFields]) -> Case:
    """The probe under the interpreter's *options*."""
    return Case(" ".join(options), PROBE, options=options, **fields)


def given(name: str, value: str, **fields: Unpack[OutcomeFields]) -> Case:
    """The probe with an environment name set."""
    return Case(f"{name}={value}", PROBE, env={name: value}, **fields)


@each(
    Case("plainly", PROBE, arguments=("-a", "b c", "", "--", "-x")),
    Case("with a terminal's encoding", PROBE, env={"LANG": "C", "LC_ALL": None}),
    under("-O"),
    under("-OO"),
    under("-u"),
    under("-b"),
    under("-bb"),
    under("-d"),
    under("-q"),
    under("-R"),
    under("-s"),
    under("-P"),
    Case("-B", PROBE, ("-B",), kept_by=(), run=READ_ONLY, enabled=READ_ONLY),
    Case("-OB", PROBE, ("-OB",), kept_by=("-O",), run=READ_ONLY, enabled=READ_ONLY),
    under("-E"),
    under("-I"),
    under("-S", run=NO_SITE, enabled=UNSEEN),
    under("-W", "ignore"),
    under("-W", "default"),
    under("-Werror"),
    under("-Wonce", "-Wignore::DeprecationWarning:json"),
    under("-X", "dev"),
    under("-X", "no_debug_ranges"),
    under("-X", "utf8"),
    under("-X", "utf8=0"),
    under("-X", "faulthandler"),
    under("-X", "int_max_str_digits=5000"),
    under("-X", "frozen_modules=off"),
    under("-X", "warn_default_encoding"),
    under("-X", "unknown=option"),
    under("-X", "pycache_prefix={work}/../compiled"),
    under("--check-hash-based-pycs", "always"),
    under("--"),
)
def test_a_program_sees_the_same_under_options(case: Case, world: World) -> None:
    assert_same_program(case, world)


@each(
    given("PYTHONOPTIMIZE", "1"),
    given("PYTHONWARNINGS", "ignore"),
    given("PYTHONWARNINGS", "error,default::ImportWarning"),
    given("PYTHONHASHSEED", "7"),
    given("PYTHONPATH", "{work}/library"),
    given("PYTHONPATH", ""),
    given("PYTHONPATH", ":{work}/library::relative"),
    given("PYTHONSAFEPATH", "1"),
    given("PYTHONNODEBUGRANGES", "1"),
    given("PYTHONNOUSERSITE", "1"),
    given("PYTHONUNBUFFERED", "1"),
    given("PYTHONUTF8", "1"),
    given("PYTHONIOENCODING", "latin-1:replace"),
    given("PYTHONDEVMODE", "1"),
    given("PYTHONINTMAXSTRDIGITS", "1000"),
    given("PYTHONSTARTUP", "{work}/main.py"),
    given("PYTHONPYCACHEPREFIX", "{work}/../compiled"),
    given("PYTHONPLATLIBDIR", "lib"),
    given("PYTHONBREAKPOINT", "0"),
    given("PYTHONCOERCECLOCALE", "0"),
    # the folders of an interpreter are found from that name: its site-packages are others
    given("PYTHONEXECUTABLE", "/nowhere/python", enabled=UNSEEN),
    given("MAINSPRING_START_", "not ours"),
    given("EMPTY", ""),
)
def test_a_program_sees_the_same_in_environments(case: Case, world: World) -> None:
    assert_same_program(case, world)


def test_bytes_that_are_not_writable_are_no_reason_to_differ(world: World) -> None:
    env = {"PYTHONDONTWRITEBYTECODE": "1"}
    outcomes = ("absent read-only", "absent read-only")
    assert_same_program(Case("", PROBE, env=env, run=outcomes, enabled=outcomes), world)


def test_a_program_sees_the_same_where_no_log_is_kept(world: World) -> None:
    without = {"MAINSPRING_LOG": None, "MAINSPRING_MIN_SIZE": None}
    assert_same_program(Case("", PROBE, env=without, run=UNSEEN, enabled=UNSEEN), world)
    assert_counted(world)


def test_nothing_of_the_hook_waits_for_the_collector(world: World) -> None:
    without = {"MAINSPRING_LOG": None, "MAINSPRING_MIN_SIZE": None}
    assert_same_program(Case("", UNCOLLECTED, env=without, run=UNSEEN, enabled=UNSEEN), world)


def test_a_program_sees_the_same_when_mainspring_is_off(world: World) -> None:
    off = stands_aside("off")
    assert_same_program(Case("", PROBE, env={"MAINSPRING": "off"}, **off), world)
