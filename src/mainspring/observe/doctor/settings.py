"""Looks for settings, Mainspring's and Python's, that keep it from helping."""

import os
import shutil
from collections.abc import Iterator, Mapping

from mainspring.observe.doctor.findings import Finding
from mainspring.settings import OFF_WORDS, SETTINGS, is_off, is_read_only, parse_size

SIZES = ("MAINSPRING_MAX_SIZE", "MAINSPRING_MIN_SIZE", "MAINSPRING_MAX_HOST_MEMORY")
NUMBERS = ("MAINSPRING_HOST_IDLE", "MAINSPRING_MAX_HOSTS")
SWITCHES = ("MAINSPRING", "MAINSPRING_READONLY")
ON_WORDS = ("", "1", "on", "yes", "true")
#: what one part of Mainspring tells another
OWN = {"MAINSPRING_START", "MAINSPRING_WARM"}
PATHS = ("MAINSPRING_CACHE_DIR", "XDG_CACHE_HOME")


def examine_settings(environment: Mapping[str, str]) -> Iterator[Finding]:
    """What *environment* says that is in the way."""
    if is_off(environment):
        yield find_setting("off", "MAINSPRING", environment)
    if environment.get("PYTHONDONTWRITEBYTECODE"):
        yield find_setting("dont-write-bytecode", "PYTHONDONTWRITEBYTECODE", environment)
    if is_read_only(environment):
        yield find_setting("read-only", "MAINSPRING_READONLY", environment)
    for name in PATHS:
        if environment.get(name) and not os.path.isabs(environment[name]):
            yield find_setting("relative-path", name, environment)
    for name in SIZES:
        if name in environment and not is_size(environment[name]):
            yield find_setting("unreadable-size", name, environment)
    for name in NUMBERS:
        if name in environment and not is_number(environment[name]):
            yield find_setting("unreadable-number", name, environment)
    yield from examine_words(environment)


def examine_words(environment: Mapping[str, str]) -> Iterator[Finding]:
    """Settings of other kinds, and names that are none."""
    for name in SWITCHES:
        if environment.get(name, "").lower() not in {*ON_WORDS, *OFF_WORDS}:
            yield find_setting("unclear-word", name, environment)
    log = environment.get("MAINSPRING_LOG", "")
    if log and not os.path.isabs(log) and not is_number(log):
        yield find_setting("relative-path", "MAINSPRING_LOG", environment)
    python = environment.get("MAINSPRING_PYTHON")
    if python and shutil.which(python, path=environment.get("PATH", os.defpath)) is None:
        yield find_setting("no-such-python", "MAINSPRING_PYTHON", environment)
    for name in sorted(environment):
        if name.startswith("MAINSPRING_") and name not in SETTINGS and name not in OWN:
            yield find_setting("unknown-setting", name, environment)


def find_setting(finding: str, name: str, environment: Mapping[str, str]) -> Finding:
    return Finding(finding, name, f"{name}={environment[name]}")


def is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal()


def is_size(text: str) -> bool:
    try:
        parse_size(text)
    except ValueError:
        return False
    return True
