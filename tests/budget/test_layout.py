"""Imports point one way, and each word of the log stands in the one table."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from mainspring.reasons import REASONS, VERDICTS

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "src" / "mainspring"
#: what each part may import, of the parts below it
LAYERS = (
    ("settings", "places", "reasons", "errors", "shebang", "launcher"),
    ("codecache",),
    ("program", "plan", "startlog"),
    ("hook",),
    ("slot",),
    ("warm", "ahead", "gateway"),
    ("observe",),
    ("cli",),
)
NATIVE = {"_gateway", "_native", "_warm"}
#: run by the slots before anything of the package is loaded, or by any Python: no part of it
ALONE = (
    "slot/look.py", "slot/stand_back.py", "start/sitecustomize.py", "observe/probe.py",
    "observe/moduleprobe.py", "observe/verify/checker.py",
)  # fmt: skip
#: on a start's path, and so without a docstring's worth of imports
HIT_PATH = (
    "settings.py", "places.py", "codecache/key.py", "codecache/entry.py", "codecache/lookup.py",
    "codecache/counters.py", "codecache/schedule.py", "program.py", "plan.py", "hook.py",
)  # fmt: skip
#: what an interpreter has loaded by itself, or has built in
CHEAP = {
    "os", "sys", "time", "stat", "errno", "marshal", "_imp", "_warnings", "_frozen_importlib",
    "_frozen_importlib_external",
}  # fmt: skip


def find_modules() -> list[Path]:
    paths = [path.relative_to(PACKAGE) for path in PACKAGE.rglob("*.py")]
    return sorted(path for path in paths if str(path) not in ALONE)


def find_imports(path: Path, *, typed: bool) -> set[str]:
    """The modules that *path* imports; with *typed*, also those that only the type checker sees."""
    tree = ast.parse((PACKAGE / path).read_text(encoding="utf-8"))
    found: set[str] = set()
    blocks: list[ast.AST] = [tree]
    while blocks:
        node = blocks.pop()
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING" and not typed:
            continue
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found |= {str(node.module)} | {f"{node.module}.{alias.name}" for alias in node.names}
        blocks += ast.iter_child_nodes(node)
    return found


def find_layer(part: str) -> int:
    [layer] = [number for number, parts in enumerate(LAYERS) if part in parts]
    return layer


@pytest.mark.parametrize("path", find_modules(), ids=str)
def test_imports_point_down(path: Path) -> None:
    part = path.parts[0].removesuffix(".py")
    if part in {"__init__", "__main__"}:
        return
    ours = {name.split(".")[1] for name in find_imports(path, typed=False) if is_ours(name)}
    above = {other for other in ours - NATIVE - {part} if find_layer(other) > find_layer(part)}
    assert above == set()


def is_ours(name: str) -> bool:
    return name.startswith("mainspring.") and name != "mainspring.__version__"


@pytest.mark.parametrize("path", HIT_PATH)
def test_the_hit_path_imports_what_is_there_already(path: str) -> None:
    foreign = {
        name.partition(".")[0]
        for name in find_imports(Path(path), typed=False)
        if not name.startswith("mainspring")
    }
    assert foreign <= CHEAP


def find_words() -> set[str]:
    """Every text in the code that is spelt like a reason where a reason is meant."""
    words: set[str] = set()
    for path in find_modules():
        if path.name == "reasons.py":
            continue
        tree = ast.parse((PACKAGE / path).read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            words |= find_reasons(node)
    return words


def find_reasons(node: ast.AST) -> set[str]:
    """The reasons and verdicts that *node* gives: to an exception, a look, a field or a table."""
    values: list[ast.expr] = []
    if isinstance(node, ast.Call) and ast.unparse(node.func) in {"Aside", "Refused", "Damaged"}:
        values = node.args[:1]
    elif isinstance(node, ast.Call) and ast.unparse(node.func) == "Look":
        values = node.args[2:]
    elif isinstance(node, ast.Assign) and re.search(r"\breason$", ast.unparse(node.targets[0])):
        values = [node.value]
    elif isinstance(node, ast.AnnAssign) and "REASONS" in ast.unparse(node.target) and node.value:
        values = list(ast.iter_child_nodes(node.value))  # type: ignore[arg-type]
    texts = [part for value in values for part in ast.walk(value) if isinstance(part, ast.Constant)]
    return {text.value for text in texts if isinstance(text.value, str)}


def find_native_words() -> set[str]:
    launcher = (ROOT / "native" / "launcher" / "reason.c").read_text()
    table = launcher[launcher.index("names[]") : launcher.index("};")]
    words = set(re.findall(r'"([a-z-]+)"', table))
    for path in (ROOT / "native").glob("*.c"):
        text = path.read_text()
        words |= set(re.findall(r'return "([a-z]+(?:-[a-z]+)*)";', text))
    return words


def test_every_reason_that_is_given_is_in_the_table() -> None:
    assert find_words() | find_native_words() <= REASONS.keys() | VERDICTS.keys()
    assert len(find_native_words()) > 5


def test_every_row_of_the_table_is_given_somewhere() -> None:
    text = "".join(
        path.read_text(encoding="utf-8")
        for folder in (PACKAGE, ROOT / "native")
        for path in folder.rglob("*")
        if path.suffix in {".py", ".c"} and path.name != "reasons.py"
    )
    rows = REASONS.keys() | VERDICTS.keys()
    assert {row for row in rows if f'"{row}"' not in text and f"\\t{row}\\t" not in text} == set()
