"""Python's source in words, strings and marks: enough to tell what it names, and no module is loaded."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    Token = tuple[str, str]  # a kind, and the text; of a string, what is between its quotes

WORD, STRING, MARK = "word", "string", "mark"
OPENING, CLOSING, QUOTES = "([{", ")]}", "\"'"
FORMATTED = {"f", "F", "rf", "fr", "Rf", "fR", "rF", "Fr", "RF", "FR", "t", "T"}
PREFIXES = FORMATTED | {"r", "R", "b", "B", "u", "U", "rb", "br", "Rb", "bR", "rB", "Br", "RB", "BR"}


class Line:
    """A logical line: how far it is indented, and its tokens."""

    def __init__(self, indent: int, tokens: "list[Token]") -> None:
        self.indent = indent
        self.tokens = tokens
        words = [text for _, text in tokens if text != "async"]
        self.begins = (words[0], words[1]) if len(words) > 1 and words[0] in {"def", "class"} else None


def split_lines(text: str) -> "Iterator[Line]":
    """The logical lines of *text*, as far as they have tokens."""
    tokens: list[Token] = []
    depth = begin = 0
    for position, kind, word in find_tokens(text):
        if kind == MARK and word == "\n":
            if depth == 0 and tokens:
                yield Line(begin, tokens)
                tokens = []
            continue
        if not tokens:
            begin = position - text.rfind("\n", 0, position) - 1
        depth = max(0, depth + (word in OPENING) - (word in CLOSING)) if kind == MARK else depth
        add_token(tokens, kind, word)
    if tokens:
        yield Line(begin, tokens)


def add_token(tokens: "list[Token]", kind: str, word: str) -> None:
    """Add a token; in the place of a string that is code, what is in it."""
    prefix = tokens[-1][1] if tokens and kind == STRING and tokens[-1] in LEADING else ""
    if prefix:
        tokens.pop()
    is_run = kind == STRING and tokens[-2:] == [(WORD, "exec"), (MARK, "(")]
    if is_run or prefix in FORMATTED:
        tokens += [(inner, text) for _, inner, text in find_tokens(word.replace("\\n", "\n"))]
    else:
        tokens.append((kind, word))


LEADING = {(WORD, prefix) for prefix in PREFIXES}


def find_tokens(text: str) -> "Iterator[tuple[int, str, str]]":
    """Each token with its place; of comments and blanks, none."""
    position = 0
    while position < len(text):
        character = text[position]
        end = position + 1
        if character == "#":
            end = find_end(text, "\n", position)
        elif character in QUOTES:
            quotes = character * 3 if text.startswith(character * 3, position) else character
            begin = position + len(quotes)
            close = find_quotes(text, quotes, begin)
            end = close + len(quotes)
            yield position, STRING, text[begin:close]
        elif character == "\\":
            end = position + 2
        elif is_of_word(character):
            while end < len(text) and is_of_word(text[end]):
                end += 1
            yield position, WORD, text[position:end]
        elif character == "\n" or not character.isspace():
            yield position, MARK, character
        position = end


def is_of_word(character: str) -> bool:
    return character.isalnum() or character == "_"


def find_end(text: str, mark: str, begin: int) -> int:
    found = text.find(mark, begin)
    return len(text) if found < 0 else found


def find_quotes(text: str, quotes: str, begin: int) -> int:
    """Where a string ends: at its quotes that no odd number of backslashes is before."""
    end = find_end(text, quotes, begin)
    while end < len(text):
        before = text[begin:end]
        if (len(before) - len(before.rstrip("\\"))) % 2 == 0:
            break
        end = find_end(text, quotes, end + 1)
    return end
