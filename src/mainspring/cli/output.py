"""What commands print reaches any stream: a pipe that closes, a full disk, a narrow encoding."""

import errno
import sys
from collections.abc import Callable, Iterable
from typing import Any

import click

from mainspring.cli.failures import discard_rest
from mainspring.errors import OutputError


def print_lines(lines: Iterable[str]) -> None:
    """Print *lines* to stdout; what its encoding lacks is written as escapes.  Raises OutputError."""
    text = "".join(f"{line}\n" for line in lines)
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    fitting = text.encode(encoding, "backslashreplace").decode(encoding)
    write_out(lambda: click.echo(fitting, nl=False))


def print_json(facts: dict[str, Any]) -> None:
    """Print *facts* as one object, in ASCII.  Raises OutputError."""
    import json

    write_out(lambda: click.echo(json.dumps(facts, indent=2)))


def write_out(write: Callable[[], None]) -> None:
    """Call *write*, which writes to stdout.  Raises OutputError; who closed a pipe need not be told."""
    try:
        write()
        if sys.stdout is not None:
            sys.stdout.flush()
    except OSError as error:
        if error.errno == errno.EPIPE:
            raise
        discard_rest()
        raise OutputError(error.strerror or str(error)) from error


def is_terminal() -> bool:
    """Whether stdout is a terminal."""
    return sys.stdout is not None and sys.stdout.isatty()
