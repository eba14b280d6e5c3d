"""`mainspring install` gives commands shims, `uninstall` takes them back, `shims` says where they are."""

import os
import shlex
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

import click
from click.shell_completion import CompletionItem

from mainspring.cli.output import print_json, print_lines
from mainspring.errors import NoDataFolderError, NoShimError, RefusedPlaceError
from mainspring.launcher import find_launcher
from mainspring.observe.installing import Command, find_python_command
from mainspring.observe.shims import Shim, find_shims
from mainspring.observe.text import escape_controls
from mainspring.places import Refused
from mainspring.reasons import REASONS
from mainspring.settings import find_data_folder
from mainspring.warm.targets import LINKS, list_shims, remove_shim, write_shim


def complete_shim(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The shims that there are."""
    del ctx, param
    names = list_shims(find_data_folder(os.environ) or "")
    return [CompletionItem(name) for name in names if name.startswith(incomplete)]


def complete_command(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The commands on PATH, or paths where the word has a slash."""
    del ctx, param
    if "/" in incomplete:
        return [CompletionItem(incomplete, type="file")]
    names = {name for folder in os.get_exec_path() for name in list_folder(folder)}
    return [CompletionItem(name) for name in sorted(names) if name.startswith(incomplete)]


def list_folder(folder: str) -> list[str]:
    try:
        return os.listdir(folder or ".")
    except OSError:
        return []


@click.command(epilog="Example: mainspring install black ~/.local/bin/http")
@click.argument("names", nargs=-1, required=True, metavar="NAME...", shell_complete=complete_command)
def install(names: tuple[str, ...]) -> None:
    """Make shims, which start Python commands on PATH warm.

    A NAME with a slash is the path of a script. Each shim lies in the folder that `mainspring shims`
    prints, which should come first on PATH. If one NAME is not a Python command, none gets a shim.
    """
    data = find_data()
    commands = [find_python_command(name, os.environ) for name in names]
    launcher = os.path.abspath(shutil.which(find_launcher()) or find_launcher())
    with refusing_places():
        for command in commands:
            write_shim(data, command.name, command.target, launcher)
    print_lines(
        f"{escape_controls(command.name)}\t{escape_controls(command.target.script)}"
        for command in commands
    )
    for line in list_hints(data, commands):
        click.echo(escape_controls(line), err=True)


def list_hints(data: str, commands: list[Command]) -> Iterator[str]:
    """What is still to be done before all of *commands* start warm."""
    for command in commands:
        if command.is_out_of_reach:
            option, python = " ".join(command.target.options), command.survey.executable
            yield f"{command.name} ignores settings ({option}): let it heed Mainspring with"
            yield f"  mainspring enable --python {shlex.quote(python)}"
    if any(shutil.which(one.name) != f"{data}/{LINKS}/{one.name}" for one in commands):
        yield f'put {data}/{LINKS} first on PATH: export PATH="$(mainspring shims):$PATH"'


@click.command(epilog="Example: mainspring uninstall black")
@click.option("--all", "is_all", is_flag=True, help="Remove every shim.")
@click.argument("names", nargs=-1, metavar="[NAME]...", shell_complete=complete_shim)
def uninstall(is_all: bool, names: tuple[str, ...]) -> None:
    """Remove shims, and end the hosts of what they start; the commands themselves stay as they are."""
    if is_all == bool(names):
        raise click.UsageError("give either NAMEs or --all.")
    data = find_data()
    shims = find_shims(data, os.environ)
    known = {shim.name for shim in shims}
    for name in names:
        if name not in known:
            raise NoShimError(name)
    chosen = [shim for shim in shims if is_all or shim.name in names]
    with refusing_places():
        for shim in chosen:
            remove_shim(data, shim.name)
            click.echo(f"removed {escape_controls(shim.link)}")
    end_hosts_of({shim.script for shim in chosen if shim.script is not None})


def end_hosts_of(scripts: set[str]) -> None:
    """End the hosts of *scripts*, if there are any that can be asked."""
    from mainspring.observe.warmstarts import end_hosts_of_each

    print_lines(escape_controls(outcome.text) for outcome in end_hosts_of_each(scripts, os.environ))


@click.command(epilog='Example: export PATH="$(mainspring shims):$PATH"')
@click.option(
    "--list",
    "is_list",
    is_flag=True,
    help="Print each shim, its script, and what becomes of a start by it.",
)
@click.option("--json", "as_json", is_flag=True, help="Print that for programs to read.")
def shims(is_list: bool, as_json: bool) -> None:
    """Print the folder of the shims, for PATH."""
    data = find_data()
    if as_json:
        found = find_shims(data, os.environ)
        print_json({"folder": f"{data}/{LINKS}", "shims": [shim.list_facts() for shim in found]})
    elif is_list:
        print_lines(
            "\t".join(map(escape_controls, list_fields(shim))) for shim in find_shims(data, os.environ)
        )
    else:
        click.echo(f"{data}/{LINKS}")


def list_fields(shim: Shim) -> list[str]:
    """What a line says of a shim; of one that starts no command warm, also why, and what helps."""
    fields = [shim.name, shim.script or "-", shim.state]
    return fields if shim.state == "warm" else [*fields, shim.meaning, shim.remedy]


@contextmanager
def refusing_places() -> Iterator[None]:
    """Turn a folder that is not to be used into an error that says why."""
    try:
        yield
    except Refused as refused:
        remedy = "let it be yours, and writable by you alone, or set XDG_DATA_HOME"
        raise RefusedPlaceError(refused.path, REASONS[refused.reason].meaning, remedy) from refused


def find_data() -> str:
    """Raises NoDataFolderError."""
    data = find_data_folder(os.environ)
    if data is None:
        raise NoDataFolderError
    return data
