"""The built documentation has all that the tables in the code have."""

from __future__ import annotations

import ast
import html
import re
from pathlib import Path

import pytest
from people.definitions import NAMES, find_options, make_context

import mainspring
from mainspring.reasons import REASONS, VERDICTS
from mainspring.settings import SETTINGS

from .pages import DOCS

PACKAGE = Path(mainspring.__file__).parent


def read_text(site: Path, page: str) -> str:
    """What a reader sees of a page, its lines and spaces made one."""
    text = (site / page).read_text(encoding="utf-8")
    article = text[text.index("<article") : text.index("</article>")]
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", article)).split())


def squeeze(text: str) -> str:
    """*text* without spaces: where there are any depends on the markup."""
    return re.sub(r"[\s`]", "", text)


def test_every_setting_is_described(site: Path) -> None:
    text = squeeze(read_text(site, "reference/settings.html"))
    for name, (default, meaning) in SETTINGS.items():
        assert squeeze(name + default + meaning) in text


@pytest.mark.parametrize("table", [VERDICTS, REASONS], ids=["verdicts", "reasons"])
def test_every_word_of_the_log_is_described(site: Path, table: dict[str, tuple[str, str]]) -> None:
    text = squeeze(read_text(site, "reference/reasons.html"))
    for word, (meaning, remedy) in table.items():
        assert squeeze(word + meaning + remedy) in text


@pytest.mark.parametrize("name", NAMES)
def test_every_command_is_described(site: Path, name: str) -> None:
    ctx = make_context(name)
    text = squeeze(read_text(site, "reference/commands.html"))
    assert squeeze(f"mainspring {name} {' '.join(ctx.command.collect_usage_pieces(ctx))}") in text
    assert squeeze((ctx.command.help or "").partition("\n")[0]) in text
    assert squeeze(ctx.command.epilog or "") in text
    for option in find_options(name) - {"-h", "--help"}:
        assert option in text


def find_grammars() -> list[str]:
    """The modules whose docstring holds a grammar, which is how the format of each file is described."""
    modules = []
    for path in (*PACKAGE.glob("codecache/*.py"), PACKAGE / "ahead/record.py", PACKAGE / "startlog.py"):
        docstring = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
        if re.search(r"^    \w+ +:= ", docstring, re.MULTILINE):
            modules.append(str(path.relative_to(PACKAGE)))
    return sorted(modules)


def test_every_grammar_is_in_the_reference(site: Path) -> None:
    assert "codecache/entry.py" in find_grammars()
    pages = ("entry-format", "log", "settings")
    text = squeeze("".join(read_text(site, f"reference/{page}.html") for page in pages))
    for module in find_grammars():
        docstring = ast.get_docstring(ast.parse((PACKAGE / module).read_text(encoding="utf-8")))
        for part in str(docstring).split("\n\n"):
            assert squeeze(part) in text, module


def test_every_page_is_built_and_leads_to_the_others(site: Path) -> None:
    pages = {path.relative_to(DOCS).with_suffix(".html") for path in DOCS.rglob("*.md")}
    index = (site / "index.html").read_text(encoding="utf-8")
    for page in pages:
        assert (site / page).is_file()
        assert page.name == "index.html" or f'href="{page}"' in index


def test_options_are_spelt_as_they_are_typed(site: Path) -> None:
    """No dash for two hyphens, and no quotation marks that a shell does not know."""
    for page in site.rglob("*.html"):
        text = page.read_text(encoding="utf-8")
        assert not set("\u2013\u2018\u2019\u201c\u201d") & set(
            text[text.find("<article") : text.find("</article>")]
        )
