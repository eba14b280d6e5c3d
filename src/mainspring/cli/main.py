"""Arguments become a value, then something acts on it; errors turn into exit codes here alone."""

from collections.abc import Iterator, MutableMapping, Sequence
from importlib import import_module
from typing import Any

import click
from click.shell_completion import CompletionItem

from mainspring import __version__
from mainspring.cli.failures import failing_in_one_line

#: command -> where it is defined; loaded when it is asked for, since each loads much of its own
COMMANDS = {
    "clean": "cleaning:clean",
    "compile": "compiling:compile_command",
    "completion": "completing:completion",
    "disable": "enabling:disable",
    "doctor": "examining:doctor",
    "enable": "enabling:enable",
    "explain": "explaining:explain",
    "run": "running:run",
    "status": "reporting:status",
    "verify": "verifying:verify",
}
#: longer than any sentence: click would cut it off
WHOLE = 1000


class Commands(MutableMapping[str, click.Command]):
    """The commands by name, each loaded when it is asked for."""

    def __init__(self, places: dict[str, str]) -> None:
        self._places = places
        self._loaded: dict[str, click.Command] = {}

    def __getitem__(self, name: str) -> click.Command:
        if name not in self._loaded:
            module, _, attribute = self._places[name].partition(":")
            self._loaded[name] = getattr(import_module(f"mainspring.cli.{module}"), attribute)
        return self._loaded[name]

    def __setitem__(self, name: str, command: click.Command) -> None:
        self._loaded[name] = command

    def __delitem__(self, name: str) -> None:
        del self._loaded[name], self._places[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._places)


class CommandGroup(click.Group):
    """A group that tells a failure in one line and ends with its exit code."""

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
    commands=Commands(COMMANDS),
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Example: mainspring run ./tool.py",
)
@click.version_option(__version__, prog_name="mainspring")
def group() -> None:
    """Start Python programs from cached code."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command that the user typed."""
    group.main(args=arguments, prog_name="mainspring")
