"""Puts the tables and the byte formats of the code into the documentation, as they stand there."""

import ast
import importlib.util
import inspect
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import ClassVar

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective
from sphinx.util.typing import ExtensionMetadata

from mainspring.cli.bounding import BOUND_OPTIONS
from mainspring.gateway.accesslog import FIELDS
from mainspring.gateway.bounds import list_bounds
from mainspring.gateway.breaches import BREACHES
from mainspring.gateway.metrics import FAMILIES
from mainspring.gateway.refusals import GATEWAY
from mainspring.reasons import COLD, ENDERS, HOST_ENDS, REASONS, VERDICTS
from mainspring.settings import SETTINGS


class SettingsTable(SphinxDirective):
    """Every setting: its name, its default, what it means."""

    def run(self) -> list[nodes.Node]:
        rows = [(f"`{name}`", default, meaning) for name, (default, meaning) in SETTINGS.items()]
        return [make_table(("setting", "default", "meaning"), rows)]


class WordsTable(SphinxDirective):
    """Every verdict, or every reason: its name, its meaning, what a user can do."""

    required_arguments = 1
    tables: ClassVar[Mapping[str, Mapping[str, tuple[str, str]]]] = {
        "verdict": VERDICTS,
        "reason": REASONS,
        "cold": COLD,
        "ender": ENDERS,
        "end": HOST_ENDS,
    }

    def run(self) -> list[nodes.Node]:
        [kind] = self.arguments
        rows = [(f"`{word}`", *row) for word, row in self.tables[kind].items()]
        return [make_table((kind, "meaning", "remedy"), rows)]


def list_gateway_bounds() -> list[tuple[str, ...]]:
    return [
        (
            f"`{BOUND_OPTIONS[name].option}`",
            BOUND_OPTIONS[name].default or f"{default:,g} {unit}",
            meaning,
        )
        for name, default, unit, meaning in list_bounds()
    ]


class GatewayTable(SphinxDirective):
    """What a gateway answers, allows, and tells its operator."""

    required_arguments = 1
    tables: ClassVar[Mapping[str, tuple[tuple[str, ...], list[tuple[str, ...]]]]] = {
        "bounds": (("option", "default", "of what"), list_gateway_bounds()),
        "refusals": (
            ("word", "status", "meaning", "remedy"),
            [(f"`{word}`", str(row.status), row.meaning, row.remedy) for word, row in GATEWAY.items()],
        ),
        "breaches": (
            ("word", "answer", "meaning"),
            [(f"`{word}`", row.refusal or "closed", row.meaning) for word, row in BREACHES.items()],
        ),
        "fields": (
            ("name", "type", "meaning"),
            [(f"`{name}`", field.type, field.meaning) for name, field in FIELDS.items()],
        ),
        "metrics": (
            ("name", "kind", "meaning"),
            [(f"`{name}`", family.type, family.meaning) for name, family in FAMILIES.items()],
        ),
    }

    def run(self) -> list[nodes.Node]:
        heads, rows = self.tables[self.arguments[0]]
        return [make_table(heads, rows)]


class FormatOf(SphinxDirective):
    """The grammar that stands at the top of a module."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        spec = importlib.util.find_spec(self.arguments[0])
        assert spec is not None
        assert spec.origin is not None
        self.env.note_dependency(spec.origin)
        docstring = ast.get_docstring(ast.parse(Path(spec.origin).read_text(encoding="utf-8")))
        assert docstring is not None
        return [make_block(part) for part in docstring.split("\n\n")]


def make_block(part: str) -> nodes.Element:
    """A paragraph, or a grammar as it is typed, which is indented."""
    if part.startswith("    "):
        return nodes.literal_block("", inspect.cleandoc("\n" + part), language="none")
    return make_text(" ".join(part.split()))


def make_text(text: str) -> nodes.paragraph:
    """A paragraph in which words in backticks are code."""
    paragraph = nodes.paragraph()
    for number, part in enumerate(text.split("`")):
        paragraph += nodes.literal("", part) if number % 2 else nodes.Text(part)
    return paragraph


def make_table(heads: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> nodes.table:
    group = nodes.tgroup(cols=len(heads))
    group += [nodes.colspec(colwidth=1) for _ in heads]
    group += nodes.thead("", make_row(heads))
    group += nodes.tbody("", *map(make_row, rows))
    return nodes.table("", group)


def make_row(cells: Iterable[str]) -> nodes.row:
    return nodes.row("", *(nodes.entry("", make_text(cell)) for cell in cells))


def setup(app: Sphinx) -> ExtensionMetadata:
    app.add_directive("settings-table", SettingsTable)
    app.add_directive("words-table", WordsTable)
    app.add_directive("format-of", FormatOf)
    app.add_directive("gateway-table", GatewayTable)
    return {"parallel_read_safe": True}
