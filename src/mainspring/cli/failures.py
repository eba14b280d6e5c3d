"""A command that fails says why in one line on stderr, with a remedy, and ends with its exit code."""

import errno
import os
import re
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import click

from mainspring.errors import BadArgumentsError, BrokenPackageError, MainspringError, SystemRefusalError
from mainspring.observe.text import escape_controls

INTERRUPTED = 130
# click puts what it would suggest behind the problem
HINT = re.compile(r"\.? \(?(?=Did you mean|Possible options|Choose from)")


@contextmanager
def failing_in_one_line(ctx: click.Context | None = None) -> Iterator[None]:
    """End with one line for what goes wrong within; *ctx* is that of the command group."""
    try:
        yield
    except MainspringError as error:
        end_with(error)
    except click.exceptions.NoArgsIsHelpError:
        raise  # a bare `mainspring` is no mistake to be explained: click prints the help
    except click.UsageError as error:
        end_with(describe_misuse(error, ctx))
    except KeyboardInterrupt:
        give_up_output()
        sys.exit(INTERRUPTED)
    except ImportError as error:
        part = error.name or ""
        if part.partition(".")[0] != "mainspring":
            raise
        end_with(BrokenPackageError(part))
    except OSError as error:
        if error.errno == errno.EPIPE:
            raise  # who read our output has seen enough: click ends quietly
        end_with(SystemRefusalError(error))


def end_with(error: MainspringError) -> None:
    click.echo(f"mainspring: {escape_controls(str(error))}", err=True)
    give_up_output()
    sys.exit(error.exit_code)


def describe_misuse(error: click.UsageError, ctx: click.Context | None) -> BadArgumentsError:
    """What click has to say of the arguments, in our form."""
    message = " ".join(error.format_message().split()).removesuffix(".")
    problem, *hints = HINT.split(message, maxsplit=1)
    remedy = f"see `{name_command(error, ctx)} --help`"
    if hints:
        hint = hints[0][0].lower() + hints[0][1:].rstrip(")")
        remedy = f"{hint} Or {remedy}" if hint.endswith("?") else f"{hint}, or {remedy}"
    return BadArgumentsError(problem[:1].lower() + problem[1:], remedy)


def describe_unknown_command(word: str, known: Iterable[str]) -> BadArgumentsError:
    """What click has to say too, but it suggests only commands that are loaded."""
    if "/" in word:
        return BadArgumentsError(f"there is no script {word}", "check its path")
    from difflib import get_close_matches

    near = get_close_matches(word, known, 1)
    hint = f"did you mean '{near[0]}'? Or " if near else ""
    return BadArgumentsError(f"no such command {word!r}", f"{hint}see `mainspring --help`")


def name_command(error: click.UsageError, ctx: click.Context | None) -> str:
    """The words that *error* came after; click does not always know the subcommand."""
    if error.ctx is not None:
        return error.ctx.command_path
    if ctx is None:
        return "mainspring"
    return " ".join(filter(None, (ctx.command_path, ctx.invoked_subcommand)))


def give_up_output() -> None:
    """Drop what cannot be written, or the end of the interpreter would complain of it again."""
    try:
        sys.stdout.flush()
    except OSError:
        discard_rest()


def discard_rest() -> None:
    """Let what stdout still holds go nowhere."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)
