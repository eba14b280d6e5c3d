"""The commands as they are defined: tests go through all that there are."""

from __future__ import annotations

import click

from mainspring.cli.main import group

ROOT = click.Context(group, info_name="mainspring", **group.context_settings)
NAMES = group.list_commands(ROOT)


def make_context(name: str) -> click.Context:
    command = group.get_command(ROOT, name)
    assert command is not None
    return click.Context(command, info_name=name, parent=ROOT)


def find_options(name: str) -> set[str]:
    """Every spelling of every option of a command."""
    ctx = make_context(name)
    options = [one for one in ctx.command.get_params(ctx) if isinstance(one, click.Option)]
    return {spelling for option in options for spelling in (*option.opts, *option.secondary_opts)}


def find_arguments(name: str) -> list[click.Argument]:
    return [one for one in make_context(name).command.params if isinstance(one, click.Argument)]


def list_below(name: str) -> list[str]:
    """The commands that a command has below it, as `hosts stop`."""
    ctx = make_context(name)
    return ctx.command.list_commands(ctx) if isinstance(ctx.command, click.Group) else []
