"""Looks at the slot that an interpreter has: whose package it leads to, and whether it is come past."""

import ast
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from mainspring.slot.placing import LINE_NAME, PACKAGE, ROOT, compose_line, find_slot, read_text
from mainspring.slot.survey import Survey

Kind = Literal["sitecustomize", "pth"]
Condition = Literal["in-place", "package-gone", "outdated", "shadowed"]

LINE_TEXT_PATTERN = re.compile(r"exec\((?P<text>['\"].*['\"])\)")
ROOT_PATTERN = re.compile(r"^root = (?P<root>['\"].*['\"])$", re.MULTILINE)
HOOK = "mainspring/_start.py"


@dataclass(frozen=True)
class Slot:
    """A slot: its path, the folder of the package that it leads to, and what became of it."""

    path: str
    kind: Kind
    root: str | None
    condition: Condition


def inspect_slot(survey: Survey) -> Slot | None:
    """The slot of the interpreter of *survey*, or None if it was not enabled."""
    path = find_slot(survey)
    if path is None:
        return None
    text = read_text(path)
    kind: Kind = "pth" if path.name == LINE_NAME else "sitecustomize"
    root = read_root(text, kind)
    return Slot(str(path), kind, root, judge_slot(survey, path, text, root))


def read_root(text: str, kind: Kind) -> str | None:
    """The folder that holds the package, as the slot's *text* has it; None if it says none."""
    try:
        if kind == "pth":
            found = LINE_TEXT_PATTERN.search(text)
            text = str(ast.literal_eval(found["text"])) if found else ""
        found = ROOT_PATTERN.search(text)
        return str(ast.literal_eval(found["root"])) if found else None
    except (SyntaxError, ValueError):
        return None


def judge_slot(survey: Survey, path: Path, text: str, root: str | None) -> Condition:
    if root is None:
        return "outdated"
    if not os.path.isfile(os.path.join(root, HOOK)):
        return "package-gone"
    if path.name != LINE_NAME:
        if not text.endswith(read_pieces(Path(root, PACKAGE.name))):
            return "outdated"
        if survey.sitecustomize != str(path) and not survey.finds_first(str(path.parent)):
            return "shadowed"
    elif root == ROOT and text != compose_line():
        return "outdated"
    return "in-place"


def read_pieces(package: Path) -> str:
    """What a slot that leads to *package* ends with: of another release, it may be another text."""
    return "\n".join(read_text(package / "slot" / name) for name in ("look.py", "stand_back.py"))
