"""Arguments become a value, then something acts on it; errors turn into exit codes here alone."""

import gc
from collections.abc import Sequence
from importlib import import_module
from typing import Any

import click
from click.shell_completion import CompletionItem

from mainspring import __version__
from mainspring.cli.failures import describe_unknown_command, failing_in_one_line

#: command -> where it is defined; loaded when it is asked for, since each loads much of its own
COMMANDS = {
    "check": "checking:check",
    "clean": "cleaning:clean",
    "compile": "compiling:compile_command",
    "completion": "completing:completion",
    "disable": "enabling:disable",
    "doctor": "examining:doctor",
    "enable": "enabling:enable",
    "explain": "explaining:explain",
    "hosts": "hosting:hosts",
    "install": "shimming:install",
    "run": "running:run",
    "serve": "serving:serve",
    "shims": "shimming:shims",
    "status": "reporting:status",
    "uninstall": "shimming:uninstall",
    "verify": "verifying:verify",
}
#: longer than any sentence: click would cut it off
WHOLE = 1000


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

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if not ctx.resilient_parsing and args[0] not in COMMANDS:
            raise describe_unknown_command(args[0], COMMANDS)
        return super().resolve_command(ctx, args)

    def make_context(self, *args: Any, **extra: Any) -> click.Context:
        with failing_in_one_line():
            return super().make_context(*args, **extra)
        raise AssertionError  # what fails has ended

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """As click does, but each purpose is told to its end."""
        commands = [(name, self.get_command(ctx, name)) for name in self.list_commands(ctx)]
        rows = [(name, one.get_short_help_str(WHOLE)) for name, one in commands if one and not one.hidden]
        with formatter.section("Commands"):
            formatter.write_dl(rows)

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """The words that fit, or else the path of a script: that may stand in a command's place."""
        return super().shell_complete(ctx, incomplete) or [CompletionItem(incomplete, type="file")]

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


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command that the user typed."""
    # what it has loaded stays until it ends, and need not be looked through time and again
    gc.freeze()
    gc.set_threshold(100_000)
    group.main(args=arguments, prog_name="mainspring")
