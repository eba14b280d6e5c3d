"""`mainspring compile`."""

import os
import re
import signal
import sys
from io import TextIOWrapper
from typing import TYPE_CHECKING

import click

from mainspring.ahead.report import Report
from mainspring.ahead.request import Invalidation, Request
from mainspring.ahead.selection import Selection, find_command, select_named, select_path
from mainspring.ahead.tree import Compilation
from mainspring.cli import RERUN_MARK
from mainspring.cli.progress import Bar
from mainspring.errors import MainspringError, UsageError

if TYPE_CHECKING:
    from types import FrameType

    from mainspring.ahead.dispatch import Engine

INTERRUPTED = 130
MODES = {mode.name.lower().replace("_", "-"): mode for mode in Invalidation}


class UnreadableListError(MainspringError):
    """A list of paths that cannot be read."""


class Pattern(click.ParamType[re.Pattern[str]]):
    """A regular expression."""

    name = "regexp"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> re.Pattern[str]:
        try:
            return re.compile(str(value))
        except re.error as error:
            self.fail(f"{value!r} is no regular expression: {error}", param, ctx)


@click.command(
    name="compile",
    epilog="Example: mainspring compile src/ bin/deploy black",
)
@click.argument("paths", metavar="[PATH|COMMAND]...", nargs=-1, type=click.Path())
@click.option("-l", "flat", is_flag=True, help="Do not go into subfolders.")
@click.option("-r", "levels", type=int, metavar="LEVELS", help="Go this many folders deep.")
@click.option("-f", "--force", is_flag=True, help="Compile what is current, too.")
@click.option("-q", "--quiet", count=True, help="Errors only; -qq: not even those.")
@click.option("-b", "legacy", is_flag=True, help="Put each .pyc beside its source, as before PEP 3147.")
@click.option("-d", "destination", metavar="DIR", help="Folder that paths in the code begin with.")
@click.option("-s", "strip", metavar="DIR", help="Take this off paths in the code.")
@click.option("-p", "prepend", metavar="DIR", help="Put this in front of paths in the code.")
@click.option("-x", "exclude", type=Pattern(), metavar="REGEXP", help="Skip paths in which it is found.")
@click.option(
    "-i", "listed", metavar="FILE", help="Take paths from FILE, a line each; - is standard input."
)
@click.option("-j", "--workers", type=click.IntRange(0), default=0, help="Processes; all cores if 0.")
@click.option("-o", "optimizations", type=click.IntRange(-1, 2), multiple=True, metavar="LEVEL",
              help="Level of optimisation, 0 to 2; may be given again.")  # fmt: skip
@click.option("-e", "symlink_limit", metavar="DIR", help="Skip links that lead out of DIR.")
@click.option("--invalidation-mode", "mode", type=click.Choice(sorted(MODES)),
              help="How CPython validates; checked-hash if SOURCE_DATE_EPOCH is set.")  # fmt: skip
@click.option("--hardlink-dupes", "hardlink", is_flag=True, help="Link levels whose code is the same.")
@click.option(
    "--beside", is_flag=True, help="Put the entries of scripts into the __pycache__ beside them."
)
@click.option("--read-only-image", "image", is_flag=True,
              help="For a container or an immutable host: trusted there by its owner, root.")  # fmt: skip
@click.option("--executor", metavar="dask://HOST:PORT", help="Compile on the workers of a Dask cluster.")
@click.option("--python", metavar="PATH", help="The interpreter to compile for, instead of this one.")
@click.option("--json", "as_json", is_flag=True, help="Print a report for programs to read.")
def compile_command(  # noqa: PLR0913 - the options of the command, each by name
    paths: tuple[str, ...],
    *,
    flat: bool,
    levels: int | None,
    listed: str | None,
    mode: str | None,
    optimizations: tuple[int, ...],
    quiet: int,
    executor: str | None,
    python: str | None,
    as_json: bool,
    **options: object,
) -> None:
    """Compile modules and scripts ahead of time.

    Takes folders, files, and names of commands on PATH: of those, the script and every module of its
    distribution and of what that requires.  Modules get the .pyc that python -m compileall would write;
    scripts, found by their #! line, get an entry.  Without arguments, takes the folders of sys.path.
    """
    accept_all_names()
    words = tuple(os.fsdecode(path) for path in paths)
    go_to_interpreter(python, words, listed)
    named = [*words, *(read_list(listed) if listed else ())]
    if flat and levels is None:
        levels = 0
    if levels is not None:
        options["levels"] = levels
    request = Request(
        optimizations=optimizations or (-1,),
        invalidation=None if mode is None else MODES[mode],
        **options,  # type: ignore[arg-type]  # click has converted each
    )
    selection = choose(named, request, is_quiet=quiet > 0 or as_json)
    report = carry_out(selection, request, executor, Bar(wanted=not quiet and not as_json))
    show(report, selection, quiet, as_json=as_json)
    sys.exit(report.exit_code)


def accept_all_names() -> None:
    """Let names that standard output has no characters for be shown with backslashes."""
    if isinstance(sys.stdout, TextIOWrapper) and sys.stdout.errors == "strict":
        sys.stdout.reconfigure(errors="backslashreplace")


def go_to_interpreter(python: str | None, words: tuple[str, ...], listed: str | None) -> None:
    """Go on in the interpreter that is asked for, or that the commands among *words* run under.

    Raises UsageError if they run under several.
    """
    commands = [path for word in words if (path := find_command(word)) is not None]
    if os.environ.pop(RERUN_MARK, "") or not (python or commands):
        return
    from mainspring.cli.rerun import find_interpreters, is_this_interpreter, rerun_under

    pythons = find_interpreters(commands) if python is None else [python]
    are_all = python is not None or (len(commands) == len(words) and listed is None)
    if are_all and len(pythons) == 1:
        rerun_under(pythons[0], sys.argv[1:])
        return
    for other in pythons:
        if not is_this_interpreter(other):
            raise UsageError(f"{other} is another interpreter", "compile what it runs by itself")


def read_list(path: str) -> list[str]:
    """The paths in the file *path*.  Raises UnreadableListError."""
    try:
        with open(0 if path == "-" else path, encoding="utf-8", errors="surrogateescape") as file:
            return [line.strip() for line in file if line.strip()]
    except OSError as error:
        click.echo(f"Error reading file list {path}")
        raise UnreadableListError(
            f"cannot read the list {path} ({error.strerror})", "give -i a readable file, or -"
        ) from error


def choose(named: list[str], request: Request, *, is_quiet: bool) -> Selection:
    if named:
        return select_named(named, request)
    selection = select_path(request)
    if not is_quiet:
        for path in selection.named:
            click.echo(f"Listing {path!r}...")
    return selection


def carry_out(selection: Selection, request: Request, executor: str | None, bar: Bar) -> Report:
    """Compile, and end the workers and the command at once if that is interrupted."""
    compilation = Compilation(request, bar.show)
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, interrupt_once)
    try:
        with bar:
            return compilation.run(selection.findings, choose_cluster(executor))
    except KeyboardInterrupt:
        click.echo(f"mainspring: interrupted: {compilation.report.summarize()}", err=True)
        sys.stdout.flush()
        os._exit(INTERRUPTED)


def interrupt_once(number: int, frame: "FrameType | None") -> None:
    """Raises KeyboardInterrupt, and lets nothing interrupt what is then put in order."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.default_int_handler(number, frame)


def choose_cluster(address: str | None) -> "Engine | None":
    if address is None:
        return None
    from mainspring.ahead.cluster import SCHEME, ClusterEngine

    host, _, port = address.removeprefix(SCHEME).rpartition(":")
    if not address.startswith(SCHEME) or not host or not is_port(port):
        raise UsageError(f"{address} is no executor", f"give {SCHEME}HOST:PORT")
    return ClusterEngine(address)


def is_port(text: str) -> bool:
    return text.isdecimal() and 0 < int(text) < 1 << 16


def show(report: Report, selection: Selection, quiet: int, *, as_json: bool) -> None:
    if as_json:
        import json

        click.echo(json.dumps(report.as_facts(), indent=2))
        return
    if quiet < 2:
        if report.unstripped:
            click.echo(
                f"-s does not lead to {len(report.unstripped)} sources: their paths are left whole"
            )
        for unlisted in report.unlisted:
            click.echo(f"Can't list {unlisted.path!r}: {unlisted.problem}")
        for mistake in report.mistakes:
            click.echo(f"{mistake}\n{mistake.excerpt}".rstrip())
    if not quiet:
        for left in report.left:
            if left.path in selection.named:
                click.echo(f"{left.path}: left alone: {left.meaning}")
        click.echo(report.summarize())
