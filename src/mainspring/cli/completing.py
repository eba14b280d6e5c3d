"""`mainspring completion`: what a shell is told once, to complete the words of every command."""

import click
from click.shell_completion import ShellComplete, get_completion_class

VARIABLE = "_MAINSPRING_COMPLETE"
SHELLS = ("bash", "zsh", "fish")


@click.command(epilog='Example: eval "$(mainspring completion bash)"')
@click.argument("shell", type=click.Choice(SHELLS), metavar="SHELL")
@click.pass_context
def completion(ctx: click.Context, shell: str) -> None:
    """Print the completion script for SHELL.

    The SHELL is bash (4.4 or newer), zsh or fish. Let it evaluate the script when it starts.
    """
    click.echo(format_completion(ctx.find_root().command, shell))


def format_completion(group: click.Command, shell: str) -> str:
    """The script that *shell* reads."""
    complete = get_completion_class(shell)
    assert complete is not None
    # not the class's own source(): bash's starts whichever bash is found first, to judge its version
    return ShellComplete.source(complete(group, {}, "mainspring", VARIABLE))
