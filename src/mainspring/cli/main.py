"""Arguments become a value, then something acts on it; errors turn into exit codes here alone."""

from collections.abc import Sequence
from typing import Any

import click

from mainspring import __version__
from mainspring.cli.completing import completion
from mainspring.cli.enabling import disable, enable
from mainspring.cli.explaining import explain
from mainspring.cli.failures import failing_in_one_line
from mainspring.cli.running import run


class CommandGroup(click.Group):
    """A group that tells a failure in one line and ends with its exit code."""

    def make_context(self, *args: Any, **extra: Any) -> click.Context:
        with failing_in_one_line():
            return super().make_context(*args, **extra)
        raise AssertionError  # what fails has ended

    def invoke(self, ctx: click.Context) -> object:
        with failing_in_one_line(ctx):
            return super().invoke(ctx)


@click.group(
    cls=CommandGroup,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Example: mainspring run ./tool.py",
)
@click.version_option(__version__, prog_name="mainspring")
def group() -> None:
    """Start Python programs from cached code."""


for command in (completion, disable, enable, explain, run):
    group.add_command(command)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command that the user typed."""
    group.main(args=arguments, prog_name="mainspring")
