"""The commands as they are defined: tests go through all that there are."""

from __future__ import annotations

import click

from mainspring.cli.main import group

NAMES = sorted(group.commands)
ROOT = click.Context(group, info_name="mainspring", **group.context_settings)


def make_context(name: str) -> click.Context:
    return click.Context(group.commands[name], info_name=name, parent=ROOT)


def find_options(name: str) -> set[str]:
    """Every spelling of every option of a command."""
    parameters = group.commands[name].get_params(make_context(name))
    options = [one for one in parameters if isinstance(one, click.Option)]
    return {spelling for option in options for spelling in (*option.opts, *option.secondary_opts)}


def find_arguments(name: str) -> list[click.Argument]:
    return [one for one in group.commands[name].params if isinstance(one, click.Argument)]
