"""What is set, and keeps Mainspring from helping."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from .calling import examine, find_one, list_names

if TYPE_CHECKING:
    from enabling.commands import Commands


@pytest.mark.parametrize(
    ("name", "value", "finding"),
    [
        ("MAINSPRING", "off", "off"),
        ("MAINSPRING", "No", "off"),
        ("PYTHONDONTWRITEBYTECODE", "1", "dont-write-bytecode"),
        ("PYTHONDONTWRITEBYTECODE", "0", "dont-write-bytecode"),  # Python heeds any text
        ("MAINSPRING_READONLY", "on", "read-only"),
        ("MAINSPRING_CACHE_DIR", "cache", "relative-path"),
        ("MAINSPRING_CACHE_DIR", "~/cache", "relative-path"),
        ("XDG_CACHE_HOME", ".cache", "relative-path"),
        ("MAINSPRING_MAX_SIZE", "much", "unreadable-size"),
        ("MAINSPRING_MAX_SIZE", "-1", "unreadable-size"),
        ("MAINSPRING_MIN_SIZE", "", "unreadable-size"),
        ("MAINSPRING_MAX_HOST_MEMORY", "1 host", "unreadable-size"),
        ("MAINSPRING_MAX_HOSTS", "many", "unreadable-number"),
        ("MAINSPRING_HOST_IDLE", "15m", "unreadable-number"),
        ("MAINSPRING_HOST_IDLE", "-1", "unreadable-number"),
        ("MAINSPRING", "maybe", "unclear-word"),
        ("MAINSPRING_LOG", "starts.log", "relative-path"),
        ("MAINSPRING_PYTHON", "/nowhere/python3", "no-such-python"),
    ],
)
def test_each_setting(commands: Commands, name: str, value: str, finding: str) -> None:
    found = find_one(commands, **{name: value})
    assert (found["finding"], found["subject"]) == (finding, name)
    assert found["detail"] == f"{name}={value}"
    assert name in found["remedy"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("MAINSPRING", "on"),
        ("MAINSPRING", ""),
        ("PYTHONDONTWRITEBYTECODE", ""),
        ("MAINSPRING_READONLY", "off"),
        ("MAINSPRING_CACHE_DIR", ""),
        ("MAINSPRING_MAX_SIZE", "1G"),
        ("MAINSPRING_MIN_SIZE", "0"),
        ("MAINSPRING_MAX_HOST_MEMORY", "2G"),
        ("MAINSPRING_MAX_HOSTS", "0"),
        ("MAINSPRING_HOST_IDLE", "60"),
        ("MAINSPRING_LOG", "2"),
        ("MAINSPRING_PYTHON", "python3"),
    ],
)
def test_what_is_in_nobody_s_way(commands: Commands, name: str, value: str) -> None:
    assert examine(commands, **{name: value}) == []


def test_a_setting_that_there_is_not(commands: Commands) -> None:
    found = find_one(commands, MAINSPRING_MAX_HOST="4")
    assert (found["finding"], found["subject"]) == ("unknown-setting", "MAINSPRING_MAX_HOST")


def test_no_setting_leads_to_a_cache(commands: Commands) -> None:
    assert list_names(commands, HOME="") == ["no-cache-folder"]


def test_all_is_found_at_once(commands: Commands) -> None:
    changes = {"MAINSPRING": "off", "MAINSPRING_READONLY": "1", "XDG_CACHE_HOME": "x"}
    assert list_names(commands, **changes) == ["off", "read-only", "relative-path"]


def test_control_characters_in_a_setting_do_nothing(commands: Commands) -> None:
    status, output, _ = commands.call("doctor", env={"MAINSPRING_MAX_SIZE": "\x1b[2J\n5\udcff"})
    assert status == 1
    assert "    seen: MAINSPRING_MAX_SIZE=\\x1b[2J\\n5\\xff\n" in output
