"""What `site` has run before the program is looked at by its text: it ran before anybody recorded.

`.pth` lines, `sitecustomize`, `usercustomize` and the modules that they import have run in a host before
its first caller came.  So what their code names of the environment selects the host, and code that asks
for what no host can know of its callers rules one out.  Only code that ran counts: what stands in no
function, and the functions that such code calls by name.
"""

import os
import sys

from mainspring.places import read_file
from mainspring.warm.effects import is_on_record
from mainspring.warm.sourcetext import MARK, STRING, WORD, Line, split_lines
from mainspring.warm.spans import Readings

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from mainspring.warm.sourcetext import Token

SITE_FOLDERS = ("site-packages", "dist-packages")
PATH_FILES = (".pth", ".start")
#: modules that `site` itself imports by name, wherever they are
SITE_MODULES = ("sitecustomize", "usercustomize")
#: packages that were read, and need no look -> why
KNOWN = {
    "apport_python_hook": "keeps the script's own path, which a host has as well",
    "coverage": "does nothing unless it measures, and then there is no host: see is_measured",
    "mainspring": "this one",
}
#: the variables by which a start is measured
MEASURING = ("COVERAGE_PROCESS_", "COV_CORE_")
MOST_NAMES = 64
MOST_BYTES = 1 << 20  # of one file: what is larger is no code to be run at each start
READ_ONLY = os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY
CONSTRUCTORS = ("__init__", "__new__")
#: what a host has of itself, and not of its callers
OF_CALLER = {
    "argv", "orig_argv", "getcwd", "getcwdb", "cwd", "getpid", "getppid", "isatty",
}  # fmt: skip
ENVIRONMENTS = {"environ", "environb"}
ALL_OF_IT = {"copy", "items", "keys", "values"}
READERS = {"getenv", "getenvb", "get", "pop", "setdefault", "__getitem__"}
CAPITALS = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789")
SHORTEST_NAME = 3


class SiteRun:
    """What the code that `site` has run reads, as far as its text tells."""

    def __init__(self, texts: "Iterable[str]") -> None:
        self.readings = Readings()
        self.is_of_caller = False
        self.functions: dict[str, list[Line]] = {}
        self.look_at_all([line for text in texts for line in self.divide(text)])
        if len(self.readings.names) > MOST_NAMES:
            self.is_of_caller = True

    def divide(self, text: str) -> "list[Line]":
        """The lines of *text* outside of its functions, and note those."""
        outside: list[Line] = []
        blocks: list[tuple[int, str, str]] = []  # that the line is in: indentation, kind, name
        for line in split_lines(text):
            while blocks and line.indent <= blocks[-1][0]:
                blocks.pop()
            names = list_functions(blocks)
            for name in names:
                self.functions.setdefault(name, []).append(line)
            if not names:
                outside.append(line)
            if line.begins is not None:
                blocks.append((line.indent, *line.begins))
        return outside

    def look_at_all(self, lines: "list[Line]") -> None:
        """Look at *lines*, and at the functions that they call, and so on."""
        while lines:
            for line in lines:
                self.look_at(line.tokens)
            called = {name for line in lines for name in list_called(line)}
            lines = [line for name in called for line in self.functions.pop(name, ())]

    def look_at(self, tokens: "list[Token]") -> None:
        padded = [("", "")] * 4 + tokens + [("", "")] * 4
        for place in range(4, len(padded) - 4):
            kind, text = padded[place]
            if kind == STRING:
                self.note_string(text, padded[place - 4 : place])
            elif text in ENVIRONMENTS:
                around = [word for _, word in padded[place - 3 : place + 3]]
                self.is_of_caller |= is_all_read(around, [word for _, word in tokens])
            elif text in OF_CALLER:
                is_taken = padded[place - 1][1] == "." or tokens[0][1] == "from"
                self.is_of_caller |= is_taken

    def note_string(self, text: str, before: "list[Token]") -> None:
        """Note a name of the environment, or the path of a file."""
        words = [word for _, word in before]
        is_name = text.isascii() and text.isidentifier()
        if is_name and (is_like_variable(text) or is_read(words)):
            self.readings.names.add(text)
        elif text.startswith(("/", "~/")) and len(text.split()) == 1:
            path = os.path.expanduser(text)
            if is_on_record(path) and os.path.isdir(os.path.dirname(path)) and not os.path.isdir(path):
                self.readings.add("open", path)


def list_functions(blocks: "list[tuple[int, str, str]]") -> "list[str]":
    """The names that run what is in *blocks*: that of the function, and for a constructor its class's."""
    inner = next((name for _, kind, name in reversed(blocks) if kind == "def"), None)
    if inner not in CONSTRUCTORS:
        return [] if inner is None else [inner]
    return [inner, *(name for _, kind, name in blocks if kind == "class")]


def list_called(line: Line) -> "set[str]":
    """Whose name has a parenthesis behind it; what is only named runs later, in each start by itself."""
    pairs = zip(line.tokens, line.tokens[1:], strict=False)
    called = {text for (kind, text), after in pairs if kind == WORD and after == (MARK, "(")}
    return called if line.begins is None else called - {line.begins[1]}


def is_like_variable(text: str) -> bool:
    return len(text) >= SHORTEST_NAME and CAPITALS.issuperset(text) and not text[0].isdecimal()


def is_read(before: "list[str]") -> bool:
    """Whether the words *before* a string read the variable of that name, whatever it looks like."""
    if before[-1] == "[":
        return before[-2] in ENVIRONMENTS
    is_of_environment = before[-2] in {"getenv", "getenvb"} or before[-4] in ENVIRONMENTS
    return before[-1] == "(" and before[-2] in READERS and is_of_environment


def is_all_read(around: "list[str]", line: "list[str]") -> bool:
    """Whether `environ`, with three words before it and two behind it, is read as a whole."""
    *before, _, after, further = around
    if after == ".":
        return further in ALL_OF_IT
    lead = before[0] if before[-1] == "." else before[-1]
    return (lead in {"(", "*"} and after in {")", ",", "}", "]"}) or (lead == "in" and "for" in line)


def look_at_site() -> SiteRun:
    """What `site` has run in this process so far.  Raises nothing for a file that cannot be read."""
    lines = ["\n".join(list_import_lines(read_text(path))) for path in list_all_path_files()]
    return SiteRun([*lines, *map(read_text, list_site_files())])


def is_measured() -> bool:
    """Whether `coverage` measures this start: it notes the working directory, before any program runs."""
    return "coverage" in sys.modules and any(name.startswith(MEASURING) for name in os.environ)


def list_all_path_files() -> "list[str]":
    folders = [path for path in sys.path if os.path.basename(path) in SITE_FOLDERS]
    return [file for folder in folders for file in list_path_files(folder)]


def list_path_files(folder: str) -> "list[str]":
    try:
        return [f"{folder}/{name}" for name in os.listdir(folder) if name.endswith(PATH_FILES)]
    except OSError:
        return []


def list_import_lines(text: str) -> "list[str]":
    """Those that `site` runs; of Mainspring's own line, nothing."""
    lines = [line for line in text.splitlines() if line.startswith(("import ", "import\t"))]
    lines += [f"{line.partition(':')[2]}()" for line in text.splitlines() if is_entry_point(line)]
    return [line for line in lines if "mainspring" not in line]


def is_entry_point(line: str) -> bool:
    """Whether it is `MODULE:FUNCTION`, as a `.start` file has it (PEP 829)."""
    module, colon, function = line.strip().partition(":")
    return bool(colon) and all(part.isidentifier() for part in [*module.split("."), *function.split(".")])


def list_site_files() -> "Iterator[str]":
    """The sources of modules that `site` has come to import, and that are not the interpreter's own."""
    own = f"{os.path.dirname(os.__file__)}/"
    for name, module in [*sys.modules.items()]:
        spec = getattr(module, "__spec__", None)
        origin = getattr(spec, "origin", None)
        if not getattr(spec, "has_location", False) or not isinstance(origin, str):
            continue
        is_own = origin.startswith(own) and not any(f"/{folder}/" in origin for folder in SITE_FOLDERS)
        if (name in SITE_MODULES or not is_own) and name.partition(".")[0] not in KNOWN:
            yield origin


def read_text(path: str) -> str:
    """The source at *path*; nothing of what is no source."""
    if not path.endswith((".py", *PATH_FILES)):
        return ""
    try:
        descriptor = os.open(path, READ_ONLY)
    except OSError:
        return ""
    try:
        return read_file(descriptor)[:MOST_BYTES].decode("utf-8", "replace")
    except OSError:
        return ""
    finally:
        os.close(descriptor)
