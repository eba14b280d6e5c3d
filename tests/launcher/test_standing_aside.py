"""When the launcher leaves a start to plain CPython, and the reason that it gives."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from .layout import Layout, StandIn


def is_plain(python: StandIn) -> bool:
    return not [one for one in python.environment if one.startswith(b"MAINSPRING_START=")]


def check_reason(layout: Layout, reason: str | None, *words: str) -> None:
    """Starts `script`, and holds the log and the environment against *reason*."""
    python = layout.stand_in()
    layout.keep_log()
    layout.call("run", *words, "script")
    program = os.fsencode(layout.root / "script")
    assert layout.logged() == ([(program, os.fsencode(reason))] if reason else [])
    assert is_plain(python) == bool(reason)


@pytest.mark.parametrize("word", ["off", "OFF", "0", "no", "False"])
def test_it_can_be_turned_off(layout: Layout, word: str) -> None:
    layout.environment["MAINSPRING"] = word
    check_reason(layout, "off")


@pytest.mark.parametrize("word", ["", "on", "offside", "1"])
def test_only_a_word_for_off_turns_it_off(layout: Layout, word: str) -> None:
    layout.environment["MAINSPRING"] = word
    check_reason(layout, None)


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ("-I", "isolated"),
        ("-E", "isolated"),
        ("-OIu", "isolated"),
        ("-S", "no-site"),
        ("-BS", "no-site"),
        ("-SI", "no-site"),
        ("-v", "observed"),
        ("-qvv", "observed"),
        ("-X importtime", "observed"),
        ("-Ximporttime", "observed"),
        ("-X importtime=2", "observed"),
        ("-OX importtime=2", "observed"),
        ("-Sv", "no-site"),
        ("-s", None),
        ("-W -I", None),
        ("-X importtimer", None),
        ("-X dev", None),
        ("-P", None),
    ],
)
def test_each_option_has_its_reason(layout: Layout, options: str, reason: str | None) -> None:
    check_reason(layout, reason, *options.split())


@pytest.mark.parametrize("name", ["PYTHONVERBOSE", "PYTHONPROFILEIMPORTTIME"])
def test_imports_that_are_shown_are_python_s_alone(layout: Layout, name: str) -> None:
    layout.environment[name] = "1"
    check_reason(layout, "observed")


@pytest.mark.parametrize("name", ["PYTHONVERBOSE", "PYTHONPROFILEIMPORTTIME"])
def test_an_empty_variable_shows_no_imports(layout: Layout, name: str) -> None:
    layout.environment[name] = ""
    check_reason(layout, None)


@pytest.mark.parametrize(
    ("option", "reason"),
    [
        ("-I", "isolated"),
        ("-sE", "isolated"),
        ("-S", "no-site"),
        ("-v", "observed"),
        ("-X importtime", None),
        ("-Ximporttime", "observed"),
        ("-O -I", None),
        ("-s", None),
        ("-W", None),
        ("-m", None),
    ],
)
def test_options_of_the_first_line_count(layout: Layout, option: str, reason: str | None) -> None:
    python = layout.stand_in("elsewhere/python3")
    script = layout.script(f"#!{python.path} {option}\n")
    layout.keep_log()
    layout.call("run", script)
    # As one word, "-X importtime" sets the option " importtime", and "-O -I" is an error.
    assert is_plain(python) == (reason is not None or option == "-O -I")
    assert layout.logged() == ([(os.fsencode(script), os.fsencode(reason))] if reason else [])


def test_options_of_a_first_line_that_is_not_used_do_not_count(layout: Layout) -> None:
    python = layout.stand_in("elsewhere/python3")
    script = layout.script(f"#!{python.path} -I\n")
    layout.call("run", "--python", python.path, script)
    assert python.arguments == [os.fsencode(script)]
    assert not is_plain(python)


def test_each_option_of_the_form_for_long_paths_counts(layout: Layout) -> None:
    python = layout.stand_in("elsewhere/python3")
    script = layout.script(f"#!/bin/sh\n'''exec' {python.path} -s -O -I \"$0\" \"$@\"\n' '''\n")
    layout.keep_log()
    layout.call("run", script)
    assert layout.logged() == [(os.fsencode(script), b"isolated")]
    assert is_plain(python)


def another_group() -> int:
    """A group that this process may give a file to, and that is not its own."""
    others = [group for group in os.getgroups() if group != os.getegid()]
    if not others and os.geteuid() != 0:
        pytest.skip("there is no second group to borrow the rights of")
    return others[0] if others else 65534


def test_with_borrowed_rights_the_start_is_plain(layout: Layout) -> None:
    python = layout.stand_in()
    os.chown(layout.mainspring, -1, another_group())
    layout.mainspring.chmod(0o2755)
    with layout.log.open("wb") as log:
        layout.environment["MAINSPRING_LOG"] = str(log.fileno())
        layout.call("run", "script", descriptors=[log.fileno()])
    assert layout.logged() == [(os.fsencode(layout.root / "script"), b"set-id")]
    assert is_plain(python)


def test_borrowed_rights_open_no_log(layout: Layout) -> None:
    python = layout.stand_in()
    os.chown(layout.mainspring, -1, another_group())
    layout.mainspring.chmod(0o2755)
    layout.keep_log()
    layout.call("run", "script")
    assert python.was_started
    assert not layout.log.exists()


def test_off_is_said_first(layout: Layout) -> None:
    shutil.rmtree(layout.root / "lib")
    layout.environment["MAINSPRING"] = "off"
    layout.environment["PYTHONVERBOSE"] = "1"
    check_reason(layout, "off", "-I", "-S")
