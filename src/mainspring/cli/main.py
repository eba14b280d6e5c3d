"""Arguments become a value, then something acts on it; errors turn into exit codes here alone."""

import sys
from collections.abc import Sequence

import click

from mainspring import __version__
from mainspring.cli.cleaning import clean
from mainspring.cli.enabling import disable, enable
from mainspring.cli.explaining import explain
from mainspring.cli.verifying import verify
from mainspring.errors import MainspringError


class CommandGroup(click.Group):
    """A group that tells a failure in one line and ends with its exit code."""

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except MainspringError as error:
            click.echo(f"mainspring: {error}", err=True)
            sys.exit(error.exit_code)
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


for command in (clean, disable, enable, explain, verify):
    group.add_command(command)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command that the user typed."""
    group.main(args=arguments, prog_name="mainspring")
