"""Arguments become a value, then something acts on it; errors turn into exit codes here alone."""

import sys
from collections.abc import Sequence
from importlib import import_module

import click

from mainspring import __version__
from mainspring.errors import BrokenPackageError, MainspringError

INTERRUPTED = 130
#: command -> where it is defined; loaded when it is asked for, since each loads much of its own
COMMANDS = {
    "clean": "cleaning:clean",
    "compile": "compiling:compile_command",
    "disable": "enabling:disable",
    "doctor": "examining:doctor",
    "enable": "enabling:enable",
    "explain": "explaining:explain",
    "status": "reporting:status",
    "verify": "verifying:verify",
}


class CommandGroup(click.Group):
    """A group that tells a failure in one line and ends with its exit code."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        del ctx
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        del ctx
        if cmd_name not in COMMANDS:
            return None
        module, _, name = COMMANDS[cmd_name].partition(":")
        command: click.Command = getattr(import_module(f"mainspring.cli.{module}"), name)
        return command

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except MainspringError as error:
            click.echo(f"mainspring: {error}", err=True)
            sys.exit(error.exit_code)
        except KeyboardInterrupt:
            sys.exit(INTERRUPTED)
        except ImportError as error:
            part = error.name or ""
            if part.partition(".")[0] != "mainspring":
                raise
            click.echo(f"mainspring: {BrokenPackageError(part)}", err=True)
            sys.exit(BrokenPackageError.exit_code)
        except click.UsageError as error:
            path = error.ctx.command_path if error.ctx else "mainspring"
            message = error.format_message().rstrip(".")
            click.echo(f"mainspring: {message}; see `{path} --help`", err=True)
            sys.exit(error.exit_code)


@click.group(
    cls=CommandGroup,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="`mainspring run [python options] SCRIPT [args]` starts one program from cached code.",
)
@click.version_option(__version__, prog_name="mainspring")
def group() -> None:
    """Start Python programs from cached code."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command that the user typed."""
    group.main(args=arguments, prog_name="mainspring")
