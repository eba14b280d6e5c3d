"""`mainspring run`, as far as Python has a part in it: its help, completion and manual.

The launcher starts programs (native/launcher/run.c), and reads these options (options.c) itself.
"""

import os
import typing

import click

from mainspring.launcher import find_launcher


class LauncherCommand(click.Command):
    """A command that the launcher carries out: only a help text is asked for here."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if not ctx.resilient_parsing and args[:1] not in (["-h"], ["--help"]):
            hand_over(args)
        return super().parse_args(ctx, args)


def hand_over(arguments: list[str]) -> typing.NoReturn:
    """Become the launcher, with these arguments to `run`.  Raises OSError."""
    launcher = find_launcher()
    os.execvp(launcher, [launcher, "run", *arguments])  # noqa: S606 -- no shell is what is wanted


@click.command(
    cls=LauncherCommand,
    context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False},
    options_metavar="[--python PATH] [--warm] [OPTIONS OF PYTHON]",
    epilog="Example: mainspring run ./tool.py --its --options",
)
@click.option(
    "--python",
    metavar="PATH",
    type=click.Path(),
    help="The interpreter: its path, or its name on PATH. If not given, MAINSPRING_PYTHON names it, or"
    " the script's first line, or it is the nearest python3.",
)
@click.option(
    "--warm",
    is_flag=True,
    help="Start SCRIPT in a process that has imported what it imports already, if there is one. The first"
    " two starts are recorded, to learn what that may be. With -c, -m or `-`, no start is warm.",
)
@click.argument("program", nargs=-1, type=click.Path(), metavar="SCRIPT [ARGS]...")
def run(python: str | None, warm: bool, program: tuple[str, ...]) -> None:
    """Start one program from cached code, in any interpreter.

    It is started as `python` would start it: with `python`'s own options before SCRIPT, and with -m, -c
    or `-` instead of one. Mainspring need not be installed for the interpreter, nor be enabled.
    """
    raise AssertionError((python, warm, program))  # handed over before it comes to this
