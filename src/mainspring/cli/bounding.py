"""Every bound of the gateway is an option of `mainspring serve`, made from one table."""

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import click

from mainspring.gateway.bounds import list_bounds
from mainspring.settings import UNITS, parse_size

#: what `Decorator` changes
Command = Callable[..., Any]


class Size(click.ParamType[int]):
    """Bytes; or K, M or G of them."""

    name = "size"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> int:
        if isinstance(value, int):
            return value
        try:
            size = parse_size(str(value))
        except ValueError:
            size = 0
        if size == 0:
            self.fail(f"{value!r} is no size: give bytes, or a number with K, M or G", param, ctx)
        return size


class Seconds(click.FloatRange):
    """A time that comes to an end."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        seconds: float = super().convert(value, param, ctx)
        if not math.isfinite(seconds):
            self.fail(f"{value!r} is no number of seconds", param, ctx)
        return seconds


class BoundOption(NamedTuple):
    """How one bound is given."""

    option: str
    kind: click.ParamType[Any]
    metavar: str
    default: str = ""  # as the help text has it, where the value depends on the machine


COUNT, SOME = click.IntRange(min=0), click.IntRange(min=1)
SECONDS, MORE_SECONDS = Seconds(min=0), Seconds(min=0, min_open=True)

#: bound of bounds.py -> its option
BOUND_OPTIONS = {
    "body": BoundOption("--max-body", Size(), "SIZE"),
    "params": BoundOption("--max-params", Size(), "SIZE"),
    "unfinished": BoundOption("--max-unfinished", Size(), "SIZE"),
    "head": BoundOption("--max-head", Size(), "SIZE"),
    "seconds": BoundOption("--timeout", MORE_SECONDS, "SECONDS"),
    "grace": BoundOption("--grace", SECONDS, "SECONDS"),
    "children": BoundOption("--children", SOME, "NUMBER", "four for each core, and at least 8"),
    "queue": BoundOption("--queue", COUNT, "NUMBER"),
    "queue_seconds": BoundOption("--queue-timeout", MORE_SECONDS, "SECONDS"),
    "idle": BoundOption("--idle-timeout", MORE_SECONDS, "SECONDS"),
    "silence": BoundOption("--silence-timeout", MORE_SECONDS, "SECONDS"),
    "connections": BoundOption("--connections", SOME, "NUMBER"),
    "redirects": BoundOption("--max-redirects", COUNT, "NUMBER"),
    "reuse": BoundOption("--reuse", COUNT, "NUMBER"),
    "kept_idle": BoundOption("--reuse-idle", MORE_SECONDS, "SECONDS"),
    "slow": BoundOption("--slow", SECONDS, "SECONDS"),
}


def add_bounds(command: Command) -> Command:
    """*command* with an option for each bound, by the bound's name."""
    for name, default, unit, meaning in reversed(list_bounds()):
        given = BOUND_OPTIONS[name]
        text = meaning if unit == "bytes" else f"{unit} {meaning}"
        usual = given.default or format_bound(default, unit)
        command = click.option(
            given.option,
            name,
            type=given.kind,
            metavar=given.metavar,
            default=default,
            help=f"{text[0].upper()}{text[1:]}; {usual} without this.",
        )(command)
    return command


def format_bound(value: float, unit: str) -> str:
    """*value* as it would be typed."""
    if unit == "bytes":
        for letter, size in reversed(UNITS.items()):
            if value % size == 0:
                return f"{int(value) // size}{letter}"
    return f"{value:g}"
