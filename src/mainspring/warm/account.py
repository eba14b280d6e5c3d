"""What a host tells of itself, as JSON: no module for that is loaded in it."""

import os


def format_account(texts: "dict[str, str | None]", numbers: "dict[str, int]") -> bytes:
    """A JSON object of both."""
    fields = [f'"{name}": {quote_json(text)}' for name, text in texts.items()]
    fields += [f'"{name}": {number}' for name, number in numbers.items()]
    return ("{" + ", ".join(fields) + "}").encode()


def quote_json(text: str | None) -> str:
    if text is None:
        return "null"
    quoted = "".join(
        character if " " <= character <= "~" and character not in '"\\' else f"\\u{ord(character):04x}"
        for character in text
        if ord(character) <= 0xFFFF  # others would need two
    )
    return f'"{quoted}"'


def read_pss() -> int:
    """Kilobytes of memory, of which what is shared with other programs counts in parts.

    What is shared with forks of this process counts whole: its spare child would halve it.
    """
    try:
        with open("/proc/self/smaps_rollup", "rb") as file:
            words = [line.split() for line in file.read().splitlines()[1:]]
    except OSError:
        return 0
    sizes = {word[0]: int(word[1]) for word in words}
    own = sizes.get(b"Anonymous:", 0) - sizes.get(b"Pss_Anon:", sizes.get(b"Anonymous:", 0))
    return sizes.get(b"Pss:", 0) + own


def name_terminal(session: str) -> str | None:
    """The path of a session's terminal, where the number of its device tells."""
    if not session:
        return None
    device = int(session.partition(":")[2])
    major, minor = os.major(device), os.minor(device)
    is_pseudo = 136 <= major <= 143  # Documentation/admin-guide/devices.txt
    return f"/dev/pts/{(major - 136) * 256 + minor}" if is_pseudo else f"{major}:{minor}"
