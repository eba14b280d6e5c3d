"""Writes the manual page: its text, and in it the commands and settings as the code defines them.

write_manual.py OUTPUT TEXT SOURCE_FOLDER VERSION
"""

import importlib
import os
import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

import click
from command_line import load_group
from docutils import nodes
from docutils.core import publish_string
from docutils.parsers.rst import Directive, directives

#: two empty lines or more of a help text, and its mark for a paragraph that is not to be wrapped
PARAGRAPH = "\n\n"
UNWRAPPED = "\b"


def main(output: str, text: str, source: str, version: str) -> None:
    Commands.group = load_group(source)
    Settings.table = importlib.import_module("mainspring.settings").SETTINGS
    directives.register_directive("commands", Commands)
    directives.register_directive("settings", Settings)
    page = Path(text).read_text(encoding="utf-8").format(version=version, date=tell_date())
    roff = publish_string(
        page,
        source_path=text,
        writer="manpage",
        settings_overrides={"output_encoding": "utf-8", "halt_level": 2, "file_insertion_enabled": False},
    )
    Path(output).write_bytes(roff)


def tell_date() -> str:
    """The day of the build, or of SOURCE_DATE_EPOCH: the same input gives the same page."""
    seconds = int(os.environ.get("SOURCE_DATE_EPOCH", time.time()))
    return time.strftime("%Y-%m-%d", time.gmtime(seconds))


class Commands(Directive):
    """A subsection for each command."""

    group: click.Group

    def run(self) -> list[nodes.Node]:
        above = click.Context(self.group, info_name="mainspring")
        return [describe_command(ctx) for ctx in list_contexts(self.group, above)]


class Settings(Directive):
    """A definition for each setting."""

    table: dict[str, tuple[str, str]]

    def run(self) -> list[nodes.Node]:
        return [
            make_list(
                (name, f"{meaning[0].upper()}{meaning[1:]}. Default: {default}.")
                for name, (default, meaning) in self.table.items()
            )
        ]


def list_contexts(group: click.Group, above: click.Context) -> Iterator[click.Context]:
    """A context for each command of *group*, and behind it for each that it has below it."""
    for name in group.list_commands(above):
        command = group.get_command(above, name)
        if command is None or command.hidden:
            continue
        ctx = click.Context(command, info_name=name, parent=above)
        yield ctx
        if isinstance(command, click.Group):
            yield from list_contexts(command, ctx)


def describe_command(ctx: click.Context) -> nodes.section:
    command = ctx.command
    usage = nodes.paragraph()
    usage += nodes.strong("", ctx.command_path)
    usage += nodes.Text(" " + " ".join(command.collect_usage_pieces(ctx)))
    section = nodes.section(
        "", nodes.title("", ctx.command_path), usage, ids=[ctx.command_path.replace(" ", "-")]
    )
    section.extend(make_paragraphs(command.help or ""))
    if options := find_options(ctx):
        section += make_list(options)
    section.extend(make_paragraphs(command.epilog or ""))
    return section


def find_options(ctx: click.Context) -> list[tuple[str, str]]:
    """The options, and those arguments of which there is anything to say."""
    records = [parameter.get_help_record(ctx) for parameter in ctx.command.params]
    return [record for record in records if record is not None and record[1]]


def make_list(rows: Iterable[tuple[str, str]]) -> nodes.definition_list:
    items = nodes.definition_list()
    for term, text in rows:
        definition = nodes.definition("", *make_paragraphs(text))
        items += nodes.definition_list_item("", nodes.term("", "", nodes.strong("", term)), definition)
    return items


def make_paragraphs(text: str) -> list[nodes.Element]:
    return [make_paragraph(part) for part in text.split(PARAGRAPH)]


def make_paragraph(text: str) -> nodes.Element:
    if text.startswith(UNWRAPPED):
        return nodes.literal_block("", text.removeprefix(UNWRAPPED).strip("\n"))
    paragraph = nodes.paragraph()
    for number, part in enumerate(" ".join(text.split()).split("`")):
        paragraph += nodes.literal("", part) if number % 2 else nodes.Text(part)
    return paragraph


if __name__ == "__main__":
    main(*sys.argv[1:])
