"""Looks for settings, Mainspring's and Python's, that keep it from helping."""

import os
from collections.abc import Iterator, Mapping

from mainspring.observe.doctor.findings import Finding
from mainspring.settings import is_off, is_read_only, parse_size

SIZES = ("MAINSPRING_MAX_SIZE", "MAINSPRING_MIN_SIZE")
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


def find_setting(finding: str, name: str, environment: Mapping[str, str]) -> Finding:
    return Finding(finding, name, f"{name}={environment[name]}")


def is_size(text: str) -> bool:
    try:
        parse_size(text)
    except ValueError:
        return False
    return True
