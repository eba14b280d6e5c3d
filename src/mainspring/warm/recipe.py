"""A recipe is what recorded starts taught about a program: what may be imported before it begins.

    recipe  := "mainspring-recipe 1" LF "program " ESCAPED LF "python " ESCAPED LF "starts " N LF
               "state " STATE LF ("env " NAME LF)* ("select " WORD LF)* "end" LF row*
    STATE   := "recording" | "ready" | "stale" | "never " REASON          NAME := [A-Za-z_][A-Za-z0-9_]*
    WORD    := "argument-0" | "argument-count" | "folder"
    row     := "ahead " STEP SP MICROSECONDS LF
             | "not " MODULE SP REASON SP ESCAPED LF
             | "file " ESCAPED LF | "folder " ESCAPED LF
             | "checkpoint" LF
             | "modules" SP N LF
             | "ended " REASON SP ESCAPED LF
    STEP    := [("at-once" | "found" | "loaded") SP] MODULE

`ahead` names each import that the program made by itself, in order; where modules are loaded lazily,
what it found and what it loaded, and with `at-once` what is loaded by any import of it.  `not` names one
that is left to it, and why; `file` and `folder` what the imports ahead read and listed beyond their own
code; `ended` what came next in the program, and `modules`, if that was its end, how many it had imported.
`env` names what they read of the environment, `select` what else of the caller: the launcher reads as far
as `end`.  A `stale` recipe is a ready one; the next start without a host is recorded in its place.
ESCAPED is as in counters.py.  What is not such a text counts as absent.
"""

import os

from mainspring.codecache.counters import escape_program
from mainspring.places import Refused, read_trusted_file, try_lock, write_file

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    Cause = tuple[str, str]  # a reason of ENDERS, and what is known beyond it

RECIPE_HEAD = "mainspring-recipe 1"
RECIPE_LOCK = "recipes.lock"
REPLACE_FILE = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
ESCAPED_MARKS = {"\\": "\\", "t": "\t", "n": "\n", "r": "\r"}
BEFORE_PROGRAM = "before the program"  # that which no host can wait behind
RECIPE_STARTS = 2  # so many are recorded
SELECTORS = {"argument-0", "argument-count", "folder"}
AT_ONCE, FOUND, LOADED = LAZY_STEPS = ("at-once", "found", "loaded")
CHECKPOINT_MODULE = "__main__"  # stands for what the program does before its checkpoint


class Recipe:
    """What is known about the imports of a program."""

    def __init__(self, program: str, python: str) -> None:
        self.program = program
        self.python = python
        self.starts = 1
        self.state = "recording"
        self.names: set[str] = set()
        self.selects: set[str] = set()
        self.ahead: list[tuple[str, int]] = []
        self.left_out: list[tuple[str, str, str]] = []
        self.files: set[str] = set()
        self.folders: set[str] = set()
        self.has_checkpoint = False
        self.modules = 0  # 0: not known
        self.ended: Cause | None = None

    @property
    def imports(self) -> "list[tuple[str, int]]":
        """The modules that are imported ahead, and the time that each takes."""
        steps = [(*split_step(step), spent_us) for step, spent_us in self.ahead]
        return [(module, spent_us) for how, module, spent_us in steps if how in {"", LOADED}]

    @property
    def is_final(self) -> bool:
        return self.starts >= RECIPE_STARTS


# ---- text ---------------------------------------------------------------------------------------


def format_recipe(recipe: Recipe) -> bytes:
    lines = [
        RECIPE_HEAD,
        f"program {escape_text(recipe.program)}",
        f"python {escape_text(recipe.python)}",
        f"starts {recipe.starts}",
        f"state {recipe.state}",
        *(f"env {name}" for name in sorted(recipe.names)),
        *(f"select {word}" for word in sorted(recipe.selects)),
        "end",
        *(f"ahead {step} {spent_us}" for step, spent_us in recipe.ahead),
        *(f"not {module} {reason} {escape_text(detail)}" for module, reason, detail in recipe.left_out),
        *(f"file {escape_text(path)}" for path in sorted(recipe.files)),
        *(f"folder {escape_text(path)}" for path in sorted(recipe.folders)),
    ]
    if recipe.has_checkpoint:
        lines.append("checkpoint")
    if recipe.modules:
        lines.append(f"modules {recipe.modules}")
    if recipe.ended is not None:
        lines.append(f"ended {recipe.ended[0]} {escape_text(recipe.ended[1])}")
    return b"".join(os.fsencode(line) + b"\n" for line in lines)


def split_step(step: str) -> "tuple[str, str]":
    """How a module is imported ahead (empty: plainly), and its name."""
    how, _, module = step.rpartition(" ")
    return how, module


def escape_text(text: str) -> str:
    return os.fsdecode(escape_program(text))


def unescape_text(text: str) -> str:
    """What escape_text made *text* of.  Raises ValueError or LookupError."""
    parts, position = [], 0
    while (found := text.find("\\", position)) >= 0:
        parts.append(text[position:found])
        if text[found + 1] == "x":
            parts.append(chr(int(text[found + 2 : found + 4], 16)))
            position = found + 4
        else:
            parts.append(ESCAPED_MARKS[text[found + 1]])
            position = found + 2
    return "".join(parts) + text[position:]


def parse_recipe(content: bytes) -> Recipe | None:
    """The recipe that *content* holds; None if it holds none."""
    *lines, rest = os.fsdecode(content).split("\n")
    try:
        end = lines.index("end")
        recipe = parse_head(lines[:end])
        for line in lines[end + 1 :]:
            parse_row(recipe, line)
    except (ValueError, LookupError):
        return None
    return recipe if rest == "" else None


def parse_head(lines: "list[str]") -> Recipe:
    head, program, python, starts, state, *caller = lines
    if head != RECIPE_HEAD:
        raise ValueError(head)
    recipe = Recipe(
        unescape_text(take_word(program, "program ")), unescape_text(take_word(python, "python "))
    )
    recipe.starts = int(take_word(starts, "starts "))
    recipe.state = take_word(state, "state ")
    if recipe.state not in {"recording", "ready", "stale"}:
        take_word(recipe.state, "never ")
    count = sum(line.startswith("env ") for line in caller)
    recipe.names = {take_word(line, "env ") for line in caller[:count]}
    recipe.selects = {take_word(line, "select ") for line in caller[count:]}
    if not recipe.selects <= SELECTORS:
        raise ValueError(recipe.selects)
    return recipe


def take_word(line: str, word: str) -> str:
    """What stands behind *word* in *line*.  Raises ValueError."""
    if not line.startswith(word):
        raise ValueError(line)
    return line[len(word) :]


def parse_row(recipe: Recipe, line: str) -> None:
    """Add what *line* says to *recipe*.  Raises ValueError or LookupError."""
    kind, _, rest = line.partition(" ")
    ROW_PARSERS[kind](recipe, rest)


def parse_ahead(recipe: Recipe, text: str) -> None:
    step, _, spent_us = text.rpartition(" ")
    how, module = split_step(step)
    if not module or " " in module or how not in {"", *LAZY_STEPS}:
        raise ValueError(text)
    recipe.ahead.append((step, int(spent_us)))


def parse_left_out(recipe: Recipe, text: str) -> None:
    module, reason, detail = text.split(" ", 2)
    recipe.left_out.append((module, reason, unescape_text(detail)))


def parse_file(recipe: Recipe, text: str) -> None:
    recipe.files.add(unescape_text(text))


def parse_folder(recipe: Recipe, text: str) -> None:
    recipe.folders.add(unescape_text(text))


def parse_checkpoint(recipe: Recipe, text: str) -> None:
    if text:
        raise ValueError(text)
    recipe.has_checkpoint = True


def parse_modules(recipe: Recipe, text: str) -> None:
    recipe.modules = int(text)


def parse_ended(recipe: Recipe, text: str) -> None:
    reason, detail = text.split(" ", 1)
    recipe.ended = (reason, unescape_text(detail))


ROW_PARSERS: "dict[str, Callable[[Recipe, str], None]]" = {
    "ahead": parse_ahead,
    "not": parse_left_out,
    "file": parse_file,
    "folder": parse_folder,
    "checkpoint": parse_checkpoint,
    "modules": parse_modules,
    "ended": parse_ended,
}


# ---- files --------------------------------------------------------------------------------------


def name_recipe(recipe_id: str) -> str:
    return f"{recipe_id}.recipe"


def read_recipe(folder: int, recipe_id: str) -> Recipe | None:
    """The recipe *recipe_id* in the runtime folder open at *folder*; None if there is none."""
    try:
        content, _ = read_trusted_file(os.dup(folder), name_recipe(recipe_id), (os.geteuid(),))
    except (OSError, Refused):
        return None
    return parse_recipe(content)


def change_recipe(
    folder: int, recipe_id: str, change: "Callable[[Recipe | None], Recipe | None]"
) -> bool:
    """Write what *change* makes of a recipe, unless that is None; whether it was written.

    If another process is about to write one, nothing is done.  Raises OSError.
    """
    lock = try_lock(folder, RECIPE_LOCK)
    if lock is None:
        return False
    try:
        recipe = change(read_recipe(folder, recipe_id))
        if recipe is not None:
            replace_recipe(folder, recipe_id, format_recipe(recipe))
        return recipe is not None
    finally:
        os.close(lock)


def replace_recipe(folder: int, recipe_id: str, content: bytes) -> None:
    """Put *content* in a recipe's place at once; the lock is held.  Raises OSError."""
    temporary = f"{recipe_id}.recipe-new"
    descriptor = os.open(temporary, REPLACE_FILE, 0o600, dir_fd=folder)
    try:
        write_file(descriptor, content)
    finally:
        os.close(descriptor)
    os.rename(temporary, name_recipe(recipe_id), src_dir_fd=folder, dst_dir_fd=folder)
