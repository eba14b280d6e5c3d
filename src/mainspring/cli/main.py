"""Arguments become a value, then something acts on it; errors turn into exit codes here alone."""

import sys
from collections.abc import Sequence

import click

from mainspring import __version__
from mainspring.cli.enabling import disable, enable
from mainspring.cli.examining import doctor
from mainspring.cli.explaining import explain
from mainspring.cli.reporting import status
from mainspring.errors import BrokenPackageError, MainspringError


class CommandGroup(click.Group):
    """A group that tells a failure in one line and ends with its exit code."""

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except MainspringError as error:
            click.echo(f"mainspring: {error}", err=True)
            sys.exit(error.exit_code)
        except ImportError as error:
            part = error.name or ""
            if part.partition(".")[0] != "mainspring":
                raise
            click.echo(f"mainspring: {BrokenPackageError(part)}", err=True)
            sys.exit(BrokenPackageError.exit_code)


@click.group(
    cls=CommandGroup,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="`mainspring run [python options] SCRIPT [args]` starts one program from cached code.",
)
@click.version_option(__version__, prog_name="mainspring")
def group() -> None:
    """Start Python programs from cached code."""


for command in (enable, disable, explain, status, doctor):
    group.add_command(command)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command that the user typed."""
    group.main(args=arguments, prog_name="mainspring")
