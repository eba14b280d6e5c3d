"""The pages of the documentation, and the commands that they tell a reader to type."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
FENCE = re.compile(r"^```(?P<kind>\S*) *(?P<title>\S*)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
#: a shell's block, and a session in which what comes back is shown too
RUN = ("sh", "console")
#: what `mainspring` may stand behind in a line of a shell, a crontab, a Dockerfile, or prose
TYPED = re.compile(
    r"(?:^|[\s`/(\"&|=])(?:\"?\$)?mainspring\"? (?P<words>[a-z]+\b(?:\$\([^)\n]*\)|[^\n`|;)&>])*)",
    re.MULTILINE,
)


@dataclass(frozen=True)
class Step:
    """Something to type, and what is shown for it; None where the page does not say."""

    typed: str
    shown: str | None


@dataclass(frozen=True)
class Page:
    """A page of the documentation."""

    path: Path

    @property
    def text(self) -> str:
        return self.path.read_text(encoding="utf-8")

    @property
    def steps(self) -> list[Step]:
        """All that the page's examples do, in order; blocks marked as `{code-block}` only show."""
        found: list[Step] = []
        for fence in FENCE.finditer(self.text):
            if fence["kind"] == "sh":
                found.append(Step(fence["text"], None))
            elif fence["kind"] == "console":
                found += read_session(fence["text"])
        return found

    @property
    def calls(self) -> list[list[str]]:
        """The words behind each `mainspring` that the page has, in a block or in a sentence."""
        return [split_words(typed["words"]) for typed in TYPED.finditer(self.code)]

    @property
    def code(self) -> str:
        """The page's blocks, and what stands in backticks."""
        blocks = [
            fence["text"] for fence in FENCE.finditer(self.text) if not fence["kind"].endswith("toctree}")
        ]
        spans = re.findall(r"`([^`\n]+)`", FENCE.sub("", self.text))
        return "\n".join(blocks + spans)


def read_session(text: str) -> list[Step]:
    parts = re.split(r"^\$ ", text, flags=re.MULTILINE)
    assert parts[0] == "", "a session begins with what is typed"
    sessions = [part.partition("\n") for part in parts[1:]]
    return [Step(typed, shown) for typed, _, shown in sessions]


def split_words(text: str) -> list[str]:
    """The words that a shell makes of *text*; what it would put in stays out."""
    text = re.sub(r'"?\$\([^)]*\)?"?', "VALUE", text)
    try:
        return shlex.split(text, comments=True)
    except ValueError:
        return text.split()


def find_pages() -> list[Page]:
    paths = [*DOCS.rglob("*.md"), ROOT / "README.md", ROOT / "SECURITY.md"]
    return [Page(path) for path in sorted(paths)]


def name_page(page: Page) -> str:
    return str(page.path.relative_to(ROOT))
